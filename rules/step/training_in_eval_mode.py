"""DNN602: training with dropout and batch statistics switched off."""

from dnnlint.evidence.script import Forward, Mode, TrainingStep
from dnnlint.rule import Findings, Rule, Severity


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

    ## What it misses
    Modes that unknown code may have set, and evaluation that happens only in some epochs on a path not understood.

    ## How to silence
    Where fine-tuning with frozen statistics is meant, write `# dnnlint: ignore[training-in-eval-mode]` behind the
    call of `eval()`, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN602"
    level = Severity.ERROR
    message = "`{network}` is still in evaluation mode when training goes on"
    why = "Dropout is off and batch normalisation keeps old statistics, so training loses what both are there for."
    mend = "Call `.train()` on the network at the head of every training epoch."

    def static(self, step: TrainingStep) -> Findings:
        for forward in step.forwards:
            if _in_eval_mode(forward):
                place = forward.left or forward.mode_set
                trained = (forward.place, "and trained here") if place else (None, "")
                related = trained, (step.backward, "which learns from it")
                yield self.at(place or forward.place, network=forward.network, related=related)


def _in_eval_mode(forward: Forward) -> bool:
    if forward.optimized is not True or forward.mode_dependent is False:
        return False
    return forward.modes == {Mode.EVAL} or forward.left is not None
