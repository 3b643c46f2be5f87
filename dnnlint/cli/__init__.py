"""The command ``dnnlint``: one verb a file."""

import gc
import os
import sys
from collections.abc import Callable, Sequence

from dnnlint.errors import DnnlintError, UsageError

USAGE = """\
dnnlint finds the bugs that make neural networks train badly without crashing.

usage: dnnlint <command> [options]

commands:
  check [PATHS|-]    read training scripts and report what is wrong in them
  probe SCRIPT       run a training script and report what is seen in its first steps
  rule CODE|NAME     explain a rule
  clean              remove what is remembered between runs

options:
  -h, --help         show this help; `dnnlint <command> --help` tells more
  -V, --version      show the version
"""
OK, FINDINGS, FAILURE, INTERRUPTED = 0, 1, 2, 130
VERBS = ("check", "probe", "rule", "clean")
Outcome = int | Callable[[], int]  # an exit status, or what is left to do for one


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; a user's error is one line, never a traceback."""
    outcome = _careful(sys.argv[1:] if arguments is None else list(arguments))
    if not isinstance(outcome, int):
        return outcome()  # a script of the user's: its exceptions are no errors of ours, and its cycles are its own
    if arguments is None:
        gc.freeze()  # the process ends, so nobody has to look for cycles once more
    return outcome


def _careful(arguments: list[str]) -> Outcome:
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115 - closed by whoever started us
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    try:
        outcome = _run(arguments)
        sys.stdout.flush()
        return outcome
    except DnnlintError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except OSError as error:  # the disk is full, the working directory is gone
        return _fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except Exception:  # the last door: the traceback is printed whole, with a status of its own
        return _crash()


def _run(arguments: list[str]) -> Outcome:
    if not arguments:
        sys.stderr.write(USAGE)
        return FAILURE
    first, rest = arguments[0], arguments[1:]
    if first in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        return OK
    if first in ("-V", "--version"):
        from dnnlint.cli.version import version

        sys.stdout.write(f"dnnlint {version()}\n")
        return OK
    return _verb(first)(rest)


def _verb(word: str) -> Callable[[list[str]], Outcome]:
    if word == "check":
        from dnnlint.cli.check import run as check

        return check
    if word == "probe":
        from dnnlint.cli.probe import run as probe

        return probe
    if word == "rule":
        from dnnlint.cli.rule import run as rule

        return rule
    if word == "clean":
        from dnnlint.cli.clean import run as clean

        return clean
    raise UsageError(_unknown(word))


def _unknown(word: str) -> str:
    from dnnlint.suggest import nearest

    if word.startswith("-"):
        return f"unknown option {word!r}{nearest(word, ('--help', '--version'))}"
    if os.path.exists(word):
        return f"unknown command {word!r}, did you mean 'dnnlint check {word}'?"
    return f"unknown command {word!r}" + (nearest(word, VERBS) or f", the commands are {', '.join(VERBS)}")


def _fail(reason: str) -> int:
    sys.stderr.write(f"dnnlint: error: {' '.join(reason.split())}\n")
    return FAILURE


def _reader_left() -> int:
    """Whoever read the findings has seen enough; nothing more may be written, not even at exit."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - it lives as long as the process
    return FINDINGS


def _crash() -> int:
    import traceback

    traceback.print_exc()
    sys.stderr.write("dnnlint: internal error: this is a bug in dnnlint, please report it with the lines above\n")
    return FAILURE
