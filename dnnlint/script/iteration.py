"""What loops and comprehensions see of the values they run over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.script import attributes, binding, flow, inlining, ir, objects, parameters, searches
from dnnlint.script.code import Args, Class, Func
from dnnlint.script.events import capture, feeding
from dnnlint.script.frames import Loop
from dnnlint.script.lattice import join
from dnnlint.script.values import Const, Iteration, Obj, Tensor, Tuple, Union, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter
_LONG = 64  # members of a comprehension that are looked at
_SHORT = 8  # members of a comprehension that are told apart


def iterate(run: Interpreter, value: Value, node: Any) -> Value:
    """What a loop over a value sees: always an Iteration."""
    kind = type(value)
    if kind is Iteration:
        return value
    if kind is Union:
        several = [iterate(run, option, node) for option in options(value) if not attributes.certainly_none(option)]
        if len(several) == 1:
            return several[0]
        sources = [one.source for one in several if type(one) is Iteration and one.source is not None]
        return Iteration(
            None,
            join([element(run, one, node) for one in several]) if several else None,
            join(sources) if sources else None,
        )
    items = objects.known_items(value)
    if items:
        if kind is Obj and value.kind == "list":  # type: ignore[attr-defined]
            items = [taken(value, item) for item in items]  # type: ignore[arg-type]
        result = Iteration(items, None, value if kind is Obj and "$lattice" in value.fields else None)  # type: ignore[attr-defined]
        if kind is Obj and value.kind == "module":  # type: ignore[attr-defined]
            result.wrapped = "modules"
        return result
    if kind is Obj:
        return _iterate_object(run, value, node)  # type: ignore[arg-type]
    if kind is Tensor:
        op = "batch" if value.op == "batch" else "view" if value.op != "unknown" else "unknown"  # type: ignore[attr-defined]
        return Iteration(None, Tensor(op, (value,), run.place(node), value.attached), None)  # type: ignore[attr-defined]
    return Iteration(None, flow.unknown((value,)), value)


def _iterate_object(run: Interpreter, obj: Obj, node: Any) -> Iteration:
    if obj.kind == "loader":
        feeding.passed(run, obj)
        return Iteration(None, Tensor("batch", (obj,), run.place(node), False), obj)
    if obj.kind == "dict":
        keys = [key for key in obj.fields["$items"] if not isinstance(key, tuple)]
        if keys and not obj.fields.get("$more"):
            return Iteration([Const(key) for key in keys], None, obj)
        return Iteration(None, flow.unknown((obj,)), obj)
    if obj.kind == "list":
        members = [taken(obj, item) for item in obj.fields["$items"]]
        return Iteration(None, join(members) if members else flow.unknown(()), obj)
    if obj.kind == "parameters":
        capture.spend(run, obj)
        return parameters.iterate(run, obj, node)
    if type(obj.cls) is Class:
        maker = obj.cls.find("__iter__")
        if type(maker) is Func:
            made = inlining.call_function(run, maker, Args([obj]), node)
            if type(made) is Iteration:
                return made
            following = obj.cls.find("__next__")
            if made is obj and type(following) is Func:
                return Iteration(None, inlining.call_function(run, following, Args([obj]), node), obj)
            if type(made) is Obj and made is not obj:
                return iterate(run, made, node)  # type: ignore[return-value]
    if obj.kind == "module" and "$items" in obj.fields:
        return Iteration(None, join(objects.contents(obj)) if objects.contents(obj) else flow.unknown(()), None)
    item = Obj("opaque", name="item of " + obj.name, sources=(obj,))
    return Iteration(None, item, obj)


def taken(obj: Obj, item: Value) -> Value:
    """A member read back from a list that keeps tensors: the list is remembered, should a loss depend on it."""
    if type(item) is Tensor and obj.fields.get("$kept"):
        return Tensor("view", (item,), item.at, item.attached, extra=obj)
    return item


def gone_over(iterable: Value | None) -> None:
    """A loop goes over everything that an iterable gives."""
    feeding.looped(iterable)


def element(run: Interpreter, iterable: Value | None, node: Any) -> Value:
    """One abstract member of an iterable."""
    if type(iterable) is Iteration:
        if iterable.item is not None:
            return iterable.item
        if iterable.items:
            return join(iterable.items)  # type: ignore[no-any-return]
    return flow.unknown((iterable,) if iterable is not None else ())


def _mapping(keys: list[Value], values: list[Value], place: Place, more: bool) -> Obj:
    """The result of a dict comprehension; members under unknown keys are kept, too."""
    entries: dict[Any, Value] = {}
    for index, (key, value) in enumerate(zip(keys, values, strict=True)):
        known = type(key) is Const and isinstance(key.value, (str, int, float, bool, tuple))
        if type(value) is Obj and value.kind in ("loader", "dataset") and not value.name and known:
            value.name = str(key.value)  # type: ignore[attr-defined]
        entries[key.value if known else ("$", index)] = value  # type: ignore[attr-defined]
    return objects.new_dict(entries, place, more or any(isinstance(key, tuple) for key in entries))


def _generated(values: list[Value], place: Place, more: bool, source: Value | None) -> Value:
    """What a generator expression yields, which it does only once."""
    if values and all(map(parameters.is_parameter, values)):
        return parameters.once(*parameters.owners(Tuple(tuple(values))), place)
    return Iteration(None if more else values, join(values) if values and more else None, source)


def _some(items: list[Value], kind: str) -> tuple[list[Value], bool]:
    """As many members as are told apart, and whether there are more."""
    most = _LONG if kind == "modules" else _SHORT
    return items[:most], len(items) > most


def comprehend(run: Interpreter, node: Any) -> Value:
    """The result of a comprehension: member by member where the source is short and known."""
    values: list[Value] = []
    keys: list[Value] = []
    source: Value | None = None
    more = cut = False

    def clause(index: int) -> None:
        nonlocal cut, more, source
        if index == len(node.generators):
            if node.key is not None:
                keys.append(run.evaluate(node.key))
            values.append(run.evaluate(node.value))
            return
        target, iterable_node, tests = node.generators[index]
        iterable = iterate(run, run.evaluate(iterable_node), node)
        feeding.looped(iterable)
        if type(iterable) is Iteration and iterable.source is not None and source is None:
            source = iterable.source
        items = iterable.items if type(iterable) is Iteration else None
        outer = len(run.loops)
        _enter_lattice(run, node, index, iterable)
        if items is None:
            more = True
            items = [element(run, iterable, node)]
        else:
            items, shortened = _some(items, iterable.wrapped)  # type: ignore[attr-defined]
            more, cut = more or shortened, cut or shortened
        for item in items:
            run.fuel -= 1
            binding.assign(run, target, item)
            keep: bool | None = True
            for test in tests:
                known = run.truth(run.evaluate(test))[0]
                keep = False if known is False else None if known is None and keep else keep
                if keep is False:
                    break
            if keep is None:
                more = True
            if keep is not False:
                clause(index + 1)
        del run.loops[outer:]

    clause(0)
    place = run.place(node)
    if cut and values and all(map(parameters.is_parameter, values)):
        keys.append(Const(...))
        values.append(flow.unknown(()))  # for the others: it matters whether these are all
    if node.key is not None:
        return _mapping(keys, values, place, more)
    if node.kind == "generator":
        return _generated(values, place, more, source)
    made = _collected(run, values, place, more, node.kind == "set")
    searches.lattice(made, node)
    return made


def _enter_lattice(run: Interpreter, node: Any, index: int, iterable: Value) -> None:
    """A clause over a lattice is a loop in progress: what is called for each point may be a training run."""
    source = iterable.source if type(iterable) is Iteration else None
    if type(source) is Obj and source.kind in ("product", "grid"):
        target, over, _ = node.generators[index]
        run.loops.append(Loop(ir.For(target, over, [], [], [], node.at), run.place(node), run.frame, iterable, 0))


def _collected(run: Interpreter, values: list[Value], place: Place, more: bool, merged: bool) -> Value:
    """The result of a list or set comprehension: parameters stay a collection of parameters."""
    owners = [value for value in values if type(value) is Tensor and value.op == "parameter"]
    if owners and len(owners) == len(values):
        return parameters.collection([parameters.source_of(value) for value in owners], not more or True, place)
    made = objects.new_list(values, place, more)
    made.fields["$born"] = run.clock
    return objects.merged(made) if merged else made
