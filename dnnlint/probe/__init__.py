"""The runtime wing: torch lives in here only. ``dnnlint.probe(...)`` watches a loop of the user's own."""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    """Lets ``dnnlint.probe`` be both the folder of this wing and the function that users call."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Begin to watch, see ``dnnlint.probe.inline.probe``."""
        from dnnlint.probe.inline import probe

        return probe(*arguments, **options)


sys.modules[__name__].__class__ = _Room
