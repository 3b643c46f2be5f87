"""The field's terms for what is applied in a network's data flow, and the sets of them that rules ask about.

An *op kind* is a lower-case string: what one step of the data flow does, no matter whether it is written as a
layer (``nn.ReLU()``), a function (``F.relu(x)``), a tensor method (``x.relu()``) or an operator. Losses go by
their class name in ``torch.nn``. Both wings speak these words; a kind that no table knows is "unknown".
"""

WEIGHTED = frozenset(
    {"linear", "bilinear", "conv", "conv_transpose", "embedding", "recurrent", "attention", "transformer", "graph_conv"}
)
"""Layers that hold weight matrices."""

DENSE = frozenset({"linear", "bilinear", "conv", "conv_transpose"})
"""Weighted sums of their inputs and nothing else: affine maps."""

RECTIFIERS = frozenset({"relu", "relu6"})
"""Exactly zero, with zero gradient, for every negative input."""

RECTIFIER_LIKE = frozenset({"leaky_relu", "prelu", "rrelu", "elu", "celu", "selu", "gelu", "silu", "mish", "hardswish"})
"""Unbounded above, small but not cut off below."""

SATURATING = frozenset({"sigmoid", "tanh", "hardsigmoid", "hardtanh", "softsign"})
"""Bounded on both sides, so that the gradient vanishes for large inputs."""

PROBABILITIES = frozenset({"softmax", "softmin", "gumbel_softmax", "sigmoid", "hardsigmoid"})
"""The result lies in [0, 1] and is read as a probability."""

DISTRIBUTIONS = frozenset({"softmax", "softmin", "gumbel_softmax"})
"""The result sums to one along an axis."""

LOG_PROBABILITIES = frozenset({"log_softmax", "logsigmoid"})
"""The result is the logarithm of a probability."""

ACTIVATIONS = (
    RECTIFIERS
    | RECTIFIER_LIKE
    | SATURATING
    | PROBABILITIES
    | LOG_PROBABILITIES
    | {"softplus", "threshold", "shrink", "glu"}
)
"""Nonlinearities without weights of their own (a PReLU's slope aside)."""

NON_NEGATIVE = RECTIFIERS | PROBABILITIES | {"softplus", "abs", "square", "exp", "sqrt", "norm", "var", "distance"}
"""The result is never below zero."""

NORMALISATIONS = frozenset({"batchnorm", "layernorm", "groupnorm", "instancenorm", "rmsnorm", "localresponsenorm"})
"""Layers that rescale by statistics of their input."""

MODE_DEPENDENT = frozenset({"dropout", "batchnorm", "rrelu"})
"""Behave differently in training and evaluation mode by default; others (recurrent, transformer, instance
normalisation) only by a constructor argument, which the layer table names."""

REDUCTIONS = frozenset({"mean", "sum", "norm", "max", "min", "median", "prod", "std", "var", "logsumexp"})
"""Fold an axis, or the whole tensor, into fewer numbers."""

MERGES = frozenset(
    {"cat", "add", "sub", "mul", "div", "pow", "matmul", "where", "lerp", "maximum", "minimum", "distance", "bilinear"}
)
"""Can join two streams of data (an operand may also be a constant)."""

ELEMENTWISE = ACTIVATIONS - DISTRIBUTIONS - {"log_softmax", "glu"} | {
    "add", "sub", "mul", "div", "pow", "neg", "abs", "exp", "log", "sqrt", "square", "clamp", "reciprocal",
    "round", "sign", "trigonometric", "special", "where", "lerp", "maximum", "minimum", "masked_fill", "dropout",
}  # fmt: skip
"""Treat every number by itself."""

SHAPE_ONLY = frozenset({"view"})
"""Change shape, layout, device, type or choice of elements, never a value."""

SKIPPABLE = SHAPE_ONLY | {"dropout"}
"""What may stand between an output and its loss without changing what kind of output it is."""

KINDS = (
    WEIGHTED
    | ACTIVATIONS
    | NORMALISATIONS
    | REDUCTIONS
    | MERGES
    | ELEMENTWISE
    | SHAPE_ONLY
    | {
        "pool",  # any pooling, adaptive and global too
        "upsample",  # interpolation, unpooling, grid sampling
        "pad",
        "sort",  # sort, topk, kthvalue: values chosen by rank
        "cumulate",  # cumsum, cumprod, logcumsumexp ...
        "scatter",  # scatter, index_add, index_put ...: values written into chosen cells
        "fill",  # overwritten with constants or fresh random numbers
        "copy",  # overwritten with another tensor's values
        "random",  # sampled from its input
        "normalize",  # divided by its own norm
        "linalg",  # decompositions, inverses, determinants
        "fft",
        "cut",  # the result has no gradient: argmax, comparisons, detach, item, numpy ...
        "loss",
        "container",  # Sequential, ModuleList ...: no operation of its own
        "module",  # a network whose inside is not known
        "unknown",
    }
)
"""Every op kind there is."""

LOSS_INPUT = {
    "CrossEntropyLoss": "logits",
    "BCEWithLogitsLoss": "logits",
    "MultiLabelSoftMarginLoss": "logits",
    "SoftMarginLoss": "logits",
    "MultiMarginLoss": "logits",
    "MultiLabelMarginLoss": "logits",
    "NLLLoss": "log_probabilities",
    "NLLLoss2d": "log_probabilities",
    "KLDivLoss": "log_probabilities",
    "CTCLoss": "log_probabilities",
    "BCELoss": "probabilities",
    "MSELoss": "unbounded",
    "L1Loss": "unbounded",
    "SmoothL1Loss": "unbounded",
    "HuberLoss": "unbounded",
    "GaussianNLLLoss": "unbounded",
    "PoissonNLLLoss": "unbounded",
    "CosineEmbeddingLoss": "embedding",
    "TripletMarginLoss": "embedding",
    "TripletMarginWithDistanceLoss": "embedding",
    "MarginRankingLoss": "other",
    "HingeEmbeddingLoss": "other",
    "AdaptiveLogSoftmaxWithLoss": "other",
    "LinearCrossEntropyLoss": "other",
}
"""Loss kind to what it expects as prediction: logits, log_probabilities, probabilities, unbounded, embedding, other."""

REGRESSION_LOSSES = frozenset({"MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "GaussianNLLLoss"})
"""Losses by which a network learns real numbers; PoissonNLLLoss is left out because its targets are counts."""

SOFTMAX_LOSSES = frozenset({"CrossEntropyLoss"})
"""Losses that take the softmax themselves."""

SIGMOID_LOSSES = frozenset({"BCEWithLogitsLoss", "MultiLabelSoftMarginLoss"})
"""Losses that take the sigmoid themselves."""
