"""DNN209: tensors that are to be learned but are no parameters."""

from dnnlint.evidence.script import LooseParameter
from dnnlint.rule import Confidence, Findings, Rule, Severity

FAULTS = {
    "leaf": "requires gradients, but is a plain tensor",
    "derived": "is computed from an `nn.Parameter`, and is none itself",
    "container": "keeps parameters in a plain container",
    "random": "is a plain tensor of random numbers",
}


class UnregisteredParameter(Rule):
    """A tensor that a network is to learn is not registered as its parameter.

    ## Why it hurts
    `nn.Module` registers attributes of class `nn.Parameter`, and nothing else. A plain tensor is missing from
    `parameters()`, so the optimiser never updates it; it is missing from `state_dict()`, and `.to(device)` leaves it
    where it is (documentation of `torch.nn.parameter.Parameter`).

    ## How it decides
    A network keeps as attribute a tensor made with `requires_grad=True`; or what a method or an operator makes of a
    parameter, as in `nn.Parameter(w).cuda()` and `nn.Parameter(w) * 0.1`; or parameters in a plain list, tuple or dict.
    With medium confidence, and as a warning: a tensor called like a weight that inputs are multiplied with, drawn at
    random or filled by an initialiser (`nn.init.xavier_uniform_(self.weight)`, `self.weight.data.uniform_(-a, a)`).
    Silent where an optimiser is given the tensor itself, and where the class lists its parameters by itself.

    ## What it misses
    Tensors that are made outside of the constructor's sight, and bases that are not known.

    ## How to silence
    Write `# dnnlint: ignore[unregistered-parameter]` behind the assignment, with the reason.

    ## Related
    `unregistered-module`, `parameters-not-optimized`
    """

    code = "DNN209"
    level = Severity.WARNING
    message = "`self.{attribute}` of `{network}` {fault}"
    why = "What is not registered is neither trained nor saved, nor moved to the device."
    mend = "Assign an `nn.Parameter` (or `nn.ParameterList`) made last, or `register_buffer` what is not to be learned."

    def static(self, loose: LooseParameter) -> Findings:
        sure = Confidence.MEDIUM if loose.how == "random" else Confidence.HIGH
        fault = FAULTS[loose.how]
        yield self.at(loose.place, confidence=sure, attribute=loose.attribute, network=loose.network, fault=fault)
