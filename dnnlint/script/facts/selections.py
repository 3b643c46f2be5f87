"""Scores on test data by which the best state of a network is picked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnnlint.evidence.script import HeldOutSelection
from dnnlint.script.events import selection

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def state(run: Interpreter) -> None:
    """State that test data decides, where there is validation data that could, and does not."""
    found = run.record.selections
    if not found or any(any(map(selection.validates, one.names)) for one in found):
        return
    names = [loader.name for loader in run.record.loaders if not loader.fields.get("$trains")]
    if not any(map(selection.validates, (*run.mentions, *names))):
        return
    for one in found:
        if selection.tests(one.names):
            run.record.state(HeldOutSelection(one.place, one.names, one.best))
