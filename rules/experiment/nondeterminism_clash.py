"""DNN805: reproducible kernels and a search for the fastest ones are both asked for."""

from dnnlint.evidence.script import DeterminismClash
from dnnlint.rule import Findings, Rule, Severity


class NondeterminismClash(Rule):
    """Deterministic algorithms are asked for, and so is cuDNN's benchmark, which undoes that.

    ## Why it hurts
    With `benchmark`, cuDNN times several algorithms for each new shape and takes the fastest; noise in the timing
    can make it another one in the next run, with other rounding. Two runs of one seed then differ though everything
    else was done to make them agree (documentation of PyTorch, "Reproducibility", on
    `torch.backends.cudnn.benchmark`).

    ## How it decides
    At the end of the program, `torch.backends.cudnn.benchmark` is certainly true, and so is
    `torch.backends.cudnn.deterministic` or `torch.use_deterministic_algorithms`; or both are given to Lightning's
    `Trainer`. A setting that is taken back later, or that stands on another path, does not count.

    ## What it misses
    Settings that depend on values that are not known.

    ## How to silence
    Write `# dnnlint: ignore[nondeterminism-clash]` behind the line, with the reason.

    ## Related
    None.
    """

    code = "DNN805"
    level = Severity.WARNING
    message = "cuDNN's `benchmark` is on although deterministic algorithms are asked for"
    why = "The fastest algorithm can be another one in each run, so runs of one seed still differ."
    mend = "Set `torch.backends.cudnn.benchmark = False`, or give up determinism for speed."

    def static(self, clash: DeterminismClash) -> Findings:
        related = (
            ((clash.deterministic, "determinism is asked for here"),) if clash.benchmark != clash.deterministic else ()
        )
        yield self.at(clash.benchmark, related=related)
