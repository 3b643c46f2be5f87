"""Layers by class name in ``torch.nn``: the operation they apply, their constructor's parameters, and their mode.

Losses stand in their own table. ``torch.nn.modules.<file>.<Class>`` and ``torch.nn.quantizable`` classes share these
entries by their last name; layers of other libraries stand in OTHER_LAYERS by dotted name.
"""

from typing import NamedTuple

from dnnlint.script.tables import words


class LayerSpec(NamedTuple):
    """What building and applying one class of layer means."""

    kind: str  # op kind, see evidence/vocabulary.py
    params: tuple[str, ...] = ()  # constructor parameters in positional order
    fan: tuple[str, str] | None = None  # parameters that give inputs and units; None for "has no such number"
    dims: int = 0  # spatial dimensions, so that kernel_size=3 means 3**dims weights
    parametric: bool = False  # holds learnable parameters by default
    mode_dependent: bool | str | None = False  # name of the parameter that decides when truthy; None: as its children
    mode_default: float = 0  # that parameter's default


_BACK = words("device dtype")
_CHANNELS = ("in_channels", "out_channels")
_FEATURES = ("in_features", "out_features")
_SIZES = ("input_size", "hidden_size")
_CONV = words("in_channels out_channels kernel_size stride padding dilation groups bias padding_mode device dtype")
_TRANSPOSED = words(
    "in_channels out_channels kernel_size stride padding output_padding groups bias dilation padding_mode device dtype"
)
_LINEAR = words("in_features out_features bias device dtype")
_NORM = words("num_features eps momentum affine track_running_stats device dtype")
_SYNC = words("num_features eps momentum affine track_running_stats process_group device dtype")
_RECURRENT = words("input_size hidden_size num_layers bias batch_first dropout bidirectional proj_size device dtype")
_RNN = words("input_size hidden_size num_layers nonlinearity bias batch_first dropout bidirectional device dtype")
_CELL = words("input_size hidden_size bias device dtype")
_EMBEDDING = words(
    "num_embeddings embedding_dim padding_idx max_norm norm_type scale_grad_by_freq sparse _weight _freeze"
)
_BAG = words(
    "num_embeddings embedding_dim max_norm norm_type scale_grad_by_freq mode sparse _weight include_last_offset"
)
_ATTENTION = words("embed_dim num_heads dropout bias add_bias_kv add_zero_attn kdim vdim batch_first device dtype")
_TRANSFORMER_LAYER = words(
    "d_model nhead dim_feedforward dropout activation layer_norm_eps batch_first norm_first bias device dtype"
)
_TRANSFORMER_WHOLE = words(
    "d_model nhead num_encoder_layers num_decoder_layers dim_feedforward dropout activation custom_encoder "
    "custom_decoder layer_norm_eps batch_first norm_first bias device dtype"
)
_AVERAGE = words("kernel_size stride padding ceil_mode count_include_pad")
_MAXIMUM = words("kernel_size stride padding dilation return_indices ceil_mode")
_FRACTIONAL = words("kernel_size output_size output_ratio return_indices _random_samples")
_LP = words("norm_type kernel_size stride ceil_mode")
_UNPOOL = words("kernel_size stride padding")
_ALPHA = ("alpha", "inplace")
_INPLACE = ("inplace",)


def _conv(dims: int) -> LayerSpec:
    return LayerSpec("conv", _CONV, _CHANNELS, dims, parametric=True)


def _lazy_conv(dims: int) -> LayerSpec:
    return LayerSpec("conv", _CONV[1:], ("", "out_channels"), dims, parametric=True)


def _transposed(dims: int) -> LayerSpec:
    return LayerSpec("conv_transpose", _TRANSPOSED, _CHANNELS, dims, parametric=True)


def _lazy_transposed(dims: int) -> LayerSpec:
    return LayerSpec("conv_transpose", _TRANSPOSED[1:], ("", "out_channels"), dims, parametric=True)


_BATCHNORM = LayerSpec("batchnorm", _NORM, parametric=True, mode_dependent="track_running_stats", mode_default=1)
_INSTANCENORM = LayerSpec("instancenorm", _NORM, mode_dependent="track_running_stats")
_DROPOUT = LayerSpec("dropout", ("p", "inplace"), mode_dependent="p", mode_default=0.5)
_TRANSFORMER = LayerSpec("transformer", _TRANSFORMER_LAYER, parametric=True, mode_dependent="dropout", mode_default=0.1)
_STACK = LayerSpec("transformer", ("encoder_layer", "num_layers", "norm"), parametric=True, mode_dependent=None)
_CONTAINER = LayerSpec("container", mode_dependent=None)
_PAD = LayerSpec("pad", ("padding",))
_VIEW = LayerSpec("view")

