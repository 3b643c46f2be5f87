"""DNN914: a backward pass inside autocast."""

from dnnlint.evidence.script import BackwardPass
from dnnlint.rule import Findings, Rule, Severity


class BackwardInAutocast(Rule):
    """The backward pass runs inside the autocast context.

    ## Why it hurts
    Each backward operation runs in the type that autocast chose for its forward twin, so the context adds nothing to
    it. What it does add is casts in everything else that runs there: custom backward functions, hooks and gradient
    penalties compute in half precision, where small gradients round to zero. The documentation of `torch.amp` says that
    "backward passes under autocast are not recommended".

    ## How it decides
    `backward` is called while an enabled `autocast` context is open, in the same function or in a caller. A context
    with `enabled=False` does not count; one whose `enabled` is a setting does.

    ## What it misses
    Autocast that a framework switches on by itself.

    ## How to silence
    Write `# dnnlint: ignore[backward-in-autocast]` behind the backward call, with the reason.

    ## Related
    `amp-order`
    """

    code = "DNN914"
    level = Severity.WARNING
    message = "the backward pass runs inside `autocast`"
    why = "Autocast is meant for the forward pass and the loss; under it, hooks and custom gradients lose precision."
    mend = "End the `with autocast` block after the loss, and call `backward` outside of it."

    def static(self, backward: BackwardPass) -> Findings:
        if backward.autocast is not None:
            yield self.at(backward.place, related=((backward.autocast, "autocast is switched on here"),))
