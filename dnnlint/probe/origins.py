"""Where modules were built that existed before the watching began: looked up in the source of what holds them.

What is built while the run is watched leaves its line behind; of the rest only the objects are there. The line is
found in the class of the module that has it as an attribute, in the expression that builds the container it is a part
of, or, for a whole network, in the code that holds it in a variable.
"""

import ast
import linecache
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, FunctionType
from typing import Any, NamedTuple

from torch import nn

from dnnlint.diagnostic import Site
from dnnlint.probe import containers, syntax
from dnnlint.probe.sites import is_users
from dnnlint.probe.syntax import Assigned, Scope

_DEPTH = 6  # helpers that call helpers
_FRAMES = 40


class Origin(NamedTuple):
    """The expression that built a module, and what is needed to read it."""

    scope: Scope
    node: ast.expr
    names: dict[str, Any]  # globals of its code
    owner: type | None  # whose method it stands in
    target: tuple[str, str]  # variable that it is assigned to, and the object whose attribute that is

    @property
    def site(self) -> Site:
        """Its line."""
        return syntax.site_of(self.scope, self.node)


def of_root(root: nn.Module) -> Origin | None:
    """The expression that built a network which code on the stack holds in a variable or an attribute."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES):
        if frame is None:
            return None
        if is_users(frame.f_code.co_filename):
            found = _held(root, frame)
            if found is not None:
                return found
        frame = frame.f_back
    return None


def of_part(parent: nn.Module, origin: Origin | None, name: str, part: nn.Module) -> Origin | None:
    """The expression that built a module inside another.

    Args:
        parent: the module that has it.
        origin: of the parent, if it is known.
        name: of the part in its parent.
        part: the module itself.
    """
    found = _of_attribute(type(parent), name, part)
    if found is None and origin is not None and isinstance(parent, nn.Sequential | nn.ModuleList | nn.ModuleDict):
        found = _of_element(origin, parent, name, part)
    return found


def _held(root: nn.Module, frame: FrameType) -> Origin | None:
    """Look through the variables of a frame, what these hold, and the variables of its file."""
    for name, value in list(frame.f_locals.items()):
        if value is root:
            found = _of_variable(root, name, _scopes(frame), frame.f_globals)
        else:
            attribute = _attribute(value, root)
            found = None if attribute is None else _of_attribute(type(value), attribute, root)
        if found is not None:
            return found
    names = [name for name, value in list(frame.f_globals.items()) if value is root]
    bound = (_of_variable(root, name, _tops(frame), frame.f_globals) for name in names)
    return next((one for one in bound if one is not None), None)


def _attribute(value: object, root: nn.Module) -> str | None:
    """Under which name an object holds a network; objects may do anything when they are asked in the usual way."""
    try:
        held = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):  # no instance of a plain class
        return None
    return next((name for name, one in list(held.items()) if one is root), None) if type(held) is dict else None


def _scopes(frame: FrameType) -> Iterator[Scope]:
    if frame.f_code.co_name == "<module>":
        yield from _tops(frame)
    else:
        scope = syntax.scope_of_code(frame.f_code)
        if scope is not None:
            yield scope


def _tops(frame: FrameType) -> Iterator[Scope]:
    """The file of a frame, or the cells of its notebook, the last first."""
    path = frame.f_code.co_filename
    cells = [name for name in linecache.cache if "ipython-input" in name or "ipykernel_" in name]
    for name in reversed(cells) if path in cells else [path]:
        scope = syntax.top(name)
        if scope is not None:
            yield scope


def _of_variable(made: nn.Module, name: str, scopes: Iterator[Scope], names: dict[str, Any]) -> Origin | None:
    for scope in scopes:
        found = _best([one for one in syntax.assigned(scope, name) if not one.added], made)
        if found is not None:
            return Origin(scope, found, names, None, (name, ""))
    return None


def _of_attribute(kind: type, name: str, made: nn.Module) -> Origin | None:
    """The assignment to an attribute in the methods of a class or its bases."""
    for base in kind.__mro__:
        for method in vars(base).values():
            code = getattr(method, "__code__", None)
            if not isinstance(method, FunctionType) or code is None or not is_users(code.co_filename):
                continue
            scope = syntax.scope_of_code(code)
            found = None if scope is None else _best(syntax.assigned(scope, name, scope.own), made)
            if scope is not None and found is not None:
                return Origin(scope, found, method.__globals__, kind, (name, scope.own))
    return None


def _best(candidates: list[Assigned], made: nn.Module) -> ast.expr | None:
    """The expression that names the class; else the first, since later ones move, wrap or reload what is there."""
    values = [_maker(one.value, made) for one in candidates]
    named = [value for value in values if _makes(value, made)]
    return named[0] if named else values[0] if values else None


def _maker(node: ast.expr, made: nn.Module) -> ast.expr:
    """The constructor's call inside an expression such as ``Net(3).to(device)``."""
    return next((inner for inner in ast.walk(node) if isinstance(inner, ast.Call) and _makes(inner, made)), node)


def _makes(node: ast.expr, made: nn.Module) -> bool:
    return syntax.called(node).rpartition(".")[2] == type(made).__name__


def _of_element(origin: Origin, parent: nn.Module, name: str, part: nn.Module) -> Origin | None:
    """The argument, entry, appended value or comprehension that made one part of a container."""
    built = _constructor(origin, parent)
    if built is None or not isinstance(built.node, ast.Call):
        return None
    place = list(parent._modules).index(name)
    found = containers.element(
        built.scope, built.node, built.target, name, place, len(parent._modules), lambda node: _makes(node, part)
    )
    return None if found is None else built._replace(node=_maker(found, part))


def _constructor(origin: Origin, made: nn.Module) -> Origin | None:
    """Follow helpers to the call that constructs a container."""
    for _ in range(_DEPTH):
        if _makes(origin.node, made):
            return origin
        if isinstance(origin.node, ast.Name):
            found = _of_variable(made, origin.node.id, iter((origin.scope,)), origin.names)
            if found is None or found.node is origin.node:
                return None
            origin = found._replace(owner=origin.owner)
            continue
        helper = _function(origin)
        scope = None if helper is None else syntax.scope_of_code(helper.__code__)
        returned = [] if scope is None else syntax.results(scope)
        if helper is None or scope is None or not returned:
            return None
        named = [value for value in returned if _makes(_maker(value, made), made)]
        origin = Origin(scope, _maker((named or returned)[0], made), helper.__globals__, origin.owner, ("", ""))
    return None


def _function(origin: Origin) -> FunctionType | None:
    """The user's function that an expression calls."""
    first, _, rest = syntax.called(origin.node).partition(".")
    if rest and first == origin.scope.own and origin.owner is not None:
        found = getattr(origin.owner, rest, None)
    else:
        found = getattr(origin.names.get(first), rest, None) if rest else origin.names.get(first)
    code = getattr(found, "__code__", None)
    if not isinstance(found, FunctionType) or not isinstance(code, CodeType):
        return None
    return found if is_users(code.co_filename) else None
