"""DNN615: gradients switched off where the network should learn."""

from dnnlint.evidence.script import BackwardPass
from dnnlint.rule import Findings, Rule, Severity


class NoGradInTraining(Rule):
    """A loss that is back-propagated was computed while gradients were switched off.

    ## Why it hurts
    Under `no_grad`, `inference_mode` or after `set_grad_enabled(False)` no graph is recorded. The backward pass then
    has nowhere to go and raises "element 0 of tensors does not require grad" (PyTorch documentation, *Autograd
    mechanics*). After an evaluation that forgets to switch gradients on again it happens in the second epoch only.

    ## How it decides
    Everything that the backward pass starts from was computed by network calls made while gradients were certainly
    off, or by a loss that was: in a `with` block, under a decorator, or after a call of `set_grad_enabled(False)` that
    is still in force when the loop comes round. One call with gradients on is enough for silence, so a frozen teacher
    or an evaluation beside the training is none.

    ## What it misses
    Networks of which a part only runs without gradients.

    ## How to silence
    Write `# dnnlint: ignore[no-grad-in-training]` behind what switches gradients off, with the reason.

    ## Related
    `missing-backward`, `training-in-eval-mode`
    """

    code = "DNN615"
    level = Severity.ERROR
    message = "gradients are switched off here for a loss that is back-propagated"
    why = "Without a graph the backward pass fails, or leaves the weights without gradients."
    mend = "Keep the training forward pass and its loss out of `no_grad`; switch gradients on again after evaluation."

    def static(self, backward: BackwardPass) -> Findings:
        if backward.gradless is not None:
            related = (backward.forward, "computed without a graph"), (backward.place, "back-propagated here")
            yield self.at(backward.gradless, related=related)
