"""DNN612: batch normalisation over a handful of samples."""

from dnnlint.evidence.script import NormalizedBatch
from dnnlint.rule import Confidence, Findings, Rule, Severity


class BatchnormWithTinyBatch(Rule):
    """A network with batch normalisation learns from batches of one or two samples.

    ## Why it hurts
    Mean and variance of so few samples are noise, which training has to live with and the running averages do not
    show in evaluation: the error rises quickly for batches below eight, and by ten points at two (Wu and He, *Group
    Normalization*, 2018, figure 1). With one sample and one value for each channel the layer refuses to work
    ("Expected more than 1 value per channel when training").

    ## How it decides
    A loader is known to make batches of one or two samples, they reach a backward pass through a network that is in
    training mode, and the network holds batch normalisation that is not frozen; or its last batch is known to hold one
    sample where `BatchNorm1d` follows. Confidence is medium for two samples, and for networks of torchvision whose
    layers are not seen. Synchronised statistics and samplers that make batches are left alone.

    ## What it misses
    Batch sizes and data sets that are not known from the source, and batches without a loader.

    ## How to silence
    Write `# dnnlint: ignore[batchnorm-with-tiny-batch]` behind the loader, with the reason.

    ## Related
    `evaluation-in-training-mode`
    """

    code = "DNN612"
    level = Severity.WARNING
    message = "`{loader}` feeds the batch normalisation of `{network}` {what}"
    why = "Statistics of so few samples are noise in training, and do not match those used in evaluation."
    mend = "Use larger batches (and `drop_last=True`), or `GroupNorm`, which does not depend on the batch."

    def static(self, batch: NormalizedBatch) -> Findings:
        refused = batch.remainder == 1 and batch.flat and batch.batch_size > 1
        if batch.batch_size > 2 and not refused:
            return
        many = f"batches of {batch.batch_size}"
        yield self.at(
            batch.place,
            confidence=Confidence.HIGH if batch.certain and batch.batch_size != 2 else Confidence.MEDIUM,
            loader=batch.loader or "the loader",
            network=batch.network,
            what="a last batch of 1" if refused else many,
            related=((batch.normalization, "normalises by the batch"),),
            evidence={"measured": 1 if refused else batch.batch_size, "threshold": 2, "unit": "samples"},
        )
