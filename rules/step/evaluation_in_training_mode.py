"""DNN601: evaluation with dropout and batch statistics switched on."""

from dnnlint.evidence.script import EvaluationPass, Mode
from dnnlint.evidence.trace import ForwardPass, Passes
from dnnlint.rule import Findings, Rule, Severity

from .._wording import named


class EvaluationInTrainingMode(Rule):
    """A network with dropout or batch normalisation is evaluated in training mode.

    ## Why it hurts
    In training mode dropout keeps silencing random units, so predictions are noisy and worse than the network is;
    batch normalisation uses the statistics of the held-out batch, so the score depends on how the data was batched,
    and its running averages soak up the held-out data (Srivastava et al., *Dropout*, 2014; Ioffe and Szegedy, *Batch
    Normalization*, 2015; documentation of `torch.nn.Module.eval`).

    ## How it decides
    A pass over data without learning is taken for evaluation by several kinds of evidence: gradients are off, the
    loader holds test or validation data, the function is called evaluate. On every path the network is known to be in
    training mode there, and it is known to hold dropout or batch normalisation. Two or more pieces of evidence make
    an error, a single one a warning. A network whose inside cannot be read counts, as a warning, if the script itself
    puts it into training mode with `train()`: then its author knows that the mode matters.
    In the run: a network that an optimiser holds was called without gradients in training mode, with active dropout
    or batch normalisation in it, several times between two steps or once after some of them. It is a warning,
    because samples drawn for a discriminator or pseudo-labels look alike; what happens in more than half of the
    training steps is taken for part of them and left alone.

    ## What it misses
    Networks whose class is not known when reading, evaluation that comes after the steps that were watched, and a
    mode that unknown code may have set. `no_grad` does not change the mode, so it does not help.

    ## How to silence
    Where random predictions are meant (Monte Carlo dropout), write `# dnnlint: ignore[evaluation-in-training-mode]`
    behind the call of the network, with the reason.

    ## Related
    `training-in-eval-mode`
    """

    code = "DNN601"
    level = Severity.ERROR
    message = "`{network}` is evaluated in training mode"
    measured = "`{network}` was called {count} times without gradients in training mode, with {layer} active{others}"
    why = "Dropout and batch normalisation behave as in training, so the score is noisy and not that of the network."
    mend = "Call `.eval()` on the network before the evaluation, and `.train()` before training goes on."

    def static(self, evaluation: EvaluationPass) -> Findings:
        forward = evaluation.forward
        if forward.modes != {Mode.TRAIN} or forward.mode_dependent is False:
            return
        sure = len(set(evaluation.evidence)) > 1
        if forward.mode_dependent is None and not (sure and forward.mode_set):
            return
        sure = sure and forward.mode_dependent is True
        yield self.at(
            forward.place,
            severity=Severity.ERROR if sure else Severity.WARNING,
            network=forward.network,
            related=((forward.mode_set, "training mode is set here"),),
            evidence={"taken_for_evaluation_by": list(evaluation.evidence)},
        )

    def runtime(self, passes: Passes) -> Findings:
        for place in dict.fromkeys(entry.called for entry in passes.passes if _evaluates(entry)):
            here = [entry for entry in passes.passes if entry.called == place and _evaluates(entry)]
            first, layers = here[0], here[0].dependent
            trained = {entry.step for entry in passes.passes if _trains(entry, first)}
            steps = {entry.step for entry in here}
            rehearsal = len(here) == 1 and steps == {0}  # a pass to learn shapes from
            if rehearsal or len(trained) < 2 or 2 * len(steps) > len(trained):
                continue
            yield self.at(
                place,
                severity=Severity.WARNING,
                related=((layers[0].built, "a layer that depends on the mode"),),
                evidence={"measured": len(here), "threshold": 1, "unit": "passes in training mode"},
                network=first.network,
                count=len(here),
                layer=named(layers[0]),
                others=f" and {len(layers) - 1} more" if len(layers) > 1 else "",
            )


def _evaluates(entry: ForwardPass) -> bool:
    quiet = entry.training and not entry.grad and not entry.backward
    return quiet and entry.optimized and bool(entry.dependent) and not all(entry.frozen or (False,))


def _trains(entry: ForwardPass, other: ForwardPass) -> bool:
    """Whether an entry is a training pass of the same network."""
    return entry.backward and (entry.network, entry.built) == (other.network, other.built)
