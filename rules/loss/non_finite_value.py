"""DNN407: the first NaN or infinity of a run."""

from collections.abc import Iterator
from math import inf, isfinite
from typing import NamedTuple

from dnnlint.evidence.trace import (
    Activations,
    Events,
    Gradients,
    Inputs,
    LossCall,
    Losses,
    Predictions,
    Run,
    Updates,
)
from dnnlint.rule import Findings, Rule, Severity, Site

from .._wording import named

LEAP = 10.0  # update over weight: such a step leaves nothing of the weights


class _Fault(NamedTuple):
    step: int
    what: str
    place: Site
    layer: Site | None = None  # where the layer was built, if the place is another


class NonFiniteValue(Rule):
    """A loss or a gradient is NaN or infinite.

    ## Why it hurts
    The next step makes every weight NaN, and the run is lost. Rates that are too large, exp and log without a bound,
    divisions by zero and overflow in half precision cause it; what matters is where it began
    (documentation of `torch.autograd.detect_anomaly`; Micikevicius et al., *Mixed Precision Training*, 2018).

    ## How it decides
    In the run: the first step at which a loss, unscaled, or a gradient that an optimiser uses is no finite number.
    The finding stands at the first layer whose output is not finite at that step, else at the loss; at the backward
    pass, if only a gradient is not; and at the optimiser, if its step before changed a weight matrix by more than ten
    times its own size. Left alone are gradients of steps that the gradient scaler skips,
    values that never reach a loss (masks of minus infinity), and samples that were not finite to begin with, which
    are `corrupt-sample`.

    ## What it misses
    Values that become infinite after the steps that were watched.

    ## How to silence
    Write `# dnnlint: ignore[non-finite-value]` behind the layer or the loss, with the reason.

    ## Related
    `corrupt-sample`, `exploding-gradient`, `update-ratio`
    """

    code = "DNN407"
    level = Severity.ERROR
    message = "{what} is NaN or infinite at step {step}"
    why = "The optimiser carries it into every weight, and from then on the network computes nothing."
    mend = (
        "Lower the learning rate, bound exp, log and divisions (`clamp`, `+ eps`), and use fused losses on raw scores."
    )

    def runtime(
        self,
        losses: Losses,
        predictions: Predictions,
        activations: Activations,
        gradients: Gradients,
        events: Events,
        inputs: Inputs,
        updates: Updates,
        run: Run,
    ) -> Findings:
        forward = min(_losses(losses), key=lambda fault: fault.step, default=None)
        backward = min(_gradients(gradients, events, losses), key=lambda fault: fault.step, default=None)
        fault = forward if forward and not (backward and backward.step < forward.step) else backward
        if fault is None or _given(inputs, predictions) <= fault.step:
            return
        if fault is forward:
            fault = next(_outputs(activations, fault.step), fault)
        leap = _leap(updates, run, fault.step)
        yield self.at(
            fault.place if leap is None else leap,
            related=(
                (fault.layer, "the layer"),
                (fault.place if leap is not None else None, "it shows here"),
                (forward.place if forward and fault is not forward else None, "it reaches the loss here"),
            ),
            evidence={"measured": "not finite", "threshold": "finite", "unit": "value", "step": fault.step},
            what=fault.what,
            step=fault.step,
        )


def _given(inputs: Inputs, predictions: Predictions) -> float:
    """The first step at which the data itself was not finite."""
    samples = [batch.step for batch in inputs.batches if not (batch.finite and batch.spread.finite)]
    targets = [entry.call.step for entry in predictions.calls if not entry.target.finite]
    return min([*samples, *targets], default=inf)


def _losses(losses: Losses) -> Iterator[_Fault]:
    for call in losses.calls:
        if call.trains and call.value is not None and not isfinite(call.value):
            yield _Fault(call.step, f"`{call.kind}`", call.called)
    for back in losses.backwards:
        if back.value is not None and not isfinite(back.value):
            yield _Fault(back.step, "the loss", _taken(losses.calls, back.step) or back.called)


def _taken(calls: tuple[LossCall, ...], step: int) -> Site | None:
    """The one call of a loss function at a step, if the value can only come from there."""
    places = {call.called for call in calls if call.step == step and call.trains and call.value is None}
    return places.pop() if len(places) == 1 else None


def _outputs(activations: Activations, step: int) -> Iterator[_Fault]:
    """Layers whose output is not finite at a step, in the order of the forward pass."""
    for entry in activations.layers:
        if any(stats.step == step and not stats.spread.finite for stats in entry.steps):
            yield _Fault(step, f"the output of {named(entry.layer)}", entry.layer.built)


def _leap(updates: Updates, run: Run, step: int) -> Site | None:
    """The optimiser whose last step before threw a weight further than its own size."""
    for entry in updates.parameters:
        before = [stats.ratio for stats in entry.steps if stats.step == step - 1 and not stats.skipped]
        if len(entry.parameter.shape) > 1 and any(LEAP < ratio < inf for ratio in before):
            return next((one.built for one in run.optimizers if one.number == entry.optimizer), None)
    return None


def _gradients(gradients: Gradients, events: Events, losses: Losses) -> Iterator[_Fault]:
    """Gradients as they were used, from the output inwards: where the first of them arises."""
    skipped = {(cycle.optimizer, cycle.step) for cycle in events.cycles if cycle.overflow}
    for entry in reversed(gradients.parameters):
        for step in entry.steps:
            if not isfinite(step.norm) and (entry.optimizer, step.step) not in skipped:
                what = f"the gradient of `{entry.parameter.name}`"
                layer = entry.parameter.layer.built
                called = next((back.called for back in losses.backwards if back.step == step.step), None)
                yield _Fault(step.step, what, called or layer, layer if called else None)
