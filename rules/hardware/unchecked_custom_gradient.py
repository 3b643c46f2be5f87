"""DNN905: gradients written by hand that cannot be right."""

from dnnlint.evidence.script import CustomGradient
from dnnlint.rule import Findings, Rule, Severity


class UncheckedCustomGradient(Rule):
    """The backward of a `torch.autograd.Function` returns another number of gradients than forward has inputs.

    ## Why it hurts
    `backward` must return one value for each argument of `forward` behind `ctx`, None for those that need no
    gradient. With another number the first backward pass stops with "returned an incorrect number of gradients"
    (documentation of `torch.autograd.Function`). Gradients written by hand are wrong more often than not in the first
    attempt; `torch.autograd.gradcheck` compares them with differences (Bottou, *Stochastic Gradient Descent Tricks*,
    2012, section 4.1).

    ## How it decides
    `forward` has a fixed number of arguments, and a return of `backward` spells out a tuple of fewer gradients than
    arguments without a default, or of more than all of them; values of None at the end may be too many. A single
    tensor counts as one gradient where that is certain. Functions with star arguments are left alone.

    ## What it misses
    Tuples that are put together elsewhere, and gradients whose number is right but whose values are wrong.

    ## How to silence
    Write `# dnnlint: ignore[unchecked-custom-gradient]` behind the return, with the reason.

    ## Related
    None.
    """

    code = "DNN905"
    level = Severity.ERROR
    message = "`backward` of `{name}` returns {gradients} for {inputs} of `forward`"
    why = "Autograd stops in the first backward pass: it wants one gradient for each input of forward."
    mend = "Return one value for each argument behind `ctx`, None where no gradient is needed; try `gradcheck`."

    def static(self, custom: CustomGradient) -> Findings:
        if custom.least <= custom.gradients <= custom.most:
            return
        yield self.at(
            custom.place,
            related=((custom.forward, "forward"),),
            name=custom.name,
            gradients="1 gradient" if custom.gradients == 1 else f"{custom.gradients} gradients",
            inputs="1 input" if custom.most == 1 else f"{custom.most} inputs",
        )
