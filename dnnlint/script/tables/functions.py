"""Functions by dotted name, and the operation each applies to its first argument.

Losses in functional form stand in their own table. Functions that make a tensor without a graph stand in FRESH.
"""

from dnnlint.script.tables import inverted, words
from dnnlint.script.tables.tensors import METHODS

_FUNCTIONAL = {
    "linear": "linear",
    "bilinear": "bilinear",
    "conv": "conv1d conv2d conv3d conv_tbc",
    "conv_transpose": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "embedding": "embedding embedding_bag",
    "attention": "scaled_dot_product_attention multi_head_attention_forward",
    "matmul": "grouped_mm scaled_mm scaled_grouped_mm",
    "relu": "relu relu_",
    "relu6": "relu6",
    "leaky_relu": "leaky_relu leaky_relu_",
    "prelu": "prelu",
    "rrelu": "rrelu rrelu_",
    "elu": "elu elu_",
    "celu": "celu celu_",
    "selu": "selu selu_",
    "gelu": "gelu",
    "silu": "silu",
    "mish": "mish",
    "hardswish": "hardswish",
    "softplus": "softplus",
    "threshold": "threshold threshold_",
    "glu": "glu",
    "shrink": "hardshrink softshrink tanhshrink",
    "sigmoid": "sigmoid",
    "hardsigmoid": "hardsigmoid",
    "tanh": "tanh",
    "hardtanh": "hardtanh hardtanh_",
    "softsign": "softsign",
    "softmax": "softmax",
    "softmin": "softmin",
    "log_softmax": "log_softmax",
    "logsigmoid": "logsigmoid",
    "gumbel_softmax": "gumbel_softmax",
    "dropout": "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout",
    "batchnorm": "batch_norm",
    "instancenorm": "instance_norm",
    "layernorm": "layer_norm",
    "groupnorm": "group_norm",
    "rmsnorm": "rms_norm",
    "localresponsenorm": "local_response_norm",
    "normalize": "normalize",
    "pool": """avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d lp_pool1d lp_pool2d lp_pool3d
        adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d
        adaptive_max_pool3d fractional_max_pool2d fractional_max_pool3d max_pool1d_with_indices max_pool2d_with_indices
        max_pool3d_with_indices adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices
        adaptive_max_pool3d_with_indices fractional_max_pool2d_with_indices fractional_max_pool3d_with_indices""",
    "upsample": """interpolate upsample upsample_nearest upsample_bilinear grid_sample affine_grid max_unpool1d
        max_unpool2d max_unpool3d""",
    "pad": "pad",
    "view": "pixel_shuffle pixel_unshuffle channel_shuffle native_channel_shuffle unfold",
    "sum": "fold",
    "distance": "cosine_similarity pairwise_distance pdist",
    "cut": "one_hot",
}
_TORCH = {
    "cat": "cat concat concatenate stack hstack vstack dstack column_stack row_stack block_diag cartesian_prod",
    "view": """atleast_1d atleast_2d atleast_3d alias_copy as_strided_copy broadcast_tensors combinations detach_copy
        diagonal_copy expand_copy indices_copy permute_copy select_copy slice_copy split_copy split_with_sizes_copy
        squeeze_copy t_copy transpose_copy unbind_copy unfold_copy unsqueeze_copy values_copy view_copy
        view_as_complex view_as_complex_copy view_as_real view_as_real_copy meshgrid asarray channel_shuffle
        native_channel_shuffle pixel_shuffle pixel_unshuffle""",
    "matmul": "einsum tensordot chain_matmul spmm dsmm hsmm hspmm saddmm",
    "linear": "bilinear",
    "conv": """conv1d conv2d conv3d conv_tbc convolution cudnn_convolution cudnn_convolution_relu mkldnn_convolution
        miopen_convolution""",
    "conv_transpose": "conv_transpose1d conv_transpose2d conv_transpose3d cudnn_convolution_transpose",
    "embedding": "embedding embedding_bag",
    "recurrent": "rnn_tanh rnn_relu lstm gru rnn_tanh_cell rnn_relu_cell lstm_cell gru_cell",
    "relu": "relu relu_",
    "prelu": "prelu",
    "rrelu": "rrelu rrelu_",
    "celu": "celu celu_",
    "selu": "selu selu_",
    "threshold": "threshold threshold_",
    "shrink": "hardshrink",
    "dropout": """dropout dropout_ alpha_dropout alpha_dropout_ feature_dropout feature_dropout_ feature_alpha_dropout
        feature_alpha_dropout_ native_dropout""",
    "batchnorm": "batch_norm native_batch_norm cudnn_batch_norm miopen_batch_norm",
    "instancenorm": "instance_norm",
    "layernorm": "layer_norm native_layer_norm",
    "groupnorm": "group_norm native_group_norm",
    "rmsnorm": "rms_norm",
    "pool": """avg_pool1d adaptive_avg_pool1d adaptive_max_pool1d max_pool1d max_pool2d max_pool3d
        max_pool1d_with_indices""",
    "upsample": "grid_sampler grid_sampler_2d grid_sampler_3d affine_grid_generator",
    "pad": "constant_pad_nd",
    "distance": "cdist pdist pairwise_distance cosine_similarity",
    "sub": "rsub",
    "std": "std_mean",
    "var": "var_mean",
    "norm": "frobenius_norm nuclear_norm native_norm norm_except_dim",
    "sum": "trapezoid trapz cumulative_trapezoid segment_reduce",
    "cumulate": "gradient vander",
    "linalg": "lobpcg lu_unpack pca_lowrank svd_lowrank matrix_rank",
    "random": "normal poisson binomial",
    "special": "complex polar",
    "fill": "fill fill_ zero_",
    "cut": """isin bucketize searchsorted histogramdd unravel_index tril_indices triu_indices
        detach detach_""",
}
_SPECIAL = {
    "sigmoid": "expit",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "logsumexp": "logsumexp",
    "exp": "exp2 expm1",
    "log": "log1p xlogy xlog1py log_ndtr",
    "round": "round",
    "special": "erf erfc erfcx erfinv logit gammaln digamma polygamma entr i0 i0e i1 i1e ndtr ndtri sinc zeta",
}
_LINALG = {
    "norm": "norm vector_norm matrix_norm cond",
    "matmul": "matmul multi_dot vecdot matrix_power",
    "view": "diagonal",
    "linalg": """inv pinv det slogdet qr svd svdvals eig eigh eigvals eigvalsh cholesky solve lstsq lu lu_factor
        lu_solve solve_triangular matrix_exp cross inv_ex cholesky_ex solve_ex tensorinv tensorsolve vander
        householder_product ldl_factor ldl_solve matrix_rank""",
}
_ELSEWHERE = {
    "einops.rearrange": "view",
    "einops.repeat": "view",
    "einops.reduce": "pool",
    "einops.einsum": "matmul",
    "opt_einsum.contract": "matmul",
    "torchvision.ops.stochastic_depth": "dropout",
    "torchvision.ops.drop_block2d": "dropout",
    "torchvision.ops.roi_align": "pool",
    "torchvision.ops.roi_pool": "pool",
    "torchvision.ops.box_iou": "distance",
    "torchvision.ops.nms": "cut",
    "torch.nn.utils.rnn.pack_padded_sequence": "view",
    "torch.nn.utils.rnn.pack_sequence": "view",
    "torch.nn.utils.rnn.pad_packed_sequence": "view",
    "torch.nn.utils.rnn.pad_sequence": "view",
    "torch.nn.utils.rnn.unpack_sequence": "view",
    "torch.nn.utils.rnn.unpad_sequence": "view",
    "torch.utils.dlpack.to_dlpack": "cut",
    "flash_attn.flash_attn_func": "attention",
    "flash_attn.flash_attn_qkvpacked_func": "attention",
    "xformers.ops.memory_efficient_attention": "attention",
    "torch.nn.attention.flex_attention.flex_attention": "attention",
    "torch_geometric.nn.global_mean_pool": "pool",
    "torch_geometric.nn.global_add_pool": "pool",
    "torch_geometric.nn.global_max_pool": "pool",
    "numpy.array": "cut",
    "numpy.asarray": "cut",
}
# methods and attributes that are no function of `torch`, or (float, long ...) are something else there
_METHOD_ONLY = frozenset(
    words(
        """to type float double half bfloat16 bool int long short cfloat cdouble chalf cpu cuda xpu ipu mtia data grad
        view T H mT mH index __matmul__ pin_memory share_memory_ requires_grad_ fft"""
    )
)

