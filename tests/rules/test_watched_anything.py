"""No runtime half ever fails, whatever a run may have recorded."""

import types
import typing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnnlint import contract
from dnnlint.diagnostic import Site
from dnnlint.engine import diagnose, judge_run
from dnnlint.packs import load_rules
from dnnlint.rule import Rule
from tests.rules import traces

RULES = [rule for rule in load_rules() if contract.channels(type(rule))]
OPS = ["linear", "conv", "relu", "tanh", "sigmoid", "softmax", "batchnorm", "dropout", "embedding", "unknown"]
KINDS = ["CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss", "MSELoss", "NLLLoss", "SGD", "Adam", "Linear", ""]
NUMBERS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 1e-7, 1e7, 1e300, traces.NAN, traces.INF, -traces.INF]),
    st.floats(0, 1),
    st.floats(),
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.one_of(st.integers(0, 5), st.integers(-(2**40), 2**40)),
    float: NUMBERS,
    str: st.sampled_from([*OPS, *KINDS, "Net", "float32", "bfloat16"]),
    Site: st.builds(traces.site, st.integers(1, 4)),
    type(None): st.none(),
}


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Whatever an annotation allows."""
    if hint in PLAIN:
        return PLAIN[hint]
    members = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return st.one_of(*map(anything, members))
    if typing.get_origin(hint) is tuple:
        if members[-1] is Ellipsis:
            return st.lists(anything(members[0]), max_size=4).map(tuple)
        return st.tuples(*map(anything, members))
    hints = typing.get_type_hints(hint)
    PLAIN[hint] = found = st.builds(hint, *(_later(hints[name]) for name in hint._fields))
    return found


def _later(hint: Any) -> st.SearchStrategy[Any]:
    return st.deferred(lambda: anything(hint))


def record(rule: Rule) -> st.SearchStrategy[dict[type, object]]:
    return st.fixed_dictionaries({channel: anything(channel) for channel in contract.channels(type(rule))})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_run_in_which_nothing_happened_is_silent(rule: Rule) -> None:
    assert judge_run({kind: traces.empty(kind) for kind in contract.channels(type(rule))}, [rule]) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_record_is_judged_and_worded(rule: Rule, data: st.DataObject) -> None:
    diagnose(judge_run(data.draw(record(rule)), [rule]), traces.located)
