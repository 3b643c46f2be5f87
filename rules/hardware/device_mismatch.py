"""DNN903: tensors that meet on different devices."""

from dnnlint.evidence.trace import Devices
from dnnlint.rule import Findings, Rule, Severity


class DeviceMismatch(Rule):
    """The network and what it is given lie on different devices.

    ## Why it hurts
    An operation needs its operands on one device. `model.to(device)` moves a module in place, while `x.to(device)`
    returns a new tensor that has to be kept; tensors made inside `forward`, and modules kept in plain lists, stay where
    they are. The run stops at the first such call (documentation of `torch.Tensor.to` and `torch.nn.Module.to`).

    ## How it decides
    In the run: a call of a network failed because tensors lay on different devices. The finding stands at the
    innermost line of your own code that led to it.

    ## What it misses
    Mismatches that torch allows, such as a single number on the CPU, and those in code that was not reached.

    ## How to silence
    Write `# dnnlint: ignore[device-mismatch]` behind the call, with the reason.

    ## Related
    None.
    """

    code = "DNN903"
    level = Severity.ERROR
    message = "`{network}` failed because tensors lie on {devices}"
    why = "Operands on different devices cannot be combined, so the run stops here."
    mend = "Move the batch with `x = x.to(device)`, and make tensors inside `forward` on the device of the input."

    def runtime(self, devices: Devices) -> Findings:
        said = set()
        for mismatch in devices.mismatches:
            if mismatch.called in said:
                continue
            said.add(mismatch.called)
            yield self.at(
                mismatch.called,
                evidence={
                    "measured": len(mismatch.devices),
                    "threshold": 1,
                    "unit": "devices",
                    "error": mismatch.message,
                },
                network=mismatch.network,
                devices=" and ".join(mismatch.devices) or "different devices",
            )
