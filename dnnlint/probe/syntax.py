"""The source of running code as syntax trees: functions, what is assigned in them, and where an expression stands."""

import ast
import linecache
import os
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import NamedTuple

from dnnlint.diagnostic import Site, Span
from dnnlint.probe.sites import characters

Body = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


class Scope(NamedTuple):
    """The top of a file or the body of one function."""

    path: str
    name: str  # qualified, "" for the top
    body: Body

    @property
    def own(self) -> str:
        """Name of the first parameter: what a method calls its object."""
        arguments = () if isinstance(self.body, ast.Module) else (*self.body.args.posonlyargs, *self.body.args.args)
        return arguments[0].arg if arguments else ""


class Assigned(NamedTuple):
    """An expression whose value a name got, or got added to what it holds."""

    key: str | None  # of a dictionary's entry
    value: ast.expr
    added: bool  # to a list or a dictionary
    repeated: bool  # in a loop


def top(path: str) -> Scope | None:
    """The top of a file; None if its source is not to be had."""
    tree = _tree(path)
    return None if tree is None else Scope(path, "", tree)


def scope_of_code(code: CodeType) -> Scope | None:
    """The source of running code."""
    if code.co_name == "<module>":
        return top(code.co_filename)
    return _functions(code.co_filename).get(code.co_firstlineno)


def site_of(scope: Scope, node: ast.expr) -> Site:
    """Where an expression stands."""
    path, row, end_row = scope.path, node.lineno, node.end_lineno or node.lineno
    column = characters(path, row, node.col_offset)
    end_column = characters(path, end_row, node.end_col_offset or node.col_offset)
    return Site(os.path.abspath(path), Span(row, column, end_row, end_column), scope.name)


def assigned(scope: Scope, name: str, owner: str = "") -> list[Assigned]:
    """What a variable, or with ``owner`` an attribute of it, got in a scope, in the order of the source."""
    target = f"{owner}.{name}" if owner else name
    return [one for node, repeated in _nodes(scope.body) for one in _assignments(node, target, name, repeated)]


def results(scope: Scope) -> list[ast.expr]:
    """What a function returns, the last first."""
    nodes = [node for node, _ in _nodes(scope.body)]
    return [node.value for node in reversed(nodes) if isinstance(node, ast.Return) and node.value is not None]


def called(node: ast.expr) -> str:
    """Dotted name of what an expression calls, "" if it is no plain call."""
    return dotted(node.func) if isinstance(node, ast.Call) else ""


def dotted(node: ast.expr) -> str:
    """A dotted name as text, "" for other expressions."""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _assignments(node: ast.AST, target: str, name: str, repeated: bool) -> Iterator[Assigned]:
    if isinstance(node, ast.Assign):
        for to in node.targets:
            yield from _targeted(to, node.value, target, repeated)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        yield from _targeted(node.target, node.value, target, repeated)
    elif isinstance(node, ast.AugAssign) and dotted(node.target) == target:
        yield Assigned(None, node.value, True, repeated)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        yield from _call(node, node.func, target, name, repeated)


def _targeted(to: ast.expr, value: ast.expr, target: str, repeated: bool) -> Iterator[Assigned]:
    if dotted(to) == target:
        yield Assigned(None, value, False, repeated)
    elif isinstance(to, ast.Tuple) and isinstance(value, ast.Tuple) and len(to.elts) == len(value.elts):
        for part, its in zip(to.elts, value.elts, strict=True):
            yield from _targeted(part, its, target, repeated)
    elif isinstance(to, ast.Subscript) and dotted(to.value) == target and isinstance(to.slice, ast.Constant):
        yield Assigned(str(to.slice.value), ast.List([value], ast.Load()), True, repeated)


def _call(node: ast.Call, method: ast.Attribute, target: str, name: str, repeated: bool) -> Iterator[Assigned]:
    """Methods that add to a list, or a module to a module."""
    to, last = dotted(method.value), node.args[-1]
    if to == target and method.attr == "append":
        yield Assigned(None, ast.List([last], ast.Load()), True, repeated)
    elif to == target and method.attr in ("extend", "update"):
        yield Assigned(None, last, True, repeated)
    elif method.attr in ("add_module", "register_module") and len(node.args) == 2:
        first = node.args[0]
        key = str(first.value) if isinstance(first, ast.Constant) else None
        if to == target:
            yield Assigned(key, ast.List([last], ast.Load()), True, repeated)
        elif f"{to}.{name}" == target and key == name:
            yield Assigned(None, last, False, repeated)


def _nodes(body: ast.AST, repeated: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """All nodes of one scope in the order of the source, and whether they are in a loop; no inner functions."""
    for node in ast.iter_child_nodes(body):
        yield node, repeated
        if not isinstance(node, _FUNCTIONS | ast.ClassDef | ast.Lambda):
            yield from _nodes(node, repeated or isinstance(node, ast.For | ast.While | ast.AsyncFor))


@cache
def _tree(path: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(path)))
    except (SyntaxError, ValueError):  # a notebook's cell with magics, a file that has changed
        return None


@cache
def _functions(path: str) -> dict[int, Scope]:
    """Functions of a file by their first lines, as code objects count them."""
    tree = _tree(path)
    return {} if tree is None else dict(_inner(tree, path, ""))


def _inner(body: ast.AST, path: str, name: str) -> Iterator[tuple[int, Scope]]:
    for node in ast.iter_child_nodes(body):
        named = isinstance(node, _FUNCTIONS | ast.ClassDef)
        inside = f"{name}.{node.name}".lstrip(".") if isinstance(node, _FUNCTIONS | ast.ClassDef) else name
        if isinstance(node, _FUNCTIONS):
            yield min([node.lineno, *(one.lineno for one in node.decorator_list)]), Scope(path, inside, node)
        yield from _inner(node, path, inside if named else name)
