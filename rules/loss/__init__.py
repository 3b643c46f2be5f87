"""Rules about losses and what reaches them (DNN4)."""
