"""What the program does to its training state, as it is run: the events that facts are made from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Gradients, Mode, TrainingStep, WipedStep
from dnnlint.script import flow, graph, ir, networks, objects, parameters
from dnnlint.script.values import Args, Class, Const, Func, NetworkCall, Obj, Tensor, Tuple, Value, options

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

_OPTIMIZER_NAME = re.compile(r"opt(?:im(?:izer|iser)?)?s?(?:_|\d|$)|optim|solver|^adam|^sgd", re.IGNORECASE)
_SCHEDULER_NAME = re.compile(r"sched|warm|lr_|_lr|lr$|decay|plateau", re.IGNORECASE)
_HARMLESS = re.compile(
    r"^_?(?:save|log|print|count|summar|plot|visuali[sz]e|show|get_lr|accura|metric|comput|report|check|display|"
    r"dump|write|record|num_|size|calc|describe|stat|monitor|is_|has_|len|to_|load|init|restore|resume|"
    r"(?:get|set|adjust|update|create|build|make)_(?:lr|learning|sched|scheduler|param|learning_rate))",
    re.IGNORECASE,
)

# A gradient state on one path: (state, backward that wrote it, clear that preceded it).
Path = tuple[str, Place | None, Place | None]
_START: frozenset[Path] = frozenset({("clear", None, None)})
_FOREIGN: frozenset[Path] = frozenset({("unknown", None, None)})
_DIRTY = "dirty"  # written on top of gradients that were stepped on before


class Kept:
    """A tensor put where the next iteration still sees it."""

    __slots__ = ("clock", "how", "inner", "list", "loop", "new", "place", "repeats", "result", "target")

    def __init__(self, place: Place, how: str, target: str, new: Value, result: Value, clock: int) -> None:
        self.place = place
        self.how = how
        self.target = target
        self.new = new
        self.result = result
        self.clock = clock
        self.list: Obj | None = None
        self.loop: Place | None = None
        self.inner: Place | None = None
        self.repeats: Loop | None = None


class Record:
    """Events of one run, and the facts that can be stated at once."""

    def __init__(self, run: Interpreter) -> None:
        self.run = run
        self.events = 0
        self.facts: dict[object, None] = {}
        self.modules: list[Obj] = []
        self.loaders: list[Obj] = []
        self.calls: list[NetworkCall] = []
        self.kept: list[Kept] = []
        self.clears: list[tuple[int, Obj | None]] = []
        self.optimizers: list[Obj] = []
        self.learned: set[int] = set()  # tensors that a backward pass reached
        self.read_lists: set[int] = set()  # lists whose members a backward pass reached through the list
        self.alive: list[Any] = []  # keeps what ``learned`` names by id
        self.passes: dict[Place, graph.Reach] = {}
        self.networks: list[tuple[Obj, list[Tensor], Value]] = []
        self.searches: list[Any] = []
        self.partial = False
        self.anew = 0  # when control last started anew, with modes that are not known
        self.read = self.before = 0  # when a gradient was last looked at, and the time before
        self.when: dict[Place, int] = {}  # clock of backward passes
        self.pending: list[graph.Reach] = []  # the last backward passes
        self.hand: Obj | None = None  # stands for updates written without an optimiser

    def state(self, fact: object) -> None:
        """State a fact, once."""
        self.facts[fact] = None

    # networks

    def called(self, call: NetworkCall, args: Args, node: Any) -> None:
        """A network was called from outside any network."""
        run = self.run
        self.events += 1
        call.clock = run.tick()
        call.grad = run.flags["grad"]
        call.loops = tuple(run.loops)
        call.functions = tuple([frame.name for frame in run.frames])
        call.args = tuple(args.values())
        call.names = (*_argument_names(node), *_loop_values(run))
        call.left = _left(run, call)
        self.calls.append(call)

    def network(self, obj: Obj, operations: list[Tensor], result: Value) -> None:
        """The data flow of a network was summarised."""
        self.networks.append((obj, operations, result))
        if any(tensor.op == "dropout" and tensor.layer is None for tensor in operations):
            obj.fields["$dropout"] = True

    # optimisers

    def optimizer(self, obj: Obj) -> Obj:
        """Make an object known as an optimiser."""
        if not any(obj is known for known in self.optimizers):
            self.optimizers.append(obj)
            if "$gradients" not in obj.fields:
                self.run.write(obj.fields, "$gradients", _START)
        return obj

    def is_optimizer(self, obj: Obj) -> bool:
        """Whether an object is an optimiser: by class, by what was done with it, or by its name."""
        if obj.kind == "optimizer" or obj.fields.get("$cleared"):
            return True
        return obj.kind == "opaque" and bool(_OPTIMIZER_NAME.search(obj.name)) and not _SCHEDULER_NAME.search(obj.name)

    def paths(self, obj: Obj) -> frozenset[Path]:
        """What the gradients of an optimiser can be here, path by path."""
        found: frozenset[Path] = obj.fields.get("$gradients", _FOREIGN)
        return found

    def clear(self, target: Obj | None, node: Any) -> None:
        """Gradients of an optimiser, a network, or of something unknown (None) were cleared."""
        run = self.run
        self.events += 1
        place = run.place(node)
        for optimizer in list(self.optimizers):
            link = True if target is None or optimizer is target else self.clears_all(target, optimizer)
            if link is False:
                continue
            self.clears.append((run.tick(), optimizer))
            if target is not None and link is None:
                self.clear_part(target, optimizer, place)
                continue
            new = frozenset({self.cleared(path, place) for path in self.paths(optimizer)})
            run.write(
                optimizer.fields, "$gradients", new if target is not None else frozenset({("unknown", None, place)})
            )

    def clear_part(self, target: Obj, optimizer: Obj, place: Place) -> None:
        """A network that holds part of an optimiser's parameters was cleared; the parts may add up to the whole."""
        run = self.run
        owners = optimizer.fields.get("$owners", ())
        before: frozenset[Path] = optimizer.fields.get("$pending") or self.paths(optimizer)
        parts = {
            *optimizer.fields.get("$parts", ()),
            *[id(owner) for owner in owners if networks.within(owner, target)],
        }
        whole = bool(owners) and optimizer.fields.get("$known") and all(id(owner) in parts for owner in owners)
        new = (
            frozenset({self.cleared(path, place) for path in before})
            if whole
            else frozenset({("unknown", None, place)})
        )
        run.write(optimizer.fields, "$gradients", new)
        run.write(optimizer.fields, "$pending", None if whole else before)
        run.write(optimizer.fields, "$parts", () if whole else tuple(parts))

    @staticmethod
    def cleared(path: Path, place: Place) -> Path:
        """A path after its gradients were cleared."""
        state, backward, _ = path
        return ("wiped", backward, place) if state in ("ready", "mixed", _DIRTY, "wiped") else ("clear", None, place)

    def clears_all(self, target: Obj, optimizer: Obj) -> bool | None:
        """Whether clearing a network clears what an optimiser reads: yes, no, or in part or unknown."""
        if target.kind == "optimizer" or self.is_optimizer(target):
            if optimizer.kind == "optimizer" and target.kind == "optimizer":
                return None if self.share(target, optimizer) else False
            return False
        owners = optimizer.fields.get("$owners", ())
        if owners and all(owner is target for owner in owners):
            return True
        if not owners and len(self.optimizers) == 1 and self.passes:
            *_, reach = self.passes.values()
            if reach.calls and all(call.network is target for call in reach.calls):
                return True  # the only network that learns, the only optimiser
        if not optimizer.fields.get("$known") or target.kind == "opaque":
            return None
        inside = [networks.within(owner, target) for owner in owners]
        if all(inside):
            return True
        return None if any(inside) or any(networks.within(target, owner) for owner in owners) else False

    @staticmethod
    def share(one: Obj, other: Obj) -> bool:
        """Whether two optimisers own parameters of one network."""
        a, b = one.fields.get("$owners", ()), other.fields.get("$owners", ())
        return any(networks.within(x, y) or networks.within(y, x) for x in a for y in b)

    def clear_tensor(self, tensor: Value, node: Any) -> None:
        """The gradient of one parameter was cleared by hand."""
        self.read = self.before  # to clear it is not to look at it
        owner = parameters.owner_of(tensor) if type(tensor) is Tensor else tensor
        if type(owner) is Obj and (owner.kind == "optimizer" or self.is_optimizer(owner)):
            self.clear(self.optimizer(owner), node)
            return
        if type(owner) is Obj and owner.kind == "module":
            for optimizer in self.optimizers:
                if any(networks.within(owner, known) for known in optimizer.fields.get("$owners", ())):
                    self.clear(optimizer, node)
                    return
        self.clear(None, node)

    def forget(self) -> None:
        """Control starts anew somewhere: modes and gradients are what a caller made of them."""
        self.anew = self.run.tick()
        for optimizer in self.optimizers:
            optimizer.fields["$gradients"] = _START

    def backward(self, value: Value, node: Any) -> None:
        """A backward pass from a value."""
        run = self.run
        self.events += 1
        run.tick()
        reach = graph.reach(value)
        place = run.place(node)
        self.passes[place] = reach
        self.when[place] = run.clock
        self.pending = [*self.pending[-7:], reach]
        self.learned |= reach.live
        self.read_lists |= reach.lists
        self.alive.append(reach.nodes)
        for call in reach.calls:
            call.trained = True
        for loader in reach.loaders if run.loops else ():
            loader.fields["$learned"] = True
            if not any(loader is known for known in self.loaders):
                self.loaders.append(loader)  # made by an imported file
        for loop in run.loops:
            loop.learned = True
        self.search(place)
        for optimizer in self.optimizers:
            if self.linked(optimizer, reach) is False:
                continue
            new = frozenset({self.written(path, place) for path in self.paths(optimizer)})
            run.write(optimizer.fields, "$gradients", new)
            run.write(optimizer.fields, "$pending", None)
            run.write(optimizer.fields, "$parts", ())

    @staticmethod
    def written(path: Path, place: Place) -> Path:
        """A path after a backward pass wrote its gradients."""
        state, _, clear = path
        if state in ("clear", "wiped"):
            return ("ready", place, clear)
        if state in ("stale", _DIRTY):
            return (_DIRTY, place, clear)
        return ("ready" if state == "ready" else "mixed", place, clear)

    @staticmethod
    def linked(optimizer: Obj, reach: graph.Reach) -> bool | None:
        """Whether a backward pass writes gradients that an optimiser reads."""
        owners = optimizer.fields.get("$owners", ())
        if any(owner is call.network for call in reach.calls for owner in owners):
            return True
        for owner in owners:
            for module in reach.modules:
                if networks.within(owner, module) or networks.within(module, owner):
                    return True
        if any(id(owner) in reach.ids for owner in owners):
            return True
        return None if reach.unknown or not optimizer.fields.get("$known") else False

    def step(self, obj: Obj, node: Any) -> None:
        """An optimiser stepped."""
        run = self.run
        self.events += 1
        run.tick()
        optimizer = self.optimizer(obj)
        self.learn_from_loaders(optimizer)
        place = run.place(node)
        window = self.window(optimizer)
        cleared = any(clock >= window and one is optimizer for clock, one in self.clears)
        states = set()
        backwards = {backward for _, backward, _ in self.paths(optimizer) if backward is not None}
        for state, backward, clear in self.paths(optimizer):
            if state == _DIRTY:
                states.add(Gradients.STALE)
            elif state == "wiped" and backward is not None and clear is not None:
                states.add(Gradients.WIPED)
                if len(self.paths(optimizer)) == 1 and self.read < self.when[backward]:
                    self.state(WipedStep(backward, clear, place, self.title(optimizer)))
            elif state in ("unknown", "mixed"):
                states.add(Gradients.UNKNOWN)
            else:
                states.add(Gradients.CLEAR)
        if cleared and Gradients.STALE in states:
            states.add(Gradients.CLEAR)
        if Gradients.STALE in states and Gradients.CLEAR in states and not cleared:
            states.discard(Gradients.CLEAR)  # paths on which no step was taken yet
        for backward in backwards or ({place} if not self.passes else set()):
            self.step_fact(optimizer, backward, place, frozenset(states))
        run.write(optimizer.fields, "$gradients", frozenset({("stale", None, None)}))

    def learn_from_loaders(self, optimizer: Obj) -> None:
        """The batches behind the backward passes that an optimiser now steps on are what it learns from."""
        for reach in self.pending if self.run.loops else ():
            if self.linked(optimizer, reach) is not False:
                for loader in reach.loaders:
                    loader.fields["$trains"] = True

    def look(self) -> None:
        """A gradient was looked at: what a later clear wipes has been used."""
        self.before, self.read = self.read, self.run.clock

    def hand_step(self, node: Any) -> None:
        """A parameter was changed by its gradient without an optimiser."""
        if self.hand is None:
            self.hand = Obj("optimizer", "hand-written update")
            self.hand.fields["$owners"] = ()
        if self.passes:
            *_, reach = self.passes.values()
            roots = [call.network for call in reach.calls] or list(reach.modules)
            self.hand.fields["$owners"] = tuple(roots)
            self.hand.fields["$known"] = bool(roots) and not reach.unknown
        self.step(self.hand, node)

    def window(self, optimizer: Obj) -> int:
        """When the innermost loop that is in its steady state began."""
        for loop in reversed(self.run.loops):
            if loop.passes > 1:
                return loop.start
        return self.run.clock + 1

    def step_fact(self, optimizer: Obj, backward: Place, place: Place, states: frozenset[Gradients]) -> None:
        """State what a step trains, and on what gradients."""
        run = self.run
        reach = self.passes.get(backward)
        repeated = [loop for loop in run.loops if loop.passes > 1]
        loop = run.loops[-1].place if run.loops else None
        if not repeated:
            states = states - {Gradients.STALE} or frozenset({Gradients.UNKNOWN})
        forwards = graph.forwards(run, reach, optimizer) if reach is not None else ()
        self.state(TrainingStep(backward, place, loop, self.title(optimizer), states, forwards))

    @staticmethod
    def title(optimizer: Obj) -> str:
        """What an optimiser is called in a message: its class, or its name."""
        if isinstance(optimizer.cls, str):
            return optimizer.cls.rpartition(".")[2]
        return optimizer.cls.name if type(optimizer.cls) is Class else optimizer.name or "optimizer"

    def havoc(self, run: Interpreter, values: list[Value], func: Value | None = None) -> None:
        """Something that is not understood received these values: it may have done anything to them."""
        name = getattr(func, "name", "") or getattr(func, "dotted", "").rpartition(".")[2]
        if name and _HARMLESS.search(name):
            return
        for obj in _reachable(values):
            if obj.kind == "optimizer" or (obj.kind == "opaque" and "$gradients" in obj.fields):
                self.events += 1
                self.clears.append((run.tick(), obj))
                run.write(obj.fields, "$gradients", _FOREIGN)
            if (obj.kind == "module" and "$spec" not in obj.fields) or obj.fields.get("$network"):
                unknown = frozenset({*networks.modes(run, obj), (Mode.UNKNOWN, None, 0)})
                run.write(obj.fields, "$mode", unknown)

    # kept tensors

    def keep(self, node: Any, target: Any, old: Value, new: Value, how: str, result: Value | None = None) -> None:
        """A value was added to something that outlives the iteration."""
        run = self.run
        if not run.loops or run.forwards or flow.carries(new) is False or not flow.flows(new):
            return
        loop = run.loops[-1]
        if not self.outlives(target, old, loop):
            return
        self.events += 1
        place, inner = self.blame(node, loop)
        kept = Kept(place, how, spell(target), new, result if result is not None else new, loop.clock)
        kept.loop = loop.place
        kept.repeats = loop
        kept.inner = inner
        if type(old) is Obj and old.kind == "list":
            kept.list = old
            old.fields["$kept"] = True
        self.kept.append(kept)

    def outlives(self, target: Any, old: Value, loop: Loop) -> bool:
        """Whether the accumulator existed before the current iteration began."""
        run = self.run
        if type(old) is Obj and old.kind in ("list", "dict"):
            born: int = old.fields.get("$born", 0)
            return born < loop.clock
        root = target
        while type(root) in (ir.Attr, ir.Subscript):
            root = root.value
        cells: list[tuple[Any, Any]] = [(run.frame.locals, getattr(root, "id", ""))]
        if type(target) is ir.Attr:
            owner = run.evaluate(target.value)
            cells = [(owner.fields, target.name)] if type(owner) is Obj else []
        for cell, key, _ in run.state.journal[loop.mark :]:
            if any(cell is known and key == name for known, name in cells):
                return False
        return bool(cells)

    def blame(self, node: Any, loop: Loop) -> tuple[Place, Place | None]:
        """Where to point: the statement, or the call in the loop's own frame that hands the tensor to a helper."""
        run = self.run
        place = run.place(node)
        if run.frame is loop.frame:
            return place, None
        index = run.frames.index(loop.frame)
        site = run.frames[index + 1].site
        return (site, place) if site is not None else (place, None)

    def tensor_attribute(self, tensor: Tensor, name: str, value: Value, node: Any) -> None:
        """``tensor.name = value``: gradients cleared by hand, weights replaced."""
        if name == "grad":
            empty = (type(value) is Const and value.value is None) or (type(value) is Tensor and value.op == "fresh")
            if empty:
                self.clear_tensor(tensor, node)
        elif name == "requires_grad" and tensor.op == "parameter" and type(value) is Const and not value.value:
            owner = parameters.owner_of(tensor)
            if type(owner) is Obj:
                self.run.write(owner.fields, "$frozen", True)
        elif name == "data" and tensor.op == "parameter":
            parameters.assign(self.run, tensor, value, node)

    def search(self, place: Place) -> None:
        """A training run starts here: is it inside a lattice of hyper-parameters?"""
        from dnnlint.script import searches

        searches.observe(self.run, place)


