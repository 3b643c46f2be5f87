"""Rules about optimisers and their steps (DNN5)."""
