"""What a class must have to be a rule, and what its signature subscribes it to."""

import re
import sys
import types
import typing
from typing import Any

from dnnlint.errors import RuleError
from dnnlint.rule import Rule

EVIDENCE = "dnnlint.evidence."
TEXTS = ("message", "why", "mend")
CODE = re.compile(r"[A-Z]+[0-9]+")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_FACTS: dict[type[Rule], tuple[type, ...]] = {}  # signatures do not change, and each file is judged anew
VARIADIC = 0x04 | 0x08  # the code flags of *args and **kwargs


def make(kind: type[Rule]) -> Rule:
    """Build a rule once it has kept the contract; a RuleError says which part it broke."""
    for attribute in ("code", "level", *TEXTS):
        if not getattr(kind, attribute, ""):
            raise _broken(kind, f"has no {attribute}")
    if not CODE.fullmatch(kind.code):
        raise _broken(kind, f"code {kind.code!r} is not letters followed by digits, as in DNN101")
    if not (kind.__dict__.get("__doc__") or "").strip():
        raise _broken(kind, "has no docstring, which is its page")
    rule = kind()
    if not NAME.fullmatch(rule.name):
        raise _broken(kind, f"name {rule.name!r} is not words joined by hyphens")
    if not subscriptions(kind) and not channels(kind):
        raise _broken(kind, "has no half: define static(self, fact) or runtime(self, channel)")
    return rule


def subscriptions(kind: type[Rule]) -> tuple[type, ...]:
    """Types of the facts that ``static`` asks for, a union counts for each member; none if there is no such half."""
    if kind not in _FACTS:
        _FACTS[kind] = _subscribe(kind)
    return _FACTS[kind]


def channels(kind: type[Rule]) -> tuple[type, ...]:
    """Types of the channels that ``runtime`` asks for, in the order of its parameters; none without that half."""
    half = _half(kind, "runtime")
    if half is None:
        return ()
    return tuple(_evidence(kind, half, annotation) for annotation in _annotations(kind, half))


def _subscribe(kind: type[Rule]) -> tuple[type, ...]:
    half = _half(kind, "static")
    if half is None:
        return ()
    annotations = _annotations(kind, half)
    if len(annotations) != 1:
        raise _broken(kind, "static must take self and one fact", half.__code__.co_firstlineno)
    members = typing.get_args(annotations[0]) if _is_union(annotations[0]) else annotations
    return tuple(_evidence(kind, half, member) for member in members)


def _half(kind: type[Rule], name: str) -> types.FunctionType | None:
    half = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
    if half is not None and not isinstance(half, types.FunctionType):
        raise _broken(kind, f"{name} is not a method")
    return half


def _evidence(kind: type[Rule], half: types.FunctionType, member: Any) -> type:
    if isinstance(member, type) and member.__module__.startswith(EVIDENCE):
        return member
    shown = member.__qualname__ if isinstance(member, type) else str(member)
    reason = f"{half.__name__} asks for {shown}, which is no evidence"
    raise _broken(kind, reason, half.__code__.co_firstlineno)


def place(kind: type[Rule], line: int | None = None) -> str:
    """File and line of a rule, for errors that name it."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return kind.__module__
    return f"{file}:{line or _line_of_class(file, kind.__name__)}"


def _annotations(kind: type[Rule], half: types.FunctionType) -> tuple[Any, ...]:
    """Annotations of all parameters but ``self``."""
    code, name = half.__code__, half.__name__
    line = code.co_firstlineno
    if code.co_argcount < 2 or code.co_kwonlyargcount or code.co_flags & VARIADIC:
        wanted = "one fact" if name == "static" else "one channel or more"
        raise _broken(kind, f"{name} must take self and {wanted}", line)
    parameters = code.co_varnames[1 : code.co_argcount]
    try:
        annotations = typing.get_type_hints(half)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise _broken(kind, f"annotations of {name} cannot be resolved: {error}", line) from error
    for parameter in parameters:
        if parameter not in annotations:
            raise _broken(kind, f"parameter {parameter!r} of {name} has no annotation", line)
    return tuple(annotations[parameter] for parameter in parameters)


def _is_union(annotation: object) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def _broken(kind: type[Rule], reason: str, line: int | None = None) -> RuleError:
    return RuleError(getattr(kind, "code", None) or kind.__name__, place(kind, line), reason)


def _line_of_class(file: str, name: str) -> int:
    try:
        with open(file, encoding="utf-8", errors="replace") as source:
            return next((row for row, text in enumerate(source, 1) if re.match(rf"\s*class {name}\b", text)), 1)
    except OSError:
        return 1
