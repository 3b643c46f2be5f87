"""Learning rates, and the schedules that change them."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Rate(NamedTuple):
    """A learning rate that an optimiser is given."""

    value: float
    place: Place  # where the number is written


class OptimizerSetting(NamedTuple):
    """An optimiser of a network as it is built, with the numbers that are known."""

    kind: str  # class name
    place: Place
    family: str  # "SGD", "Adam", ...; "" where no usual rates are known
    usual: float  # a rate that the family is run at
    low: float  # at this rate and below nothing is learned
    high: float  # at this rate and above nothing is learned
    rates: tuple[Rate, ...]  # its own, and those of its parameter groups
    rescaled: (
        bool  # a warm-up, a schedule that sets the rate, or code that is not followed may change it from the start
    )
    toy: bool  # at most one layer learns
    momentum: Rate | None = None
    betas: tuple[Rate, Rate] | None = None
    frozen: bool = False  # a part of the network is meant to stay as it is
    scratch: bool = False  # the network is wholly known, and nothing is loaded into it
    summed: bool = False  # a loss adds up what others average, so gradients are that much larger


class ScheduleStep(NamedTuple):
    """One place where a schedule is stepped."""

    place: Place
    interval: str | None  # once each "batch" or each "epoch"; None: cannot be told
    loop: Place | None
    early: Place | None  # the optimiser's first step, if it certainly comes later in the first round of the loop
    metric: bool | None  # a metric is handed over; None: cannot be told


class Schedule(NamedTuple):
    """A learning-rate schedule: what it is built for, and how it is stepped."""

    kind: str  # class name, "" if not known
    place: Place | None  # where it is built, if that is known
    name: str
    optimizer: str
    steps: tuple[ScheduleStep, ...]
    trains: bool  # its optimiser takes steps in a loop
    hidden: bool  # code that is not followed may step it
    needs_metric: bool
    counts: str | None  # what a step is, by its arguments or its class: "batch", "epoch"; None: cannot be told
    reason: str  # what that is known from, in words
    argument: bool  # it is an argument that contradicts the way of stepping which is usual for the class
    left: float | None = None  # share of the highest rate that is left halfway through training
    halfway: int | None = None  # steps of the schedule until then
    dies: bool = False  # each decay multiplies the rate by zero
