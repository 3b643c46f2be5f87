"""DNN221: a network whose constructor leaves out that of nn.Module."""

from dnnlint.evidence.script import MissingInit
from dnnlint.rule import Findings, Rule, Severity


class MissingSuperInit(Rule):
    """The constructor of a network does not run that of `nn.Module`, or runs it too late.

    ## Why it hurts
    The constructor of `nn.Module` makes the registers for parameters, layers and hooks. Without them the first layer
    that is assigned raises `cannot assign module before Module.__init__() call`, and a network without layers fails
    where it is called (documentation of `torch.nn.Module`).

    ## How it decides
    All bases of the class are known and lead to `nn.Module`; its constructor was followed through the functions that it
    calls, and on no path does it reach `super().__init__()` in any spelling or `nn.Module.__init__(self)`;
    `super(Net).__init__()` without the object does not. Where it
    does, but only after a layer or parameter has been assigned, the call is reported.

    ## What it misses
    Classes with decorators, metaclasses or bases that are not known.

    ## How to silence
    Write `# dnnlint: ignore[missing-super-init]` behind the constructor, with the reason.

    ## Related
    `unregistered-module`, `unregistered-parameter`
    """

    code = "DNN221"
    level = Severity.ERROR
    message = "the constructor of `{network}` {fault}"
    why = "Until `nn.Module.__init__` has run there is nowhere to register layers, so the first one raises an error."
    mend = "Make `super().__init__()` the first statement of the constructor."

    def static(self, missing: MissingInit) -> Findings:
        fault = (
            "calls `super().__init__()` after layers were assigned"
            if missing.late
            else "never calls that of `nn.Module`"
        )
        related = ((missing.early, "assigned before it here"),)
        yield self.at(missing.place, related=related, network=missing.network, fault=fault)
