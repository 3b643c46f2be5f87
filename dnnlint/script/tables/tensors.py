"""Methods and attributes of a tensor by name, and what each does to the data flow.

METHODS gives the op kind of methods and attributes that return a tensor; "cut" is a result without a gradient. A
method in place keeps the kind of its twin and ends in an underscore. What returns no tensor stands in METADATA, and
what returns the values as Python or NumPy objects in HOST.
"""

from dnnlint.script.tables import inverted, words

_METHODS = inverted(
    {
        "view": """view view_as reshape reshape_as flatten unflatten ravel squeeze unsqueeze permute transpose t
            swapaxes swapdims moveaxis movedim adjoint T H mT mH expand expand_as broadcast_to repeat repeat_interleave
            tile contiguous clone to type type_as float double half bfloat16 cfloat cdouble chalf cpu cuda xpu ipu mtia
            pin_memory share_memory_ requires_grad_ select index_select narrow narrow_copy gather take take_along_dim
            masked_select index unfold diagonal diag diag_embed diagflat flip fliplr flipud roll rot90 chunk split
            split_with_sizes tensor_split hsplit vsplit dsplit unsafe_chunk unsafe_split unsafe_split_with_sizes unbind
            as_strided as_subclass positive conj conj_physical resolve_conj resolve_neg real imag values coalesce
            to_dense to_sparse to_sparse_bsc to_sparse_bsr to_sparse_coo to_sparse_csc to_sparse_csr to_mkldnn
            to_padded_tensor dequantize sparse_mask slice_inverse resize resize_as refine_names align_to align_as
            rename""",
        "add": "add addcmul addcdiv logaddexp logaddexp2 kron index_add",
        "sub": "sub subtract",
        "mul": "mul multiply ldexp",
        "div": "div divide true_divide floor_divide remainder fmod",
        "pow": "pow float_power",
        "neg": "neg negative",
        "abs": "abs absolute",
        "exp": "exp exp2 expm1",
        "log": "log log2 log10 log1p xlogy",
        "sqrt": "sqrt",
        "square": "square",
        "reciprocal": "reciprocal rsqrt",
        "clamp": "clamp clip clamp_min clamp_max nan_to_num",
        "maximum": "maximum fmax",
        "minimum": "minimum fmin",
        "lerp": "lerp",
        "where": "where",
        "masked_fill": "masked_fill tril triu",
        "round": "round floor ceil trunc fix frac",
        "sign": "sign sgn copysign heaviside",
        "trigonometric": """sin cos tan asin acos atan atan2 arcsin arccos arctan arctan2 sinh cosh asinh acosh atanh
            arcsinh arccosh arctanh sinc hypot deg2rad rad2deg angle""",
        "special": "erf erfc erfinv lgamma digamma polygamma mvlgamma igamma igammac i0 logit nextafter",
        "matmul": """matmul mm bmm mv dot vdot inner outer ger addmm addmv addr addbmm baddbmm matrix_power sspaddmm smm
            chain_matmul __matmul__""",
        "distance": "dist",
        "mean": "mean nanmean",
        "sum": "sum nansum sum_to_size trace",
        "norm": "norm",
        "max": "max amax nanmax aminmax",
        "min": "min amin",
        "median": "median nanmedian quantile nanquantile mode",
        "prod": "prod",
        "std": "std",
        "var": "var",
        "logsumexp": "logsumexp",
        "cumulate": "cumsum cumprod cummax cummin logcumsumexp diff cov corrcoef",
        "sort": "sort msort topk kthvalue",
        "scatter": """scatter scatter_add scatter_reduce index_copy index_fill index_put index_reduce masked_scatter put
            select_scatter slice_scatter diagonal_scatter as_strided_scatter""",
        "normalize": "renorm",
        "linalg": """inverse pinverse det logdet slogdet qr svd eig symeig cholesky cholesky_inverse cholesky_solve
            solve lstsq lu lu_solve triangular_solve geqrf orgqr ormqr matrix_exp cross""",
        "fft": "stft istft fft ifft rfft irfft",
        "random": "bernoulli",
        "relu": "relu",
        "prelu": "prelu",
        "shrink": "hardshrink",
        "sigmoid": "sigmoid",
        "tanh": "tanh",
        "softmax": "softmax",
        "log_softmax": "log_softmax",
        "cut": """detach data argmax argmin argsort argwhere nonzero nonzero_static unique unique_consecutive
            multinomial bincount histc histogram count_nonzero all any eq ne lt le gt ge equal less less_equal greater
            greater_equal not_equal isclose isfinite isinf isnan isneginf isposinf isreal isin signbit logical_and
            logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_not bitwise_xor bitwise_left_shift
            bitwise_right_shift gcd lcm bool int long short byte char int_repr indices crow_indices col_indices
            ccol_indices row_indices searchsorted bucketize hash_tensor frexp grad""",
    }
)
_IN_PLACE = inverted(
    {
        "fill": """zero_ fill_ fill_diagonal_ normal_ uniform_ random_ bernoulli_ cauchy_ exponential_ geometric_
            log_normal_""",
        "copy": "copy_ set_",
        "view": """squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ as_strided_ resize_ resize_as_ conj_physical_
            requires_grad_ share_memory_ resize_as_sparse_ sparse_resize_ sparse_resize_and_clear_ rename_""",
        "cut": "detach_",
        "unknown": "apply_ map_ map2_",
    }
)
_TWINS = words(
    """abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan arctan2
    arctanh asin asinh atan atan2 atanh baddbmm bitwise_and bitwise_left_shift bitwise_not bitwise_or
    bitwise_right_shift bitwise_xor ceil clamp clamp_max clamp_min clip copysign cos cosh cumprod cumsum deg2rad digamma
    div divide eq erf erfc erfinv exp exp2 expm1 fix float_power floor floor_divide fmod frac gcd ge greater
    greater_equal gt heaviside hypot i0 igamma igammac index_add index_copy index_fill index_put index_reduce lcm ldexp
    le lerp less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or logical_xor logit lt
    masked_fill masked_scatter mul multiply mvlgamma nan_to_num ne neg negative nextafter not_equal polygamma pow put
    rad2deg reciprocal relu remainder renorm round rsqrt scatter scatter_add scatter_reduce sgn sigmoid sign sin sinc
    sinh sqrt square sub subtract tan tanh tril triu true_divide trunc xlogy"""
)

