"""DNN617: a tensor operation whose result nobody keeps."""

from dnnlint.evidence.script import DroppedResult as Dropped
from dnnlint.rule import Confidence, Findings, Rule, Severity


class DroppedResult(Rule):
    """An operation returns a new tensor, and the statement throws it away.

    ## Why it hurts
    Most operations on tensors leave their operand as it is and return the result. As a statement of its own,
    `x.to(device)` moves nothing, `loss.detach()` detaches nothing and `F.relu(x)` applies no activation, so the code
    goes on with the old value. Only modules are moved in place by `to` (documentation of `torch.Tensor.to` and
    `torch.nn.Module.to`), and only methods that end in an underscore work in place.

    ## How it decides
    The call stands alone as a statement, returns a tensor, and neither `inplace=True` nor `out=` is given. Confidence
    is high where the receiver is known to be a tensor, and medium where it is a part of a batch, or is only called
    like one. In the forward pass of a network, results of its layers count, too.

    ## What it misses
    Whole batches, which may be objects of their own whose `to` works in place. Operations that are no conversions at
    the top level of a file, where a notebook shows what is not kept, and products that may be timed there.

    ## How to silence
    Where the call is made for what it does on the way, for instance to warm up the device, write
    `# dnnlint: ignore[dropped-result]` behind it.

    ## Related
    `device-mismatch`, `uncalled-method`
    """

    code = "DNN617"
    level = Severity.ERROR
    message = "The result of `{call}(...)` is thrown away"
    why = "The operation returns a new tensor and leaves its operand as it is, so the statement does nothing."
    mend = "Assign the result: `{target} = {call}(...)`."

    def static(self, dropped: Dropped) -> Findings:
        receiver, _, method = dropped.call.rpartition(".")
        functional = receiver in ("F", "torch", "nn.functional", "torch.nn.functional") or receiver.startswith("self")
        yield self.at(
            dropped.place,
            confidence=Confidence.HIGH if dropped.certain else Confidence.MEDIUM,
            call=dropped.call,
            target="x" if functional or not receiver else receiver,
            evidence={"method": method},
        )
