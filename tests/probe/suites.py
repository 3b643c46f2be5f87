"""Measure the probe: healthy programs on which it must be silent, and faults that it must find.

    python -m tests.probe.suites clean|seeded|bare [--only REGEX] [-j N] [--static]

``clean`` counts errors and warnings in programs where there is nothing to find, the networks of the seeded suite
before any fault among them. ``seeded`` counts, for each kind of fault, programs in which anything was found, in
which the right rule spoke, and in which it spoke at a line that is marked for it. ``bare`` runs the healthy
programs without the probe. Torch and dnnlint must be installed beside the Python that runs this.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.probe.running import Outcome, Pool, Script
from tests.probe.seeded.build import NETWORKS, programs

HERE = Path(__file__).parent
SLOW = ("compile_inductor",)  # compiles C++ for half a minute; run by hand, not by the tests
LEAST = (0.9, 0.9, 0.85)  # shares of seeded programs: detected, by the right rule, at the right line


def clean_scripts() -> Iterator[Script]:
    """The healthy programs: those written as such, and the networks that faults are planted into."""
    for folder in (HERE / "clean", NETWORKS):
        prefix = "" if folder.name == "clean" else "seeded-"
        for path in sorted(folder.glob("*.py")):
            yield Script(prefix + path.stem, path)
        for path in sorted(folder.glob("*/main.py")):
            yield Script(prefix + path.parent.name, path)


def seeded_scripts(folder: Path) -> Iterator[Script]:
    """The faulty programs, written below a folder."""
    for program in programs():
        yield Script(program.name, program.write(folder), program)


def show_clean(outcomes: Iterable[Outcome]) -> bool:
    """Print each program's findings and the sums; tells whether they are within the limits."""
    errors = warnings = noisy = broken = 0
    for outcome in outcomes:
        _show(outcome)
        errors += outcome.count("error")
        warnings += outcome.count("warning")
        noisy += outcome.count("warning") > 1
        broken += not outcome.ended_well
    print(f"\n{errors} errors, {warnings} warnings, {noisy} programs with several warnings, {broken} ended badly")
    return not errors and not noisy and not broken


def show_seeded(outcomes: Iterable[Outcome]) -> bool:
    """Print what was found in each program, and a table by kinds; tells whether the shares are reached."""
    scores: dict[tuple[str, str], list[tuple[bool, bool, bool]]] = {}
    joined = 0
    for outcome in outcomes:
        _show(outcome)
        assert outcome.script.fault is not None
        kind = outcome.script.fault.kind
        scores.setdefault((kind.name, kind.rule), []).append(outcome.score)
        joined += any(finding.source == "both" for finding in outcome.findings or ())
    print(f"\n{'kind':32}{'rule':40}{'programs':>9}{'detected':>9}{'rule':>6}{'line':>6}")
    for (name, rule), rows in scores.items():
        print(f"{name:32}{rule:40}{len(rows):9}" + "".join(f"{sum(column):7}" for column in zip(*rows, strict=True)))
    shares = overall([row for rows in scores.values() for row in rows])
    print(
        "overall: "
        + ", ".join(f"{share:.3f} {word}" for share, word in zip(shares, ("detected", "rule", "line"), strict=True))
    )
    print(f"{joined} programs with a finding that reading and watching share")
    return all(share >= least for share, least in zip(shares, LEAST, strict=True))


def overall(scores: Sequence[tuple[bool, bool, bool]]) -> list[float]:
    """Shares of the programs that were detected, by the right rule, at the right line."""
    return [sum(column) / len(scores) for column in zip(*scores, strict=True)]


def _show(outcome: Outcome) -> None:
    flags = "" if outcome.script.fault is None else "".join("+" if good else "-" for good in outcome.score) + " "
    print(f"{flags}{outcome.script.name} ({outcome.seconds:.1f} s, status {outcome.status})", flush=True)
    for finding in outcome.findings or ():
        print(f"    {finding}")
    if not outcome.ended_well:
        print("    " + "\n    ".join(outcome.output.splitlines()[-8:]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one suite and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.probe.suites", description=__doc__.partition("\n")[0])
    parser.add_argument("suite", choices=("clean", "seeded", "bare"))
    parser.add_argument("--only", type=re.compile, default=re.compile(""), metavar="REGEX", help="names to run")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at a time")
    parser.add_argument("--static", action="store_true", help="read the scripts as well")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Pool(options.j, options.suite != "bare", options.static) as pool:
        scripts = seeded_scripts(Path(folder)) if options.suite == "seeded" else clean_scripts()
        outcomes = pool.run_all(script for script in scripts if options.only.search(script.name))
        return not (show_seeded if options.suite == "seeded" else show_clean)(outcomes)


if __name__ == "__main__":
    sys.exit(main())
