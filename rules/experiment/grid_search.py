"""DNN801: hyper-parameters tried on a lattice."""

from math import prod

from dnnlint.evidence.script import Search
from dnnlint.rule import Findings, Rule, Severity

MOST_AXES = 2


class GridSearch(Rule):
    """Three or more hyper-parameters are searched on a full grid around a training run.

    ## Why it hurts
    The cost of a grid grows exponentially with its axes, and on a grid of n trials an important hyper-parameter is
    tried at only a few values, since the others repeat each of them. Usually few hyper-parameters matter, and random
    trials try n different values of each: with the same budget they find better networks (Bergstra and Bengio,
    *Random Search for Hyper-Parameter Optimization*, 2012).

    ## How it decides
    At least three axes, one of them continuous (learning rate, weight decay, dropout, momentum ...), are walked
    exhaustively around code that trains: nested loops over literal values, `itertools.product`, or the grid of a
    library. Repetitions over seeds, folds or data sets are no axes. One or two axes are a cheap and honest ablation.

    ## What it misses
    Grids that live outside Python, in a shell script or a configuration of a launcher.

    ## How to silence
    Where the full table is what you want to show, write `# dnnlint: ignore[grid-search]` behind it, with the reason.

    ## Related
    None.
    """

    code = "DNN801"
    level = Severity.WARNING
    message = "grid search by {api} over {axes}{cost}"
    why = "A grid spends most trials on repeated values of the few hyper-parameters that matter."
    mend = "Draw the values at random (learning rates log-uniformly), or use a search library, within the same budget."

    def static(self, search: Search) -> Findings:
        if not search.trains or len(search.axes) <= MOST_AXES or not any(axis.continuous for axis in search.axes):
            return
        counts = [axis.values for axis in search.axes if axis.values is not None]
        trials = prod(counts) if len(counts) == len(search.axes) else None
        names = ", ".join(f"`{axis.name}`" for axis in search.axes)
        yield self.at(
            search.place,
            api=search.api,
            axes=names,
            cost=f": {trials} training runs" if trials else "",
            evidence={"axes": len(search.axes)} | ({"trials": trials} if trials else {}),
        )
