"""Statistics fitted to data: scalers, selectors and resamplers, and the data that they saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script.data import Leak
from dnnlint.script import arrays, flow, objects, spelling
from dnnlint.script.code import Args, Class, Handler
from dnnlint.script.events import averages, axes
from dnnlint.script.facts import purpose
from dnnlint.script.tables import fitting as table
from dnnlint.script.values import Const, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

_MOST = 400  # values looked at on the way back
_ENCODERS = ("LabelEncoder",)
_AXES_OF_A_SAMPLE = (1, -1, 2, 3)


def _estimator(name: str) -> Handler:
    return lambda run, args, node: Obj("estimator", name, run.place(node))


def estimator_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """``fit``, ``transform`` and their kin."""
    data = args.get(0, "X")
    if str(obj.cls).endswith(_ENCODERS) and data is not None:  # of labels: nothing leaks that is not written there
        return obj if name == "fit" else Tensor("cut", (data,), run.place(node), False, name="encoded")
    if name in table.FITTING and data is not None:
        _fit(run, obj, data, node)
    if name == "fit":
        return obj
    if name in ("transform", "fit_transform", "fit_resample") and data is not None:
        kept = "scaled" if str(obj.cls).endswith("Scaler") else ""
        place: Place = obj.fields.get("$fitted", run.place(node))
        if name != "transform" or _saw(obj, data):
            made = Tensor("fitted", (data,), run.place(node), False, extra=place, name=kept)
            return Tuple((made, flow.unknown(()))) if name == "fit_resample" else made
        return Tensor("cut", (data,), run.place(node), False, name=kept)
    return flow.unknown(())


def _saw(obj: Obj, data: Value) -> bool:
    """Whether an estimator was fitted to this very data."""
    return obj.fields.get("$data") is data


def _fit(run: Interpreter, obj: Obj, data: Value, node: Any) -> None:
    run.write(obj.fields, "$fitted", run.place(node))
    run.write(obj.fields, "$data", data)
    run.record.fitted = True
    given = node.args[0] if getattr(node, "args", ()) else None
    said = spelling.spell(given).rpartition(".")[2] if given is not None else ""
    title = str(obj.cls).rpartition(".")[2]
    if purpose.evaluates(said) and not purpose.trains(said):
        run.record.state(Leak(run.place(node), "refitted", None, title))
    elif type(data) is Obj and data.fields.get("$mixed"):
        run.record.state(Leak(run.place(node), "mixed", data.at, title))


def _joined(run: Interpreter, args: Args, node: Any) -> Value:
    """Arrays or tables put together: of both sides, perhaps."""
    made = flow.unknown([value for value in args.values() if _fits(value)])
    first = node.args[0] if getattr(node, "args", ()) else None
    names = [spelling.spell(item).rpartition(".")[2] for item in getattr(first, "items", ())]
    made.fields["$mixed"] = any(purpose.evaluates(name) for name in names) and any(
        purpose.trains(name) for name in names
    )
    made.at = run.place(node)
    return made


def _fits(value: Value) -> bool:
    return type(value) is Tensor and value.op == "fitted"


def _statistic(name: str) -> Handler:
    """``np.mean(x, axis=0)`` of data that has a name."""

    def make(run: Interpreter, args: Args, node: Any) -> Value:
        first = args.get(0, "a")
        if type(first) is Obj and first.kind == "list" and name in ("mean", "nanmean"):
            averages.averaged(run, first, node)
            members = tuple([value for value in objects.contents(first) if type(value) is Tensor])
            return Tensor("mean", members, run.place(node), False, name=name) if members else flow.unknown(())
        if type(first) is Tensor or (type(first) is Obj and first.kind == "opaque" and first.name):
            if run.record.agreeing:
                axes.reduced(run, name, first)
            return Tensor("cut", (first,), run.place(node), False, name=name, args=args)
        return arrays.note(flow.unknown(()), name, args)

    return make


def array(run: Interpreter, args: Args, package: str, name: str = "") -> Value:
    """What a function that changes nothing returns: of NumPy, something held in memory."""
    table_like = package in ("numpy", "pandas")
    made = flow.unknown(carried(run, args) if table_like else ())
    if table_like:
        arrays.note(made, name, args)
    if package == "numpy":
        made.fields["$array"] = True
    return made


def carried(run: Interpreter, args: Args) -> tuple[Value, ...]:
    """What of the arguments of NumPy or pandas was fitted, and so is their result."""
    if not run.record.fitted:
        return ()
    return tuple([value for value in args.values() if type(value) is Tensor and _way(value)[0] is not None])


def divided(run: Interpreter, values: list[Value], node: Any) -> None:
    """Data is divided into training and evaluation: was anything fitted to the whole of it?"""
    for value in values:
        tensor, kind = _way(value)
        if tensor is not None:
            place = tensor.extra if kind == "fitted" else tensor.at
            run.record.state(Leak(place, kind, run.place(node), ""))
            return


def _way(value: Value) -> tuple[Tensor | None, str]:
    """Back to what was fitted to all of a value, if anything was."""
    stack: list[Value] = [value]
    seen: set[int] = set()
    while stack and len(seen) < _MOST:
        one = stack.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) is Tensor:
            if one.op == "fitted":
                return one, "fitted"
            if one.op in ("sub", "div") and _by_statistic(one):
                return one, "statistic"
            if one.op != "shuffled" and not _is_statistic(one):
                stack.extend(one.inputs)
        elif type(one) is Obj:
            stack.extend(_behind(one))
        else:
            stack.extend([option for option in options(one) if option is not one])
    return None, ""


def _behind(obj: Obj) -> list[Value]:
    written = obj.fields.get("$fits")
    if type(obj.cls) is Class:
        return [value for name, value in obj.fields.items() if name[:1] != "$" and type(value) is Tensor]
    behind = [*obj.sources, *obj.fields.get("$inputs", ())[:1]]
    return [*behind, written] if isinstance(written, Value) else behind


def _by_statistic(tensor: Tensor) -> bool:
    """``x - x.mean(0)``, ``x / x.std(0)``: by a number that all samples have a part in."""
    if type(tensor.extra) is not tuple or len(tensor.extra) != 2:
        return False
    left, right = tensor.extra
    while type(right) is Tensor and right.op in ("add", "clamp", "view", "maximum") and right.inputs:
        right = right.inputs[0]
    if type(right) is not Tensor or not _is_statistic(right) or not right.inputs or not _over_samples(right):
        return False
    subject = right.inputs[0]
    return left is subject or (type(left) is Tensor and left.op == "sub" and subject in left.inputs)


def _is_statistic(tensor: Tensor) -> bool:
    return tensor.op in table.STATISTICS or (tensor.op == "cut" and tensor.name in table.NUMPY)


def _over_samples(statistic: Tensor) -> bool:
    given: Args | None = statistic.args
    if given is None:
        return True
    axes = [*given.positional[1:2], *[given.keywords[key] for key in ("dim", "axis") if key in given.keywords]]
    return all(type(axis) is Const and axis.value not in _AXES_OF_A_SAMPLE for axis in axes)


HANDLERS: dict[str, Handler] = {
    **{name: _estimator(name) for name in (*table.ESTIMATORS, "sklearn.preprocessing.LabelEncoder")},
    **dict.fromkeys(table.JOINING, _joined),
    **{f"numpy.{name}": _statistic(name) for name in table.NUMPY},
}
