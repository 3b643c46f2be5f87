"""DNN606: losses collected together with their graphs."""

from dnnlint.evidence.script import Accumulation
from dnnlint.rule import Findings, Rule, Severity


class LossKeepsGraph(Rule):
    """A loss is summed up or stored while it still holds the graph that made it.

    ## Why it hurts
    A tensor that requires gradients keeps its whole graph alive, activations included. Summing or storing it for a
    running average keeps the graphs of all iterations, so memory grows with every batch until the process dies, far
    from the line that caused it (PyTorch documentation, *Frequently Asked Questions*: "My model reports cuda runtime
    error: out of memory").

    ## How it decides
    A value that derives from a call of the network, without `item`, `detach` or a conversion to a number and outside
    `no_grad`, is added or appended to something that outlives the iteration, or averaged into it, and that never
    reaches a backward pass.

    ## What it misses
    Accumulators that are handed to unknown code, which may detach them or back-propagate through them.

    ## How to silence
    Write `# dnnlint: ignore[loss-keeps-graph]` behind the line that collects, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN606"
    level = Severity.WARNING
    message = "`{target}` {collects} a tensor that still holds its graph"
    why = "The graphs of all iterations stay in memory, which grows until the process is killed."
    mend = "Collect `loss.item()`, or `loss.detach()` where a tensor is needed."

    def static(self, kept: Accumulation) -> Findings:
        related = (kept.inner, "it is kept here"), (kept.loop, "in every iteration of this loop")
        yield self.at(kept.place, target=kept.target, collects=_collects(kept.how), related=related)


def _collects(how: str) -> str:
    return {"+=": "sums up", "append": "collects"}.get(how, "stores")
