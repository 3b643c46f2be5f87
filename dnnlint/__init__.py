"""dnnlint finds the bugs that make neural networks train badly without crashing."""
