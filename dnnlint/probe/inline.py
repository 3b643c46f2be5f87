"""``with dnnlint.probe(model, optimizer=...) as run:`` around a loop of the user's own."""

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from torch import nn
from torch.optim import Optimizer

from dnnlint.diagnostic import Diagnostic, Location, Site
from dnnlint.engine import diagnose
from dnnlint.errors import UsageError
from dnnlint.evidence.trace import Run
from dnnlint.probe.session import STEPS, Session
from dnnlint.probe.sites import TOP, site, take
from dnnlint.rule import Rule

_Function = TypeVar("_Function", bound=Callable[..., Any])


class probe(contextlib.AbstractContextManager["probe"]):  # noqa: N801 - it is called like a function
    """Watch the training inside a ``with`` block, a decorated function, or between ``start`` and ``stop``.

    Args:
        model: the network, if only what it does is of interest; None for every network that runs.
        optimizer: its optimiser or optimisers, if they were made before; None for all that step.
        loss_fn: a loss module, only named in messages; the calls are found by themselves.
        select: codes, names or families of the rules to judge by, as in ``dnnlint check --select``; None for the
            default ones.
        ignore: rules to leave out.
        steps: optimiser steps to watch; the block runs on without any hook after these.

    Raises:
        UsageError: for a rule that does not exist, or a model or optimiser that is none.

    Example:
        >>> with dnnlint.probe(model, optimizer=optimizer) as run:  # doctest: +SKIP
        ...     train_one_epoch(model, optimizer)
        >>> print(run.report)  # doctest: +SKIP
    """

    def __init__(
        self,
        model: nn.Module | None = None,
        *,
        optimizer: Optimizer | Iterable[Optimizer] | None = None,
        loss_fn: Callable[..., Any] | None = None,
        select: Iterable[str] | str | None = None,
        ignore: Iterable[str] | str = (),
        steps: int = STEPS,
    ) -> None:
        if model is not None and not isinstance(model, nn.Module):
            raise UsageError(f"probe: model is a {type(model).__name__}, not a torch.nn.Module")
        if loss_fn is not None and not callable(loss_fn):
            raise UsageError(f"probe: loss_fn is a {type(loss_fn).__name__}, not a function")
        if not isinstance(steps, int) or steps < 1:
            raise UsageError(f"probe: steps is {steps!r}, and at least 1 is needed")
        self._model = model
        self._optimizers = _optimizers(optimizer)
        self._rules = _rules(select, ignore)
        self._steps = steps
        mark = take(2)
        here = site(mark, Site(os.path.abspath(sys.argv[0] or "<console>"), TOP))
        self._here = here
        self._session: Session | None = None

    def __enter__(self) -> Self:
        """Attach."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Detach and judge; an exception of the block passes through."""
        if self._session is not None and error is not None:
            self._session.failure(error)
        self.stop()

    def __call__(self, function: _Function) -> _Function:
        """Watch each call of a function."""

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return watched  # type: ignore[return-value]

    def start(self) -> Self:
        """Attach, for notebooks where a block would span cells."""
        if self._session is not None and self._session.watching:
            raise UsageError("probe: this probe is watching already")
        self._session = Session(self._rules, self._steps, script=self._here)
        self._session.attach(self._model, self._optimizers)
        return self

    def stop(self) -> Self:
        """Detach and judge."""
        if self._session is not None:
            self._session.close()
        return self

    @property
    def findings(self) -> Sequence[Diagnostic]:
        """What was found, the worst first; empty while nothing was watched."""
        if self._session is None:
            return ()
        found = diagnose(self._session.verdicts, _locate)
        return tuple(sorted(found, key=lambda one: -one.severity.rank))

    @property
    def report(self) -> str:
        """The findings as text, a line for each and one for what was watched."""
        if self._session is None:
            return "dnnlint: nothing was watched yet"
        lines = [
            f"{one.filename}:{one.span.row}: {one.code} {one.name} [{one.severity}] {one.message} - {one.mend}"
            for one in self.findings
        ]
        run = self._session.record.get(Run)
        steps = run.steps if isinstance(run, Run) else 0
        lines += [f"dnnlint: {note}" for note in self._session.notes]
        count = len(self.findings)
        return "\n".join([*lines, f"dnnlint: {count} finding{'s' * (count != 1)} in {steps} watched steps"])

    def __repr__(self) -> str:
        return f"<dnnlint.probe: {self.report.rpartition('dnnlint: ')[2]}>"


def _optimizers(given: Optimizer | Iterable[Optimizer] | None) -> tuple[Optimizer, ...]:
    found = () if given is None else tuple(given) if isinstance(given, Iterable) else (given,)
    for one in found:
        if not isinstance(one, Optimizer):
            raise UsageError(f"probe: optimizer is a {type(one).__name__}, not a torch.optim.Optimizer")
    return found


def _rules(select: Iterable[str] | str | None, ignore: Iterable[str] | str) -> list[Rule]:
    from dnnlint.packs import load_rules
    from dnnlint.selection import select as chosen
    from dnnlint.settings import Choice

    rules = load_rules()
    words = None if select is None else _words(select)
    on = chosen(rules, [Choice(words, (), _words(ignore))]).on
    return [rule for rule in rules if rule.code in on]


def _words(given: Iterable[str] | str) -> tuple[str, ...]:
    return tuple(given.replace(",", " ").split()) if isinstance(given, str) else tuple(given)


def _locate(sites: Collection[Site]) -> dict[Site, Location]:
    import linecache

    return {
        where: Location(
            os.path.relpath(where.path) if where.path.startswith(os.getcwd() + os.sep) else where.path,
            where.span,
            where.scope,
            (where.span.row, where.span.end_row),
            linecache.getline(where.path, where.span.row),
        )
        for where in sites
    }
