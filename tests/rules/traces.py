"""Records of runs that never took place: plain defaults, and what a test wants to be different."""

import typing
from collections.abc import Collection, Mapping
from typing import Any

from dnnlint.diagnostic import Location, Place, Site, Span
from dnnlint.evidence.trace import (
    ActivationStep,
    BackwardPass,
    BatchStats,
    Cycle,
    ForwardPass,
    GradientStep,
    Layer,
    LayerActivations,
    LoaderInfo,
    LossCall,
    OptimizerInfo,
    ParameterGradients,
    ParameterInfo,
    ParameterUpdates,
    Prediction,
    Run,
    Spread,
    UpdateStep,
    WeightStats,
)

NAN, INF = float("nan"), float("inf")
STEPS = 5
UNIT = Spread(0.0, 1.0, -3.0, 3.0)
BROKEN = Spread(NAN, NAN, NAN, NAN)


def site(row: int) -> Site:
    """A line of the script."""
    return Site("train.py", Span(row, 1, row, 2))


def node(place: object) -> int:
    """The number of the syntax node of a static finding."""
    assert isinstance(place, Place)
    return place.node


def row(place: object) -> int:
    """The line of a finding."""
    assert isinstance(place, Site)
    return place.span.row


def located(places: Collection[Any]) -> Mapping[Any, Location]:
    """The step from sites to lines, for a script that does not exist."""
    return {place: Location(place.path, place.span, "", (place.span.row, place.span.row), "") for place in places}


def empty(channel: type) -> Any:
    """What a channel tells of a run in which nothing happened."""
    blank = {bool: False, int: 0, str: "", Site: site(1)}
    hints = typing.get_type_hints(channel)
    return channel(*(blank.get(hints[name], ()) for name in channel._fields))  # type: ignore[attr-defined]


def run(*optimizers: OptimizerInfo, resumed: bool = False, steps: int = STEPS) -> Run:
    return Run(site(1), steps, steps, steps, optimizers or (optimizer(),), resumed)


def optimizer(
    number: int = 0, kind: str = "SGD", rates: tuple[float, ...] = (0.1,) * STEPS, **more: Any
) -> OptimizerInfo:
    return OptimizerInfo(number, kind, site(80 + number), STEPS, rates)._replace(**more)


OPS = {"Linear": "linear", "Conv2d": "conv", "ReLU": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}


def layer(path: str = "0", kind: str = "Linear", order: int = 0, **more: Any) -> Layer:
    told = Layer(path, kind, OPS.get(kind, kind.lower()), site(10 + order), "Net", order, fan_in=64, units=64)
    return told._replace(**more)


def loss_call(kind: str = "CrossEntropyLoss", step: int = 0, **more: Any) -> LossCall:
    told = LossCall(
        step, kind, site(50), step, value=1.0, reduction="mean", plain=True, trains=True, input_shape=(32, 10),
        target_shape=(32,), input_dtype="float32", target_dtype="int64",
        classes=10 if kind == "CrossEntropyLoss" else None,
    )  # fmt: skip
    return told._replace(**more)


def back(step: int = 0, value: float | None = 1.0) -> BackwardPass:
    return BackwardPass(site(51), step, value, scaled=False)


def prediction(call: LossCall, **more: Any) -> Prediction:
    return Prediction(call, input=UNIT, target=UNIT, row_sum=None, row_spread=0.1)._replace(**more)


def activation_step(step: int = 0, spread: Spread = UNIT, **more: Any) -> ActivationStep:
    return ActivationStep(step, spread, rms=1.0, zeros=0.5, saturated=0.0, rows=32)._replace(**more)


def activations(of: Layer, *steps: ActivationStep, op: str = "", **more: Any) -> LayerActivations:
    told = steps or tuple(activation_step(step) for step in range(STEPS))
    rows = sum(step.rows for step in told)
    one = LayerActivations(of, op or of.op, told, None, None, distinct=len(told), rows=rows, units=64)
    return one._replace(**more)


def parameter(of: Layer | None = None, name: str = "0.weight", **more: Any) -> ParameterInfo:
    told = ParameterInfo(name, of or layer(), (64, 64), "float32", "cpu", True, optimizers=(0,), received=True)
    return told._replace(**more)


def weights(of: ParameterInfo | None = None, **more: Any) -> WeightStats:
    spread = Spread(0.0, 0.1, -0.3, 0.3)
    return WeightStats(of or parameter(), spread, identical_rows=False, constant=False, followed_by="relu")._replace(
        **more
    )


def constant(value: float, of: ParameterInfo | None = None, **more: Any) -> WeightStats:
    told = weights(of, spread=Spread(value, 0.0, value, value), identical_rows=True, constant=True)
    return told._replace(**more)


def gradients(
    of: ParameterInfo | None = None, *norms: float, weight: float = 1.0, number: int = 0
) -> ParameterGradients:
    steps = tuple(
        GradientStep(step, norm=norm, weight_norm=weight) for step, norm in enumerate(norms or (0.1,) * STEPS)
    )
    return ParameterGradients(of or parameter(), number, steps)


def updates(
    of: ParameterInfo | None = None, *ratios: float, number: int = 0, norm: float = 1.0, **more: Any
) -> ParameterUpdates:
    one = UpdateStep(0, ratio=1e-3, changed=1.0, rate=0.1, skipped=False)._replace(**more)
    steps = tuple(one._replace(step=step, ratio=ratio) for step, ratio in enumerate(ratios or (one.ratio,) * STEPS))
    return ParameterUpdates(of or parameter(), number, steps, (norm,) * len(steps))


def loader(number: int = 0, **more: Any) -> LoaderInfo:
    told = LoaderInfo(
        number, site(5 + number), "TensorDataset", iterable=False, samples=400, batch_size=40,
        sampler="SequentialSampler", shuffles=False, workers=0, trains=True,
    )  # fmt: skip
    return told._replace(**more)


def batch(step: int = 0, **more: Any) -> BatchStats:
    told = BatchStats(
        step, loader=0, called=site(40), trains=True, shape=(40, 8), dtype="float32", spread=UNIT, integral=False,
        signature=(float(step), 1.0), constant=(), first=layer(), iteration=0, position=step,
    )  # fmt: skip
    return told._replace(**more)


def cycle(step: int = 1, **more: Any) -> Cycle:
    told = Cycle(0, step, site(61), backwards=1, stale=False, wiped=None, empty=False, backward=site(60))
    return told._replace(**more)


def forward(step: int = 0, **more: Any) -> ForwardPass:
    told = ForwardPass(
        "Net", site(20), site(40), step, training=True, grad=True, backward=True, optimized=True, dependent=(),
        frozen=(), was_eval=None,
    )  # fmt: skip
    return told._replace(**more)
