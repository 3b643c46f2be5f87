"""DNN517: an optimiser that holds parameters which were replaced."""

from dnnlint.evidence.script import Replaced
from dnnlint.rule import Findings, Rule, Severity


class StaleOptimizerParameters(Rule):
    """Layers are replaced or added after the optimiser took the network's parameters.

    ## Why it hurts
    An optimiser keeps the tensors that it was given when it was made. A head that is exchanged, a layer that is added
    or a network that is made anew afterwards is not among them: it gets gradients and never changes, while the
    optimiser goes on with tensors that nobody uses (documentation of `torch.optim`, *Constructing it*; Jiang et al.,
    *Training with Confidence: Catching Silent Errors in Deep Learning Training*, 2025).

    ## How it decides
    A backward pass that is followed by steps reaches a layer that belongs to a network of the optimiser and was made
    after the optimiser; or a network of the same class and name as the one that the optimiser holds, made after it,
    while no gradient reaches the old one. In networks of libraries, layers that are assigned and heads that are made
    anew (`reset_classifier`, `resize_token_embeddings`) count. A new optimiser or `add_param_group` for the new layers
    is enough for silence, and so is any optimiser whose parameters are not known.

    ## What it misses
    Networks that are replaced by what a function that was not understood returns.

    ## How to silence
    Write `# dnnlint: ignore[stale-optimizer-parameters]` behind the replacement, with the reason.

    ## Related
    `parameters-not-optimized`
    """

    code = "DNN517"
    level = Severity.ERROR
    message = "`{network}` is made after `{optimizer}` took its parameters, so no step changes it"
    why = "The optimiser holds the parameters of before; the new ones keep their initial values for ever."
    mend = "Make the optimiser after the network is complete, or add the new parameters with `add_param_group`."

    def static(self, replaced: Replaced) -> Findings:
        related = (replaced.built, "the optimiser is made here"), (replaced.backward, "the new ones get gradients")
        yield self.at(replaced.place, network=replaced.network, optimizer=replaced.optimizer, related=related)
