"""DNN207 over networks made by hand."""

from collections.abc import Callable

from dnnlint.diagnostic import Place
from dnnlint.evidence.script import Network, Stray
from dnnlint.rule import Finding
from tests.rules.traces import node

Judge = Callable[[str, object], list[Finding]]


def network(*stray: Stray) -> Network:
    return Network("Net", Place("model.py", 0), (), (), stray)


def test_every_stray_container_is_reported_where_it_is_filled(judge: Judge) -> None:
    hidden = Stray(Place("model.py", 5), "layers", "list", ("Linear", "ReLU", "Linear"))
    heads = Stray(Place("model.py", 8), "heads", "dict", ("Linear",))
    first, second = judge("unregistered-module", network(hidden, heads))

    assert (node(first.place), first.blanks["layers"], first.blanks["cure"]) == (
        5,
        "`Linear`, `ReLU`",
        "`nn.ModuleList`",
    )
    assert (node(second.place), second.blanks["cure"]) == (8, "`nn.ModuleDict`")


def test_many_kinds_are_cut_short(judge: Judge) -> None:
    (finding,) = judge("unregistered-module", network(Stray(Place("m.py", 5), "parts", "tuple", ("A", "B", "C", "D"))))

    assert finding.blanks["layers"] == "`A`, `B`, `C` and others"


def test_a_network_without_strays_is_silent(judge: Judge) -> None:
    assert judge("unregistered-module", network()) == []
