"""DNN208: layers that are built anew in each forward pass."""

from dnnlint.evidence.script import FreshLayer
from dnnlint.rule import Findings, Rule, Severity


class ModuleBuiltInForward(Rule):
    """A layer with parameters is built in the forward pass.

    ## Why it hurts
    Every call draws new random weights and throws away those of the last one. The optimiser was made before they
    existed, so it never updates them, and checkpoints do not hold them: the layer is noise that no training removes
    (documentation of `torch.nn.Module`: layers are assigned in the constructor).

    ## How it decides
    A layer with parameters, of torch or of the project, is built while data flows through `forward` or a function that
    it calls. Silent where a test decides whether the layer is built and the layer is kept as an attribute, which is how
    layers are built once; and where its weights are set by hand, as for fixed filters.

    ## What it misses
    Parameters made without a layer, and layers built in functions that were not understood.

    ## How to silence
    Write `# dnnlint: ignore[module-built-in-forward]` behind the layer, with the reason.

    ## Related
    `unregistered-module`, `dropout-always-on`
    """

    code = "DNN208"
    level = Severity.ERROR
    message = "`{kind}` is built anew in each forward pass of {network}"
    why = "Its weights are new random numbers in every step: no optimiser knows them, and no checkpoint holds them."
    mend = "Build the layer in `__init__`, keep it as an attribute, and only call it in `forward`."

    def static(self, layer: FreshLayer) -> Findings:
        yield self.at(layer.place, kind=layer.kind, network=f"`{layer.network}`" if layer.network else "the network")
