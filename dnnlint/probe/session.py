"""One watched run: attach, watch the first optimiser steps, detach, judge."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dnnlint import contract
from dnnlint.diagnostic import Site
from dnnlint.engine import Verdict, judge_run
from dnnlint.evidence.trace import Run
from dnnlint.probe import ranks
from dnnlint.rule import Rule

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from dnnlint.probe.attach import Attachment
    from dnnlint.probe.channel import Channel
    from dnnlint.probe.happenings import Stepper
    from dnnlint.probe.stage import Stage

STEPS = 5
_LAG = 3  # with several optimisers, watching ends at the latest when one of them took this many times the steps
_PAUSE = 1.0  # seconds between two looks at what is known so far, at least
_SHARE = 0.02  # of the run's time that looking may take


class Session:
    """Watches a run in this process, from ``attach`` until enough steps are done or ``close`` is called."""

    def __init__(
        self,
        rules: Iterable[Rule],
        steps: int = STEPS,
        *,
        script: Site,
        on_verdicts: Callable[[list[Verdict]], None] | None = None,
        on_done: Callable[[], None] | None = None,
    ) -> None:
        self.rules: Sequence[Rule] = [rule for rule in rules if contract.channels(type(rule))]
        self.steps = steps
        self.script = script
        self.verdicts: list[Verdict] = []
        self.record: dict[type, object] = {}
        self.notes: list[str] = []
        self._on_verdicts = on_verdicts
        self._on_done = on_done
        self._process = os.getpid()
        self._stage: Stage | None = None
        self._channels: list[Channel] = []
        self._attachment: Attachment | None = None
        self._ending = False
        self._closed = False
        self._told: set[tuple[object, ...]] = set()
        self._next_look = time.monotonic() + _PAUSE

    def attach(self, model: "nn.Module | None" = None, optimizers: "Iterable[Optimizer]" = ()) -> None:
        """Put on the hooks that the rules' channels need; torch is imported in here at the latest.

        Args:
            model: the only network to watch; None for all.
            optimizers: optimisers that exist already.
        """
        from dnnlint.probe.attach import Attachment
        from dnnlint.probe.channels import CHANNELS
        from dnnlint.probe.stage import Stage
        from dnnlint.probe.watcher import Watcher

        wanted = {channel for rule in self.rules for channel in contract.channels(type(rule))}
        self._stage = stage = Stage(self.script)
        self._channels = [channel(stage) for channel in CHANNELS if channel.record in wanted]
        watcher = Watcher(stage, self._channels, self._stepped, model)
        for optimizer in optimizers:
            stage.stepper(optimizer)
        self._attachment = Attachment(watcher, self._failed)
        self._attachment.attach()

    @property
    def watching(self) -> bool:
        """Whether hooks are on."""
        return self._attachment is not None and self._attachment.attached

    def failure(self, error: BaseException) -> None:
        """The script is ending in an exception: rules may want to know."""
        if self.watching and self._attachment is not None:
            try:
                self._attachment.watcher.failure(error)
            except Exception as ours:  # the script's own error is what the user has to see
                self._failed(ours)

    def close(self) -> None:
        """Take everything off and judge what was seen; may be called more than once."""
        if self._closed or os.getpid() != self._process:
            return
        self._closed = True
        self._detach()
        self._look(wait=True)
        self._let_go()
        if ranks.world_size() > 1 and ranks.rank() > 0:
            try:
                ranks.share(self.record)
            except Exception as error:
                self._note(f"rank {ranks.rank()} could not tell what it saw: {type(error).__name__}: {error}")

    def _let_go(self) -> None:
        """Keep no network of the script's alive; what was seen of it is in the record."""
        if self._stage is not None:
            self._stage.let_go()
        self._stage, self._attachment, self._channels = None, None, []

    def gather(self) -> None:
        """Join what the other ranks saw and judge again; for rank 0, when its script is over."""
        if ranks.world_size() == 1 or ranks.rank() > 0 or os.getpid() != self._process or not self.record:
            return
        self.record = dict(ranks.gather(self.record))
        self._judge()

    def _stepped(self, stepper: "Stepper") -> None:
        """An optimiser has stepped: is it enough?"""
        stage = self._stage
        assert stage is not None and self._attachment is not None
        counts = [other.steps for other in stage.steppers if other.steps]
        if min(counts) >= self.steps or max(counts) >= self.steps * _LAG:
            self._ending = True
        if self._ending and self._attachment.detachable:
            self.close()
            if self._on_done is not None:
                self._on_done()
        elif time.monotonic() > self._next_look:
            start = time.monotonic()
            self._look()
            end = time.monotonic()
            self._next_look = end + max(_PAUSE, (end - start) / _SHARE)

    def _detach(self) -> None:
        if self._attachment is not None:
            try:
                self._attachment.detach()
            except Exception as error:
                self._note(f"could not take off its hooks: {type(error).__name__}: {error}")

    def _failed(self, error: BaseException) -> None:
        """Something of ours went wrong: end the watching, keep what was seen, leave the run alone."""
        import traceback

        frame = traceback.extract_tb(error.__traceback__)[-1] if error.__traceback__ else None
        where = f" ({os.path.basename(frame.filename)}:{frame.lineno})" if frame else ""
        self._note(f"stopped watching because of its own error: {type(error).__name__}: {error}{where}")
        if os.environ.get("DNNLINT_DEBUG"):
            traceback.print_exception(error)
        self._detach()

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _look(self, wait: bool = False) -> None:
        """Judge what is known so far, and tell of what was not known before."""
        stage = self._stage
        if stage is None:
            return
        try:
            stage.board.flush()
            stage.board.deliver(wait)
            self.record = {Run: self._run(stage)} | {channel.record: channel.told() for channel in self._channels}
            self._judge()
        except Exception as error:
            self._failed(error)

    def _judge(self) -> None:
        self.verdicts = verdicts = judge_run(self.record, self.rules)
        fresh = [verdict for verdict in verdicts if _essence(verdict) not in self._told]
        self._told.update(map(_essence, fresh))
        if fresh and self._on_verdicts is not None:
            self._on_verdicts(fresh)

    def _run(self, stage: "Stage") -> Run:
        return Run(
            script=self.script,
            steps=stage.step,
            forwards=stage.forwards,
            backwards=stage.backwards,
            optimizers=stage.optimizers(),
            resumed=stage.resumed,
            world_size=ranks.world_size(),
        )


def _essence(verdict: Verdict) -> tuple[Any, ...]:
    return verdict.rule.code, verdict.finding.place
