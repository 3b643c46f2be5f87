"""The options of ``dnnlint probe``: they end where the script begins."""

import argparse
from collections.abc import Sequence

from dnnlint.cli.options import Parser, add_colour, one_of
from dnnlint.errors import UsageError
from dnnlint.probe.launch import Program
from dnnlint.settings import FAIL_ON, OUTPUT_FORMATS

DESCRIPTION = "Run a training script as it is, watch its first steps, and say at which line what is wrong."
USAGE = """\
dnnlint probe [options] SCRIPT [ARGS...]
       dnnlint probe [options] -m MODULE [ARGS...]"""
EPILOG = """\
Everything after SCRIPT or MODULE belongs to the script.
RULES are codes (DNN401), names (softmax-before-cross-entropy), families (DNN4) or ALL, separated by commas.

exit status: the script's own. With --fail-on, findings turn a 0 into 1, except under a launcher of several
processes; 2 means that the script was not started: wrong usage or configuration.
"""


def read(arguments: Sequence[str]) -> tuple[argparse.Namespace, Program]:
    """Split a command line into our options and the program with its arguments."""
    parser = _parser()
    end = _end_of_options(arguments, parser)
    try:
        options = parser.read(arguments[:end])
    except UsageError as error:
        misplaced = str(error).startswith("unknown option") and end < len(arguments)
        raise UsageError(f"{error}{' (options of the script follow it)' if misplaced else ''}") from error
    return options, _program(arguments[end:])


def _program(words: Sequence[str]) -> Program:
    if words[:1] == ["--"]:
        words = words[1:]
    first = words[0] if words else ""
    if first.startswith("-m"):
        words = [first[2:], *words[1:]] if first != "-m" else words[1:]
        if not words:
            raise UsageError("-m: name the module to run")
        return Program(words[0], tuple(words[1:]), True)
    if not first:
        raise UsageError("name the script to run, or -m and a module")
    if first == "-":
        raise UsageError("a script from standard input cannot be watched: name a file")
    return Program(first, tuple(words[1:]))


def _end_of_options(words: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Where the program begins: the first word that is neither an option nor an option's value."""
    known = parser._option_string_actions
    index = 0
    while index < len(words):
        word = words[index]
        if word == "--" or not word.startswith("-") or word == "-" or word[:2] == "-m":
            return index
        index += 2 if word in known and known[word].nargs is None else 1
    return len(words)


def _parser() -> Parser:
    parser = Parser("probe", DESCRIPTION, EPILOG)
    parser.usage = USAGE
    _add_watching(parser)
    _add_selection(parser)
    _add_output(parser)
    return parser


def _add_watching(parser: Parser) -> None:
    group = parser.add_argument_group("watching")
    group.add_argument(
        "--steps", type=_steps, default=5, metavar="N", help="steps of the optimiser to watch (default: 5)"
    )
    group.add_argument("--stop-after", action="store_true", help="end the script after these steps")
    group.add_argument("--no-static", action="store_true", help="do not read the script's source as `check` does")
    group.add_argument("--journal", metavar="FILE", help="add findings to FILE as they are made, one JSON a line")


def _add_selection(parser: Parser) -> None:
    group = parser.add_argument_group("rules and configuration")
    group.add_argument("--select", action="append", metavar="RULES", help="rules, in place of the default ones")
    group.add_argument("--extend-select", action="append", metavar="RULES", help="rules besides")
    group.add_argument("--ignore", action="append", metavar="RULES", help="rules to leave out")
    group.add_argument("--config", metavar="FILE", help="configuration to use in place of the closest one")
    group.add_argument("--isolated", action="store_true", help="use no configuration file")


def _add_output(parser: Parser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument(
        "--output-format",
        type=one_of(OUTPUT_FORMATS),
        metavar="FORMAT",
        help="full (default), concise or json; also DNNLINT_OUTPUT_FORMAT",
    )
    group.add_argument("-o", "--output-file", metavar="FILE", help="write findings to FILE, not to standard output")
    group.add_argument(
        "--fail-on",
        type=one_of(FAIL_ON),
        metavar="LEVEL",
        help="least severity that turns the exit status 0 into 1: error, warning, advice, never (default)",
    )
    add_colour(group)
    group.add_argument("-q", "--quiet", action="store_true", help="print findings only")


def _steps(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number of steps, at least 1")
    return int(value)
