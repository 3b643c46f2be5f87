"""DNN101 over loaders made by hand."""

from collections.abc import Callable

import pytest

from dnnlint.diagnostic import Place, Severity
from dnnlint.evidence.script import Loader
from dnnlint.rule import Finding

Judge = Callable[[str, object], list[Finding]]
HERE = Place("train.py", 7)
FAULTY = Loader(HERE, "train_loader", trains=True, evaluates=False, shuffle=False, sampler=False, iterable=False)


def test_a_loader_in_stored_order_is_reported_where_it_is_built(judge: Judge) -> None:
    (finding,) = judge("unshuffled-training-data", FAULTY)

    assert (finding.place, finding.severity) == (HERE, Severity.WARNING)
    assert finding.blanks["loader"] == "`train_loader`"


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        pytest.param({"evaluates": True}, 1, id="also used for a score"),
        pytest.param({"name": ""}, 1, id="a loader without a name"),
        pytest.param({"batch_size": 32, "samples": 1000}, 1, id="more samples than fit into a batch"),
        pytest.param({"batch_size": 1000, "samples": 1000}, 0, id="the full batch"),
        pytest.param({"trains": False}, 0, id="never trained on"),
        pytest.param({"shuffle": True}, 0, id="shuffled"),
        pytest.param({"shuffle": None}, 0, id="perhaps shuffled"),
        pytest.param({"sampler": True}, 0, id="a sampler draws"),
        pytest.param({"sampler": None}, 0, id="perhaps a sampler draws"),
        pytest.param({"iterable": True}, 0, id="an iterable dataset"),
        pytest.param({"iterable": None}, 0, id="perhaps an iterable dataset"),
        pytest.param({"ordered": True}, 0, id="a time series"),
    ],
)
def test_only_what_is_known_is_reported(judge: Judge, changes: dict[str, object], count: int) -> None:
    assert len(judge("unshuffled-training-data", FAULTY._replace(**changes))) == count  # type: ignore[arg-type]
