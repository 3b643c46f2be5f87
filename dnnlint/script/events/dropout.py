"""Rates that dropouts are built with or applied at, where something about them is odd."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dnnlint.evidence.script import DropoutRate
from dnnlint.script import ir, spelling
from dnnlint.script.code import Args
from dnnlint.script.values import Const, Obj, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter

HIGH = 0.8  # rates above are rare: a share to keep may have been meant
_KEEP = re.compile(r"(?:^|_)(?:keep|retain|survival)(?:_?(?:prob|rate|p|ratio|probability))?$|keepprob", re.IGNORECASE)
_RATES = ("p", "dropout")


def built(run: Interpreter, layer: Obj, node: Any) -> None:
    """A layer that may drop units was built."""
    spec = layer.fields["$spec"]
    name = spec.mode_dependent
    if name in _RATES and name in layer.fields["$args"]:
        title = str(layer.cls).rpartition(".")[2]
        _note(run, title, layer.fields["$args"][name], _written(node, spec.params.index(name), name), node)


def applied(run: Interpreter, name: str, args: Args, node: Any) -> None:
    """A function that drops units was called."""
    rate = args.get(1, "p")
    if rate is not None and type(node) is ir.Call:
        _note(run, name.rpartition(".")[2], rate, _written(node, 1, "p"), node)


def _written(node: Any, position: int, name: str) -> str:
    """How an argument is spelled."""
    given = [value for key, value in node.keywords if key == name] or node.args[position : position + 1]
    return spelling.spell(given[0]).rpartition(".")[2] if given else ""


def _note(run: Interpreter, layer: str, rate: Value, spelled: str, node: Any) -> None:
    known = rate.value if type(rate) is Const and type(rate.value) in (int, float) else None
    keep = spelled if _KEEP.search(spelled) else ""
    if (known is not None and not 0 <= known <= HIGH) or (keep and (known is None or known > 0.5)):
        run.record.state(DropoutRate(run.place(node), layer, known, keep))
