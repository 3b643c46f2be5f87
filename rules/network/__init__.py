"""Rules about the architecture of networks (DNN2)."""
