"""What the user sees: one output format a file."""
