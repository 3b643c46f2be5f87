"""Which cache folder is meant: what is said on the command line, in the environment, in the configuration."""

import os

from dnnlint.cache.folder import NAME, VARIABLE
from dnnlint.settings import Settings


def cache_folder(option: str | None, settings: Settings) -> str:
    """The absolute path of the cache folder; by default it lies beside the configuration, or where one works."""
    home = os.path.dirname(settings.source) if settings.source else os.getcwd()
    said = option or os.environ.get(VARIABLE)
    return os.path.abspath(said) if said else os.path.join(home, settings.cache_dir or NAME)
