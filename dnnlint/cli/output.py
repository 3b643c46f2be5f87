"""How the verbs that find something write it: findings on one stream, everything else on stderr."""

import os
from collections.abc import Callable, Sequence
from typing import TextIO

from dnnlint.diagnostic import Diagnostic
from dnnlint.errors import UsageError
from dnnlint.settings import OUTPUT_FORMATS

Lines = Callable[[str], Sequence[str]]  # of a file by its shown name


def format_of_environment() -> str | None:
    """The format that DNNLINT_OUTPUT_FORMAT asks for, None if it does not."""
    value = os.environ.get("DNNLINT_OUTPUT_FORMAT")
    if not value or value in OUTPUT_FORMATS:
        return value or None
    from dnnlint.suggest import nearest

    known = ", ".join(OUTPUT_FORMATS)
    raise UsageError(f"DNNLINT_OUTPUT_FORMAT: {value!r} is none of {known}{nearest(value, OUTPUT_FORMATS)}")


def as_text(diagnostics: Sequence[Diagnostic], lines: Lines, output_format: str, color: str, stream: TextIO) -> str:
    """Findings in one of the formats that people read; empty if there are none."""
    if not diagnostics:
        return ""
    from dnnlint.report.concise import concise
    from dnnlint.report.full import full
    from dnnlint.report.paint import joined, wants_colour

    segments = concise(diagnostics) if output_format == "concise" else full(diagnostics, lines)
    return joined(segments, wants_colour(color, stream))


def write(text: str, stream: TextIO) -> None:
    """Write findings, whatever characters of theirs the terminal cannot show."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def tell(text: str, stream: TextIO) -> None:
    """Say something that is no finding."""
    printable = text.encode("utf-8", "backslashreplace").decode()
    stream.write(f"dnnlint: {printable}\n")
