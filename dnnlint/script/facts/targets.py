"""What is known of the target of a loss: type, form, shape, range, and whether padding is counted in."""

from __future__ import annotations

from dnnlint.evidence.script import Target
from dnnlint.script import extents, flow, reshaping
from dnnlint.script.facts import dtypes, forms, padding, ranges
from dnnlint.script.values import NOWHERE, Tensor, Value, options


def target(value: Value) -> Target:
    """The target of a loss as evidence."""
    form, source = forms.of(value)
    padded, masked = padding.of(value)
    first = options(value)[0]
    return Target(
        first.at if type(first) is Tensor and first.at != NOWHERE else None,
        dtypes.of(value),
        form,
        source,
        extents.of(value),
        ranges.of(value),
        flow.carries(value) is True and _from_network(value),
        padded,
        all(_column(option) for option in options(value)),
        masked,
    )


def _column(value: Value) -> bool:
    """``target.unsqueeze(1)``: at the end, or in the second place of what has one axis."""
    return type(value) is Tensor and value.name == "unsqueeze" and reshaping.integer(value, 1, "dim") in (1, -1)


def _from_network(value: Value) -> bool:
    """Whether a value is what a network puts out, changes of shape aside."""
    while type(value) is Tensor and value.call is None and value.op == "view" and value.inputs:
        value = value.inputs[0]
    return type(value) is Tensor and value.call is not None
