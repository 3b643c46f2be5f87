"""DNN530: parameters that have a gradient and do not move."""

from math import isfinite
from statistics import median

from dnnlint.evidence.trace import ParameterUpdates, Run, Updates
from dnnlint.rule import Findings, Rule, Severity

STEPS = 2
FELT = 1e-5  # rate times gradient norm; less may be too little for any weight to notice
LOST = 0.5
HALF = ("bfloat16", "float16")


class UnchangedParameter(Rule):
    """A parameter has a gradient, the optimiser steps, and the parameter stays as it was.

    ## Why it hurts
    What does not move does not learn. In half precision a weight has 8 to 11 significant bits: an update smaller than a
    few thousandths of the weight is rounded away, every time, so that the last part of training does nothing
    (Micikevicius et al., *Mixed Precision Training*, 2018).

    ## How it decides
    In the run, over two steps or more with a positive learning rate that were not skipped: every sampled element is
    bit for bit the same, though the gradient times the rate is above 1e-5 (in half precision: is not zero): an error.
    In half precision, more than half of the elements that have a gradient are the same in the median step: a warning.
    Embedding tables, of which a step touches a few rows, are left alone. And a group of parameters whose rate was zero
    at every step, beside another group whose rate was not, with gradients and without a schedule: a warning.

    ## What it misses
    Rates of zero under a schedule, which may be on purpose, and weights that the script itself puts back after a step.

    ## How to silence
    Write `# dnnlint: ignore[unchanged-parameter]` behind the optimiser, with the reason.

    ## Related
    `update-ratio`, `parameters-not-optimized`, `wiped-gradients`
    """

    code = "DNN530"
    level = Severity.ERROR
    message = (
        "{share:.0%} of `{parameter}` ({dtype}) does not change when {optimizer} steps, despite its gradient{others}"
    )
    why = "{reason}, so these weights do not learn."
    mend = "{cure}."

    def runtime(self, updates: Updates, run: Run) -> Findings:
        for optimizer in run.optimizers:
            own = [entry for entry in updates.parameters if entry.optimizer == optimizer.number]
            resting = [entry for entry in own if _rests(entry)]
            if resting and len(resting) < len(own) and optimizer.base_rate is None:
                yield self.at(
                    optimizer.built,
                    severity=Severity.WARNING,
                    related=((resting[0].parameter.layer.built, "the layer that owns it"),),
                    evidence={"measured": 0.0, "threshold": 0.0, "unit": "learning rate"},
                    share=1.0,
                    parameter=resting[0].parameter.name,
                    dtype=resting[0].parameter.dtype,
                    optimizer=optimizer.kind,
                    others=f", nor do {len(resting) - 1} more" if len(resting) > 1 else "",
                    reason="Their group has a learning rate of zero",
                    cure=RATED,
                )
            stuck = [entry for entry in own if _share(entry) > LOST]
            if not stuck:
                continue
            worst = max(stuck, key=_share)
            share, left, half = _share(worst), len(stuck) - 1, worst.parameter.dtype.endswith(HALF)
            yield self.at(
                optimizer.built,
                severity=Severity.ERROR if share == 1 else Severity.WARNING,
                related=((worst.parameter.layer.built, "the layer that owns it"),),
                evidence={"measured": share, "threshold": LOST if half else 1.0, "unit": "share of elements"},
                share=share,
                parameter=worst.parameter.name,
                dtype=worst.parameter.dtype,
                optimizer=optimizer.kind,
                others=f", nor do {left} more" if left else "",
                reason="Small updates are rounded away in half precision" if half else "The step has no effect on them",
                cure=MASTER if half else OWNED,
            )


MASTER = "Keep the weights in float32 and compute in half precision with `torch.autocast`"
RATED = "Give the group a rate, or freeze it with `requires_grad_(False)`, which saves its backward pass"
OWNED = "See that the optimiser holds these very parameters and that its `step` reaches them"


def _rests(entry: ParameterUpdates) -> bool:
    """Whether its group has had a rate of zero all along, although a gradient arrives."""
    still = bool(entry.steps) and all(step.rate == 0 for step in entry.steps)
    return still and entry.parameter.trainable and any(norm > 0 for norm in entry.gradient_norms)


def _share(entry: ParameterUpdates) -> float:
    """Share of elements that stay although they have a gradient; 0 where that cannot be told."""
    half = entry.parameter.dtype.endswith(HALF)
    pushed = [
        step
        for step, norm in zip(entry.steps, entry.gradient_norms, strict=False)
        if step.rate > 0 and not step.skipped and isfinite(norm) and norm > 0 and (half or step.rate * norm > FELT)
    ]
    if len(pushed) < STEPS or entry.parameter.sparse or not entry.parameter.trainable:
        return 0.0
    if all(step.changed == 0 for step in pushed):
        return 1.0
    lost = [step.lost for step in pushed if step.lost is not None]
    return median(lost) if half and len(lost) >= STEPS else 0.0
