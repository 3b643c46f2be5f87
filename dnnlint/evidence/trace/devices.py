"""Where the tensors lie."""

from typing import NamedTuple

from dnnlint.diagnostic import Site


class Mismatch(NamedTuple):
    """A call that failed because tensors lay on different devices."""

    called: Site
    devices: tuple[str, ...]
    network: str
    message: str


class Devices(NamedTuple):
    """Channel: where parameters and inputs lie, and in which precision."""

    mismatches: tuple[Mismatch, ...]
    parameters: tuple[str, ...]  # devices of the trained network
    inputs: tuple[str, ...]
    dtypes: tuple[str, ...]  # of trained parameters
    autocast: str  # dtype of autocast during the forward pass, "" for none
