"""dnnlint finds the bugs that make neural networks train badly without crashing."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnnlint.probe.inline import probe as probe

__all__ = ["probe"]


def __getattr__(name: str) -> Any:
    """Open the runtime wing when it is first asked for: ``import dnnlint`` stays light."""
    if name == "probe":
        import importlib

        return importlib.import_module("dnnlint.probe")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
