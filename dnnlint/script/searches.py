"""Searches over hyper-parameters: nested literal loops, products, and the grids of libraries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Axis, Search
from dnnlint.script import flow, ir, objects
from dnnlint.script.code import Args
from dnnlint.script.values import Const, Iteration, Obj, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.frames import Loop
    from dnnlint.script.interpreter import Interpreter

APIS = {
    "sklearn.model_selection.GridSearchCV": (1, "param_grid"),
    "sklearn.model_selection.HalvingGridSearchCV": (1, "param_grid"),
    "sklearn.model_selection.ParameterGrid": (0, "param_grid"),
    "ray.tune.grid_search": (0, "values"),
    "optuna.samplers.GridSampler": (0, "search_space"),
    "sklearn.grid_search.GridSearchCV": (1, "param_grid"),
    "wandb.sweep": (0, "sweep"),
}
_CONTINUOUS = re.compile(
    r"(?:^|_)(?:lr|lrs|learning_?rates?|rate|rates|wd|wds|weight_?decays?|decays?|dropouts?|drop|p_drop|momentums?|mom|"
    r"alphas?|betas?|gammas?|eps|epsilon|tau|temperature|lambdas?|lam|l[12](?:_?reg\w*|_?penalty|_?lambda)?|reg|penalty|std|sigma|margin|smoothing|clip|scale)(?:_|\d*$)|"
    r"^(?:eta|etas|rho|mu)$",
    re.IGNORECASE,
)
_DISCRETE = re.compile(
    r"(?:^|_)(?:bs|batch(?:_?size)?s?|batches|hidden(?:_?(?:size|dim|units|layers?))?s?|units?|layers?|num_layers|n_layers|depths?|"
    r"widths?|dims?|d_model|heads?|nhead|kernels?|kernel_sizes?|filters?|channels?|epochs?|opt(?:imizer)?s?|activations?|"
    r"acts?|sizes?|embed(?:ding)?s?(?:_dims?)?|blocks?|n_hidden|nhid|steps?|warmups?|patience|schedulers?|neurons?)(?:_|\d*$)",
    re.IGNORECASE,
)
_NOT_AN_AXIS = re.compile(
    r"seed|fold|split|run|trial|repeat|rep$|dataset|task|class|phase|model_?name|split|iteration", re.IGNORECASE
)
_TRAINS = re.compile(r"^_?(?:train|fit|run|objective|experiment|evaluate_config|cross_val|learn)", re.IGNORECASE)
_AXES_OF_A_GRID = 3


def called(run: Interpreter, name: str, node: Any) -> None:
    """A function that is not understood was called; by its name it may train."""
    if _TRAINS.search(name) and run.loops:
        observe(run, run.place(node))


def observe(run: Interpreter, place: Place) -> None:
    """Look at the loops around a training run."""
    axes: list[Axis] = []
    outer: Loop | None = None
    api = "nested loops"
    for loop in run.loops:
        found = _axes(loop)
        if found and outer is None:
            outer = loop
        if len(found) > 1:
            api = "itertools.product"
        axes.extend(found)
    if outer is None or len(axes) < 2:
        return
    source = outer.iterable.source if type(outer.iterable) is Iteration else None
    made = type(source) is Obj and "$lattice" in source.fields
    place = source.at if made and type(source) is Obj else outer.place
    run.record.state(Search(place, "nested comprehension" if made else api, tuple(axes), True))


def _axes(loop: Loop) -> list[Axis]:
    if type(loop.node) is not ir.For:
        return []
    iterable, target = loop.iterable, loop.node.target
    if type(iterable) is not Iteration:
        return []
    source = iterable.source
    if type(source) is Obj and source.kind == "product":
        return _product_axes(source, target)
    if type(source) is Obj and source.kind == "grid":
        return list(source.fields["$grid"])
    if type(source) is Obj and "$lattice" in source.fields:
        return list(source.fields["$lattice"])
    name = _named(target)
    if not name or _counting(loop.node.iter):
        return []
    count = _literal_count(iterable)
    axis = _axis(name, count, iterable.items) if count is not None else None
    return [axis] if axis is not None else []


def lattice(made: Value, node: Any) -> None:
    """A list of settings, made by a comprehension over several literal lists: a loop over it is a grid search."""
    if type(made) is not Obj or len(node.generators) < 2:
        return
    names = [_named(target) for target, _, _ in node.generators]
    counts = [len(over.items) if type(over) is ir.Seq else 0 for _, over, _ in node.generators]
    known = [(name, count) for name, count in zip(names, counts, strict=True) if name and count >= 2]
    axes = [axis_named(name, count, False) for name, count in known]
    if len(known) == len(names) and any(axis is not None and axis.continuous for axis in axes):
        made.fields["$lattice"] = tuple(axis for axis in axes if axis is not None)


def _named(target: Any) -> str:
    """The name of the setting a loop walks over: ``for lr in ...``, ``for args.lr in ...``."""
    return str(target.id) if type(target) is ir.Name else str(target.name) if type(target) is ir.Attr else ""


def _axis(name: str, count: int | None, items: list[Value] | None) -> Axis | None:
    """An axis by the name of its variable, or since it walks over fractions, as no index does."""
    axis = axis_named(name, count)
    if axis is None and items and _fractions(items) and not _NOT_AN_AXIS.search(name):
        return Axis(name, count, True)
    return axis


def _fractions(items: list[Value]) -> bool:
    """Whether literal fractions are among some values, which hyper-parameters are and indices are not."""
    return any(type(item) is Const and type(item.value) is float for item in items)


def _counting(node: Any) -> bool:
    """Whether a loop just counts epochs or steps."""
    name = getattr(node.func, "id", getattr(node.func, "name", "")) if type(node) is ir.Call else ""
    return name in ("range", "trange", "count")


def _product_axes(source: Obj, target: Any) -> list[Axis]:
    names = [_named(part) for part in target.items] if type(target) is ir.Seq else []
    parts: tuple[Value, ...] = source.fields["$axes"]
    spelled: tuple[str, ...] = source.fields["$names"]
    found = []
    for index, part in enumerate(parts):
        count = _literal_count(part)
        name = names[index] if index < len(names) else spelled[index]
        items = part.items if type(part) is Iteration else None
        axis = _axis(name, count, items) if name else axis_named(f"axis {index + 1}", count, False)
        if axis is not None:
            found.append(axis)
    if source.fields.get("$open"):
        return found
    return found


def _literal_count(value: Value) -> int | None:
    if type(value) is Iteration and value.items is not None and value.wrapped == "":
        items = value.items
    else:
        items = objects.known_items(value) if type(value) in (Obj, Tuple) else None  # type: ignore[assignment]
    if items is None:
        if type(value) is Iteration and type(value.source) is Obj and value.source.kind == "spaced":
            return int(value.source.fields["$count"])
        return None
    return (
        len(items)
        if len(items) >= 2 and all(type(item) in (Const, Tuple) or isinstance(item, Value) for item in items)
        else None
    )


def axis_named(name: str, count: int | None, named: bool = True) -> Axis | None:
    """An axis of hyper-parameters, by the name of its variable; None for seeds, folds, data sets and the like."""
    if _NOT_AN_AXIS.search(name):
        return None
    if _CONTINUOUS.search(name):
        return Axis(name, count, True)
    if _DISCRETE.search(name) or not named:
        return Axis(name, count, False)
    return None


def api(run: Interpreter, name: str, args: Args, node: Any) -> Value:
    """A library's own grid search."""
    position, keyword = APIS[name]
    grid = args.get(position, keyword)
    axes = grid_axes(grid) if grid is not None else []
    place = run.place(node)
    short = name.rpartition(".")[2]
    if short == "grid_search":
        made = Obj("grid", name, place)
        items = objects.known_items(grid) if grid is not None else None
        made.fields["$count"] = len(items) if items is not None else None
        return made
    if short == "sweep":
        return _sweep(run, grid, place)
    if short == "ParameterGrid":
        made = Obj("grid", name, place)
        made.fields["$grid"] = tuple(axes)
        return Iteration(None, flow.unknown(()), made)
    run.record.state(Search(place, short, tuple(axes), True))
    return flow.unknown(())