LAYERS: dict[str, LayerSpec] = {
    # weights
    "Linear": LayerSpec("linear", _LINEAR, _FEATURES, parametric=True),
    "LazyLinear": LayerSpec("linear", _LINEAR[1:], ("", "out_features"), parametric=True),
    "NonDynamicallyQuantizableLinear": LayerSpec("linear", _LINEAR, _FEATURES, parametric=True),
    "Bilinear": LayerSpec(
        "bilinear",
        ("in1_features", "in2_features", "out_features", "bias", *_BACK),
        ("in1_features", "out_features"),
        parametric=True,
    ),
    "Conv1d": _conv(1),
    "Conv2d": _conv(2),
    "Conv3d": _conv(3),
    "LazyConv1d": _lazy_conv(1),
    "LazyConv2d": _lazy_conv(2),
    "LazyConv3d": _lazy_conv(3),
    "ConvTranspose1d": _transposed(1),
    "ConvTranspose2d": _transposed(2),
    "ConvTranspose3d": _transposed(3),
    "LazyConvTranspose1d": _lazy_transposed(1),
    "LazyConvTranspose2d": _lazy_transposed(2),
    "LazyConvTranspose3d": _lazy_transposed(3),
    "Embedding": LayerSpec("embedding", (*_EMBEDDING, *_BACK), parametric=True),
    "EmbeddingBag": LayerSpec("embedding", (*_BAG, "padding_idx", *_BACK), parametric=True),
    # recurrence
    "RNN": LayerSpec("recurrent", _RNN, _SIZES, parametric=True, mode_dependent="dropout"),
    "LSTM": LayerSpec("recurrent", _RECURRENT, _SIZES, parametric=True, mode_dependent="dropout"),
    "GRU": LayerSpec("recurrent", _RECURRENT, _SIZES, parametric=True, mode_dependent="dropout"),
    "RNNBase": LayerSpec("recurrent", ("mode", *_RECURRENT), _SIZES, parametric=True, mode_dependent="dropout"),
    "RNNCell": LayerSpec(
        "recurrent", ("input_size", "hidden_size", "bias", "nonlinearity", *_BACK), _SIZES, parametric=True
    ),
    "LSTMCell": LayerSpec("recurrent", _CELL, _SIZES, parametric=True),
    "GRUCell": LayerSpec("recurrent", _CELL, _SIZES, parametric=True),
    "RNNCellBase": LayerSpec(
        "recurrent", ("input_size", "hidden_size", "bias", "num_chunks", *_BACK), _SIZES, parametric=True
    ),
    # attention
    "MultiheadAttention": LayerSpec("attention", _ATTENTION, parametric=True, mode_dependent="dropout"),
    "TransformerEncoderLayer": _TRANSFORMER,
    "TransformerDecoderLayer": _TRANSFORMER,
    "TransformerEncoder": _STACK._replace(params=(*_STACK.params, "enable_nested_tensor", "mask_check")),
    "TransformerDecoder": _STACK._replace(params=("decoder_layer", "num_layers", "norm")),
    "Transformer": _TRANSFORMER._replace(params=_TRANSFORMER_WHOLE),
    # rectifiers and their kin
    "ReLU": LayerSpec("relu", _INPLACE),
    "ReLU6": LayerSpec("relu6", _INPLACE),
    "LeakyReLU": LayerSpec("leaky_relu", ("negative_slope", "inplace")),
    "PReLU": LayerSpec("prelu", ("num_parameters", "init", *_BACK), parametric=True),
    "RReLU": LayerSpec("rrelu", ("lower", "upper", "inplace"), mode_dependent=True),
    "ELU": LayerSpec("elu", _ALPHA),
    "CELU": LayerSpec("celu", _ALPHA),
    "SELU": LayerSpec("selu", _INPLACE),
    "GELU": LayerSpec("gelu", ("approximate",)),
    "SiLU": LayerSpec("silu", _INPLACE),
    "Mish": LayerSpec("mish", _INPLACE),
    "Hardswish": LayerSpec("hardswish", _INPLACE),
    "Softplus": LayerSpec("softplus", ("beta", "threshold")),
    "Threshold": LayerSpec("threshold", ("threshold", "value", "inplace")),
    "GLU": LayerSpec("glu", ("dim",)),
    "Hardshrink": LayerSpec("shrink", ("lambd",)),
    "Softshrink": LayerSpec("shrink", ("lambd",)),
    "Tanhshrink": LayerSpec("shrink"),
    # saturating
    "Sigmoid": LayerSpec("sigmoid"),
    "Hardsigmoid": LayerSpec("hardsigmoid", _INPLACE),
    "Tanh": LayerSpec("tanh"),
    "Hardtanh": LayerSpec("hardtanh", ("min_val", "max_val", "inplace", "min_value", "max_value")),
    "Softsign": LayerSpec("softsign"),
    "LogSigmoid": LayerSpec("logsigmoid"),
    # probabilities
    "Softmax": LayerSpec("softmax", ("dim",)),
    "Softmax2d": LayerSpec("softmax"),
    "Softmin": LayerSpec("softmin", ("dim",)),
    "LogSoftmax": LayerSpec("log_softmax", ("dim",)),
    # dropout
    "Dropout": _DROPOUT,
    "Dropout1d": _DROPOUT,
    "Dropout2d": _DROPOUT,
    "Dropout3d": _DROPOUT,
    "AlphaDropout": _DROPOUT,
    "FeatureAlphaDropout": _DROPOUT,
    # normalisation
    "BatchNorm1d": _BATCHNORM,
    "BatchNorm2d": _BATCHNORM,
    "BatchNorm3d": _BATCHNORM,
    "LazyBatchNorm1d": _BATCHNORM._replace(params=_NORM[1:]),
    "LazyBatchNorm2d": _BATCHNORM._replace(params=_NORM[1:]),
    "LazyBatchNorm3d": _BATCHNORM._replace(params=_NORM[1:]),
    "SyncBatchNorm": _BATCHNORM._replace(params=_SYNC),
    "InstanceNorm1d": _INSTANCENORM,
    "InstanceNorm2d": _INSTANCENORM,
    "InstanceNorm3d": _INSTANCENORM,
    "LazyInstanceNorm1d": _INSTANCENORM._replace(params=_NORM[1:]),
    "LazyInstanceNorm2d": _INSTANCENORM._replace(params=_NORM[1:]),
    "LazyInstanceNorm3d": _INSTANCENORM._replace(params=_NORM[1:]),
    "LayerNorm": LayerSpec(
        "layernorm", ("normalized_shape", "eps", "elementwise_affine", "bias", *_BACK), parametric=True
    ),
    "GroupNorm": LayerSpec("groupnorm", ("num_groups", "num_channels", "eps", "affine", *_BACK), parametric=True),
    "RMSNorm": LayerSpec("rmsnorm", ("normalized_shape", "eps", "elementwise_affine", *_BACK), parametric=True),
    "LocalResponseNorm": LayerSpec("localresponsenorm", ("size", "alpha", "beta", "k")),
    "CrossMapLRN2d": LayerSpec("localresponsenorm", ("size", "alpha", "beta", "k")),
    # pooling and resampling
    "AvgPool1d": LayerSpec("pool", _AVERAGE),
    "AvgPool2d": LayerSpec("pool", (*_AVERAGE, "divisor_override")),
    "AvgPool3d": LayerSpec("pool", (*_AVERAGE, "divisor_override")),
    "MaxPool1d": LayerSpec("pool", _MAXIMUM),
    "MaxPool2d": LayerSpec("pool", _MAXIMUM),
    "MaxPool3d": LayerSpec("pool", _MAXIMUM),
    "LPPool1d": LayerSpec("pool", _LP),
    "LPPool2d": LayerSpec("pool", _LP),
    "LPPool3d": LayerSpec("pool", _LP),
    "FractionalMaxPool2d": LayerSpec("pool", _FRACTIONAL),
    "FractionalMaxPool3d": LayerSpec("pool", _FRACTIONAL),
    "AdaptiveAvgPool1d": LayerSpec("pool", ("output_size",)),
    "AdaptiveAvgPool2d": LayerSpec("pool", ("output_size",)),
    "AdaptiveAvgPool3d": LayerSpec("pool", ("output_size",)),
    "AdaptiveMaxPool1d": LayerSpec("pool", ("output_size", "return_indices")),
    "AdaptiveMaxPool2d": LayerSpec("pool", ("output_size", "return_indices")),
    "AdaptiveMaxPool3d": LayerSpec("pool", ("output_size", "return_indices")),
    "MaxUnpool1d": LayerSpec("upsample", _UNPOOL),
    "MaxUnpool2d": LayerSpec("upsample", _UNPOOL),
    "MaxUnpool3d": LayerSpec("upsample", _UNPOOL),
    "Upsample": LayerSpec("upsample", ("size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")),
    "UpsamplingNearest2d": LayerSpec("upsample", ("size", "scale_factor")),
    "UpsamplingBilinear2d": LayerSpec("upsample", ("size", "scale_factor")),
    # padding
    "ConstantPad1d": LayerSpec("pad", ("padding", "value")),
    "ConstantPad2d": LayerSpec("pad", ("padding", "value")),
    "ConstantPad3d": LayerSpec("pad", ("padding", "value")),
    "ZeroPad1d": _PAD,
    "ZeroPad2d": _PAD,
    "ZeroPad3d": _PAD,
    "ReflectionPad1d": _PAD,
    "ReflectionPad2d": _PAD,
    "ReflectionPad3d": _PAD,
    "ReplicationPad1d": _PAD,
    "ReplicationPad2d": _PAD,
    "ReplicationPad3d": _PAD,
    "CircularPad1d": _PAD,
    "CircularPad2d": _PAD,
    "CircularPad3d": _PAD,
    # shape only
    "Identity": _VIEW,
    "Flatten": LayerSpec("view", ("start_dim", "end_dim")),
    "Unflatten": LayerSpec("view", ("dim", "unflattened_size")),
    "Unfold": LayerSpec("view", ("kernel_size", "dilation", "padding", "stride")),
    "Fold": LayerSpec("sum", ("output_size", "kernel_size", "dilation", "padding", "stride")),  # overlaps add up
    "PixelShuffle": LayerSpec("view", ("upscale_factor",)),
    "PixelUnshuffle": LayerSpec("view", ("downscale_factor",)),
    "ChannelShuffle": LayerSpec("view", ("groups",)),
    # distances
    "CosineSimilarity": LayerSpec("distance", ("dim", "eps")),
    "PairwiseDistance": LayerSpec("distance", ("p", "eps", "keepdim")),
    # containers
    "Sequential": _CONTAINER,
    "ModuleList": _CONTAINER._replace(params=("modules",)),
    "ModuleDict": _CONTAINER._replace(params=("modules",)),
    "ParameterList": LayerSpec("container", ("values",), parametric=True),
    "ParameterDict": LayerSpec("container", ("parameters",), parametric=True),
    "Container": _CONTAINER,
    "Module": LayerSpec("module", mode_dependent=None),
    "DataParallel": _CONTAINER._replace(params=("module", "device_ids", "output_device", "dim")),
}