FUNCTIONS: dict[str, str] = {
    **{f"torch.{name}": kind for name, kind in METHODS.items() if name not in _METHOD_ONLY},
    **inverted(_TORCH, "torch."),
    **inverted(_FUNCTIONAL, "torch.nn.functional."),
    **inverted(_SPECIAL, "torch.special."),
    **inverted(_LINALG, "torch.linalg."),
    **inverted(
        {"fft": "fft ifft rfft irfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn hfft ihfft", "view": "fftshift"},
        "torch.fft.",
    ),
    **_ELSEWHERE,
    "torch.fft.ifftshift": "view",
}
"""Dotted name to op kind."""

FRESH = frozenset(
    f"torch.{name}"
    for name in words(
        """zeros zeros_like ones ones_like empty empty_like empty_permuted empty_strided full full_like rand rand_like
        randn randn_like randint randint_like randperm arange range linspace logspace eye tensor as_tensor scalar_tensor
        from_numpy from_dlpack from_file frombuffer Tensor FloatTensor DoubleTensor HalfTensor BFloat16Tensor LongTensor
        IntTensor ShortTensor CharTensor ByteTensor BoolTensor cuda.FloatTensor cuda.LongTensor cuda.HalfTensor
        sparse_coo_tensor sparse_csr_tensor sparse_csc_tensor sparse_bsr_tensor sparse_bsc_tensor
        sparse_compressed_tensor bartlett_window blackman_window hamming_window hann_window kaiser_window"""
    )
)
"""They make a tensor without a graph, even from one that has it: torch.tensor(loss) cuts.

`torch.as_tensor(t)` of a tensor keeps the graph; a caller that holds a tensor must treat it as a view.
"""

