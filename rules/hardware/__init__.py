"""Rules about hardware, precision and distribution (DNN9)."""
