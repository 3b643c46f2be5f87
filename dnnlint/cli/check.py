"""``dnnlint check``: read training scripts and report."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dnnlint.check import Request, Result, check
from dnnlint.cli.cache_option import cache_folder
from dnnlint.cli.check_options import parser
from dnnlint.cli.options import listed
from dnnlint.cli.output import as_text, format_of_environment, tell, write
from dnnlint.diagnostic import Severity
from dnnlint.errors import UsageError
from dnnlint.globs import Glob
from dnnlint.memory import FORGETFUL, CachedMemory, Memory
from dnnlint.pool import Spread
from dnnlint.settings import Choice, FileIgnore, Governor, Overrides, Settings, file_ignore


def run(arguments: list[str]) -> int:
    """Check, print the findings, and say by the exit status whether there are any that count."""
    options = parser().read(arguments)
    if options.isolated and options.config is not None:
        raise UsageError("--config and --isolated exclude each other")
    governor = Governor(_overrides(options), options.config, options.isolated)
    settings = governor.at(os.getcwd())
    with _progress(options.quiet) as progress:
        spreading = Spread(options.jobs, progress)
        result = check(_request(options), governor, memory=_memory(options, settings), spreading=spreading)
    write(_report(result, settings.output_format, options.color), sys.stdout)
    if not options.quiet:
        _comment(result, options.verbose, governor)
    return int(not options.exit_zero and _fails(result, settings))


def _request(options: Namespace) -> Request:
    paths = tuple(options.paths)
    if "-" not in paths:
        if options.stdin_filename:
            raise UsageError("--stdin-filename needs the path '-'")
        return Request(paths or (os.curdir,))
    if len(paths) > 1:
        raise UsageError("'-' stands alone: standard input is checked without other paths")
    return Request((), sys.stdin.buffer.read(), options.stdin_filename or "")


def _memory(options: Namespace, settings: Settings) -> Memory:
    if options.no_cache or "-" in options.paths or os.environ.get("DNNLINT_NO_CACHE", "0") not in ("", "0"):
        return FORGETFUL
    return CachedMemory(cache_folder(options.cache_dir, settings))


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[int, int], object]]:
    """Tell how far the work is on a terminal; whoever pipes the output somewhere is not told."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from dnnlint.report.progress import Progress

    progress = Progress()
    try:
        yield progress.show
    finally:
        progress.end()


def _overrides(options: Namespace) -> Overrides:
    select = listed(options.select)
    if select == ():
        raise UsageError("--select: names no rule")
    exclude = listed(options.exclude)
    here = os.getcwd()
    return Overrides(
        choice=Choice(select, listed(options.extend_select) or (), listed(options.ignore) or ()),
        exclude=None if exclude is None else tuple(Glob(pattern, here) for pattern in exclude),
        extend_exclude=tuple(Glob(pattern, here) for pattern in listed(options.extend_exclude) or ()),
        per_file_ignores=_file_ignores(listed(options.per_file_ignores), here),
        fail_on=options.fail_on,
        output_format=options.output_format or format_of_environment(),
        respect_gitignore=options.respect_gitignore,
        force_exclude=options.force_exclude,
    )


def _file_ignores(pairs: tuple[str, ...] | None, here: str) -> tuple[FileIgnore, ...] | None:
    """Read ``PATTERN:CODE`` pairs; a code without a pattern belongs to the pattern before it."""
    if pairs is None:
        return None
    found: list[tuple[str, str]] = []
    for pair in pairs:
        pattern, colon, selector = pair.rpartition(":")
        if not colon and found:
            pattern = found[-1][0]
        if not pattern or not selector:
            raise UsageError(f"--per-file-ignores: {pair!r} is not PATTERN:CODE")
        found.append((pattern, selector))
    return tuple(file_ignore(pattern, (selector,), here, "") for pattern, selector in found)


def _report(result: Result, output_format: str, color: str) -> str:
    if output_format == "json":
        from dnnlint.report.json import as_json

        return as_json(result.diagnostics)
    return as_text(result.diagnostics, result.lines, output_format, color, sys.stdout)


def _comment(result: Result, verbose: bool, governor: Governor) -> None:
    """Tell on stderr what was looked into and what was not."""
    if verbose:
        for name in result.files:
            source = governor.at(os.path.dirname(os.path.abspath(name))).source or "no configuration"
            tell(f"checked {name} ({source})", sys.stderr)
        sys.stderr.writelines(result.crashes)
    if result.notebooks:
        tell(f"warning: notebooks are not read yet, {len(result.notebooks)} left out", sys.stderr)
    if not result.files and not result.unreadable:
        tell("warning: no Python files found", sys.stderr)
        return
    shown = {diagnostic.filename for diagnostic in result.diagnostics}
    unseen = [name for name in result.unreadable if name not in shown]
    if unseen:
        tell(f"warning: could not be read: {', '.join(unseen)}", sys.stderr)
    if result.diagnostics or verbose or sys.stderr.isatty():  # a hook or a script that finds nothing is silent
        from dnnlint.report.summary import summary

        sys.stderr.write(summary(result.diagnostics, len(result.files), result.read, result.silenced) + "\n")


def _fails(result: Result, settings: Settings) -> bool:
    if settings.fail_on == "never":
        return False
    threshold = Severity(settings.fail_on).rank
    return any(diagnostic.severity.rank >= threshold for diagnostic in result.diagnostics)
