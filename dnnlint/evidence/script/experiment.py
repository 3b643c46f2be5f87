"""What is tried around a training run."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Axis(NamedTuple):
    """One hyper-parameter of a search and how many values it is tried at."""

    name: str
    values: int | None
    continuous: bool


class Search(NamedTuple):
    """An exhaustive walk over a lattice of hyper-parameters around a training run."""

    place: Place
    api: str  # "nested loops", "itertools.product", "ParameterGrid", "tune.grid_search", ...
    axes: tuple[Axis, ...]
    trains: bool