ARRAYS = frozenset(
    f"numpy.{name}"
    for name in words(
        """argmax argmin argsort round rint floor ceil mean sum abs log exp sqrt square power where clip squeeze reshape
        ravel transpose concatenate stack expand_dims float32 float64 asarray array copy maximum minimum sign"""
    )
)
"""NumPy's functions of arrays: of a tensor they return values without a graph."""

NUMBERS = frozenset(
    {"torch.numel", "torch.is_tensor", "torch.is_nonzero", "torch.is_floating_point", "torch.equal", "torch.allclose"}
)
"""They return a Python number or truth value."""

TRAINING_ARGUMENT: dict[str, tuple[int, str, bool]] = {
    "torch.nn.functional.dropout": (2, "training", True),
    "torch.nn.functional.dropout1d": (2, "training", True),
    "torch.nn.functional.dropout2d": (2, "training", True),
    "torch.nn.functional.dropout3d": (2, "training", True),
    "torch.nn.functional.alpha_dropout": (2, "training", False),
    "torch.nn.functional.feature_alpha_dropout": (2, "training", False),
    "torch.nn.functional.rrelu": (3, "training", False),
    "torch.nn.functional.batch_norm": (5, "training", False),
    "torch.nn.functional.instance_norm": (5, "use_input_stats", True),
    "torchvision.ops.stochastic_depth": (3, "training", True),
}
"""Functions that behave differently in training: position, name and default of the argument that says so."""
