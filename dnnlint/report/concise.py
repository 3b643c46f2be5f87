"""One line a finding, for grep and for editors."""

from collections.abc import Iterable, Iterator

from dnnlint.diagnostic import Diagnostic
from dnnlint.report.paint import SEVERITY_STYLES, Segment, one_line


def concise(diagnostics: Iterable[Diagnostic]) -> Iterator[Segment]:
    """Print ``path:row:column: CODE message``."""
    for diagnostic in diagnostics:
        yield f"{one_line(diagnostic.filename)}:{diagnostic.span.row}:{diagnostic.span.column}: ", "bold"
        yield diagnostic.code, SEVERITY_STYLES[diagnostic.severity]
        yield f" {one_line(diagnostic.message)}\n", ""
