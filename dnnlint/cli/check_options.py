"""The options of ``dnnlint check``: ruff's names wherever ruff has one."""

from argparse import BooleanOptionalAction

from dnnlint.cli.options import Parser, add_colour, jobs, one_of
from dnnlint.settings import FAIL_ON, OUTPUT_FORMATS

DESCRIPTION = "Read training scripts and report what makes training fail silently. Nothing is executed."
EPILOG = """\
RULES are codes (DNN401), names (softmax-before-cross-entropy), families (DNN4) or ALL, separated by commas.
Lists may be given repeatedly.

exit status: 0 nothing to report at or above --fail-on, 1 findings, 2 wrong usage or configuration.
A path that does not exist is wrong usage; a file that exists but cannot be read is a finding.
"""


def parser() -> Parser:
    """Build the parser."""
    parser = Parser("check", DESCRIPTION, EPILOG)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: .), or - for stdin")
    _add_selection(parser)
    _add_files(parser)
    _add_output(parser)
    _add_speed(parser)
    return parser


def _add_selection(parser: Parser) -> None:
    group = parser.add_argument_group("rules")
    group.add_argument(
        "--select", action="append", metavar="RULES", help="rules to check, in place of the default ones"
    )
    group.add_argument("--extend-select", action="append", metavar="RULES", help="rules to check besides")
    group.add_argument("--ignore", action="append", metavar="RULES", help="rules not to check")
    group.add_argument(
        "--per-file-ignores", action="append", metavar="PATTERN:RULE", help="rules not to check in some files"
    )


def _add_files(parser: Parser) -> None:
    group = parser.add_argument_group("files and configuration")
    group.add_argument("--exclude", action="append", metavar="PATTERNS", help="leave out, in place of the usual ones")
    group.add_argument("--extend-exclude", action="append", metavar="PATTERNS", help="leave out besides")
    group.add_argument(
        "--force-exclude", action=BooleanOptionalAction, help="leave out excluded files even if they are named as PATH"
    )
    group.add_argument(
        "--respect-gitignore", action=BooleanOptionalAction, help="leave out what git ignores (the default)"
    )
    group.add_argument("--stdin-filename", metavar="NAME", help="name of the file that comes on stdin")
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
    group.add_argument(
        "--fail-on",
        type=one_of(FAIL_ON),
        metavar="LEVEL",
        help="least severity that makes the exit status 1: error, warning (default), advice, never",
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even if there are findings")
    add_colour(group)
    group.add_argument("-q", "--quiet", action="store_true", help="print findings only")
    group.add_argument("-v", "--verbose", action="store_true", help="name each file and its configuration")


def _add_speed(parser: Parser) -> None:
    group = parser.add_argument_group("speed")
    group.add_argument("-n", "--no-cache", action="store_true", help="read every file anew; also DNNLINT_NO_CACHE")
    group.add_argument(
        "--cache-dir", metavar="DIR", help="where results are kept (default: .dnnlint_cache); also DNNLINT_CACHE_DIR"
    )
    group.add_argument(
        "-j", "--jobs", type=jobs, metavar="N", help="processes (default: as many as are worth it, 1 under pre-commit)"
    )
