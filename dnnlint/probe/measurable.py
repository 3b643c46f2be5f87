"""Whether what runs now is the training itself."""

import torch

_TRACERS = (torch._C._TorchDispatchModeKey.FAKE, torch._C._TorchDispatchModeKey.PROXY)


def unmeasurable() -> bool:
    """Whether a module runs for someone else than the training: a recomputation, a transform, a tracer."""
    return (
        torch._C._current_graph_task_id() != -1
        or any(torch._C._get_dispatch_mode(tracer) is not None for tracer in _TRACERS)
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch._C._is_tracing()
        or torch.compiler.is_compiling()
    )
