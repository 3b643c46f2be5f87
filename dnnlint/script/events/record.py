"""The record of a run: what happened so far, and the facts that could be stated at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script.events.timeline import Timeline

if TYPE_CHECKING:
    from dnnlint.diagnostic import Place
    from dnnlint.evidence.script import FreshLayer
    from dnnlint.script.code import Class
    from dnnlint.script.events.averages import Mean
    from dnnlint.script.events.axes import Chosen
    from dnnlint.script.events.beats import Beat
    from dnnlint.script.events.departure import Left
    from dnnlint.script.events.masks import Masked
    from dnnlint.script.events.restoring import Load
    from dnnlint.script.events.retention import Kept
    from dnnlint.script.events.selection import Selection
    from dnnlint.script.facts.weighting import Axis
    from dnnlint.script.frames import Loop
    from dnnlint.script.graph import Reach
    from dnnlint.script.ranks import Rank
    from dnnlint.script.values import NetworkCall, Obj, Tensor, Value


class Record:
    """What happened in one run."""

    def __init__(self) -> None:
        self.facts: dict[object, None] = {}  # in the order they were stated
        self.events = 0  # counts what can change training; a loop without any need not be run twice
        self.backwards = 0  # counts backward passes
        self.strangers = 0  # counts calls of functions that are not understood and may train
        self.partial = False  # the budget was spent before the whole file was run
        self.anew = 0  # when control last started anew, with modes that are not known

        self.modules: list[Obj] = []
        self.networks: list[tuple[Obj, list[Tensor]]] = []  # with the operations of their forward passes
        self.results: dict[int, Value] = {}  # by the identity of these operations: what the forward pass returns
        self.calls: list[NetworkCall] = []
        self.entrances: dict[int, NetworkCall] = {}  # likewise: the call that the forward pass was followed for
        self.masked: dict[int, Masked] = {}  # products of tensors and random masks that nothing has scaled yet
        self.shares: dict[
            int, tuple[Tensor, Axis, bool]
        ] = {}  # softmaxes of attention along another axis than the last
        self.scaled: dict[int, Tensor] = {}  # tensors that were multiplied or divided by a number
        self.doubtful: set[int] = set()  # operations of a layer that is only one of several that may be called
        self.built: list[tuple[Obj, FreshLayer]] = []  # layers built while data flowed through a network
        self.redrawn: dict[int, tuple[Load, dict[int, Place]]] = {}  # by network: its load, and layers drawn since
        self.loads: list[Any] = []  # weights loaded on the way of an option
        self.loaders: list[Obj] = []
        self.kept: list[Kept] = []
        self.samplers: dict[tuple[str, str, str], Obj] = {}  # those of an epoch, by file, function and name
        self.drawn: list[Tensor] = []  # tensors of no layer that an initialiser filled with random numbers
        self.pulses: dict[
            Place, set[Place]
        ] = {}  # the loops in which samplers are told the epoch, by where these are made
        self.fitted = False  # a scaler or the like was fitted to data
        self.told = False  # something that is not known was told an epoch
        self.left: list[Left] = []
        self.taken: list[tuple[Place, Any, Obj]] = []  # single batches of held-out data, by function and loader
        self.sums: dict[
            Place, tuple[Loop, Place]
        ] = {}  # additions to a sum, the loop in which it grows, and where there
        self.averaged: dict[Place, Mean] = {}  # means over batches, by where the sum or list grows
        self.reduced: set[int] = set()  # losses that are not means
        self.chosen: dict[int, Chosen] = {}  # indices chosen over an axis that is not that of the classes
        self.agreeing: dict[int, Chosen] = {}  # comparisons with such indices
        self.selections: list[Selection] = []
        self.measured: list[tuple[Any, Any]] = []  # choices that only values tell the sense of, by function
        self.moves = 0  # how often something was moved to a device
        self.entered: list[tuple[Place, Obj]] = []  # tensors made on the CPU, and the layers that they enter
        self.placed: dict[int, frozenset[str]] = {}  # tensors that were moved, or made somewhere
        self.unmoved: set[int] = set()  # tensors that were moved in name only
        self.movers: dict[Class, bool] = {}  # classes, and whether their methods move data
        self.elsewhere = False  # new tensors and networks are not made on the CPU
        self.states: dict[int, NetworkCall] = {}  # tensors that a forward left in attributes, graph and all
        self.stepped = 0  # how often an optimiser stepped
        self.wanted: set[int] = set()  # tensors, besides parameters, that gradients are asked of
        self.curious = False  # gradients are turned on, or asked for, in a way that is not followed

        self.optimizers: list[Obj] = []
        self.hand: Obj | None = None  # stands for updates written without an optimiser
        self.clears: list[tuple[int, Obj]] = []  # when the gradients of which optimiser were cleared
        self.read = self.before = 0  # when a gradient was last looked at, and the time before
        self.looked: dict[Place, int] = {}  # by places of clears: when a gradient had last been looked at until then

        # by optimiser and loop: steps that come once in several iterations, and what is cleared in between
        self.windows: dict[tuple[int, int], tuple[Place, frozenset[Place | None]]] = {}
        self.dropped: dict[tuple[int, int], tuple[Place, Place]] = {}  # backward pass, clear

        self.steps: list[Beat] = []  # of optimisers
        self.schedules: list[Obj] = []
        self.beats: list[Beat] = []  # steps of schedules
        self.keepsakes: list[Obj] = []  # weights that were put aside
        # within one question about a number of axes: what is known of tensors, and the axes that they were asked for
        self.ranks: dict[int, Rank] = {}
        self.asked: dict[int, set[int]] = {}
        self.switches: dict[str, Any] = {}  # settings of libraries that are known to be on
        self.switched: dict[str, Place] = {}  # where they were turned on

        self.passes: dict[Place, Reach] = {}  # backward passes, in order
        self.when: dict[Place, int] = {}  # clock of backward passes
        self.pending: list[Reach] = []  # the last backward passes
        self.learned: set[int] = set()  # tensors that a backward pass reached
        self.timeline = Timeline()
        self.frozen = False  # parameters of unknown layers were frozen
        self.scalers: list[tuple[Obj, Obj, bool]] = []  # stepped with: scaler, optimiser, whether in a loop
        self.summed: dict[int, Tensor] = {}  # losses that are sums
        self.unreduced: dict[int, Tensor] = {}  # losses of many values, by id
        self.cut_off: dict[int, tuple[Tensor, Place | None]] = {}  # losses whose graph was dropped, and by what
        self.read_lists: set[int] = set()  # lists whose members a backward pass reached through the list
        self.alive: list[Any] = []  # keeps what ``learned`` names by id

    def state(self, fact: object) -> None:
        """State a fact, once."""
        self.facts[fact] = None