def _argument_names(node: Any) -> list[str]:
    """The arguments of a call as they are spelled."""
    found = [spell(arg).rpartition(".")[2] for arg in getattr(node, "args", ())]
    return [name for name in found if name and name != "..."]


def _loop_values(run: Interpreter) -> list[str]:
    """What loops over words stand at: the phase "val", the split "test"."""
    found = []
    for loop in run.loops:
        target: Any = getattr(loop.node, "target", None)
        value = loop.frame.locals.get(target.id) if type(target) is ir.Name else None
        if type(value) is Const and isinstance(value.value, str):
            found.append(value.value)
    return found


def _left(run: Interpreter, call: NetworkCall) -> Place | None:
    """An eval() from an earlier iteration of a loop around this call that no train() has undone on some path."""
    for mode, place, clock in call.modes:
        if mode is not Mode.EVAL or place is None:
            continue
        if any(loop.passes > 1 and loop.start < clock < loop.clock for loop in run.loops):
            return place
    return None


def _reachable(values: list[Value], depth: int = 0) -> list[Obj]:
    found: list[Obj] = []
    for value in values:
        for option in options(value):
            if type(option) is Obj:
                found.append(option)
                if option.kind in ("list", "dict") and depth < 2:
                    found.extend(_reachable(objects.contents(option), depth + 1))
                elif option.kind == "instance" and depth < 2:
                    inner = [v for k, v in option.fields.items() if k[0] != "$" and isinstance(v, Value)]
                    found.extend(_reachable(inner, depth + 1))
            elif type(option) is Tuple and depth < 2:
                found.extend(_reachable(list(option.items), depth + 1))
    return found


def spell(target: Any) -> str:
    """A target as it is written."""
    if type(target) is ir.Name:
        return str(target.id)
    if type(target) is ir.Attr:
        return f"{spell(target.value)}.{target.name}"
    if type(target) is ir.Subscript:
        index = target.index.value if type(target.index) is ir.Const else "..."
        return f"{spell(target.value)}[{index!r}]"
    return "..."


__all__ = ["Const", "Func", "Kept", "Record"]
