"""DNN415: padding that is learned like everything else."""

from dnnlint.evidence.script import LossCall
from dnnlint.rule import Confidence, Findings, Rule, Severity

CHOICES = frozenset({"CrossEntropyLoss", "NLLLoss", "NLLLoss2d"})
REDUCED = frozenset({"mean", "sum"})


class PaddingInLoss(Rule):
    """Sequences are padded to one length, and the loss counts the padding as targets.

    ## Why it hurts
    Padding is easy to predict and often most of a batch: the mean falls while the network learns to write padding,
    the words get a smaller share of the gradient the shorter a sequence is, and losses of different batches cannot be
    compared (documentation of `torch.nn.CrossEntropyLoss`, `ignore_index`).

    ## How it decides
    The loss is cross-entropy or negative log-likelihood, reduced to one number, without `ignore_index` and without
    weights of the classes. Either its target comes out of `pad_sequence` (in the script or in the function that a
    loader collates with), or the network predicts the very vocabulary that one of its embeddings reads with a
    `padding_idx`. Silent where elements are picked by a mask or packed before the loss, where the padding value is -100
    (which the loss leaves out by itself), and where the loss is not reduced, since a mask may follow.

    ## What it misses
    Padding by hand and by tokenisers, and losses over sequences that are not classifications.

    ## How to silence
    Where padding cannot occur (one sequence at a time, equal lengths), write
    `# dnnlint: ignore[padding-in-loss]` behind the loss, with the reason.

    ## Related
    `wrong-target-form`
    """

    code = "DNN415"
    level = Severity.WARNING
    message = "`{loss}` counts padded positions as targets"
    why = "The network is rewarded for writing padding, and short sequences hardly count."
    mend = (
        "Give the loss the index of the padding: `ignore_index=PAD`, or take the loss of the unpadded positions only."
    )
    confidence = Confidence.MEDIUM

    def static(self, loss: LossCall) -> Findings:
        padded = loss.target.padded or loss.padding
        if loss.kind not in CHOICES or loss.ignores is not False or loss.reduction not in REDUCED or padded is None:
            return
        if loss.target.masked:
            return
        yield self.at(
            loss.built or loss.place,
            related=(
                (loss.place if loss.built else None, "the loss is taken here"),
                (padded, "the padding is known here"),
            ),
            loss=loss.kind,
        )
