"""Words in which several rules name layers and count what is left over."""

from dnnlint.evidence.trace import Layer


def named(layer: Layer) -> str:
    """A layer as its owner knows it: where it sits, and what it is."""
    return f"`{layer.path}` ({layer.kind})" if layer.path else f"`{layer.kind}`"


def like_it(left: int) -> str:
    """The tail of a message that names one of several layers; empty if there is no other."""
    if left < 1:
        return ""
    return f", and {left} more layer{'s are' if left > 1 else ' is'} like it"
