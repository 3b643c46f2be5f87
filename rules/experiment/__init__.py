"""Rules about how experiments are set up (DNN8)."""