OTHER_LAYERS: dict[str, LayerSpec] = {
    "torchvision.ops.FrozenBatchNorm2d": LayerSpec("batchnorm", ("num_features", "eps")),
    "torchvision.ops.StochasticDepth": LayerSpec("dropout", ("p", "mode"), mode_dependent="p", mode_default=0.5),
    "torchvision.ops.DropBlock2d": LayerSpec("dropout", ("p", "block_size"), mode_dependent="p", mode_default=0.5),
    "torchvision.ops.DropBlock3d": LayerSpec("dropout", ("p", "block_size"), mode_dependent="p", mode_default=0.5),
    "torchvision.ops.Permute": LayerSpec("view", ("dims",)),
    "torchvision.ops.DeformConv2d": LayerSpec("conv", _CONV[:8], _CHANNELS, 2, parametric=True),
    "torchvision.ops.MLP": LayerSpec("module", parametric=True, mode_dependent="dropout"),
    "torchvision.ops.Conv2dNormActivation": LayerSpec("module", parametric=True, mode_dependent=True),
    "torchvision.ops.Conv3dNormActivation": LayerSpec("module", parametric=True, mode_dependent=True),
    "torchvision.ops.SqueezeExcitation": LayerSpec("module", parametric=True),
    "timm.layers.DropPath": LayerSpec("dropout", ("drop_prob", "scale_by_keep"), mode_dependent="drop_prob"),
    "timm.models.layers.DropPath": LayerSpec("dropout", ("drop_prob", "scale_by_keep"), mode_dependent="drop_prob"),
    "einops.layers.torch.Rearrange": LayerSpec("view", ("pattern",)),
    "einops.layers.torch.Reduce": LayerSpec("pool", ("pattern", "reduction")),
    "torch_geometric.nn.GCNConv": LayerSpec("graph_conv", _CHANNELS, _CHANNELS, parametric=True),
    "torch_geometric.nn.SAGEConv": LayerSpec("graph_conv", _CHANNELS, _CHANNELS, parametric=True),
    "torch_geometric.nn.GATConv": LayerSpec(
        "graph_conv", _CHANNELS, _CHANNELS, parametric=True, mode_dependent="dropout"
    ),
    "torch_geometric.nn.GATv2Conv": LayerSpec(
        "graph_conv", _CHANNELS, _CHANNELS, parametric=True, mode_dependent="dropout"
    ),
    "torch_geometric.nn.GraphConv": LayerSpec("graph_conv", _CHANNELS, _CHANNELS, parametric=True),
    "torch_geometric.nn.ChebConv": LayerSpec("graph_conv", _CHANNELS, _CHANNELS, parametric=True),
    "apex.normalization.FusedLayerNorm": LayerSpec(
        "layernorm", ("normalized_shape", "eps", "elementwise_affine"), parametric=True
    ),
    "apex.parallel.SyncBatchNorm": _BATCHNORM._replace(params=_SYNC),
}
"""Layers of other libraries, by dotted name."""
