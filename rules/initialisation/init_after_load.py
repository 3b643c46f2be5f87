"""DNN308: weights drawn anew after trained ones were loaded."""

from dnnlint.evidence import script
from dnnlint.rule import Confidence, Findings, Rule, Severity


class InitAfterLoad(Rule):
    """Most layers of a network are initialised after trained weights were loaded into them.

    ## Why it hurts
    Initialisation overwrites what was loaded, and says nothing. The network starts from random weights: fine-tuning
    turns into training from scratch, and an evaluation measures noise (documentation of `torch.nn.Module.apply`, which
    reaches every layer).

    ## How it decides
    `load_state_dict` is called on a network; after it, in the same scope and under no test of its own, more than half
    of the layers that were loaded (and at least two) have their weights drawn, by `nn.init`, by hand or through
    `apply`; or, where the layers are not known, a function that draws weights is applied to the whole network. Drawing
    only a new head anew is how fine-tuning works, and is left alone, as are loops that start from new weights each
    time round. Weights that only an option loads (`--resume`) count, too, where the way goes on after it.

    ## What it misses
    Weights loaded by functions of libraries, or drawn in another function than the one that calls for loading.

    ## How to silence
    Write `# dnnlint: ignore[init-after-load]` behind the call, with the reason.

    ## Related
    `symmetric-init`, `large-init-with-saturating-activation`
    """

    code = "DNN308"
    level = Severity.ERROR
    message = "{what} of `{network}` are initialised after trained weights were loaded"
    why = "The loaded weights are overwritten, and the network starts from random ones."
    mend = "Initialise first, then load."

    def static(self, init: script.InitAfterLoad) -> Findings:
        known = init.layers is not None
        yield self.at(
            init.place,
            confidence=Confidence.HIGH if known else Confidence.MEDIUM,
            related=((init.load, "loaded here"),),
            what=f"{init.layers} layers" if known else "the layers",
            network=init.network,
        )
