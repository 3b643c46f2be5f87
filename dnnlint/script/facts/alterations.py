"""Stored samples that are changed each time they are read: a small run of ``__getitem__`` that follows aliases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.data import Alteration
from dnnlint.script import ir, mentions, stores, transforms
from dnnlint.script.code import Class, Func
from dnnlint.script.spelling import spell
from dnnlint.script.tables import alterations as table
from dnnlint.script.values import Const, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_INNER = (ir.Call, ir.Subscript)  # what methods of arrays are called on
_DEEPEST = 3  # helpers called by helpers
Names = dict[str, frozenset[str] | None]  # what a name is a part of, as spelled; None: a copy, or not known


def state(run: Interpreter) -> None:
    """State what the data sets of loaders do to their own samples."""
    seen: set[int] = set()
    for loader in run.record.loaders:
        for dataset in _sets(loader.fields["$dataset"]):
            getter = dataset.cls.find("__getitem__")
            if type(getter) is Func and id(getter.node) not in seen and len(getter.node.params.positional) > 1:
                seen.add(id(getter.node))
                reading = _Reading(dataset, getter)
                for place in dict.fromkeys(reading.found):
                    run.record.state(Alteration(place, loader.at, dataset.cls.name))


def _sets(dataset: Value) -> Iterator[Obj]:
    """The project data sets that a loader reads from."""
    while type(dataset) is Obj and (inner := transforms.underlying(dataset)) is not None:
        dataset = inner
    if type(dataset) is Obj and type(dataset.cls) is Class:
        yield dataset


class _Reading:
    """One method being read, with what its names are parts of."""

    def __init__(self, dataset: Obj, func: Func, names: Names | None = None, depth: int = 0) -> None:
        self.dataset, self.func, self.depth = dataset, func, depth
        self.own: str = func.node.params.positional[0] if func.owner is not None else ""
        self.names: Names = names or {}
        self.held: dict[str, bool] = {}  # fields, and whether they hold samples in memory
        self.random: set[str] = set()
        self.found: list[Place] = []
        self.guarded = 0
        if type(func.node) is ir.FunctionDef:
            self.block(func.node.body)

    # what an expression is a part of

    def roots(self, node: Any) -> frozenset[str] | None:
        """The stored things that a value may share memory with; None if it shares none, or may not."""
        kind = type(node)
        if kind is ir.Name:
            return self.names.get(node.id)
        if kind is ir.Subscript:
            if self._field(node.value):
                return frozenset({spell(node)})
            inner = self.roots(node.value)
            return None if inner is None else inner | {spell(node)}
        if kind is ir.Attr and node.name in ("T", "data", "values"):
            return self.roots(node.value)
        if kind is ir.Call:
            return self._returned(node)
        return None

    def _field(self, node: Any) -> bool:
        """Whether a node is a field of the data set that holds its samples in memory."""
        if type(node) is not ir.Attr or type(node.value) is not ir.Name or node.value.id != self.own:
            return False
        field: str = node.name
        if field not in self.held:
            self.held[field] = stores.in_memory(self.dataset.fields.get(field)) or self._made(field)
        return self.held[field]

    def _made(self, field: str) -> bool:
        """Whether a field is assigned what is known to be held in memory."""
        init = self.dataset.cls.find("__init__")
        for node in mentions.nodes(init.node.body) if type(init) is Func else ():
            if type(node) is ir.Assign and any(getattr(target, "name", "") == field for target in node.targets):
                called = _maker(node.value)
                if called is not None and spell(called).replace("numpy.", "np.") in table.MAKERS:
                    return True
        return False

    def _returned(self, call: Any) -> frozenset[str] | None:
        name = getattr(call.func, "name", getattr(call.func, "id", ""))
        if type(call.func) is ir.Attr and (name in table.VIEWS or name in table.CHANGES):
            return self.roots(call.func.value)
        if name in table.SHARING and call.args:
            return self.roots(call.args[0])
        return None

    def derived(self, node: Any) -> set[str]:
        """The stored things that a value is computed from."""
        found: set[str] = set()
        for part in mentions.nodes(node):
            if type(part) is ir.Name:
                found |= self.names.get("=" + part.id) or self.names.get(part.id) or frozenset()
            elif type(part) is ir.Subscript:
                found |= self.roots(part) or frozenset()
        return found

    # statements

    def block(self, body: ir.Block) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: Any) -> None:
        kind = type(node)
        if kind is ir.Assign and node.value is not None:
            self.expression(node.value)
            for target in node.targets:
                self.assign(target, node.value, node)
        elif kind is ir.AugAssign:
            self.augment(node)
        elif kind is ir.If:
            self.choose(node)
        elif kind in (ir.For, ir.While, ir.With, ir.Try):
            self.block(node.body)
        elif kind in (ir.ExprStmt, ir.Return) and node.value is not None:
            self.expression(node.value)

    def choose(self, node: Any) -> None:
        before, after = dict(self.names), []
        for test, body in [*node.branches, (None, node.orelse)]:
            self.names = dict(before)
            guard = test is not None and self._asks(test)
            self.guarded += guard
            self.block(body)
            self.guarded -= guard
            after.append(self.names)
        self.names = {
            name: after[0].get(name) if all(one.get(name) == after[0].get(name) for one in after) else None
            for name in {name for one in after for name in one}
        }

    def _asks(self, test: Any) -> bool:
        """Whether a condition asks if a sample was treated before."""
        return any(
            (type(part) is ir.Compare and any(op in ("in", "not in", "is", "is not") for op, _ in part.ops))
            or (type(part) is ir.UnaryOp and part.op == "not" and type(part.value) in (ir.Attr, ir.Subscript))
            for part in mentions.nodes(test)
        )

    def assign(self, target: Any, value: Any, node: Any) -> None:
        if type(target) is ir.Name:
            self.names["=" + target.id] = frozenset(self.derived(value))
            self.names[target.id] = self.roots(value)
            if any(getattr(part, "name", getattr(part, "id", "")) in table.CHANCE for part in mentions.nodes(value)):
                self.random.add(target.id)
        elif type(target) is ir.Seq:
            several = type(value) is ir.Seq and len(value.items) == len(target.items)
            for index, part in enumerate(target.items):
                self.assign(part, value.items[index] if several else value, node)
        elif type(target) is ir.Subscript:
            if type(value) is ir.Call and getattr(value.func, "name", getattr(value.func, "id", "")) in table.SETTLED:
                return
            base = self.roots(target) or frozenset()
            places = {path for path in base if path == spell(target) and path != "..."}
            renamed = self.roots(target.value)
            if base and (places & self.derived(value) or (renamed is not None and self._by_chance(target.index))):
                self.report(node)

    def _by_chance(self, index: Any) -> bool:
        return any(type(part) is ir.Name and part.id in self.random for part in mentions.nodes(index))

    def augment(self, node: Any) -> None:
        target = node.target
        if type(target) is ir.Name:
            changed = bool(self.names.get(target.id)) and self._array(target.id)
        else:
            changed = type(target) is ir.Subscript and bool(self.roots(target)) and self._read_elsewhere(target)
        if changed:
            self.report(node)

    def _array(self, name: str) -> bool:
        """Whether a stored sample is an array: its field is one, or the method uses it as one."""
        paths = self.names.get(name) or frozenset()
        for field, value in self.dataset.fields.items():
            held = stores.members(value)
            meant = bool(held) and any(path.startswith(f"{self.own}.{field}[") for path in paths)
            if meant and (all(map(stores.is_array, held)) or all(type(one) is Const for one in held)):
                return stores.is_array(held[0])
        return any(_as_array(part, name) for part in mentions.nodes(self.func.node.body))

    def _read_elsewhere(self, target: Any) -> bool:
        """Whether what is changed is also what is read: a counter on the side is nobody's sample."""
        said = spell(target.value)
        return sum(spell(part) == said for part in mentions.nodes(self.func.node.body)) > 1

    # calls

    def expression(self, value: Any) -> None:
        before = len(self.found)
        for node in mentions.nodes(value):
            if type(node) is ir.Call and len(self.found) == before:
                self.call(node)

    def call(self, node: Any) -> None:
        func = node.func
        name = getattr(func, "name", getattr(func, "id", ""))
        if type(func) is ir.Attr and self.roots(func.value):
            grown = name in table.GROWTH and type(func.value) is ir.Name
            if grown or name in table.CHANGES:
                self.report(node)
        for key, argument in node.keywords:
            on = type(argument) is ir.Const and argument.value is True and "normalize" in name
            subject = argument if key == "out" else node.args[0] if key == "inplace" and on and node.args else None
            if subject is not None and self.roots(subject):
                self.report(node)
        self._helper(node, name)

    def _helper(self, node: Any, name: str) -> None:
        given = [self.roots(argument) for argument in node.args]
        if self.depth >= _DEEPEST or not any(given):
            return
        method = type(node.func) is ir.Attr and type(node.func.value) is ir.Name and node.func.value.id == self.own
        found = self.dataset.cls.find(name) if method else self.func.module.names.get(name)
        if type(found) is not Func or type(found.node) is not ir.FunctionDef:
            return
        params = found.node.params.positional
        offset = 1 if method and found.kind == "function" else 0
        names: Names = dict(zip(params[offset:], given, strict=False))
        inner = _Reading(self.dataset, found, names, self.depth + 1)
        if not self.guarded:
            self.found += inner.found

    def report(self, node: Any) -> None:
        if not self.guarded:
            self.found.append(Place(self.func.module.path, node.at))


def _maker(value: Any) -> Any:
    """The function that made an array, before it was given another shape or type, or a part of it was taken."""
    while True:
        if type(value) is ir.Subscript or (type(value) is ir.Attr and value.name in ("T", "values")):
            value = value.value
        elif type(value) is ir.Call and type(value.func) is ir.Attr and type(value.func.value) in _INNER:
            if value.func.name not in table.VIEWS | table.COPIES:
                return None
            value = value.func.value
        else:
            return value.func if type(value) is ir.Call else None


def _as_array(node: Any, name: str) -> bool:
    """Whether a node indexes a name, or hands it to what takes arrays."""
    if type(node) is ir.Subscript:
        return type(node.value) is ir.Name and bool(node.value.id == name)
    if type(node) is not ir.Call or not node.args or getattr(node.func, "name", "") not in table.SHARING:
        return False
    return type(node.args[0]) is ir.Name and bool(node.args[0].id == name)
