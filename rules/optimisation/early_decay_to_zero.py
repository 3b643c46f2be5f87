"""DNN510: a learning rate that is gone long before training ends."""

from dnnlint.evidence.script import Schedule
from dnnlint.rule import Findings, Rule, Severity

GONE = 1e-4  # share of the highest rate; a tenth of what the usual two or three drops by ten leave


class EarlyDecayToZero(Rule):
    """A schedule brings the learning rate to about zero before half of the training is over.

    ## Why it hurts
    A rate near zero changes nothing any more: the remaining epochs only cost time, and the network stays where the
    first ones left it. Decays are often copied from a training of another length (Karpathy, "A Recipe for Training
    Neural Networks", 2019, "do not trust learning rate decay defaults").

    ## How it decides
    The number of epochs is known from the loop, and so is how often the schedule steps in it. Halfway through, a
    ten-thousandth or less of the highest rate is left, or the factor of a decay is zero: by the power of `gamma`, by
    the steps and milestones that have passed, by the `total_iters` or `num_training_steps` that are over, or by what a
    lambda gives there. A linear decay over the length of the loader, stepped once a batch over three epochs or more,
    is over after the first one.

    ## What it misses
    Trainings whose length is not known, and decays by hand.

    ## How to silence
    Write `# dnnlint: ignore[early-decay-to-zero]` behind the line that builds the schedule, with the reason.

    ## Related
    `scheduler-wrong-interval`
    """

    code = "DNN510"
    level = Severity.WARNING
    message = "`{schedule}` leaves {left:.0e} of the learning rate {when}"
    why = "The rate is zero for all purposes while most of the training is still to come, so nothing more is learned."
    mend = "Stretch the schedule to the length of the training, or let it end at a rate that still learns."

    def static(self, schedule: Schedule) -> Findings:
        left = 0.0 if schedule.dies else schedule.left
        if schedule.place is None or left is None or round(left, 9) > GONE:
            return
        when = f"after {schedule.halfway} steps, halfway" if schedule.halfway is not None else "after the first epoch"
        when = "from its first decay on" if schedule.dies else when
        yield self.at(
            schedule.place,
            schedule=schedule.kind,
            left=left,
            when=when,
            related=tuple((step.place, "stepped here") for step in schedule.steps[:1]),
            evidence={"measured": left, "threshold": GONE, "unit": "share of the highest rate"},
        )
