"""``dnnlint check``: read training scripts and report."""

import os
import sys
from argparse import Namespace

from dnnlint.check import Request, Result, check
from dnnlint.cli.check_options import parser
from dnnlint.cli.options import listed
from dnnlint.diagnostic import Severity
from dnnlint.errors import UsageError
from dnnlint.globs import Glob
from dnnlint.settings import OUTPUT_FORMATS, Choice, FileIgnore, Governor, Overrides, Settings, file_ignore


def run(arguments: list[str]) -> int:
    """Check, print the findings, and say by the exit status whether there are any that count."""
    options = parser().read(arguments)
    if options.isolated and options.config is not None:
        raise UsageError("--config and --isolated exclude each other")
    governor = Governor(_overrides(options), options.config, options.isolated)
    settings = governor.at(os.getcwd())
    result = check(_request(options), governor)
    _write(_report(result, settings.output_format, options.color))
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
        output_format=options.output_format or _format_of_environment(),
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


def _format_of_environment() -> str | None:
    value = os.environ.get("DNNLINT_OUTPUT_FORMAT")
    if not value or value in OUTPUT_FORMATS:
        return value or None
    from dnnlint.suggest import nearest

    known = ", ".join(OUTPUT_FORMATS)
    raise UsageError(f"DNNLINT_OUTPUT_FORMAT: {value!r} is none of {known}{nearest(value, OUTPUT_FORMATS)}")


def _report(result: Result, output_format: str, color: str) -> str:
    if output_format == "json":
        from dnnlint.report.json import as_json

        return as_json(result.diagnostics)
    if not result.diagnostics:
        return ""
    from dnnlint.report.concise import concise
    from dnnlint.report.full import full
    from dnnlint.report.paint import joined, wants_colour

    short = output_format == "concise"
    segments = concise(result.diagnostics) if short else full(result.diagnostics, result.lines)
    return joined(segments, wants_colour(color, sys.stdout))


def _write(text: str) -> None:
    """Write findings, whatever characters of theirs the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def _comment(result: Result, verbose: bool, governor: Governor) -> None:
    """Tell on stderr what was looked into and what was not."""
    if verbose:
        for name in result.files:
            source = governor.at(os.path.dirname(os.path.abspath(name))).source or "no configuration"
            _tell(f"checked {name} ({source})")
        sys.stderr.writelines(result.crashes)
    if result.notebooks:
        _tell(f"warning: notebooks are not read yet, {len(result.notebooks)} left out")
    if not result.files and not result.unreadable:
        _tell("warning: no Python files found")
        return
    shown = {diagnostic.filename for diagnostic in result.diagnostics}
    unseen = [name for name in result.unreadable if name not in shown]
    if unseen:
        _tell(f"warning: could not be read: {', '.join(unseen)}")
    if result.diagnostics or verbose or sys.stderr.isatty():  # a hook or a script that finds nothing is silent
        from dnnlint.report.summary import summary

        sys.stderr.write(summary(result.diagnostics, len(result.files), result.read, result.silenced) + "\n")


def _tell(text: str) -> None:
    printable = text.encode("utf-8", "backslashreplace").decode()
    sys.stderr.write(f"dnnlint: {printable}\n")


def _fails(result: Result, settings: Settings) -> bool:
    if settings.fail_on == "never":
        return False
    threshold = Severity(settings.fail_on).rank
    return any(diagnostic.severity.rank >= threshold for diagnostic in result.diagnostics)
