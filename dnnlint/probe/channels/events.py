"""Events: the order of zero_grad, backward, clip, unscale and step, and what they did to the gradients.

Whether gradients were cleared is seen from the gradients themselves, not only from calls of ``zero_grad``: each
tensor counts how often it was written to, so that a look at identity and version tells, without reading any number,
whether it is still the one that the last step used.
"""

from dataclasses import dataclass

from torch import Tensor

from dnnlint.evidence.trace import Cycle, Event, Events
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Backward, Stepper
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage

_KEPT = 2_000  # events
_WATCHED = 64  # parameters of an optimiser whose gradients are followed

Snapshot = list[tuple[int, int] | None]  # identity and version of each gradient, None where there is none


@dataclass(eq=False, slots=True)
class _State:
    """Where one optimiser stands between two steps."""

    parameters: list[Tensor]
    last: Snapshot  # gradients after the last backward pass or step that was seen
    used: bool = False  # the gradients that lie there were stepped on
    stale: bool = False
    backwards: int = 0
    cleared: Mark | None = None  # the last call that cleared gradients which no step had used yet
    wiped: bool = False
    backward: Mark | None = None  # the first backward pass that wrote


class EventsChannel(Channel):
    """Hears all calls that make a step."""

    record = Events

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._events: list[tuple[str, Mark | None, int, int | None]] = []
        self._cycles: list[tuple[Cycle, Mark | None, Mark | None, Mark | None]] = []
        self._states: dict[int, _State] = {}
        self._stepped: Mark | None = None

    def event(self, kind: str, called: Mark | None, stepper: Stepper | None) -> None:
        """Note a call; clearing gradients that were not used yet is remembered."""
        if len(self._events) < _KEPT:
            self._events.append((kind, called, self.stage.step, None if stepper is None else stepper.number))
        if kind == "step":
            self._stepped = called
        elif kind == "zero_grad":
            for number, state in self._states.items():
                if stepper is None or stepper.number == number:
                    _clear(state, called, certain=stepper is not None)
        elif kind == "overflow" and stepper is not None and stepper.number in self._states:
            self._begin_again(stepper)

    def backward_begins(self, backward: Backward) -> None:
        """See what became of the gradients since they were last looked at."""
        for stepper in self.stage.steppers:
            state = self._state(stepper)
            now = _snapshot(state.parameters)
            if now != state.last:
                _touched(state, now)

    def backward_ends(self, backward: Backward) -> None:
        """See whose gradients were written."""
        for stepper in self.stage.steppers:
            state = self._state(stepper)
            now = _snapshot(state.parameters)
            if now == state.last:
                continue
            if state.backwards == 0:
                state.backward = backward.called
                state.stale = state.used and all(entry is not None for entry in state.last if entry) and any(state.last)
            state.backwards += 1
            state.wiped = False
            state.last = now

    def step_begins(self, stepper: Stepper, parameters: list[Tensor], scale: Tensor | None) -> None:
        """Close the cycle of this optimiser."""
        state = self._state(stepper)
        if stepper.closure:
            return
        empty = all(parameter.grad is None for parameter in parameters)
        cycle = Cycle(
            optimizer=stepper.number,
            step=stepper.steps,
            stepped=self.stage.script,
            backwards=state.backwards,
            stale=state.stale,
            wiped=self.stage.script if state.wiped or (empty and state.backwards) else None,
            empty=empty,
        )
        self._cycles.append((cycle, self._stepped, state.cleared, state.backward))

    def step_ends(self, stepper: Stepper, parameters: list[Tensor]) -> None:
        """Begin the next cycle with gradients that were used."""
        self._begin_again(stepper)

    def _begin_again(self, stepper: Stepper) -> None:
        followed = stepper.parameters()[:_WATCHED]
        self._states[stepper.number] = _State(followed, _snapshot(followed), used=not stepper.closure)

    def _state(self, stepper: Stepper) -> _State:
        state = self._states.get(stepper.number)
        if state is None:
            followed = stepper.parameters()[:_WATCHED]
            state = self._states[stepper.number] = _State(followed, _snapshot(followed))
        return state

    def told(self) -> Events:
        """All events and cycles so far."""
        site = self.stage.site
        events = tuple(Event(kind, site(called), step, number) for kind, called, step, number in self._events)
        cycles = tuple(
            cycle._replace(
                stepped=site(stepped),
                wiped=None if cycle.wiped is None else site(cleared or stepped),
                backward=None if backward is None else site(backward),
            )
            for cycle, stepped, cleared, backward in self._cycles
        )
        return Events(events, cycles)


def _snapshot(parameters: list[Tensor]) -> Snapshot:
    return [
        None if (gradient := parameter.grad) is None else (id(gradient), gradient._version) for parameter in parameters
    ]


def _clear(state: _State, called: Mark | None, certain: bool) -> None:
    """``zero_grad`` is being called; on a module, it may be another one than this optimiser's."""
    if certain:
        state.wiped = state.backwards > 0
        state.cleared = called if state.wiped else state.cleared
        state.used = state.stale = False
        state.backwards = 0 if not state.wiped else state.backwards
    else:
        state.cleared = called if state.backwards else state.cleared
        state.used = state.stale = False


def _touched(state: _State, now: Snapshot) -> None:
    """Somebody wrote to the gradients, or took them away, between the passes: they are not what the step left."""
    state.used = state.stale = False
    if not any(now):
        state.backwards = 0
    state.last = now
