"""DNN102: a distributed sampler that draws the same order in every epoch."""

from dnnlint.evidence.script import Rounds
from dnnlint.rule import Findings, Rule, Severity


class SamplerEpochNotSet(Rule):
    """Training goes over a `DistributedSampler` epoch after epoch without telling it the epoch.

    ## Why it hurts
    The sampler draws its order from a seed and the epoch it was told last, so that all processes agree. Without
    `set_epoch` every epoch has the same order and the same batches, as if nothing were shuffled, and each process
    sees the same share of the data for ever (documentation of
    `torch.utils.data.distributed.DistributedSampler.set_epoch`).

    ## How it decides
    A `DataLoader` whose batches an optimiser steps on draws from a `DistributedSampler`, directly or through a batch
    sampler; a loop made after both passes over it again and again; and nothing in that loop, nor in what it calls,
    tells the sampler the epoch. Samplers with `shuffle=False`, loaders that an engine such as Accelerate or Lightning
    has taken over, and code where something unknown is told an epoch are left alone.

    ## What it misses
    Samplers made by unknown functions, and loops in files that are not read.

    ## How to silence
    Write `# dnnlint: ignore[sampler-epoch-not-set]` at the loop, with the reason, for instance that the same order is
    wanted.

    ## Related
    `unshuffled-training-data`
    """

    code = "DNN102"
    level = Severity.WARNING
    message = "this loop never calls `set_epoch` on the sampler that shuffles its training data"
    why = "Every epoch then has the same order and the same batches on each process."
    mend = "Call `sampler.set_epoch(epoch)` at the start of each epoch."

    def static(self, rounds: Rounds) -> Findings:
        if not rounds.told:
            related = (rounds.sampler, "the sampler"), (rounds.loader, "the loader that draws from it")
            yield self.at(rounds.place, related=related)
