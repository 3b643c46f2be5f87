"""Learning-rate schedules: what their steps count, and which argument says when they end.

Signatures are those of torch 2.13 and of transformers 4.57. A schedule that is not here may count anything.
"""

from typing import NamedTuple

from dnnlint.script.tables import words


class ScheduleSpec(NamedTuple):
    """One class or factory of schedules."""

    params: tuple[str, ...]  # names of the positional arguments
    counts: str | None = None  # "epoch" or "batch": what a step of it is by nature; None: either
    span: str = ""  # the argument that says after how many steps it ends (or makes its first move)
    default: int | None = None  # of the span
    ends: str = ""  # how it ends: "zero", "power", "stairs", "milestones", "factor", "crash", "" (another way)
    metric: bool = False  # its step takes a metric
    moves_start: bool = False  # it begins at another rate than the optimiser was given, or may do so
    peak: str = ""  # the argument that replaces the optimiser's rate


def _spec(params: str, counts: str | None = None, span: str = "", **more: object) -> ScheduleSpec:
    return ScheduleSpec(words(params), counts, span, **more)  # type: ignore[arg-type]


_TORCH = {
    "StepLR": _spec("optimizer step_size gamma last_epoch", None, "step_size", ends="stairs"),
    "MultiStepLR": _spec("optimizer milestones gamma last_epoch", None, "milestones", ends="milestones"),
    "ExponentialLR": _spec("optimizer gamma last_epoch", ends="power"),
    "CosineAnnealingLR": _spec("optimizer T_max eta_min last_epoch", None, "T_max"),
    "CosineAnnealingWarmRestarts": _spec("optimizer T_0 T_mult eta_min last_epoch", None, "T_0"),
    "ConstantLR": _spec("optimizer factor total_iters last_epoch", None, "total_iters", default=5, moves_start=True),
    "LinearLR": _spec(
        "optimizer start_factor end_factor total_iters last_epoch",
        None, "total_iters", default=5, ends="factor", moves_start=True,
    ),
    "PolynomialLR": _spec("optimizer total_iters power last_epoch", None, "total_iters", default=5, ends="zero"),
    "OneCycleLR": _spec(
        "optimizer max_lr total_steps epochs steps_per_epoch pct_start",
        "batch", "total_steps", ends="crash", moves_start=True, peak="max_lr",
    ),
    "CyclicLR": _spec(
        "optimizer base_lr max_lr step_size_up step_size_down mode",
        "batch", "step_size_up", default=2000, moves_start=True, peak="max_lr",
    ),
    "ReduceLROnPlateau": _spec("optimizer mode factor patience threshold", "epoch", metric=True),
    "LambdaLR": _spec("optimizer lr_lambda last_epoch", ends="lambda", moves_start=True),
    "MultiplicativeLR": _spec("optimizer lr_lambda last_epoch", moves_start=True),
    "SequentialLR": _spec("optimizer schedulers milestones last_epoch", moves_start=True),
    "ChainedScheduler": _spec("schedulers optimizer", moves_start=True),
}  # fmt: skip

_TRANSFORMERS = {
    "get_constant_schedule": _spec("optimizer last_epoch"),
    "get_constant_schedule_with_warmup": _spec("optimizer num_warmup_steps last_epoch", moves_start=True),
    "get_linear_schedule_with_warmup": _spec(
        "optimizer num_warmup_steps num_training_steps last_epoch",
        "batch", "num_training_steps", ends="zero", moves_start=True,
    ),
    "get_cosine_schedule_with_warmup": _spec(
        "optimizer num_warmup_steps num_training_steps num_cycles last_epoch",
        "batch", "num_training_steps", moves_start=True,
    ),
    "get_cosine_with_hard_restarts_schedule_with_warmup": _spec(
        "optimizer num_warmup_steps num_training_steps num_cycles last_epoch",
        "batch", "num_training_steps", ends="zero", moves_start=True,
    ),
    "get_polynomial_decay_schedule_with_warmup": _spec(
        "optimizer num_warmup_steps num_training_steps lr_end power last_epoch",
        "batch", "num_training_steps", moves_start=True,
    ),
    "get_inverse_sqrt_schedule": _spec("optimizer num_warmup_steps timescale last_epoch", moves_start=True),
    "get_scheduler": _spec(
        "name optimizer num_warmup_steps num_training_steps", "batch", "num_training_steps", moves_start=True
    ),
}  # fmt: skip

SCHEDULES: dict[str, ScheduleSpec] = {
    **{f"torch.optim.lr_scheduler.{name}": spec for name, spec in _TORCH.items()},
    **{
        f"{package}.{name}": spec
        for package in ("transformers", "transformers.optimization", "diffusers.optimization")
        for name, spec in _TRANSFORMERS.items()
    },
    "pytorch_transformers.WarmupLinearSchedule": _spec(
        "optimizer warmup_steps t_total last_epoch", "batch", "t_total", ends="zero", moves_start=True
    ),
}

SWALR = "torch.optim.swa_utils.SWALR"
