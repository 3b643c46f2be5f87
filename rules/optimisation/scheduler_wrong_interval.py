"""DNN508: a schedule that counts epochs is stepped once a batch, or the reverse."""

from dnnlint.evidence.script import Schedule, ScheduleStep
from dnnlint.rule import Confidence, Findings, Rule, Severity


class SchedulerWrongInterval(Rule):
    """A learning-rate schedule counts one thing and is stepped by another: epochs against batches.

    ## Why it hurts
    Stepped once a batch, a schedule meant for epochs is through after the first few hundred batches, and the rate
    is gone or swings up and down; stepped once an epoch, one meant for batches hardly leaves its start: with
    `OneCycleLR` the whole training is warm-up (documentation of `torch.optim.lr_scheduler.OneCycleLR`; Smith and
    Topin, 2018).

    ## How it decides
    Which loop steps the schedule is read from the loops around it and around the optimiser's steps, and for a
    LightningModule from the `interval` that `configure_optimizers` returns (an epoch, if there is none). What the
    schedule counts is read from its arguments: a length of a loader counts batches, the bound of the loop over epochs,
    or a part of it, counts epochs, a span of thousands counts batches, and one that is shorter than the training has
    epochs counts no batches. Schedules whose arguments do not tell, and steps that are told an epoch, are left alone.

    ## What it misses
    Schedules whose function decides (`LambdaLR`), training in one loop over steps, and numbers that are not known.

    ## How to silence
    Write `# dnnlint: ignore[scheduler-wrong-interval]` behind the line, with the reason.

    ## Related
    `early-decay-to-zero`, `scheduler-never-stepped`
    """

    code = "DNN508"
    level = Severity.WARNING
    message = "`{schedule}` is stepped once {interval}, but {reason}"
    why = "The rate runs through its schedule at the wrong speed: long over, or hardly begun, when training ends."
    mend = "{mend}."

    def static(self, schedule: Schedule) -> Findings:
        wrong = [step for step in schedule.steps if step.interval is not None and step.interval != schedule.counts]
        if schedule.counts is None or not wrong or len(wrong) < len(schedule.steps):
            return
        step = wrong[0]
        built = schedule.argument and schedule.place is not None
        other = (step.place, "stepped here") if built else (schedule.place, "built here")
        yield self.at(
            schedule.place if built and schedule.place is not None else step.place,
            schedule=schedule.kind,
            interval="a batch" if step.interval == "batch" else "an epoch",
            reason=schedule.reason,
            mend=_mend(schedule, step),
            related=(other, (step.loop, "the loop")),
            confidence=Confidence.MEDIUM if schedule.needs_metric else Confidence.HIGH,
        )


def _mend(schedule: Schedule, step: ScheduleStep) -> str:
    if schedule.argument:
        return "Give it the number of batches in the whole training, `epochs * len(loader)`"
    if step.loop is None:  # the trainer of Lightning steps it
        other = "step" if step.interval == "epoch" else "epoch"
        return f'Configure it with `"interval": "{other}"`'
    interval = step.interval
    if interval == "batch":
        return "Move the step behind the loop over batches, or give the schedule its numbers in batches"
    return "Move the step into the loop over batches, behind the optimiser's step, or give its numbers in epochs"
