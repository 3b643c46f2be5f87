"""DNN210: layers that are built and never used."""

from dnnlint.evidence import script
from dnnlint.rule import Confidence, Findings, Rule, Severity


class UnusedLayer(Rule):
    """A layer with parameters is built, and nothing ever uses it.

    ## Why it hurts
    Usually the forward pass calls another layer twice in its place, a slip of copying, so that two layers share their
    weights and the network is not the one that was meant. At the least its parameters get no gradient, waste memory,
    and make `DistributedDataParallel` stop with an error about unused parameters (documentation of
    `torch.nn.parallel.DistributedDataParallel`).

    ## How it decides
    A class that derives from `nn.Module` alone assigns the layer to an attribute, its own `forward` was followed
    without meeting the layer, and neither the class nor the files that were read mention the attribute again, except
    to set its weights. Silent where layers can be reached without their names: `getattr`, `children()`, `__dict__`,
    weights loaded from elsewhere.

    ## What it misses
    Layers that are mentioned anywhere, if only in a branch that is never taken; single parameters; subclasses.

    ## How to silence
    Where the layer is kept for the sake of old checkpoints, write `# dnnlint: ignore[unused-layer]` behind it, with the
    reason.

    ## Related
    `parameters-not-optimized`, `unregistered-module`
    """

    code = "DNN210"
    level = Severity.WARNING
    message = "`self.{attribute}` of `{network}` ({kind}) is built and never used"
    why = "Its weights get no gradient, and often another layer is applied twice in its place."
    mend = "Call the layer in `forward` where it belongs, or remove it."
    confidence = Confidence.MEDIUM

    def static(self, layer: script.UnusedLayer) -> Findings:
        yield self.at(layer.place, attribute=layer.attribute, network=layer.network, kind=layer.kind)
