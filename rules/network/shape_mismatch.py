"""DNN219: sizes that do not fit each other."""

from dnnlint.evidence import script
from dnnlint.rule import Findings, Rule, Severity


class ShapeMismatch(Rule):
    """A layer is built for another size than it is given.

    ## Why it hurts
    The first forward pass raises an error about shapes, often after the data was loaded and copied, and the message
    names matrices, not the layer to change (documentation of `torch.nn.Linear` and `torch.nn.Conv2d`: the size of the
    input is part of a layer).

    ## How it decides
    Sizes are followed through the forward pass as far as constants tell them: features of linear layers, channels of
    convolutions and normalisations, the side lengths of pictures through convolutions and pooling, what flattening
    makes of them, concatenation, embeddings, recurrent layers and attention. Inputs are known where the script draws or
    reshapes them by numbers, and for data sets of fixed size (MNIST, CIFAR) whose transforms are known. A contradiction
    is reported at the layer that was built for another size; a `view` that asks for a sample size which neither divides
    the real one nor is divided by it, at the `view`; groups and heads that do not divide their channels, at the layer.

    ## What it misses
    Sizes that only the data tell, sums of tensors, and layers that are chosen by a condition.

    ## How to silence
    Write `# dnnlint: ignore[shape-mismatch]` behind the layer, with the reason.

    ## Related
    `module-built-in-forward`
    """

    code = "DNN219"
    level = Severity.ERROR
    message = "`{kind}` {fault}"
    why = "The sizes contradict each other, so the network raises an error as soon as it is built or called."
    mend = "Make the two sizes agree."

    def static(self, clash: script.ShapeMismatch) -> Findings:
        if clash.divides:
            fault = f"has {clash.given} {clash.what}, which {clash.wanted} does not divide"
        else:
            fault = f"expects {clash.wanted} {clash.what}, but receives {clash.given}"
        yield self.at(clash.place, related=((clash.applied, "applied here"),), kind=clash.kind, fault=fault)
