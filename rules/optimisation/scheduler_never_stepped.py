"""DNN507: a schedule that nothing steps."""

from dnnlint.evidence.script import Schedule
from dnnlint.rule import Findings, Rule, Severity


class SchedulerNeverStepped(Rule):
    """A learning-rate schedule is built, its optimiser trains, but nothing ever steps the schedule.

    ## Why it hurts
    A schedule changes the rate only when its `step()` is called. Without that, training runs at the first value to
    the end: a warm-up never leaves its tiny start, a decay never comes (documentation of `torch.optim`, "How to
    adjust learning rate").

    ## How it decides
    The schedule is one of `torch.optim.lr_scheduler` or `transformers`, or of a class of the project that is called a
    schedule, keeps the optimiser and has no other method than `step` to be driven by; the optimiser that it was given
    takes steps in a loop, no path steps the schedule, and nothing that is not followed could: it is handed to no
    unknown function, engine or other schedule, and no file that was read spells out a `step` of that name.

    ## What it misses
    Schedules of further libraries, and any that are handed to code that is not followed.

    ## How to silence
    Write `# dnnlint: ignore[scheduler-never-stepped]` behind the line that builds it, with the reason.

    ## Related
    `scheduler-before-optimizer`, `scheduler-wrong-interval`
    """

    code = "DNN507"
    level = Severity.WARNING
    message = "`{schedule}` is built but never stepped"
    why = "The learning rate stays at the schedule's first value through the whole training."
    mend = "Call `step()` on it once per epoch, or once per batch if it counts batches, after the optimiser's step."

    def static(self, schedule: Schedule) -> Findings:
        if schedule.place is not None and not schedule.steps and schedule.trains and not schedule.hidden:
            yield self.at(schedule.place, schedule=schedule.kind)
