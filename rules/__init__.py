"""The built-in rule pack."""

from collections.abc import Sequence

from dnnlint.packs import hookimpl, rules_in
from dnnlint.rule import Rule


@hookimpl
def dnnlint_rules() -> Sequence[type[Rule]]:
    """Offer every rule below this package."""
    return rules_in(__name__)
