"""Scores on test data by which the best state of a network is picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import HeldOutSelection
from dnnlint.script.events import selection
from dnnlint.script.values import Obj

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> None:
    """State that test data decides, where there is validation data that could, and does not."""
    found = run.record.selections
    if not found:
        return
    for one in found:
        for loader in _misnamed(run, one.names):
            run.record.state(HeldOutSelection(loader.at, (loader.fields["$written"],), one.best))
    if any(any(map(selection.validates, one.names)) for one in found):
        return
    names = [loader.name for loader in run.record.loaders if not loader.fields.get("$trains")]
    if not any(map(selection.validates, (*run.mentions, *names))):
        return
    for one in found:
        if selection.tests(one.names):
            run.record.state(HeldOutSelection(one.place, one.names, one.best))


def _misnamed(run: Interpreter, names: tuple[str, ...]) -> list[Obj]:
    """Loaders behind a score that speak of validation and load the test data, where there are other data to load."""
    loaders = [loader for loader in run.record.loaders if selection.tests((loader.fields.get("$written", ""),))]
    found = [one for one in loaders if one.name in names and selection.validates(one.name)]
    other = any(selection.validates(name) and not selection.loads(name) for name in run.mentions)
    twice = {one.fields["$written"] for one in loaders if selection.tests((one.name,))}
    return [one for one in found if other or one.fields["$written"] in twice]
