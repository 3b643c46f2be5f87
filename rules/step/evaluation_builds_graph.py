"""DNN604: evaluation that records a graph nobody uses."""

from dnnlint.evidence.script import EvaluationPass
from dnnlint.rule import Confidence, Findings, Rule, Severity


class EvaluationBuildsGraph(Rule):
    """A network is evaluated with gradients on, so a graph is built that nobody uses.

    ## Why it hurts
    Every operation on a tensor that requires gradients is recorded, and the activations of all layers are kept until
    the result is gone. Evaluation then needs the memory of training, often several times that of inference, and
    takes longer. `eval()` does not change that (documentation of `torch.no_grad`: "Disabling gradient calculation is
    useful for inference ... It will reduce memory consumption").

    ## How it decides
    A pass over data without learning is taken for evaluation by names (`evaluate`, `test_loader`); gradients are known
    to be on there, on every path: no `no_grad`, `inference_mode` or `set_grad_enabled`, as a block, a decorator or in
    a caller. Without a loop over data, two names must speak for it, and the script must train the network. The finding
    stands at the first call of a network in the loop. It is silent where gradients are wanted
    after all: of the input (attacks, saliency), by `torch.autograd.grad`, under `enable_grad`; and for networks with
    frozen parameters.

    ## What it misses
    Evaluation in functions that nothing in sight calls, since their caller may turn gradients off, and evaluation
    that no name tells from other work.

    ## How to silence
    Where the graph is needed, write `# dnnlint: ignore[evaluation-builds-graph]` behind the call of the network.

    ## Related
    `evaluation-in-training-mode`, `loss-keeps-graph`
    """

    code = "DNN604"
    level = Severity.WARNING
    message = "`{network}` is evaluated with gradients on"
    why = "The graph and all activations are kept for a backward pass that never comes: memory and time are wasted."
    mend = "Evaluate under `with torch.no_grad():` or `torch.inference_mode()`."

    def static(self, evaluation: EvaluationPass) -> Findings:
        if evaluation.grad_enabled is not True or evaluation.needs_grad or not evaluation.leads:
            return
        several = len(set(evaluation.evidence)) > 1
        if not evaluation.over_data and not (evaluation.trained and several):
            return
        sure = evaluation.over_data and several
        yield self.at(
            evaluation.forward.place,
            confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
            network=evaluation.forward.network,
            related=((evaluation.loop, "in every iteration of this loop"),),
            evidence={"taken_for_evaluation_by": list(evaluation.evidence)},
        )
