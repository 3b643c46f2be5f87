"""DNN509: ReduceLROnPlateau stepped without a metric."""

from dnnlint.evidence.script import Schedule
from dnnlint.rule import Findings, Rule, Severity


class PlateauWithoutMetric(Rule):
    """`ReduceLROnPlateau` is stepped without the metric that it watches.

    ## Why it hurts
    This schedule lowers the rate when a metric stops improving; its `step` requires that metric and raises a
    `TypeError` without it, at the end of the first epoch, when the time for it has been spent (documentation of
    `torch.optim.lr_scheduler.ReduceLROnPlateau`).

    ## How it decides
    The object is a `ReduceLROnPlateau` for certain, and its `step` is called without any argument. Where it may be
    one of several schedules, or the call lies on a way that the defaults do not take, nothing is said.

    ## What it misses
    Engines that step the schedule themselves and were not told which metric to hand over.

    ## How to silence
    Write `# dnnlint: ignore[plateau-without-metric]` behind the step, with the reason.

    ## Related
    `wrong-selection-direction`, `scheduler-wrong-interval`
    """

    code = "DNN509"
    level = Severity.ERROR
    message = "`{schedule}.step()` is called without the metric that it watches"
    why = "The call raises a TypeError at the end of the first epoch."
    mend = "Hand over the validation loss, or another metric: `{schedule}.step(val_loss)`."

    def static(self, schedule: Schedule) -> Findings:
        if schedule.needs_metric:
            for step in schedule.steps:
                if step.metric is False:
                    name = schedule.name or "scheduler"
                    yield self.at(step.place, schedule=name, related=((schedule.place, "the schedule"),))
