"""DNN206: layers in a row with nothing nonlinear between them."""

from dnnlint.evidence.script import AffinePair
from dnnlint.rule import Confidence, Findings, Rule, Severity


class MissingNonlinearity(Rule):
    """Two linear layers or convolutions follow one another with no activation between them.

    ## Why it hurts
    The composition of two affine maps is one affine map: the second layer adds weights and cost, but the network can
    represent nothing that it could not before. Depth pays only where something bends what passes between the layers
    (Goodfellow et al., *Deep Learning*, 2016, section 6.1).

    ## How it decides
    The output of a linear layer or convolution reaches only the next one, through nothing but changes of shape, dropout
    and batch normalisation, and the width between the two is known to be no bottleneck: at least as large as the input
    of the first or the output of the second, or called after an expansion (`dim_ff`, `intermediate_size`). Narrower
    ones factorise a matrix on purpose (adapters, codes, the linear bottlenecks of MobileNetV2). Left alone as well:
    grouped and depthwise convolutions, kernels that are not square, patches, 1x1 convolutions before or after another
    one, projections in and out of attention, frozen filters, and outputs that are used elsewhere.

    ## What it misses
    Pairs with max pooling between them, which bends; layers whose sizes are not known, and two heads on one layer.

    ## How to silence
    Where a linear stack is meant, write `# dnnlint: ignore[missing-nonlinearity]` behind the first layer, with the
    reason.

    ## Related
    `saturating-hidden-activation`, `dead-units`
    """

    code = "DNN206"
    level = Severity.WARNING
    message = "`{first}` feeds `{second}` with no activation between them"
    why = (
        "Two linear maps in a row are one linear map, so the second layer adds weights but nothing to learn with them."
    )
    mend = "Apply an activation, such as ReLU, to the output of the first layer."
    confidence = Confidence.MEDIUM

    def static(self, pair: AffinePair) -> Findings:
        first, second = pair.first.layer, pair.second.layer
        related = ((pair.second.place, "the next layer"),)
        kinds = [layer.kind if layer is not None else "layer" for layer in (first, second)]
        yield self.at(pair.first.place, related=related, first=kinds[0], second=kinds[1])
