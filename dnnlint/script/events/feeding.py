"""Passes over loaders, and samplers that are told which one it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.script import ir, spelling
from dnnlint.script.values import Iteration, Obj, Value, options

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.script.interpreter import Interpreter


def around(run: Interpreter) -> frozenset[Place]:
    """The loops in progress."""
    return frozenset(loop.place for loop in run.loops)


def passed(run: Interpreter, loader: Obj) -> None:
    """A pass over a loader begins."""
    rounds: dict[Place, bool] = loader.fields.setdefault("$rounds", {})
    for loop in run.loops:
        items = getattr(loop.iterable, "items", None)
        rounds[loop.place] = items is None or len(items) > 1


def looped(iterable: Value | None) -> None:
    """A loop goes over everything that an iterable gives."""
    source = iterable.source if type(iterable) is Iteration else None
    if type(source) is Obj and source.kind == "loader":
        source.fields["$looped"] = True


def made(run: Interpreter, sampler: Obj) -> None:
    """A sampler that shuffles by the epoch was made, if only on a path that the defaults do not take."""
    target = getattr(run.current, "targets", [None])[0]
    name = spelling.spell(target) if target is not None else ""
    run.record.samplers[(run.frame.module.path, run.frame.name, name)] = sampler


def of_loader(run: Interpreter, value: Value | None, node: ir.Node) -> tuple[Obj, ...]:
    """The samplers that a loader is given, on this path or on the one that the defaults do not take."""
    known = [option for option in options(value) if type(option) is Obj] if value is not None else []
    for name, argument in getattr(node, "keywords", ()):
        if name == "sampler" and not known:
            where = (run.frame.module.path, run.frame.name, spelling.spell(argument))
            found = run.record.samplers.get(where)
            known = [found] if found is not None else []
    return tuple(known)


def told(run: Interpreter, sampler: Obj | None) -> None:
    """A sampler was told the epoch; None: something that is not known was."""
    if sampler is None:
        run.record.told = True
    else:
        loops: set[Place] = sampler.fields.setdefault("$told", set())
        loops |= around(run)
        run.record.pulses.setdefault(sampler.at, set()).update(loops)


def handed_over(values: list[Value]) -> None:
    """Loaders and samplers were given to what looks after epochs and workers itself."""
    for value in values:
        for option in options(value):
            if type(option) is Obj and option.kind in ("loader", "sampler"):
                option.fields["$owned"] = True
