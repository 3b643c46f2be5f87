"""``dnnlint clean``: remove what is remembered between runs."""

import os
import shutil
import sys

from dnnlint.cache.folder import is_ours
from dnnlint.cli.cache_option import cache_folder
from dnnlint.cli.options import Parser
from dnnlint.cli.output import tell
from dnnlint.errors import DnnlintError, UsageError
from dnnlint.settings import Governor

DESCRIPTION = "Remove the cache folder, with the results of earlier checks and the journals of watched runs."


def run(arguments: list[str]) -> int:
    """Remove the cache folder that a check started here would use."""
    parser = Parser("clean", DESCRIPTION)
    parser.add_argument("--cache-dir", metavar="DIR", help="the folder to remove (default: .dnnlint_cache)")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing")
    options = parser.read(arguments)
    folder = cache_folder(options.cache_dir, Governor().at(os.getcwd()))
    there = os.path.lexists(folder)
    if there and not is_ours(folder):
        raise UsageError(f"{folder}: was not made by dnnlint, so it is left alone")
    if there:
        _remove(folder)
    if not options.quiet:
        tell(f"removed {folder}" if there else f"nothing to remove: no {folder}", sys.stderr)
    return 0


def _remove(folder: str) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise DnnlintError(f"{error.filename or folder}: {error.strerror}") from error
