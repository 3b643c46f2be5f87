"""DNN506: a schedule that steps before its optimiser does."""

from dnnlint.evidence.script import Schedule
from dnnlint.rule import Confidence, Findings, Rule, Severity


class SchedulerBeforeOptimizer(Rule):
    """A learning-rate schedule is stepped before the optimiser has taken its first step.

    ## Why it hurts
    Building a schedule already sets the rate of the first round. A `scheduler.step()` before the first
    `optimizer.step()` moves on to the second, so the first value of the schedule is never trained with, and every
    later one comes a round too soon (documentation of `torch.optim`, "How to adjust learning rate"; the order was
    turned round in PyTorch 1.1).

    ## How it decides
    In the first round of a loop, `step()` of the schedule is certainly reached before any step of its optimiser
    since the schedule was built, and a step of the optimiser follows in the same round. Steps that are told an
    epoch, steps under a condition, and schedules or optimisers that were handed to unknown code are left alone.
    Where the schedule was not seen being built, its name and the only optimiser in the loop stand for it, and the
    confidence is medium.

    ## What it misses
    Schedules stepped under a condition that is not known, and loops whose optimiser is stepped by unknown code.

    ## How to silence
    Where the first value is to be skipped, write `# dnnlint: ignore[scheduler-before-optimizer]` behind the step of
    the schedule, with the reason.

    ## Related
    `scheduler-never-stepped`, `scheduler-wrong-interval`
    """

    code = "DNN506"
    level = Severity.WARNING
    message = "`{schedule}` steps before `{optimizer}` has taken its first step"
    why = "The first value of the schedule is skipped, and every later one comes a round too soon."
    mend = "Move this line behind the optimiser's step, to the end of the loop that it stands in."

    def static(self, schedule: Schedule) -> Findings:
        for step in schedule.steps:
            if step.early is not None:
                yield self.at(
                    step.place,
                    schedule=schedule.kind or schedule.name or "the schedule",
                    optimizer=schedule.optimizer,
                    related=((step.early, "the optimiser's first step"), (schedule.place, "the schedule")),
                    confidence=Confidence.HIGH if schedule.kind else Confidence.MEDIUM,
                )
