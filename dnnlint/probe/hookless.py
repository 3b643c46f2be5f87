"""Tracebacks through modules as they are without hooks: torch calls a module in one frame less then."""

import sys
from types import CodeType, TracebackType
from typing import Any

_MODULES = "torch.nn.modules.module"


def as_without_hooks(traces: list[TracebackType]) -> list[TracebackType]:
    """Leave out the frames that torch has because of our hooks; those that hooks of the user's bring about stay."""
    modules = sys.modules.get(_MODULES)
    if modules is None:
        return traces
    call = modules.Module._call_impl.__code__
    kept: list[TracebackType] = []
    for trace in traces:
        caller = kept[-1] if kept else None
        if caller is not None and _is_inner(trace, caller, call) and not _has_hooks(caller, modules):
            kept[-1] = _at_the_plain_call(caller)
        else:
            kept.append(trace)
    return kept


def _is_inner(trace: TracebackType, caller: TracebackType, call: CodeType) -> bool:
    return caller.tb_frame.f_code is call and trace.tb_frame.f_code in call.co_consts


def _has_hooks(caller: TracebackType, modules: Any) -> bool:
    """Whether torch would have taken this way without us; numbers of our hooks are negative."""
    module = caller.tb_frame.f_locals.get("self")
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
