"""Softmax without a dimension, and formulas that overflow where a stable form exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.diagnostic import Place
from dnnlint.evidence import vocabulary
from dnnlint.evidence.script import Extent, LossCall, Softmax, Target, Unstable
from dnnlint.script import extents, flow, graph, ranks, samples
from dnnlint.script.facts import nodes, spreads, weighting
from dnnlint.script.values import Const, Tensor, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

SOFTMAXES = frozenset({"softmax", "log_softmax", "softmin"})
WATCHED = SOFTMAXES | {"log", "sum", "matmul"}
DIFFERENCE = "difference"  # kind of a loss that is written out: the mean of squared or absolute differences
_STABLE = {
    "softmax": ("log(softmax(x))", "log_softmax(x)"),
    "sigmoid": ("log(sigmoid(x))", "logsigmoid(x)"),
    "relu": ("log(relu(x))", "log1p(relu(x))"),
}


def look(run: Interpreter, tensor: Tensor) -> None:
    """An operation of WATCHED was applied."""
    if tensor.op == "log":
        _logarithm(run, tensor)
        return
    if tensor.op == "sum":
        if run.record.shares:
            weighting.summed(run, tensor)
        return
    if tensor.op == "matmul":
        if run.record.shares:
            weighting.multiplied(run, tensor)
        return
    found = softmax(tensor)
    if found.dim is not None and found.dim > 0 and found.extent.axes[-1:] == (1,):
        rank = ranks.of(run, tensor.inputs[0]).exact
        found = found._replace(dim=-1 if rank == found.dim + 1 else found.dim)
    single = found.extent.axes[-1:] == (1,) and found.dim == -1
    if not found.written or single:
        run.record.state(found)
    weighting.look(run, tensor, found.dim)


def softmax(tensor: Tensor, taken: Place | None = None, batch: bool = False) -> Softmax:
    """A softmax as evidence."""
    dim = _dim(tensor)
    inner = tensor.inputs[0] if tensor.inputs else None
    feeder = (
        inner if type(inner) is Tensor and inner.op not in ("view", "unknown", "output", "input", "batch") else None
    )
    number = dim.value if type(dim) is Const and type(dim.value) is int else None
    return Softmax(
        tensor.layer.at if tensor.layer is not None else tensor.at,
        tensor.op,
        dim is not None and not (type(dim) is Const and dim.value is None),
        number,
        extents.of(inner) if inner is not None else Extent(),
        nodes.operation(feeder) if feeder is not None else None,
        batch,
        taken,
    )


def _dim(tensor: Tensor) -> Value | None:
    if tensor.layer is not None:
        given: Value | None = tensor.layer.fields["$args"].get("dim")
        return Const(1) if str(tensor.layer.cls).endswith("2d") else given
    if tensor.args is None or tensor.args.open:
        return Const(...)
    found: Value | None = tensor.args.get(1, "dim") or tensor.args.keywords.get("axis")
    return found


def _logarithm(run: Interpreter, tensor: Tensor) -> None:
    """The logarithm of a probability that underflows to zero."""
    if tensor.name not in ("log", "log2", "log10", "log_") or not tensor.inputs:
        return
    ends, known = graph.last(tensor.inputs[0])
    kinds = {end.op for end in ends}
    if not known or len(kinds) != 1:
        return
    (kind,) = kinds
    formula, stable = _STABLE.get(kind, ("", ""))
    if kind == "sub" and len(ends) == 1 and _is_complement(ends[0]):
        formula, stable = "log(1 - sigmoid(x))", "logsigmoid(-x)"
    if formula:
        run.record.state(Unstable(tensor.at, formula, stable, ends[0].at if kind != "sub" else None))


def differences(run: Interpreter, tensor: Tensor) -> None:
    """``((prediction - target) ** 2).mean()``: of interest where the two sides are of different shape."""
    inner = tensor.inputs[0] if tensor.inputs else None
    if type(inner) is not Tensor or inner.op not in ("pow", "square", "abs", "mul") or not inner.inputs:
        return
    minus = inner.inputs[0]
    if type(minus) is not Tensor or minus.op != "sub" or not isinstance(minus.extra, tuple) or len(minus.extra) != 2:
        return
    if inner.op == "mul" and inner.inputs[-1] is not minus:
        return
    sides = sorted(minus.extra, key=lambda side: flow.carries(side) is not True)
    if flow.carries(sides[0]) is not True or flow.carries(sides[1]) is True:
        return
    for loader in graph.reach(sides[1]).loaders:
        samples.prepare(run, loader)
    found = [extents.of(side) for side in sides]
    spread = spreads.meet(*sides)
    apart = flow.carries(sides[1]) is False
    if spread or (apart and found[0].axes != found[1].axes and found[0].axes and not found[1].open):
        side = Target(sides[1].at if type(sides[1]) is Tensor else None, extent=found[1])
        run.record.state(LossCall(DIFFERENCE, minus.at, None, (), False, extent=found[0], target=side, spread=spread))


def _is_complement(tensor: Tensor) -> bool:
    """``1 - sigmoid(x)``."""
    if not isinstance(tensor.extra, tuple) or type(tensor.extra[0]) is not Const or tensor.extra[0].value != 1:
        return False
    ends, known = graph.last(tensor.extra[1])
    return known and all(end.op == "sigmoid" for end in ends)


def quotient(run: Interpreter, tensor: Tensor) -> None:
    """``exp(x) / exp(x).sum()`` with nothing taken off x before."""
    upper, lower = tensor.extra
    while type(lower) is Tensor and lower.op == "view" and lower.inputs:
        lower = lower.inputs[0]
    if type(lower) is not Tensor or lower.op != "sum" or not lower.inputs or type(upper) is not Tensor:
        return
    summed = lower.inputs[0]
    same = summed is upper or (type(summed) is Tensor and summed.op == "exp" and summed.inputs == upper.inputs)
    inner = upper.inputs[0] if upper.inputs else None
    if (
        same
        and type(inner) is Tensor
        and inner.op in vocabulary.DENSE | {"view", "output", "matmul", "relu", "add", "input"}
    ):
        run.record.state(Unstable(tensor.at, "exp(x) / sum(exp(x))", "softmax(x)", upper.at))
