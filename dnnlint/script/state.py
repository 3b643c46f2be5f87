"""Everything that can change while a program is run, with an undo journal.

Branches are run one after the other from the same start: run one, take back what it wrote, run the next, then
join what the survivors wrote. The cost is proportional to the writes, not to the size of the state.
"""

from __future__ import annotations

from typing import Any

from dnnlint.script.lattice import MISSING, join

# What holds after paths meet only if it held on each of them.
_AGREED = frozenset({"grad", "$known", "$benchmark", "$deterministic", "$spent"})
Cell = dict[Any, Any]
Delta = dict[tuple[int, Any], tuple[Cell, Any, Any]]


class State:
    """Writes to cells (plain dicts), remembered so that they can be taken back and joined."""

    __slots__ = ("journal",)

    def __init__(self) -> None:
        self.journal: list[tuple[Cell, Any, Any]] = []

    def write(self, cell: Cell, key: Any, value: Any) -> None:
        """Set ``cell[key]``; MISSING removes the key."""
        self.journal.append((cell, key, cell.get(key, MISSING)))
        if value is MISSING:
            cell.pop(key, None)
        else:
            cell[key] = value

    def mark(self) -> int:
        """A point to come back to."""
        return len(self.journal)

    def peek(self, mark: int) -> Delta:
        """What has been written since a mark, as it stands now."""
        delta: Delta = {}
        for cell, key, _ in self.journal[mark:]:
            where = (id(cell), key)
            if where not in delta:
                delta[where] = (cell, key, cell.get(key, MISSING))
        return delta

    def rollback(self, mark: int) -> Delta:
        """Take back everything written since a mark and return it."""
        journal = self.journal
        if len(journal) == mark:
            return {}
        delta = self.peek(mark)
        while len(journal) > mark:
            cell, key, old = journal.pop()
            if old is MISSING:
                cell.pop(key, None)
            else:
                cell[key] = old
        return delta

    def merge(self, deltas: list[Delta]) -> None:
        """Write what the alternatives agree on, or their join."""
        if len(deltas) == 1:
            for cell, key, value in deltas[0].values():
                self.write(cell, key, value)
            return
        done = set()
        for delta in deltas:
            for where, (cell, key, _) in delta.items():
                if where in done:
                    continue
                done.add(where)
                old = cell.get(key, MISSING)
                values = [other[where][2] if where in other else old for other in deltas]
                joined = join(values)
                if joined is True and key in _AGREED and not all(value is True for value in values):
                    joined = None
                self.write(cell, key, joined)
