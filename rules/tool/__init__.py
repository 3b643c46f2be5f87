"""Rules about the check itself (DNN0)."""
