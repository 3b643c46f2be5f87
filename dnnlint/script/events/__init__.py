"""Events of training as the program runs: network calls, backward passes, cleared gradients, steps, kept tensors."""
