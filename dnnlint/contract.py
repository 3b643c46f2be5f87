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
_KNOWN: dict[type[Rule], tuple[type, ...]] = {}  # signatures do not change, and each file is judged anew
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
    subscriptions(kind)
    return rule


def subscriptions(kind: type[Rule]) -> tuple[type, ...]:
    """Types of the facts that ``static`` asks for; a union counts for each member."""
    if kind not in _KNOWN:
        _KNOWN[kind] = _subscribe(kind)
    return _KNOWN[kind]


def _subscribe(kind: type[Rule]) -> tuple[type, ...]:
    half = next((vars(base)["static"] for base in kind.__mro__ if "static" in vars(base)), None)
    if half is None:
        raise _broken(kind, "has no half: define static(self, fact)")
    if not isinstance(half, types.FunctionType):
        raise _broken(kind, "static is not a method")
    line = half.__code__.co_firstlineno
    annotation = _annotation(kind, half, line)
    members = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
    for member in members:
        if not (isinstance(member, type) and member.__module__.startswith(EVIDENCE)):
            shown = member.__qualname__ if isinstance(member, type) else str(member)
            raise _broken(kind, f"static asks for {shown}, which is no evidence", line)
    return members


def place(kind: type[Rule], line: int | None = None) -> str:
    """File and line of a rule, for errors that name it."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file is None:
        return kind.__module__
    return f"{file}:{line or _line_of_class(file, kind.__name__)}"


def _annotation(kind: type[Rule], half: types.FunctionType, line: int) -> Any:
    code = half.__code__
    if code.co_argcount != 2 or code.co_kwonlyargcount or code.co_flags & VARIADIC:
        raise _broken(kind, "static must take self and one fact", line)
    fact = code.co_varnames[1]
    try:
        annotations = typing.get_type_hints(half)
    except (NameError, AttributeError, TypeError, SyntaxError) as error:
        raise _broken(kind, f"annotations of static cannot be resolved: {error}", line) from error
    if fact not in annotations:
        raise _broken(kind, f"parameter {fact!r} of static has no annotation", line)
    return annotations[fact]


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
