"""The expressions that make the parts of a container: arguments, lists, comprehensions, what is appended later."""

import ast
from collections.abc import Callable, Iterator

from dnnlint.probe import syntax
from dnnlint.probe.syntax import Assigned, Scope

_LISTS = ast.List | ast.Tuple | ast.Dict | ast.ListComp | ast.GeneratorExp | ast.Name
_CONSTRUCTORS = ("OrderedDict", "dict", "list", "tuple")


def element(
    scope: Scope,
    built: ast.Call,
    target: tuple[str, str],
    name: str,
    place: int,
    count: int,
    makes: Callable[[ast.expr], bool],
) -> ast.expr | None:
    """The expression that makes one part.

    Args:
        scope: where the container is built.
        built: the call of its constructor.
        target: variable that it is assigned to, and the object whose attribute that is; two empty names if unknown.
        name: of the part.
        place: of the part, from 0.
        count: of all parts.
        makes: whether an expression calls the class of the part.
    """
    items = list(_items(scope, built))
    added = [one for one in syntax.assigned(scope, *target) if one.added] if target[0] else []
    items += [item for one in added for item in _added(scope, one)]
    keyed = [item.value for item in items if item.key == name]
    return keyed[0] if keyed else _chosen(items, place, count, makes)


def _items(scope: Scope, node: ast.expr, repeated: bool = False) -> Iterator[Assigned]:
    """Parts of a container as an expression spells them, in their order."""
    if isinstance(node, ast.Call):
        yield from _arguments(scope, node, repeated)
    elif isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from _items(scope, one.value, repeated) if isinstance(one, ast.Starred) else (_pair(one, repeated),)
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield Assigned(str(key.value) if isinstance(key, ast.Constant) else None, value, False, repeated)
    elif isinstance(node, ast.ListComp | ast.GeneratorExp):
        yield _pair(node.elt, True)
    elif isinstance(node, ast.BinOp):
        yield from _items(scope, node.left, repeated or isinstance(node.op, ast.Mult))
        yield from _items(scope, node.right, repeated) if isinstance(node.op, ast.Add) else ()
    elif isinstance(node, ast.Name):
        for given in syntax.assigned(scope, node.id):
            again = given._replace(repeated=repeated or given.repeated)
            yield from _added(scope, again) if given.value is not node else ()


def _arguments(scope: Scope, node: ast.Call, repeated: bool) -> Iterator[Assigned]:
    for one in node.args:
        if isinstance(one, ast.Starred):
            yield from _items(scope, one.value, repeated)
        elif len(node.args) == 1 and _is_list(one):
            yield from _items(scope, one, repeated)
        else:
            yield Assigned(None, one, False, repeated)
    for keyword in node.keywords:
        yield Assigned(keyword.arg, keyword.value, False, repeated)


def _is_list(node: ast.expr) -> bool:
    return isinstance(node, _LISTS) or syntax.called(node).rpartition(".")[2] in _CONSTRUCTORS


def _added(scope: Scope, one: Assigned) -> Iterator[Assigned]:
    for item in _items(scope, one.value, one.repeated):
        yield item._replace(key=one.key) if one.key else item


def _pair(node: ast.expr, repeated: bool) -> Assigned:
    """An element, or the named element of an ordered dictionary."""
    if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
        return Assigned(str(node.elts[0].value), node.elts[1], False, repeated)
    return Assigned(None, node, False, repeated)


def _chosen(items: list[Assigned], place: int, count: int, makes: Callable[[ast.expr], bool]) -> ast.expr | None:
    """The expression of one place: counted from the start, from the end, or among those that a loop repeats."""
    head = next((number for number, item in enumerate(items) if item.repeated), len(items))
    tail = next((number for number, item in enumerate(reversed(items)) if item.repeated), 0)
    if place < head:
        return items[place].value
    if count - place <= tail:
        return items[len(items) - (count - place)].value
    middle = items[head : len(items) - tail]
    named = [
        item.value for item in middle if any(isinstance(one, ast.expr) and makes(one) for one in ast.walk(item.value))
    ]
    if not middle:
        return None
    cycled = middle[(place - head) % len(middle)].value
    return cycled if cycled in named or not named else named[0]