def space(run: Interpreter, entries: dict[Any, Value], place: Place) -> None:
    """A dict whose members are grids, as ray.tune takes it."""
    grids = {key: value for key, value in entries.items() if type(value) is Obj and value.kind == "grid"}
    if len(grids) > 1:
        axes = [
            axis_named(str(key), grid.fields.get("$count")) or Axis(str(key), None, False)
            for key, grid in grids.items()
            if "$grid" not in grid.fields
        ]
        run.record.state(Search(next(iter(grids.values())).at, "tune.grid_search", tuple(axes), True))


def _sweep(run: Interpreter, config: Value | None, place: Place) -> Value:
    entries = objects.known_entries(config) if config is not None else None
    method = entries.get("method") if entries else None
    if entries and type(method) is Const and method.value == "grid":
        run.record.state(Search(place, "wandb grid sweep", tuple(grid_axes(entries.get("parameters"))), True))
    return flow.unknown(())


def grid_axes(grid: Value | None) -> list[Axis]:
    """The axes of a dict of lists."""
    entries = objects.known_entries(grid) if grid is not None else None
    found = []
    for key, value in (entries or {}).items():
        inner = objects.known_entries(value)
        items = objects.known_items(inner["values"]) if inner and "values" in inner else objects.known_items(value)
        count = len(items) if items is not None else None
        name = key.rpartition("__")[2]
        if count is None or count >= 2:
            found.append(axis_named(name, count) or Axis(name, count, False))
    return found
