"""Losses: what each expects as prediction, and where prediction and target stand in its call.

LOSSES is keyed by class name in ``torch.nn``, OTHER_LOSSES by dotted name; FUNCTIONAL leads from a function's dotted
name to the class it computes, OTHER_FUNCTIONAL to the whole entry. A loss of another library that does what a class of
``torch.nn`` does carries that class as its kind.
"""

from typing import NamedTuple

from dnnlint.evidence.vocabulary import LOSS_INPUT, REGRESSION_LOSSES


class LossSpec(NamedTuple):
    """What applying one loss means."""

    kind: str  # class name in torch.nn, or the library's own
    input_domain: str  # logits | log_probabilities | probabilities | unbounded | embedding | other
    functional: str | None = None  # dotted name of the same loss as a function
    prediction: tuple[int, str] = (0, "input")  # position and keyword
    target: tuple[int, str] | None = (1, "target")
    regression: bool = False


def _loss(
    kind: str,
    function: str | None,
    prediction: tuple[int, str] = (0, "input"),
    target: tuple[int, str] | None = (1, "target"),
) -> LossSpec:
    dotted = f"torch.nn.functional.{function}" if function else None
    return LossSpec(kind, LOSS_INPUT[kind], dotted, prediction, target, kind in REGRESSION_LOSSES)


_SPECS = (
    _loss("CrossEntropyLoss", "cross_entropy"),
    _loss("NLLLoss", "nll_loss"),
    _loss("NLLLoss2d", None),
    _loss("BCELoss", "binary_cross_entropy"),
    _loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits"),
    _loss("MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss"),
    _loss("MultiLabelMarginLoss", "multilabel_margin_loss"),
    _loss("MultiMarginLoss", "multi_margin_loss"),
    _loss("SoftMarginLoss", "soft_margin_loss"),
    _loss("KLDivLoss", "kl_div"),
    _loss("CTCLoss", "ctc_loss", (0, "log_probs"), (1, "targets")),
    _loss("MSELoss", "mse_loss"),
    _loss("L1Loss", "l1_loss"),
    _loss("SmoothL1Loss", "smooth_l1_loss"),
    _loss("HuberLoss", "huber_loss"),
    _loss("GaussianNLLLoss", "gaussian_nll_loss"),
    _loss("PoissonNLLLoss", "poisson_nll_loss"),
    _loss("CosineEmbeddingLoss", "cosine_embedding_loss", (0, "input1"), (2, "target")),
    _loss("MarginRankingLoss", "margin_ranking_loss", (0, "input1"), (2, "target")),
    _loss("HingeEmbeddingLoss", "hinge_embedding_loss"),
    _loss("TripletMarginLoss", "triplet_margin_loss", (0, "anchor"), None),
    _loss("TripletMarginWithDistanceLoss", "triplet_margin_with_distance_loss", (0, "anchor"), None),
    _loss("AdaptiveLogSoftmaxWithLoss", None, (0, "input_"), (1, "target_")),
    _loss("LinearCrossEntropyLoss", "linear_cross_entropy"),  # as a function it takes the weight second
)

LOSSES: dict[str, LossSpec] = {spec.kind: spec for spec in _SPECS}
"""By class name in torch.nn."""

FUNCTIONAL: dict[str, str] = {
    **{spec.functional: spec.kind for spec in _SPECS if spec.functional},
    "torch.nn.functional.nll_loss2d": "NLLLoss",
    "torch.binary_cross_entropy_with_logits": "BCEWithLogitsLoss",
    "torch.cosine_embedding_loss": "CosineEmbeddingLoss",
    "torch.ctc_loss": "CTCLoss",
    "torch.hinge_embedding_loss": "HingeEmbeddingLoss",
    "torch.kl_div": "KLDivLoss",
    "torch.margin_ranking_loss": "MarginRankingLoss",
    "torch.poisson_nll_loss": "PoissonNLLLoss",
    "torch.triplet_margin_loss": "TripletMarginLoss",
}
"""Dotted function name to class name in torch.nn."""

