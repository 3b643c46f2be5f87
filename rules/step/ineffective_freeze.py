"""DNN620: freezing that freezes nothing."""

from dnnlint.evidence.script import IdleFreeze
from dnnlint.rule import Confidence, Findings, Rule, Severity

FAULTS = {
    "misspelt": "`{target}.{attribute}` is a new attribute that nothing reads",
    "module": "`{target}` is a network, and `requires_grad` set on it reaches none of its parameters",
    "parameters": "`{target}` goes over parameters, and `requires_grad` set on it reaches none of them",
    "copy": "`{target}` is another tensor, and the parameter itself goes on learning",
    "method": "`requires_grad_` is a method, and this replaces it",
    "compared": "`{target}.requires_grad` is compared here, not set",
}


class IneffectiveFreeze(Rule):
    """Parameters are to be frozen, or set free, by a statement that does nothing.

    ## Why it hurts
    Python accepts any attribute on a tensor or a module, so a misspelt `requires_grad`, or the right one on a module,
    is stored and never looked at. The weights that were to stay as they are go on learning, usually pretrained ones,
    and nothing says so (documentation of `torch.Tensor.requires_grad` and `torch.nn.Module.requires_grad_`).

    ## How it decides
    An attribute like `requires_grad` but for a letter or two is set on a parameter or a network; `requires_grad` itself
    is set on a network, on what `parameters()` returns, or on a copy (`.data`, `.detach()`); `requires_grad_` is
    assigned instead of called; or a comparison with `requires_grad` stands alone. Silent where a class of the project
    has an attribute of that name for itself. What is only called like a network is told with medium confidence.

    ## What it misses
    Loops that match no parameter by name, and parameters frozen after they were handed to an optimiser.

    ## How to silence
    Write `# dnnlint: ignore[ineffective-freeze]` behind the statement, with the reason.

    ## Related
    `unchanged-parameter`
    """

    code = "DNN620"
    level = Severity.ERROR
    message = "nothing is frozen or set free here: {fault}"
    why = "The weights keep learning (or keep still) as before, and nothing says so."
    mend = "Call `module.requires_grad_(False)`, or set `p.requires_grad = False` for each `p in module.parameters()`."

    def static(self, freeze: IdleFreeze) -> Findings:
        fault = FAULTS[freeze.how].format(target=freeze.target, attribute=freeze.attribute)
        sure = Confidence.HIGH if freeze.sure else Confidence.MEDIUM
        yield self.at(freeze.place, confidence=sure, fault=fault)
