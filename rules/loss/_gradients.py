"""What cuts a gradient, in words; shared by the rules on cut gradients."""

from dnnlint.evidence.script import Cut

STEPS = frozenset(
    {
        "argmax", "argmin", "argsort", "argtopk", "argmedian", "argkthvalue", "round", "floor", "ceil", "trunc", "fix",
        "sign", "heaviside", "long", "int", "short", "byte", "bool", "nonzero", "unique", "multinomial", "bincount",
        "one_hot", "//", "%", "==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge",
    }
)  # fmt: skip
"""Functions that are constant but for jumps: their gradient is zero, or there is none."""

FUNCTIONS = frozenset({"tensor", "as_tensor", "Tensor", "FloatTensor", "from_numpy"})


def steps(cuts: tuple[Cut, ...]) -> bool:
    """Whether a gradient ends in functions that have none, rather than by being detached."""
    return any(cut.how in STEPS for cut in cuts)


def spelled(cut: Cut) -> str:
    """A cut as it is written."""
    if not cut.how:
        return "a conversion"
    if cut.how in FUNCTIONS:
        return f"`torch.{cut.how}(...)`"
    if cut.how in ("float()", "Variable", "array", "asarray"):
        return f"`{cut.how.removesuffix('()')}(...)`"
    if not cut.how.isidentifier() and not cut.how.endswith("_"):
        return f"a comparison (`{cut.how}`)" if cut.how[0] in "=!<>" else f"`{cut.how}`"
    return "`.data`" if cut.how == "data" else f"`{cut.how}()`"