PARAMETRIC_LOSSES = frozenset({"AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss"})
"""Losses that hold weights of their own, so an optimiser may be given theirs."""

LOG_TARGET = "log_target"
"""Parameter of KLDivLoss that says whether its target, too, is a logarithm."""

_TIMM_X = (0, "x")
_PRED = (0, "pred")
_SMP_PRED, _SMP_TARGET = (0, "y_pred"), (1, "y_true")

OTHER_LOSSES: dict[str, LossSpec] = {
    "timm.loss.LabelSmoothingCrossEntropy": LossSpec("CrossEntropyLoss", "logits", prediction=_TIMM_X),
    "timm.loss.SoftTargetCrossEntropy": LossSpec("CrossEntropyLoss", "logits", prediction=_TIMM_X),
    "timm.loss.JsdCrossEntropy": LossSpec("CrossEntropyLoss", "logits", prediction=(0, "output")),
    "timm.loss.BinaryCrossEntropy": LossSpec("BCEWithLogitsLoss", "logits", prediction=_TIMM_X),
    "timm.loss.AsymmetricLossMultiLabel": LossSpec("BCEWithLogitsLoss", "logits", prediction=_TIMM_X, target=(1, "y")),
    "segmentation_models_pytorch.losses.SoftCrossEntropyLoss": LossSpec(
        "CrossEntropyLoss", "logits", prediction=_SMP_PRED, target=_SMP_TARGET
    ),
    "segmentation_models_pytorch.losses.SoftBCEWithLogitsLoss": LossSpec(
        "BCEWithLogitsLoss", "logits", prediction=_SMP_PRED, target=_SMP_TARGET
    ),
    # logits or probabilities by an argument of their own, so nothing is said about the prediction
    "segmentation_models_pytorch.losses.DiceLoss": LossSpec("DiceLoss", "other", None, _SMP_PRED, _SMP_TARGET),
    "segmentation_models_pytorch.losses.JaccardLoss": LossSpec("JaccardLoss", "other", None, _SMP_PRED, _SMP_TARGET),
    "segmentation_models_pytorch.losses.TverskyLoss": LossSpec("TverskyLoss", "other", None, _SMP_PRED, _SMP_TARGET),
    "segmentation_models_pytorch.losses.LovaszLoss": LossSpec("LovaszLoss", "other", None, _SMP_PRED, _SMP_TARGET),
    "segmentation_models_pytorch.losses.FocalLoss": LossSpec("FocalLoss", "logits", None, _SMP_PRED, _SMP_TARGET),
    "kornia.losses.FocalLoss": LossSpec("FocalLoss", "logits", prediction=_PRED),
    "kornia.losses.BinaryFocalLossWithLogits": LossSpec("FocalLoss", "logits", prediction=_PRED),
    "monai.losses.DiceLoss": LossSpec("DiceLoss", "other"),
    "monai.losses.DiceCELoss": LossSpec("DiceCELoss", "other"),
    "monai.losses.FocalLoss": LossSpec("FocalLoss", "logits"),
}
"""Losses of other libraries, by dotted name."""

OTHER_FUNCTIONAL: dict[str, LossSpec] = {
    "torchvision.ops.sigmoid_focal_loss": LossSpec(
        "FocalLoss", "logits", prediction=(0, "inputs"), target=(1, "targets")
    ),
    "torchvision.ops.focal_loss.sigmoid_focal_loss": LossSpec(
        "FocalLoss", "logits", prediction=(0, "inputs"), target=(1, "targets")
    ),
    "kornia.losses.focal_loss": LossSpec("FocalLoss", "logits", prediction=_PRED),
    "kornia.losses.binary_focal_loss_with_logits": LossSpec("FocalLoss", "logits", prediction=_PRED),
}
"""Loss functions of other libraries, by dotted name."""
