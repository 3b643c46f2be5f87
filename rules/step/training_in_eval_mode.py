"""DNN602: training with dropout and batch statistics switched off."""

from dnnlint.evidence.script import Forward, Mode, TrainingStep
from dnnlint.evidence.trace import ForwardPass, Layer, Passes, Run
from dnnlint.rule import Findings, Rule, Severity

from .._wording import named

OFTEN = 2  # passes; one may be an attack or a measurement


class TrainingInEvalMode(Rule):
    """A network is trained while it is in evaluation mode.

    ## Why it hurts
    In evaluation mode dropout is off and batch normalisation uses frozen running averages, so the network trains
    without the regularisation and the normalisation it was designed with. The usual way there is an evaluation after
    the first epoch that calls `eval()` and never goes back (documentation of `torch.nn.Module.eval`; Humbatova et
    al., *Taxonomy of Real Faults in Deep Learning Systems*, 2020).

    ## How it decides
    In the steady state of the training loop, so after the first evaluation too, the forward pass that the loss
    depends on is known to run in evaluation mode, and the network's parameters belong to the optimiser that steps.
    Networks known to hold neither dropout nor batch normalisation are left alone, and so are frozen ones: a teacher
    in evaluation mode, or batch normalisation layers that are frozen while the network as a whole trains.
    In the run: two or more passes of a network that an optimiser holds were back-propagated while it was in evaluation
    mode as a whole, with dropout or trainable batch normalisation in it; one step is enough if the network had trained
    in training mode before and `eval()` was called in between. Left alone are steps in which it also ran in
    training mode, as for adversarial examples, and networks whose layers with running statistics are all frozen.

    ## What it misses
    When reading: modes that unknown code may have set, and evaluation that happens only in some epochs on a path not
    understood.

    ## How to silence
    Where fine-tuning with frozen statistics is meant, write `# dnnlint: ignore[training-in-eval-mode]` behind the
    call of `eval()`, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN602"
    level = Severity.ERROR
    message = "`{network}` is still in evaluation mode when training goes on"
    measured = (
        "`{network}` was trained in evaluation mode at {count} of {seen} steps, with {layer} switched off{others}"
    )
    why = "Dropout is off and batch normalisation keeps old statistics, so training loses what both are there for."
    mend = "Call `.train()` on the network at the head of every training epoch."

    def static(self, step: TrainingStep) -> Findings:
        for forward in step.forwards:
            if _in_eval_mode(forward):
                place = forward.left or forward.mode_set
                trained = (forward.place, "and trained here") if place else (None, "")
                related = trained, (step.backward, "which learns from it")
                yield self.at(place or forward.place, network=forward.network, related=related)

    def runtime(self, passes: Passes, run: Run) -> Findings:
        for network in dict.fromkeys((entry.network, entry.built) for entry in passes.passes):
            trained = [entry for entry in passes.passes if (entry.network, entry.built) == network and _learns(entry)]
            awake = {entry.step for entry in trained if entry.training}
            asleep = [entry for entry in trained if not entry.training and entry.step not in awake and _idle(entry)]
            fell = bool(asleep) and asleep[0].was_eval is not None and any(step < asleep[0].step for step in awake)
            taken = bool(asleep) and asleep[0].step < run.steps
            if len(asleep) < (1 if fell and taken else OFTEN):  # once is proof where eval() was called in between
                continue
            first, idle = asleep[0], _idle(asleep[0])
            yield self.at(
                first.was_eval or first.called,
                related=((first.called if first.was_eval else None, "and trained here"),),
                evidence={"measured": len(asleep), "threshold": OFTEN, "unit": "passes in evaluation mode"},
                network=first.network,
                count=len({entry.step for entry in asleep}),
                seen=len({entry.step for entry in trained}),
                layer=named(idle[0]),
                others=f" and {len(idle) - 1} more" if len(idle) > 1 else "",
            )


def _in_eval_mode(forward: Forward) -> bool:
    if forward.optimized is not True or forward.mode_dependent is False:
        return False
    return forward.modes == {Mode.EVAL} or forward.left is not None


def _learns(entry: ForwardPass) -> bool:
    return entry.optimized and entry.grad and entry.backward


def _idle(entry: ForwardPass) -> list[Layer]:
    """Layers that should be in training mode; none where all that keep statistics are frozen on purpose."""
    frozen = dict(zip(entry.dependent, entry.frozen, strict=False))
    keeping = [layer for layer in entry.dependent if layer.op != "dropout"]
    if keeping and all(frozen.get(layer, False) for layer in keeping):
        return []
    return [layer for layer in entry.dependent if layer.op == "dropout" or not frozen.get(layer, False)]
