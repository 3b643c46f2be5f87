"""DNN203: sigmoid or tanh in hidden layers."""

from collections.abc import Iterator

from dnnlint.evidence.script import Network, Operation
from dnnlint.evidence.vocabulary import DENSE, MERGES, SATURATING
from dnnlint.rule import Finding, Findings, Rule, Severity

IN_A_ROW = 3
NEUTRAL = {"view", "pool", "dropout", "pad", "upsample"}  # neither rescales what comes nor bends it
OFF_CENTRE = {"sigmoid", "hardsigmoid"}


class SaturatingHiddenActivation(Rule):
    """Several hidden layers in a row are squashed by sigmoid or tanh.

    ## Why it hurts
    The slope of sigmoid is at most 1/4, that of tanh at most 1, and both are about 0 once their input is large.
    Back-propagation multiplies the slopes, so the first of several such layers get next to no gradient and stay as
    they were drawn. Sigmoid is not centred at zero either, which drives the upper layers into saturation (Glorot and
    Bengio, *Understanding the Difficulty of Training Deep Feedforward Neural Networks*, 2010).

    ## How it decides
    A warning: three or more times in a row along one straight run of the forward pass, a linear layer or convolution
    feeds a saturating activation, with no normalisation, skip connection or other nonlinearity in between. Three is
    the depth at which the sigmoid networks of Glorot and Bengio began to stall. Advice: sigmoid in a hidden layer at
    all. An activation at the end of a run may be the output or a gate and never counts; gates inside recurrent layers
    do not either.

    ## What it misses
    Runs that pass through code that was not understood.

    ## How to silence
    Write `# dnnlint: ignore[saturating-hidden-activation]` behind the activation, with the reason.

    ## Related
    `large-init-with-saturating-activation`
    """

    code = "DNN203"
    level = Severity.WARNING
    message = "{hidden} of `{network}` squashed by {kinds}"
    why = "Their slopes multiply to almost nothing on the way back, so the first layers hardly learn."
    mend = "Use ReLU or a relative of it, or normalise between the layers."

    def static(self, network: Network) -> Findings:
        for run in (run for chain in network.chains for run in _runs(chain)):
            if len(run) >= IN_A_ROW:
                yield self._report(network, run, Severity.WARNING)
            elif off_centre := [operation for operation in run if operation.kind in OFF_CENTRE]:
                yield self._report(network, off_centre, Severity.ADVICE)

    def _report(self, network: Network, run: list[Operation], severity: Severity) -> Finding:
        first, *others = run
        return self.at(
            first.place,
            severity=severity,
            related=tuple((operation.place, f"{operation.kind} again") for operation in others),
            evidence={"in_a_row": len(run)},
            hidden="1 hidden layer" if len(run) == 1 else f"{len(run)} hidden layers in a row",
            network=network.name,
            kinds=" and ".join(dict.fromkeys(operation.kind for operation in run)),
        )


def _runs(chain: tuple[Operation, ...]) -> Iterator[list[Operation]]:
    """Saturating activations that follow one another, each right behind a layer with weights."""
    run: list[Operation] = []
    weighted = False
    for operation in _hidden(chain):
        if operation.kind in DENSE:
            weighted = True
        elif operation.kind in SATURATING and weighted:
            run.append(operation)
            weighted = False
        elif operation.kind not in NEUTRAL:
            gated = operation.kind in MERGES and not weighted
            yield run[:-1] if gated else run
            run, weighted = [], False
    yield run


def _hidden(chain: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """All before the last layer or activation, which may be the output or a gate."""
    end = len(chain)
    while end and chain[end - 1].kind in NEUTRAL | MERGES | {"neg"}:
        end -= 1
    return chain[: max(end - 1, 0)]
