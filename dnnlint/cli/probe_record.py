"""What there is to say of a run besides its findings."""

import sys
from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Diagnostic, Site
from dnnlint.evidence.trace import OptimizerInfo, Run
from dnnlint.probe.launch import Program

if TYPE_CHECKING:
    from dnnlint.probe.session import Session

Name = Callable[[str], str]  # of a file, from its path


def record(program: Program, session: "Session | None", journal: str | None, name: Name) -> dict[str, Any]:
    """The run in plain values."""
    run = _run(session)
    return {
        "program": program.name,
        "arguments": list(program.arguments),
        "steps": run.steps if run else 0,
        "forwards": run.forwards if run else 0,
        "backwards": run.backwards if run else 0,
        "optimizers": [_optimizer(optimizer, name) for optimizer in run.optimizers] if run else [],
        "resumed": run.resumed if run else False,
        "world_size": run.world_size if run else 1,
        "seen_ranks": run.seen_ranks if run else 1,
        "journal": journal,
        "notes": list(session.notes) if session else [],
    }


def conclusion(
    session: "Session | None", diagnostics: Collection[Diagnostic], wanted: int, silenced: int
) -> Iterator[str]:
    """What the user is told in the end, line by line."""
    if session is not None:
        yield from session.notes
    run = _run(session)
    if session is None and "torch" not in sys.modules:
        yield f"the script never trained: it did not import torch{_hint()}"
    elif run is not None and run.steps == 0:
        passes = "1 backward pass" if run.backwards == 1 else f"{run.backwards} backward passes"
        yield f"the script never trained: no optimiser stepped ({passes} seen)"
    from dnnlint.report.summary import run_summary

    yield run_summary(diagnostics, run.steps if run else 0, wanted, silenced)


def _run(session: "Session | None") -> Run | None:
    found = session.record.get(Run) if session is not None else None
    return found if isinstance(found, Run) else None


def _optimizer(optimizer: OptimizerInfo, name: Name) -> dict[str, Any]:
    return {
        "number": optimizer.number,
        "kind": optimizer.kind,
        **_place(optimizer.built, name),
        "steps": optimizer.steps,
        "rates": list(optimizer.rates),
        "weight_decay": optimizer.weight_decay,
    }


def _place(site: Site, name: Name) -> dict[str, Any]:
    return {"filename": name(site.path), "location": {"row": site.span.row, "column": site.span.column}}


def _hint() -> str:
    try:
        missing = find_spec("torch") is None
    except ValueError:  # blocked by the script
        return ""
    return "; it is not installed here: pip install 'dnnlint[probe]'" if missing else ""
