"""What a backward pass starts from: a graph or none, a single number or many, inside autocast or outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import BackwardPass
from dnnlint.script import flow, ir, reshaping
from dnnlint.script.code import Args
from dnnlint.script.events import piling
from dnnlint.script.facts import dtypes
from dnnlint.script.values import Const, Obj, Tensor, Union, Value

if TYPE_CHECKING:
    from dnnlint.script.graph import Reach
    from dnnlint.script.interpreter import Interpreter

SCALED = "scaled"  # what the result of GradScaler.scale is marked with
_ELEMENTWISE = frozenset(
    [
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "neg",
        "abs",
        "exp",
        "log",
        "sqrt",
        "square",
        "clamp",
        "where",
        "masked_fill",
        "sigmoid",
        "relu",
        "softplus",
        "maximum",
        "minimum",
    ]
)  # operations whose result has as many elements as the largest of what goes in
_ALONG = frozenset(["log_softmax", "softmax", "logsigmoid", "tanh"])
_SHAPED = frozenset(
    [
        "squeeze",
        "view",
        "reshape",
        "flatten",
        "unsqueeze",
        "to",
        "float",
        "double",
        "half",
        "cuda",
        "cpu",
        "contiguous",
        "clone",
        "Variable",
        "permute",
    ]
)
_MOST_NODES = 60


def judge(run: Interpreter, value: Value, reach: Reach, node: Any, seeded: bool) -> None:
    """State what stands in the way of a backward pass; ``seeded``: it is given a gradient to start from."""
    place = run.place(node)
    autocast: Place | None = run.flags.get("autocast")
    gradless, forward = _gradless(run, value, reach)
    plain = not seeded and not several(run, node)
    loss = _unreduced(run, value) if plain and run.record.unreduced else None
    if loss is None and plain and type(value) is Tensor and _many(value, reach):
        loss = value
    if autocast is not None or gradless is not None or loss is not None:
        kind = str(loss.extra) if loss is not None and loss.op == "loss" else "the loss"
        unreduced = loss.at if loss is not None else None
        run.record.state(BackwardPass(place, autocast, gradless, forward, unreduced, kind))


def computed(run: Interpreter, loss: Tensor, settings: dict[str, Value]) -> None:
    """A loss was computed: note it if it keeps all its values, or if its graph is dropped here."""
    reduction, reduce = settings.get("reduction"), settings.get("reduce")
    if (type(reduction) is Const and reduction.value == "none") or (type(reduce) is Const and reduce.value is False):
        run.record.unreduced[id(loss)] = loss
    piling.summed(run, loss, settings)
    if run.flags["grad"] is False and any(flow.carries(value) for value in loss.inputs):
        run.record.cut_off[id(loss)] = (loss, run.flags.get("off"))


def _gradless(run: Interpreter, value: Value, reach: Reach) -> tuple[Place | None, Place | None]:
    """What switched gradients off for all that a value depends on, and for which call of a network or a loss."""
    if flow.carries(value) is not False:
        return None, None
    if reach.calls and all(call.grad is False for call in reach.calls):
        call = max(reach.calls, key=lambda call: call.clock)
        return call.off, call.place
    for node in reach.nodes:
        cut = run.record.cut_off.get(id(node))
        if cut is not None:
            return cut[1], cut[0].at
    return None, None


def _unreduced(run: Interpreter, value: Value) -> Tensor | None:
    """The loss of many values that a value is, element by element; None if it may be a single number."""
    stack, seen, found = [value], 0, None
    while stack and seen < _MOST_NODES:
        node = stack.pop()
        seen += 1
        if type(node) is Union:
            losses = [_unreduced(run, option) for option in node.options]
            if losses and all(loss is not None for loss in losses):
                found = losses[0]
        elif type(node) is not Tensor:
            continue
        elif node.op == "loss":
            found = run.record.unreduced.get(id(node), found)
        elif node.op in _ELEMENTWISE or (node.op == "view" and _keeps_all(node)):
            stack.extend(node.inputs)
    return found


def _many(value: Tensor, reach: Reach) -> bool:
    """Whether a value is worked out element by element from what layers give for a batch, without a mean or a sum."""
    stack: list[tuple[Value, bool]] = [(value, False)]
    seen = 0
    while stack and seen < _MOST_NODES:
        node, single = stack.pop()
        seen += 1
        if type(node) is not Tensor:
            continue
        if node.layer is not None and node.op in ("conv", "linear"):
            if (node.op == "conv" and not single) or _wide(node.layer, single, reach):
                return True
            continue
        inner = _inner(node)
        stack.extend([(part, single or inner[1]) for part in inner[0]])
    return False


def _inner(node: Tensor) -> tuple[tuple[Value, ...], bool]:
    """What has as many elements as an operation, or of each sample one."""
    if node.op in _ELEMENTWISE or node.op in _ALONG:
        return node.inputs, False
    if node.op in ("sum", "mean"):
        by_sample = reshaping.integer(node, 1, "dim") in (1, -1)
        return (node.inputs[:1], True) if by_sample else ((), False)
    if node.op == "output" or (node.op == "view" and node.name in _SHAPED):
        return node.inputs[:1], False
    if node.op == "view" and node.name == "gather":
        return node.inputs[:1], True
    masked = node.name == "[]" and len(node.inputs) > 1 and dtypes.of(node.inputs[1]) == "bool"
    return (node.inputs[:1], False) if masked else ((), False)


def _wide(layer: Obj, single: bool, reach: Reach) -> bool:
    """Whether a layer gives more than one number: several a sample, or one for each of a batch."""
    units = layer.fields["$args"].get("out_features")
    several = type(units) is Const and type(units.value) is int and units.value > 1
    batches = [loader.fields["$args"].get("batch_size") for loader in reach.loaders]
    batched = any(type(size) is not Const or size.value not in (1, None) for size in batches if size is not None)
    return (several and not single) or batched


def _keeps_all(view: Tensor) -> bool:
    """Whether a view is one of all elements, as ``scale`` and the methods of a tensor give it, and not one item."""
    return type(view.extra) is tuple


def several(run: Interpreter, node: Any) -> bool:
    """Whether a method is called on what may be one of several things."""
    func: Any = getattr(node, "func", None)
    if type(func) is not ir.Attr or type(func.value) not in (ir.Name, ir.Attr):
        return False
    return type(run.evaluate(func.value)) is Union


def given_gradient(args: Args) -> bool:
    """Whether ``backward`` is told what gradient to start from."""
    first = args.get(0, "gradient")
    return args.open or not (first is None or (type(first) is Const and first.value is None))


def scaled(loss: Value, scaler: Obj, place: Place) -> Tensor:
    """``scaler.scale(loss)``: the loss, marked as scaled."""
    return Tensor("view", (loss,), place, flow.carries(loss), extra=(SCALED, scaler))
