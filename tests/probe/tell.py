"""For programs under test: prints the whole state of a training to the last bit."""

import hashlib
import io
import json
import pickle
import random
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def tell(**things: Any) -> None:
    """Print what is told of each object, and the states of the random generators."""
    for name, thing in things.items():
        print(name, _module(thing) if isinstance(thing, nn.Module) else digest(_states(thing)))
    numbers = np.random.get_state()  # the generator that scripts use
    print("random", digest(torch.get_rng_state()), digest(str(random.getstate())), digest(str(numbers)))
    print("trace", sys.gettrace(), sys.getprofile())


def digest(value: Any) -> str:
    """Few letters for a value, equal if it is bitwise equal."""
    file = io.BytesIO()
    torch.save(value, file)
    return hashlib.sha1(file.getvalue()).hexdigest()[:10]


def _module(module: nn.Module) -> str:
    parts = [part.training for part in module.modules()]
    hooks = [[*part._forward_hooks, *part._forward_pre_hooks, *part._backward_hooks] for part in module.modules()]
    gradients = [None if p.grad is None else digest(p.grad) for p in module.parameters()]
    versions = [tensor._version for tensor in (*module.parameters(), *module.buffers())]
    whole = digest(module), digest(pickle.loads(pickle.dumps(module)))
    return f"{whole} {digest(module.state_dict())} {parts} {hooks} {gradients} {versions} {sorted(vars(module))}"


def _states(thing: Any) -> Any:
    return thing if isinstance(thing, Tensor) or not hasattr(thing, "state_dict") else thing.state_dict()


def expect(**numbers: Any) -> None:
    """Print what the program itself computes, to be compared with what was measured."""
    print(f"expect {json.dumps(numbers)}\n", end="", flush=True)
