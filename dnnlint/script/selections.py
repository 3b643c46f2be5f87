"""By which metric something is chosen, and whether the better values are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Selection
from dnnlint.script import choices, fitting, flow, ir, objects, senses, spelling, tensors
from dnnlint.script.code import Args, Func, Handler
from dnnlint.script.events import axes, escapes
from dnnlint.script.tables import metrics
from dnnlint.script.values import Const, Ext, Obj, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.choices import Choice
    from dnnlint.script.interpreter import Interpreter

_LEAST = frozenset({"min", "lowest", "minimum", "smallest"})
_MOST = frozenset({"max", "highest", "maximum", "largest"})
_ENDLESS = 1e5  # a start beyond this stands for infinity
_SAME = frozenset({"item", "mean", "cpu", "detach", "numpy", "compute", "sum"})
_READ = (ir.Name, ir.Attr, ir.Subscript)  # may be evaluated once more, without running anything
_MODES = {"min": "lower", "max": "higher"}


def chosen(run: Interpreter, choice: Choice) -> None:
    """State a comparison with what was best so far."""
    best = named(choice.best) or spelling.last(choice.best)
    metric = named(choice.metric)
    own = metrics.better(metric)
    kept = metrics.better(best)
    better = own or kept
    if own is not None and kept is not None and own != kept:
        better = None
    words = set(metrics.parts(best))
    if words & (_LEAST | _MOST) and better is not None:  # an extreme that is looked for as such
        better = "lower" if words & _LEAST else "higher"
    start = _start(run.evaluate(choice.best)) if type(choice.best) in _READ else None
    never = start is not None and (start > _ENDLESS if choice.keeps == "higher" else start < -_ENDLESS)
    place = run.place(choice.test)
    if better is not None or never:
        run.record.state(Selection(place, "comparison", metric or best, better, choice.keeps, never))
    elif own is None and kept is None and type(choice.metric) in _READ and not run.exploring:
        _measured(run, choice, metric or best, place)


def _measured(run: Interpreter, choice: Choice, metric: str, place: Place) -> None:
    """A comparison whose names do not tell, but what is compared was worked out from losses or from hits."""
    better = senses.sense(run.evaluate(choice.metric))
    if better is not None:
        found = Selection(place, "comparison", metric, better, choice.keeps)
        run.record.measured.append((run.frame.function, found))


def state(run: Interpreter) -> None:
    """State what was told by values alone, unless a function compares both ways, as a mode says."""
    found = run.record.measured
    for function, one in found:
        if not any(other.keeps != one.keeps for where, other in found if where is function):
            run.record.state(one)


def extreme(run: Interpreter, args: Args, node: Any) -> None:
    """``best_epoch = np.argmin(losses)``: the best of a list."""
    choice = choices.in_list(run.current, node)
    if choice is None or run.exploring:
        return
    metric = named(choice.metric)
    better = metrics.better(metric)
    if better is None and choice.metric is node.args[0] and not metrics.better(spelling.last(choice.best)):
        better = senses.sense(args.positional[0]) if args.positional else None
    if better is not None:
        run.record.state(Selection(run.place(node), "comparison", metric, better, choice.keeps))


def _start(value: Value) -> float | None:
    """What a comparison starts from, as far as it is known where control is now."""
    if type(value) is Const and type(value.value) in (int, float):
        return float(value.value)
    if type(value) is Ext and value.dotted in ("math.inf", "numpy.inf", "numpy.Inf", "numpy.infty", "torch.inf"):
        return float("inf")
    return None


def plateau(run: Interpreter, schedule: Obj, step: Args, node: Any) -> None:
    """State what a ReduceLROnPlateau watches."""
    args: Args = schedule.fields["$args"]
    mode = args.get(1, "mode")
    word = "min" if mode is None and not args.open else mode.value if type(mode) is Const else None
    given = [*getattr(node, "args", ()), *[value for name, value in getattr(node, "keywords", ()) if name == "metrics"]]
    if word in _MODES and given and step.values():
        metric = named(given[0])
        better = metrics.better(metric) or senses.sense(step.values()[0])
        if better is not None:
            place = run.place(node)
            how = "ReduceLROnPlateau"
            run.record.state(Selection(schedule.at, how, metric, better, _MODES[word], False, place))


def named(node: Any) -> str:
    """What an expression calls the metric that it is worked out from; "" if it may be turned round."""
    kind = type(node)
    if kind is ir.Name or kind is ir.Attr:
        return spelling.last(node)
    if kind is ir.Subscript:
        key = node.index.value if type(node.index) is ir.Const else None
        return key if isinstance(key, str) else spelling.last(node)
    if kind is ir.BinOp and node.op in ("/", "*"):
        return named(node.left)
    if kind is ir.Call:
        if type(node.func) is ir.Attr and node.func.name in _SAME:
            inner = named(node.func.value)
            return inner if inner not in ("np", "torch", "numpy", "statistics") else _first(node)
        if spelling.last(node.func) in ("float", "sum", "mean", "round", "average"):
            return _first(node)
    return ""


def _first(node: Any) -> str:
    return named(node.args[0]) if node.args else ""


def configured(run: Interpreter, value: Value) -> None:
    """What Lightning is told to watch: ``{"scheduler": plateau, "monitor": "val_loss"}`` among what was returned."""
    for one in (value, *(objects.known_items(value) or ())):
        entries = (objects.known_entries(one) or {}) if type(one) is Obj and one.kind == "dict" else {}
        monitor = entries.get("monitor")
        if type(monitor) is not Const or not isinstance(monitor.value, str):
            for inner in entries.values():
                if type(inner) is Obj and inner.kind == "dict" and inner is not one:
                    configured(run, inner)
            continue
        for schedule in (entries.get("scheduler"), entries.get("lr_scheduler")):
            if (
                type(schedule) is Obj
                and str(schedule.cls).endswith(".ReduceLROnPlateau")
                and "$args" in schedule.fields
            ):
                args: Args = schedule.fields["$args"]
                _by_mode(run, schedule.at, "ReduceLROnPlateau", monitor, args.get(1, "mode"), args.open)


def monitored(run: Interpreter, name: str, args: Args, node: Any) -> None:
    """A callback or a search of any library that is given a metric and a mode."""
    for keyword in ("monitor", "metric", "metric_name", "monitor_metric"):
        if keyword in args.keywords:
            short = name.rpartition(".")[2]
            _by_mode(run, _told(run, node, "mode"), short, args.keywords[keyword], args.keywords["mode"], False)


def _by_mode(run: Interpreter, place: Place, how: str, monitor: Value | None, mode: Value | None, more: bool) -> None:
    """State what a mode makes of a metric; a mode that is not given is the least."""
    metric = monitor.value if type(monitor) is Const and isinstance(monitor.value, str) else ""
    better = metrics.better(metric.rpartition("/")[2]) or metrics.better(metric)
    word = "min" if mode is None and not more else mode.value if type(mode) is Const else None
    if better is not None and word in _MODES and not run.exploring:
        run.record.state(Selection(place, how, metric, better, _MODES[word]))


def _told(run: Interpreter, node: Any, *names: str) -> Place:
    """Where a call is told what is asked for: a keyword's line, or that of the call."""
    given = dict(getattr(node, "keywords", ()))
    told = next((given[name] for name in names if name in given), None)
    return run.place(told if told is not None and told.at >= 0 else node)


