"""Command lines that say what is wrong with them in one line, and name the nearest right word."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import NoReturn

from dnnlint.errors import UsageError


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Knows its width without shutil, which every argument would otherwise import."""

    def __init__(self, prog: str) -> None:
        columns = os.environ.get("COLUMNS", "")
        super().__init__(prog, width=int(columns) - 2 if columns.isdecimal() and len(columns) < 5 else 100)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are usage errors."""

    def __init__(self, verb: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=f"dnnlint {verb}",
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=_Formatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise UsageError(message.removeprefix("argument "))

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse, options and paths in any order; an unknown option is told with its nearest right one."""
        namespace, extra = self.parse_known_intermixed_args(arguments)
        if extra:
            from dnnlint.suggest import nearest

            word = extra[0].partition("=")[0]
            kind = "option" if word.startswith("-") else "argument"
            raise UsageError(f"unknown {kind} {word!r}{nearest(word, self._option_string_actions)}")
        return namespace


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A type of option values that are words of a fixed list."""

    def read(value: str) -> str:
        if value not in choices:
            from dnnlint.suggest import nearest

            raise argparse.ArgumentTypeError(f"{value!r} is none of {', '.join(choices)}{nearest(value, choices)}")
        return value

    return read


def jobs(value: str) -> int | None:
    """A number of processes; None for as many as are worth it."""
    if value == "auto":
        return None
    if not value.isdecimal() or not 0 < int(value) < 1000:
        raise argparse.ArgumentTypeError(f"{value!r} is neither a number of processes nor auto")
    return int(value)


def listed(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Items of a repeatable option whose values are separated by commas; None if it was not given."""
    if values is None:
        return None
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


def add_colour(parser: argparse._ActionsContainer) -> None:
    """Add the option that every verb with coloured output has."""
    parser.add_argument(
        "--color",
        type=one_of(("auto", "always", "never")),
        default="auto",
        metavar="WHEN",
        help="colour the output: auto (default; a terminal, NO_COLOR and FORCE_COLOR are heard), always, never",
    )
