"""What is remembered between runs, so that nothing is read twice: what the rules are, and what was found in a file."""