METHODS = _METHODS | _IN_PLACE | {f"{name}_": _METHODS[name] for name in _TWINS}
"""Method or attribute name to op kind."""

CUTS = frozenset(name for name, kind in METHODS.items() if kind == "cut")
"""Methods and attributes whose result carries no gradient."""

HOST = frozenset({"item", "tolist", "numpy", "__float__", "__int__", "__bool__", "__array__", "is_nonzero", "allclose"})
"""Values leave the graph and the device: Python numbers, lists, NumPy arrays."""

METADATA = frozenset(
    words(
        """size shape dim ndim ndimension numel nelement nbytes itemsize element_size device dtype layout stride
        storage_offset dim_order get_device data_ptr const_data_ptr storage untyped_storage storage_type output_nr name
        names grad_fn grad_dtype requires_grad is_leaf retains_grad volatile is_coalesced is_complex is_conj
        is_contiguous is_cpu is_cuda is_distributed is_floating_point is_inference is_ipu is_maia is_meta is_mkldnn
        is_mps is_mtia is_neg is_nested is_pinned is_quantized is_same_size is_set_to is_shared is_signed is_sparse
        is_sparse_csr is_vulkan is_xla is_xpu dense_dim sparse_dim q_scale q_zero_point q_per_channel_axis
        q_per_channel_scales q_per_channel_zero_points qscheme has_names __len__"""
    )
)
"""Methods and attributes that return no tensor and tell nothing about the values."""

EFFECTS = frozenset(
    words(
        """backward register_hook register_post_accumulate_grad_hook retain_grad record_stream reinforce
        module_load"""
    )
)
"""Methods called for what they do; `backward` writes gradients, the others touch none."""

FRESH_METHODS = frozenset(words("new new_empty new_empty_strided new_full new_ones new_tensor new_zeros"))
"""Methods that make a new tensor without a graph."""

PAIRS = frozenset(words("max min median nanmedian mode sort topk kthvalue cummax cummin"))
"""With an axis given (sort, topk and cummax always) they return (values, indices)."""

INDEXED = frozenset(words("sort topk kthvalue cummax cummin mode"))
"""Of PAIRS, those that return (values, indices) even without an axis."""

SEVERAL = frozenset(
    words("chunk split split_with_sizes tensor_split hsplit vsplit dsplit unsafe_chunk unsafe_split unbind aminmax")
)
"""They return a tuple of tensors, each of the same kind."""
