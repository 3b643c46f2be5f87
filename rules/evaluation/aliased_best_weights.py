"""DNN705: the best weights are kept by reference."""

from dnnlint.evidence.script import AliasedWeights
from dnnlint.rule import Findings, Rule, Severity


class AliasedBestWeights(Rule):
    """The best weights are put aside by reference, so they change with every further step.

    ## Why it hurts
    `state_dict()` returns the network's own tensors, not copies, and `best_model = model` is a second name for the
    same network. Whatever training does afterwards happens to what was put aside: in the end the "best" weights are
    simply the last ones, and loading them back does nothing (tutorial "Saving and Loading Models" of PyTorch: "you
    must serialize best_model_state or use best_model_state = deepcopy(model.state_dict())").

    ## How it decides
    The result of `state_dict()` is kept without a copy, or with a shallow one (`.copy()`, `dict(...)`), an optimiser of
    the same network steps after that, and then it is loaded into the same network, or, under a name that says "best",
    into another one or into a file. Or a network that goes on training is bound to a second name that says "best". A
    copy of the tensors, an immediate `torch.save`, and leaving the loop at once are right.

    ## What it misses
    Weights that pass through code that is not followed before they are used.

    ## How to silence
    Write `# dnnlint: ignore[aliased-best-weights]` behind the line, with the reason.

    ## Related
    `wrong-selection-direction`
    """

    code = "DNN705"
    level = Severity.ERROR
    message = "`{holder}` refers to the weights of `{network}` itself, which go on changing with every step"
    why = "In the end these are the last weights, not the best ones."
    mend = "Keep a copy: `copy.deepcopy({what})`."

    def static(self, weights: AliasedWeights) -> Findings:
        yield self.at(
            weights.place,
            holder=weights.holder,
            network=weights.network,
            what=weights.network if weights.copied else f"{weights.network}.state_dict()",
            related=((weights.used, "used here, after further steps"),),
        )
