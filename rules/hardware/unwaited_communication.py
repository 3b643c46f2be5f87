"""DNN923: messages between processes that nobody waits for."""

from dnnlint.evidence.script import Communication
from dnnlint.rule import Findings, Rule, Severity


class UnwaitedCommunication(Rule):
    """A message between processes is started and its request is thrown away.

    ## Why it hurts
    `isend`, `irecv` and collectives with `async_op=True` return before anything has arrived. Until `wait` is called
    on the request, the tensor must not be touched: what is read is the old content or a part of the new one, what is
    sent may have been overwritten, and it differs from run to run (documentation of `torch.distributed`,
    *Synchronous and asynchronous collective operations*).

    ## How it decides
    The request is not kept, or kept under a name, or in a list, that the function never reads. Functions that call
    `synchronize()` are left alone.

    ## What it misses
    Requests that are read and still not waited for, and those kept in attributes.

    ## How to silence
    Write `# dnnlint: ignore[unwaited-communication]` behind the call, with the reason.

    ## Related
    None.
    """

    code = "DNN923"
    level = Severity.WARNING
    message = "nobody waits for the request that `{call}` returns"
    why = "The tensor is used before the message has arrived, so its content depends on timing."
    mend = "Keep the request and call `wait()` on it before the tensor is read or written."

    def static(self, message: Communication) -> Findings:
        if not message.waited:
            yield self.at(message.place, call=message.call)
