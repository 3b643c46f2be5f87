"""Networks as objects: how they are built, what mode they are in, and what calling them does."""
