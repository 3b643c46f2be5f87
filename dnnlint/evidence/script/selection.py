"""What is kept as the best of a training, and by which measure."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Selection(NamedTuple):
    """A metric decides what is kept, or whether training still improves."""

    place: Place
    how: str  # "comparison", "ReduceLROnPlateau", "ModelCheckpoint", "greater_is_better" ...
    metric: str  # as the script calls it, "" if it has no name
    better: str | None  # by the name of the metric: "higher" or "lower"; None: cannot be told
    keeps: str  # "higher" or "lower": which values count as an improvement
    never: bool = False  # by the value that the comparison starts from, it can never hold
    measured: Place | None = None  # where the metric is handed over, if that is another place


class AliasedWeights(NamedTuple):
    """Weights that were meant to be kept, but are the network's own, which trains on."""

    place: Place
    network: str
    holder: str  # the variable that was to keep them
    used: Place | None  # where they are used as if they were old ones
    copied: bool  # the whole network was kept, not its state_dict
