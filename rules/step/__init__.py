"""Rules about training and evaluation passes (DNN6)."""
