"""By which metric something is chosen, and whether the better values are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import Selection
from dnnlint.script import flow, ir, spelling
from dnnlint.script.code import Args, Handler
from dnnlint.script.tables import metrics
from dnnlint.script.values import Const, Ext, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.choices import Choice
    from dnnlint.script.interpreter import Interpreter

_LEAST = frozenset({"min", "lowest", "minimum", "smallest"})
_MOST = frozenset({"max", "highest", "maximum", "largest"})
_ENDLESS = 1e5  # a start beyond this stands for infinity
_SAME = frozenset({"item", "mean", "cpu", "detach", "numpy", "compute", "sum"})
_MODES = {"min": "lower", "max": "higher"}


def chosen(run: Interpreter, choice: Choice) -> None:
    """State a comparison with what was best so far."""
    best = spelling.last(choice.best)
    metric = named(choice.metric)
    own = metrics.better(metric)
    kept = metrics.better(best)
    better = own or kept
    if own is not None and kept is not None and own != kept:
        better = None
    words = set(metrics.parts(best))
    if words & (_LEAST | _MOST):  # an extreme that is looked for as such, whatever of
        better = "lower" if words & _LEAST else "higher"
    start = _start(run.evaluate(choice.best))
    never = start is not None and (start > _ENDLESS if choice.keeps == "higher" else start < -_ENDLESS)
    if better is not None or never:
        run.record.state(Selection(run.place(choice.test), "comparison", metric or best, better, choice.keeps, never))


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
        better = metrics.better(metric)
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
        if type(node.func) is ir.Attr and node.func.name in (
            "item",
            "mean",
            "cpu",
            "detach",
            "numpy",
            "compute",
            "sum",
        ):
            inner = named(node.func.value)
            return inner if inner not in ("np", "torch", "numpy", "statistics") else _first(node)
        if spelling.last(node.func) in ("float", "sum", "mean", "round", "average"):
            return _first(node)
    return ""


def _first(node: Any) -> str:
    return named(node.args[0]) if node.args else ""


def _callback(name: str, position: int) -> Handler:
    """A callback of Lightning that watches a metric."""

    def make(run: Interpreter, args: Args, node: Any) -> Value:
        monitor, mode = args.get(position, "monitor"), args.keywords.get("mode")
        metric = monitor.value if type(monitor) is Const and isinstance(monitor.value, str) else ""
        better = metrics.better(metric.rpartition("/")[2]) or metrics.better(metric)
        word = "min" if mode is None and not args.open else mode.value if type(mode) is Const else None
        if better is not None and word in _MODES and not run.exploring:
            run.record.state(Selection(run.place(node), name, metric, better, _MODES[word]))
        return flow.unknown(())

    return make


def _arguments(run: Interpreter, args: Args, node: Any) -> Value:
    """``TrainingArguments`` of transformers."""
    monitor, greater = args.keywords.get("metric_for_best_model"), args.keywords.get("greater_is_better")
    if type(monitor) is Const and isinstance(monitor.value, str) and not args.open:
        better = metrics.better(monitor.value)
        keeps = not monitor.value.endswith("loss") if greater is None else run.truth(greater)[0]
        if better is not None and keeps is not None and not run.exploring:
            word = "higher" if keeps else "lower"
            run.record.state(Selection(run.place(node), "greater_is_better", monitor.value, better, word))
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
}  # fmt: skip
