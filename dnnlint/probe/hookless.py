"""Tracebacks through modules as they are without hooks: torch calls a module in one frame less then."""

import sys
from types import FrameType, TracebackType
from typing import Any

_MODULES = "torch.nn.modules.module"


def as_without_hooks(traces: list[TracebackType]) -> list[TracebackType]:
    """Leave out the frames that torch has because of our hooks; those that hooks of the user's bring about stay."""
    kept: list[TracebackType] = []
    for trace in traces:
        caller = kept[-1] if kept else None
        if caller is not None and _is_inner(trace.tb_frame, caller.tb_frame):
            kept[-1] = _at_the_plain_call(caller)
        else:
            kept.append(trace)
    return kept


def is_for_our_hooks(frame: FrameType) -> bool:
    """Whether a frame that runs is there because of our hooks."""
    return frame.f_back is not None and _is_inner(frame, frame.f_back)


def _is_inner(frame: FrameType, caller: FrameType) -> bool:
    modules = sys.modules.get(_MODULES)
    if modules is None:
        return False
    call = modules.Module._call_impl.__code__
    return caller.f_code is call and frame.f_code in call.co_consts and not _has_hooks(caller, modules)


def _has_hooks(caller: FrameType, modules: Any) -> bool:
    """Whether torch would have taken this way without us; numbers of our hooks are negative."""
    module = caller.f_locals.get("self")
    names = ("_backward_hooks", "_backward_pre_hooks", "_forward_hooks", "_forward_pre_hooks")
    tables = [getattr(module, name, {}) for name in names] + [getattr(modules, f"_global{name}", {}) for name in names]
    return any(number >= 0 for table in tables for number in table)


def _at_the_plain_call(trace: TracebackType) -> TracebackType:
    """The same frame at the line that calls a module without hooks, the first to pass all arguments on."""
    import dis

    for instruction in dis.get_instructions(trace.tb_frame.f_code):
        line = instruction.positions.lineno if instruction.positions is not None else None
        if instruction.opname == "CALL_FUNCTION_EX" and line is not None:
            return TracebackType(None, trace.tb_frame, instruction.offset, line)
    return trace
