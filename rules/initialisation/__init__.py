"""Rules about the initial weights (DNN3)."""
