"""DNN601: evaluation with dropout and batch statistics switched on."""

from dnnlint.evidence.script import EvaluationPass, Mode
from dnnlint.rule import Findings, Rule, Severity


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

    ## What it misses
    Networks whose class is not known, and a mode that unknown code may have set. `no_grad` does not change the mode,
    so it does not help.

    ## How to silence
    Where random predictions are meant (Monte Carlo dropout), write `# dnnlint: ignore[evaluation-in-training-mode]`
    behind the call of the network, with the reason.

    ## Related
    `training-in-eval-mode`
    """

    code = "DNN601"
    level = Severity.ERROR
    message = "`{network}` is evaluated in training mode"
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
