"""DNN516: parameters that get gradients and belong to no optimiser."""

from dnnlint.evidence.script import Unowned
from dnnlint.evidence.trace import OptimizerInfo, ParameterInfo, Parameters, Run
from dnnlint.rule import Findings, Rule, Severity

FAULTS = {
    "empty": "`{optimizer}` is given an empty list of parameters",
    "spent": "`{optimizer}` is given a generator that was gone through before, so there is nothing left in it",
    "left out": "`{network}` gets gradients, but its parameters are in no optimiser",
    "foreign": "the loss is computed with `{network}`, but `{optimizer}` holds the parameters of something else",
    "doubled": "`{optimizer}` is given what another optimiser holds already; the parameters of `{network}` are in none",
}


class ParametersNotOptimized(Rule):
    """Trainable parameters receive gradients, but no optimiser holds them.

    ## Why it hurts
    They keep their random initial values for ever. An optimiser knows the parameters that it was given when it was
    made: a layer that is added, replaced or made anew afterwards is not among them, nor is one that sits in a plain
    list; and it goes on stepping on parameters that no network uses (documentation of `torch.optim`; Jiang et al.,
    *Training with Confidence: Catching Silent Errors in Deep Learning Training*, 2025).

    ## How it decides
    When reading: what every optimiser holds is known, and a backward pass that is followed by steps reaches layers of
    a network that none of them holds. Networks without gradients, in evaluation mode, frozen or loaded from somewhere
    are left alone, as are those called teacher, target, features and the like, and layers that share the weights of
    another. Where two optimisers hold the very same networks and a third network that learns is held by none, or where
    an optimiser is named for that network, the optimiser is to blame. Or an optimiser is given an empty list, or a
    generator that was gone through before, also within a group: `model.parameters()`, `filter(...)` and the like give
    each parameter only once.
    In the run, if every backward pass and every step was seen: a parameter of a network requires a gradient, received
    one, and is in no optimiser. An error if an optimiser holds as many parameters that belong to no network (a stale
    copy), or if it holds other parameters of the same network and no weights were loaded; a warning if it holds
    nothing of that network; advice if weights were loaded, because then a fixed backbone is usual. A few free tensors
    that are optimised through a fixed network, as in style transfer, are left alone.

    ## What it misses
    When reading: parameters that stand in no layer of `torch.nn`, and networks of libraries. In the run: parameters
    that get no gradient at all, and weights that the script updates by hand beside an optimiser.

    ## How to silence
    Set `requires_grad_(False)` on what is to stay fixed, which saves its gradients too; or write
    `# dnnlint: ignore[parameters-not-optimized]` behind the optimiser, with the reason.

    ## Related
    `unregistered-module`, `unchanged-parameter`, `stale-optimizer-parameters`
    """

    code = "DNN516"
    level = Severity.ERROR
    message = "{seen}"
    measured = "{count} trainable parameters of `{network}` get gradients but are in no optimiser, {first} first{stale}"
    why = "Parameters that no optimiser holds keep their random initial values for ever."
    mend = "Make the optimiser after the network is complete, from all of its parameters; freeze what is to stay fixed."

    def static(self, unowned: Unowned) -> Findings:
        seen = FAULTS[unowned.fault].format(optimizer=unowned.optimizer, network=unowned.network)
        related = (unowned.made, "this belongs to no optimiser"), (unowned.backward, "it gets its gradients here")
        yield self.at(unowned.built, seen=seen, related=related)

    def runtime(self, parameters: Parameters, run: Run) -> Findings:
        if not parameters.complete or not run.steps:
            return
        free = [entry for entry in parameters.parameters if entry.trainable and entry.received and not entry.optimizers]
        for network in dict.fromkeys(entry.layer.network for entry in free):
            lost = [entry for entry in free if entry.layer.network == network]
            held = [entry for entry in parameters.parameters if entry.optimizers and entry.layer.network == network]
            stale = next((number for number, count in parameters.foreign if count >= len(lost)), None)
            optimizer = _optimizer(run, stale, held)
            if optimizer is None or (stale is None and not held and parameters.foreign):
                continue
            yield self.at(
                optimizer.built,
                severity=_severity(stale is not None, bool(held), run.resumed),
                related=((lost[0].layer.built, "the layer of the first of them"),),
                evidence={"measured": len(lost), "threshold": 0, "unit": "parameters"},
                count=len(lost),
                network=network,
                first=f"`{lost[0].name}`",
                stale="" if stale is None else "; it holds parameters that no network uses instead",
            )


def _optimizer(run: Run, stale: int | None, held: list[ParameterInfo]) -> OptimizerInfo | None:
    """The optimiser that should hold them: the one with stale copies, with the rest of the network, or the first."""
    numbers = [*([] if stale is None else [stale]), *(number for entry in held for number in entry.optimizers)]
    known = {optimizer.number: optimizer for optimizer in run.optimizers if optimizer.steps}
    return next((known[number] for number in numbers if number in known), next(iter(known.values()), None))


def _severity(stale: bool, partly: bool, resumed: bool) -> Severity:
    if stale:
        return Severity.ERROR
    if resumed:
        return Severity.ADVICE
    return Severity.ERROR if partly else Severity.WARNING
