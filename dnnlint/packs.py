"""Packs: how rules, built in or third-party, enter through one door."""

import importlib
import os
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import pluggy

from dnnlint import contract
from dnnlint.errors import DnnlintError, PackError, RuleError
from dnnlint.installed import EntryPoint, entry_points
from dnnlint.rule import Rule

__all__ = ["hookimpl", "load_rules", "rules_in"]

GROUP = "dnnlint.packs"
hookspec = pluggy.HookspecMarker("dnnlint")
hookimpl = pluggy.HookimplMarker("dnnlint")


class Door:
    """What a pack may answer."""

    @hookspec
    def dnnlint_rules(self) -> Sequence[type[Rule]]:  # type: ignore[empty-body]
        """Classes of the rules that this pack brings."""


def rules_in(package: str) -> list[type[Rule]]:
    """Rule classes of every module below a package; a file that starts with an underscore holds none."""
    found: list[type[Rule]] = []
    for module in _modules(importlib.import_module(package)):
        here = [kind for kind in vars(module).values() if _is_rule_of(module, kind)]
        if not here:
            reason = "holds no rule; start the file's name with an underscore if it is not meant to"
            raise RuleError(module.__name__, str(module.__file__), reason)
        found += here
    return found


def load_rules() -> tuple[Rule, ...]:
    """One instance of every rule of every installed pack, in order of their codes."""
    manager = pluggy.PluginManager("dnnlint")
    manager.add_hookspecs(Door)
    owners: dict[str, tuple[str, Rule]] = {}
    rules: list[Rule] = []
    for entry in entry_points(GROUP):
        for kind in _open(manager, entry):
            rule = contract.make(kind)
            for label in (rule.code, rule.name):
                if label in owners:
                    raise _taken(label, rule, entry.name, *owners[label])
                owners[label] = entry.name, rule
            rules.append(rule)
    return tuple(sorted(rules, key=lambda rule: rule.code))


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for stem, is_package in sorted(item for folder in package.__path__ for item in _scan(folder)):
        name = f"{package.__name__}.{stem}"
        try:
            module = importlib.import_module(name)
        except DnnlintError:
            raise
        except (Exception, SystemExit) as error:  # anybody's module is run here, and it may leave in any way
            raise RuleError(name, _origin(error), f"cannot be imported: {_said(error)}") from error
        if is_package:
            yield from _modules(module)
        else:
            yield module


def _scan(folder: str) -> Iterator[tuple[str, bool]]:
    """Modules and packages of a folder; ``pkgutil`` takes four times as long for the same."""
    with os.scandir(folder) as entries:
        for entry in entries:
            stem, suffix = os.path.splitext(entry.name)
            is_package = not suffix and os.path.exists(os.path.join(entry.path, "__init__.py"))
            if (suffix == ".py" or is_package) and not stem.startswith("_"):
                yield stem, is_package


def _is_rule_of(module: ModuleType, kind: object) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, Rule)
        and kind.__module__ == module.__name__
        and not kind.__name__.startswith("_")
    )


def _open(manager: pluggy.PluginManager, entry: EntryPoint) -> list[type[Rule]]:
    """Register one pack and take its rules; whatever it throws is told in its name."""
    try:
        plugin: object = importlib.import_module(entry.module)
        for attribute in filter(None, entry.attribute.split(".")):
            plugin = getattr(plugin, attribute)
        manager.register(plugin, name=entry.name)
        manager.check_pending()
        impls = [impl for impl in manager.hook.dnnlint_rules.get_hookimpls() if impl.plugin is plugin]
        answers: Any = [impl.function() for impl in impls]
        kinds: list[object] = [kind for answer in answers for kind in answer]
    except DnnlintError:
        raise
    except (Exception, SystemExit) as error:  # anybody's code is run here, and it may leave in any way
        raise _pack_error(entry, f"cannot be loaded: {_said(error)}{_inside(error)}") from error
    if not impls:
        raise _pack_error(entry, f"{entry.module} has no hook dnnlint_rules")
    return [_checked(entry, kind) for kind in kinds]


def _checked(entry: EntryPoint, kind: object) -> type[Rule]:
    if isinstance(kind, type) and issubclass(kind, Rule):
        return kind
    raise _pack_error(entry, f"dnnlint_rules returned {kind!r}, which is not a rule class")


def _pack_error(entry: EntryPoint, reason: str) -> PackError:
    return PackError(entry.name, f"{reason} (from {entry.distribution})")


def _taken(label: str, rule: Rule, pack: str, other_pack: str, other: Rule) -> RuleError:
    holder = f"{contract.place(type(other))} of pack {other_pack!r}"
    return RuleError(label, contract.place(type(rule)), f"pack {pack!r} brings it, but so does {holder}")


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _inside(error: BaseException) -> str:
    """Where in the pack it failed; nothing if it was ours or a library's code that refused the pack."""
    place = _origin(error)
    refusers = (__file__, importlib.__file__, os.path.dirname(pluggy.__file__))
    return "" if place.startswith(refusers) else f" ({place})"


def _origin(error: BaseException) -> str:
    import traceback  # only errors need it

    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    return f"{frames[-1].filename}:{frames[-1].lineno}"
