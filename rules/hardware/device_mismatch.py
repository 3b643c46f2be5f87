"""DNN903: tensors that meet on different devices."""

from dnnlint.evidence.script import DeviceMix
from dnnlint.evidence.trace import Devices
from dnnlint.rule import Confidence, Findings, Rule, Severity


class DeviceMismatch(Rule):
    """The network and what it is given lie on different devices.

    ## Why it hurts
    An operation needs its operands on one device. `model.to(device)` moves a module in place, while `x.to(device)`
    returns a new tensor that has to be kept; tensors made inside `forward`, and modules kept in plain lists, stay where
    they are. The run stops at the first such call (documentation of `torch.Tensor.to` and `torch.nn.Module.to`).

    ## How it decides
    In the source: a network is moved (`to(device)`, `cuda()`) and called on data of a loader, or on tensors made from
    nothing, that lie on the CPU on every path; or the data is moved and the network is not; or a loss compares a
    prediction that was moved with a target that was not; or a forward pass makes a state for a recurrent layer, or
    positions for an embedding, on the CPU, and the layer is moved. Confidence is medium where the move itself is
    under a condition. Wrappers that send their inputs along (DataParallel), engines, collate functions and networks
    that move their own inputs are left alone. The finding stands at the call, as in the run.
    In the run: a call of a network failed because tensors lay on different devices. The finding stands at the
    innermost line of your own code that led to it.

    ## What it misses
    Mismatches that torch allows, such as a single number on the CPU, and those in code that was not reached.

    ## How to silence
    Write `# dnnlint: ignore[device-mismatch]` behind the call, with the reason.

    ## Related
    `dropped-result`
    """

    code = "DNN903"
    level = Severity.ERROR
    message = "{what}"
    measured = "`{network}` failed because tensors lie on {devices}"
    why = "Operands on different devices cannot be combined, so the run stops here."
    mend = "Move the batch with `x = x.to(device)`, and make tensors inside `forward` on the device of the input."

    def static(self, mix: DeviceMix) -> Findings:
        first, second = ("the network", "its input") if mix.network else ("the prediction", "the target")
        moved, stays = (first, second) if mix.network_moved else (second, first)
        what = f"{moved} is moved to a device, {stays} is not"
        if mix.within:
            what = f"`{mix.network}` is moved to a device, this tensor that it is given is made on the CPU"
        yield self.at(
            mix.place,
            confidence=Confidence.HIGH if mix.always else Confidence.MEDIUM,
            what=what[0].upper() + what[1:],
            related=((mix.built, "the network is built here"),),
        )

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