def _callback(name: str, position: int) -> Handler:
    """A callback of Lightning that watches a metric."""

    def make(run: Interpreter, args: Args, node: Any) -> Value:
        _by_mode(
            run,
            _told(run, node, "mode", "monitor"),
            name,
            args.get(position, "monitor"),
            args.keywords.get("mode"),
            args.open,
        )
        return flow.unknown(())

    return make


def _scored(run: Interpreter, args: Args, node: Any) -> Value:
    """A handler of ignite, for which a higher score is the better one: ``score_function=lambda e: -e.state...``."""
    function = args.keywords.get("score_function")
    body = function.node.body if type(function) is Func else None
    returned = body[-1].value if isinstance(body, list) and body and type(body[-1]) is ir.Return else body
    metric = named(returned)
    better = metrics.better(metric)
    if better is not None and not run.exploring:
        run.record.state(Selection(run.place(node), "score_function", metric, better, "higher"))
    escapes.havoc(run, args.values())
    return flow.unknown(args.values())


def _position(run: Interpreter, args: Args, node: Any) -> Value:
    """``numpy.argmin`` and kin."""
    extreme(run, args, node)
    if any(type(value) is Tensor for value in args.positional[:1]):
        name = spelling.last(node.func)
        made = tensors.operate(run, "cut", args, node, name)
        axes.chosen(run, args.positional[0], made, name, Args(args.positional[1:], args.keywords, args.open), node)
        return made
    return fitting.array(run, args, "numpy", spelling.last(node.func))


def _arguments(run: Interpreter, args: Args, node: Any) -> Value:
    """``TrainingArguments`` of transformers."""
    monitor, greater = args.keywords.get("metric_for_best_model"), args.keywords.get("greater_is_better")
    if type(monitor) is Const and isinstance(monitor.value, str) and not args.open:
        better = metrics.better(monitor.value)
        keeps = not monitor.value.endswith("loss") if greater is None else run.truth(greater)[0]
        if better is not None and keeps is not None and not run.exploring:
            word = "higher" if keeps else "lower"
            place = _told(run, node, "greater_is_better", "metric_for_best_model")
            run.record.state(Selection(place, "greater_is_better", monitor.value, better, word))
    return flow.unknown(())


HANDLERS: dict[str, Handler] = {
    f"{package}.{name}": _callback(name, position)
    for package in (
        "lightning.pytorch.callbacks", "pytorch_lightning.callbacks", "lightning.pytorch.callbacks.early_stopping",
        "pytorch_lightning.callbacks.early_stopping", "lightning.pytorch.callbacks.model_checkpoint",
        "pytorch_lightning.callbacks.model_checkpoint",
    )
    for name, position in (("ModelCheckpoint", 2), ("EarlyStopping", 0))
} | {
    f"{package}.{name}": _arguments
    for package in ("transformers", "transformers.training_args", "transformers.training_args_seq2seq")
    for name in ("TrainingArguments", "Seq2SeqTrainingArguments")
} | {
    f"ignite.handlers.{name}": _scored
    for name in ("EarlyStopping", "Checkpoint", "ModelCheckpoint", "early_stopping.EarlyStopping")
} | {f"numpy.{name}": _position for name in ("argmax", "argmin", "nanargmax", "nanargmin")}  # fmt: skip
