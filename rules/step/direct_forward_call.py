"""DNN616: forward called by name."""

from dnnlint.evidence.script import DirectForward
from dnnlint.rule import Confidence, Findings, Rule, Severity


class DirectForwardCall(Rule):
    """`forward` of a network is called by name instead of calling the network.

    ## Why it hurts
    Hooks run only when the network itself is called: `model.forward(x)` skips forward hooks and pre-hooks, and with
    them weight and spectral normalisation, pruning, feature extraction and profilers, and the gradient
    synchronisation of distributed wrappers (documentation of `torch.nn.Module.forward`: "one should call the Module
    instance afterwards instead of this since the former takes care of running the registered hooks while the latter
    silently ignores them").

    ## How it decides
    The receiver is a module: built by the script, or called like a network, which makes the confidence medium.
    `super().forward(...)` is right, and so are objects that are no modules and modules with a `__call__` of their own.
    A method that calls `self.forward(...)` has low confidence: hooks of the own object are seldom meant.

    ## What it misses
    Receivers of unknown class whose name tells nothing.

    ## How to silence
    Where hooks must not run, write `# dnnlint: ignore[direct-forward-call]` behind the call, with the reason.

    ## Related
    `uncalled-method`
    """

    code = "DNN616"
    level = Severity.WARNING
    message = "`forward` of `{network}` is called by name"
    why = "Hooks do not run, so normalisation of weights, pruning, profilers and distributed wrappers are bypassed."
    mend = "Call the network itself: `{network}(...)`."

    def static(self, call: DirectForward) -> Findings:
        sure = Confidence.HIGH if call.certain else Confidence.MEDIUM
        yield self.at(call.place, confidence=Confidence.LOW if call.own else sure, network=call.network)
