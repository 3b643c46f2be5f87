"""The program in a form that is cheap to run many times: no trivia, one class a construct.

The syntax tree of libcst keeps every blank and comment; half a gigabyte per megabyte of source. It is
lowered once into these nodes and then dropped. ``at`` numbers the syntax node a construct came from,
in reading order, so that the few nodes that end up in findings can be located again.
"""

from __future__ import annotations

from typing import Any


class Node:
    """Base of everything lowered."""

    __slots__ = ("at",)
    at: int


class Expr(Node):
    """Base of expressions."""

    __slots__ = ()


class Stmt(Node):
    """Base of statements."""

    __slots__ = ()


Block = list[Stmt]


def _node(name: str, base: type[Node], *fields: str) -> Any:
    """Make a slotted node class whose constructor takes its fields and then ``at``."""
    lines = "".join(f"\n    self.{field} = {field}" for field in (*fields, "at"))
    scope: dict[str, Any] = {}
    exec(f"def __init__(self, {', '.join((*fields, 'at'))}):{lines}", scope)
    return type(name, (base,), {"__slots__": fields, "__init__": scope["__init__"], "__module__": __name__})


Const = _node("Const", Expr, "value")
Name = _node("Name", Expr, "id")
Attr = _node("Attr", Expr, "value", "name")
Call = _node("Call", Expr, "func", "args", "keywords")  # args: exprs (Starred allowed); keywords: (name | None, expr)
Subscript = _node("Subscript", Expr, "value", "index")
Slice = _node("Slice", Expr, "lower", "upper", "step")
Seq = _node("Seq", Expr, "kind", "items")  # kind: "list" | "tuple" | "set"
DictExpr = _node("DictExpr", Expr, "items")  # (key | None, value)
BinOp = _node("BinOp", Expr, "op", "left", "right")
UnaryOp = _node("UnaryOp", Expr, "op", "value")
BoolOp = _node("BoolOp", Expr, "op", "values")
Compare = _node("Compare", Expr, "left", "ops")  # ops: (operator, expr)
IfExp = _node("IfExp", Expr, "test", "body", "orelse")
Lambda = _node("Lambda", Expr, "params", "body")
Comp = _node("Comp", Expr, "kind", "key", "value", "generators")  # generators: (target, iter, ifs)
Starred = _node("Starred", Expr, "value")
FString = _node("FString", Expr, "parts")
Yield = _node("Yield", Expr, "value", "delegates")
Walrus = _node("Walrus", Expr, "target", "value")

ExprStmt = _node("ExprStmt", Stmt, "value")
Assign = _node("Assign", Stmt, "targets", "value", "annotation")
AugAssign = _node("AugAssign", Stmt, "target", "op", "value")
If = _node("If", Stmt, "branches", "orelse", "choice")  # branches: (test, block); an elif chain is one node
For = _node("For", Stmt, "target", "iter", "body", "orelse", "counters")  # counters: targets that the body augments
While = _node("While", Stmt, "test", "body", "orelse", "counters")
With = _node("With", Stmt, "items", "body")  # items: (expr, target | None)
Try = _node("Try", Stmt, "body", "handlers", "orelse", "final")  # handlers: (name | None, block)
FunctionDef = _node("FunctionDef", Stmt, "name", "params", "body", "decorators", "traits")
ClassDef = _node("ClassDef", Stmt, "name", "bases", "keywords", "body", "decorators")
Return = _node("Return", Stmt, "value")
Raise = _node("Raise", Stmt, "name")  # of the exception, "" if it is not plain
Break = _node("Break", Stmt)
Continue = _node("Continue", Stmt)
Delete = _node("Delete", Stmt, "targets")
Import = _node("Import", Stmt, "names")  # (dotted, bound name, binds the top package)
ImportFrom = _node("ImportFrom", Stmt, "module", "level", "names")  # names: (name, bound name) or None for *
Global = _node("Global", Stmt, "names")
Nonlocal = _node("Nonlocal", Stmt, "names")
Assert = _node("Assert", Stmt, "test")
Match = _node("Match", Stmt, "subject", "cases")  # cases: (pattern exprs | None, captured names, guard, block)


class Params:
    """Parameters of a function: names in order, defaults and annotations by name."""

    __slots__ = ("annotations", "defaults", "keyword_only", "kwargs", "positional", "varargs")

    def __init__(self) -> None:
        self.positional: list[str] = []
        self.keyword_only: list[str] = []
        self.varargs: str | None = None
        self.kwargs: str | None = None
        self.defaults: dict[str, Any] = {}
        self.annotations: dict[str, Any] = {}


class Program:
    """One lowered file."""

    __slots__ = ("body", "mentions", "path", "size", "steppers")

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self.size = size
        self.body: Block = []
        self.mentions: dict[str, int] = {}  # how often each name is read: who is a root and who is a helper
        self.steppers: set[str] = set()  # what ``.step`` is read from, by its last name


class Syntax:
    """What leads from numbers back to the syntax tree; alive only while findings are located."""

    __slots__ = ("lines", "nodes", "scopes")

    def __init__(self) -> None:
        self.nodes: list[Any] = []  # syntax nodes by number
        self.lines: list[tuple[int, Any]] = []  # (first number, line of simple statements)
        self.scopes: list[tuple[int, int, str]] = []  # (first number, last number, qualified name)
