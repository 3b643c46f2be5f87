"""DNN607: the state of a recurrent network drags the graphs of all earlier batches along."""

from dnnlint.evidence.script import CarriedState
from dnnlint.rule import Findings, Rule, Severity


class HiddenStateNotDetached(Rule):
    """A recurrent state is carried from one training step into the next together with its graph.

    ## Why it hurts
    The backward pass runs on through the state into the batches before, whose graphs have been freed: "Trying to
    backward through the graph a second time". With `retain_graph=True` it runs, ever slower and larger, through
    everything since the start (Williams and Peng, *An Efficient Gradient-Based Algorithm for On-Line Training of
    Recurrent Network Trajectories*, 1990, on truncation; the word language model of pytorch/examples detaches its
    hidden state before each batch).

    ## How it decides
    In the steady state of a training loop, a network is handed something that a network call of an earlier iteration
    gave, as an argument or left in an attribute of the network; nothing on the way cuts the graph, on any path, and
    each iteration has its own backward pass.

    ## What it misses
    States that are kept by code that is not known, or cut off under a condition that is never met.

    ## How to silence
    Write `# dnnlint: ignore[hidden-state-not-detached]` behind the call of the network, with the reason.

    ## Related
    `loss-keeps-graph`
    """

    code = "DNN607"
    level = Severity.WARNING
    message = "`{network}` takes a state that still holds the graph of the batch before"
    why = "The backward pass runs into the graphs of earlier batches, which are freed, or pile up if they are retained."
    mend = "Cut the state off before it is used again: `hidden = hidden.detach()`, or of each part of a tuple."

    def static(self, state: CarriedState) -> Findings:
        related = (state.backward, "each iteration has its own backward pass"), (state.loop, "carried around this loop")
        yield self.at(state.place, network=state.network, related=related)
