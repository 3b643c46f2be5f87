"""``with dnnlint.probe(...)`` around a loop of one's own, as decorator, between two calls, and in a notebook."""

import linecache
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules import module as modules

import dnnlint
from dnnlint.errors import UsageError
from dnnlint.evidence.trace import Devices, Passes, Predictions, Run
from dnnlint.probe import forwards
from dnnlint.probe.sites import is_users

STEPS = 5


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


class Wrong(nn.Module):
    """Softmax before cross-entropy."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layer(x).softmax(1)
        return out


def train(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int = STEPS) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
        torch.autograd.backward(loss)
        optimizer.step()


def made() -> tuple[nn.Module, torch.optim.Optimizer]:
    net = Wrong()
    return net, torch.optim.SGD(net.parameters(), lr=0.1)


def record(run: Any, kind: type) -> Any:
    return run._session.record[kind]


def codes(run: Any) -> list[str]:
    return [finding.code for finding in run.findings]


def test_a_block_is_watched() -> None:
    net, optimizer = made()

    with dnnlint.probe(net, optimizer=optimizer, loss_fn=nn.CrossEntropyLoss()) as run:
        train(net, optimizer, 9)
        during = len(modules._global_forward_hooks)

    (finding,) = run.findings
    assert finding.code == "DNN401"
    assert finding.filename.endswith("test_inline.py")
    assert during == len(modules._global_forward_hooks) == 0  # gone after the watched steps
    assert run.report.splitlines()[-1] == "dnnlint: 1 finding in 5 watched steps"
    assert run.report.startswith(f"{finding.filename}:{finding.span.row}: DNN401 softmax-before-cross-entropy [error]")
    assert repr(run) == "<dnnlint.probe: 1 finding in 5 watched steps>"


def test_a_function_is_watched_each_time() -> None:
    @dnnlint.probe(select="DNN401", steps=2)
    def fit(times: int) -> int:
        """Train."""
        train(*made(), times)
        return times

    assert fit(1) == 1 and fit(7) == 7
    assert (fit.__name__, fit.__doc__) == ("fit", "Train.")
    assert len(modules._global_forward_hooks) == 0


def test_a_probe_is_started_and_stopped() -> None:
    net, optimizer = made()
    run = dnnlint.probe(net, optimizer=[optimizer])
    assert run.report == "dnnlint: nothing was watched yet"
    assert run.findings == ()

    run.start()
    train(net, optimizer, 2)
    first = run.stop()
    again = run.stop()

    assert first is again is run
    assert codes(run) == ["DNN401"]
    assert record(run, Run).steps == 2
    run.start()
    assert run.stop().report == "dnnlint: 0 findings in 0 watched steps"


def test_probes_may_lie_in_each_other() -> None:
    net, optimizer = made()
    with dnnlint.probe(steps=6) as outer:
        train(net, optimizer, 1)
        with dnnlint.probe(net, select=["DNN4"], steps=2) as inner:
            train(net, optimizer, 3)
        train(net, optimizer, 4)

    assert record(outer, Run).steps == 6
    assert record(inner, Run).steps == 2
    assert codes(outer)[:1] == codes(inner) == ["DNN401"]
    assert len(modules._global_forward_hooks) == 0
    assert torch.autograd.backward.__module__ == "torch.autograd"
    assert "dnnlint" not in torch.autograd.backward.__code__.co_filename


def test_only_the_given_model_is_watched() -> None:
    net, optimizer = made()
    other = nn.Linear(4, 4)

    with dnnlint.probe(net, optimizer=optimizer, select="ALL") as run:
        for _ in range(2):
            other(torch.randn(8, 4)).sum().backward()
            train(net, optimizer, 1)

    assert {one.network for one in record(run, Passes).passes} == {"Wrong"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"model": "net"}, "probe: model is a str, not a torch.nn.Module"),
        ({"optimizer": 3}, "probe: optimizer is a int, not a torch.optim.Optimizer"),
        ({"optimizer": [nn.Linear(1, 1)]}, "probe: optimizer is a Linear, not a torch.optim.Optimizer"),
        ({"loss_fn": "mse"}, "probe: loss_fn is a str, not a function"),
        ({"steps": 0}, "probe: steps is 0, and at least 1 is needed"),
        ({"steps": "3"}, "probe: steps is '3', and at least 1 is needed"),
        ({"select": "DNN999"}, "DNN999"),
    ],
)
def test_wrong_arguments_are_told(arguments: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        dnnlint.probe(**arguments)


def test_a_probe_that_watches_is_not_started_again() -> None:
    with dnnlint.probe() as run, pytest.raises(UsageError, match="this probe is watching already"):
        run.start()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_exceptions_pass_through(error: type[BaseException]) -> None:
    net, optimizer = made()

    with pytest.raises(error), dnnlint.probe(net, optimizer=optimizer) as run:
        train(net, optimizer, 2)
        raise error

    assert codes(run) == ["DNN401"]
    assert len(modules._global_forward_hooks) == 0


NET = """\
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)
    def forward(self, x):
        return self.layer(x).softmax(1)
"""
LOOP = """\
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,))).backward()
    optimizer.step()
"""


@pytest.mark.parametrize("name", ["<ipython-input-{0}-abc>", "{1}/ipykernel_7/{0}.py"])
def test_cells_of_a_notebook_are_told_by_their_lines(name: str, tmp_path: Any) -> None:
    cells = [
        "import torch\nimport dnnlint\nfrom torch import nn",
        NET,
        "net = Net()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)",
        "run = dnnlint.probe(net, optimizer=optimizer).start()",
        LOOP,
        "run.stop()\nprint(run.report)",
    ]
    notebook: dict[str, Any] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        path = name.format(number, tmp_path)
        linecache.cache[path] = len(cell), None, cell.splitlines(keepends=True), path
        exec(compile(cell, path, "exec"), notebook)

    run = notebook["run"]
    (finding,) = run.findings
    assert (finding.code, finding.span.row) == ("DNN401", 6)
    assert name.format(1, tmp_path).rpartition("/")[2] in finding.filename
    built = record(run, Predictions).calls[0].call.input_layer
    assert built is None or built.built.path.endswith(name.format(1, tmp_path).rpartition("/")[2])


def _helper(width: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()]  # helper flatten
    for _ in range(2):
        layers.append(nn.Linear(width, width))  # helper linear
        layers += [nn.ReLU()]  # helper relu
    return nn.Sequential(*layers, nn.Linear(width, width))  # helper last


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(0.1)  # block norm

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.drop(self.norm(x))
        return out


class Built(nn.Module):
    def __init__(self, width: int = 4, kind: str = "a") -> None:
        super().__init__()
        self.stem = nn.Linear(width, width)  # stem
        self.blocks = nn.ModuleList(Block(width) for _ in range(2))  # blocks
        self.body = nn.Sequential(
            nn.Linear(width, width),  # body 0
            nn.ReLU(),  # body 1
            *[nn.Linear(width, width) for _ in range(2)],  # body 2 3
            nn.Tanh(),  # body 4
        )
        self.heads = nn.ModuleDict({"one": nn.Linear(width, 1), "two": nn.Linear(width, 2)})  # heads
        self.made = self.make(width)
        self.helped = _helper(width)
        if kind == "a":
            self.chosen: nn.Module = nn.Linear(width, width)  # chosen linear
        else:
            self.chosen = nn.Identity()  # chosen identity
        self.add_module("added", nn.PReLU())  # added
        self.rows = nn.Sequential()
        for number in range(2):
            self.rows.add_module(f"row{number}", nn.Linear(width, width))  # rows
        self.steps = nn.ModuleList()
        for number in range(4):
            if number % 2:
                self.steps.append(nn.LayerNorm(width))  # steps norm
            else:
                self.steps.append(nn.Linear(width, width))  # steps linear
        self.encoder = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(width, 2, 8, batch_first=True), 2, enable_nested_tensor=False
        )  # encoder

    def make(self, width: int) -> nn.Sequential:
        parts = nn.Sequential(nn.Linear(width, width), nn.GELU())  # made
        parts.requires_grad_(True)
        return parts

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.body(self.chosen(self.get_submodule("added")(self.stem(x))))
        for block in self.blocks:
            x = block(x)
        for step in self.steps:
            x = step(x)
        x = self.encoder(self.rows(self.helped(self.made(x)))[:, None])[:, 0]
        return torch.cat([self.heads["one"](x), self.heads["two"](x)], 1)


class Trainer:
    def __init__(self) -> None:
        self.net = Built().to("cpu")  # trainer net

    def fit(self) -> dict[str, Any]:
        return built_lines(lambda x: self.net(x), self.net.parameters())


def built_lines(net: Callable[[torch.Tensor], torch.Tensor], parameters: Any) -> dict[str, Any]:
    """The row of every layer, by path."""
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    with dnnlint.probe(select="ALL", steps=1) as run:
        torch.autograd.backward(nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,))))
        optimizer.step()
    layers: dict[str, Any] = {}
    for told in run._session.record.values():  # type: ignore[union-attr]
        for one in _layers(told):
            layers[one.path] = one.built
    return layers


def _layers(value: Any) -> Any:
    if type(value).__name__ == "Layer":
        yield value
    elif isinstance(value, tuple):
        for inner in value:
            yield from _layers(inner)


def row_of(comment: str) -> int:
    (row,) = (row for row, line in enumerate(LINES, 1) if line.endswith(f"# {comment}\n"))
    return row


with open(__file__, encoding="utf-8") as _file:
    LINES = _file.readlines()
EXPECTED = {
    "stem": "stem",
    "body.0": "body 0",
    "body.1": "body 1",
    "body.2": "body 2 3",
    "body.3": "body 2 3",
    "body.4": "body 4",
    "heads.one": "heads",
    "heads.two": "heads",
    "chosen": "chosen linear",
    "added": "added",
    "made.0": "made",
    "made.1": "made",
    "helped.1": "helper linear",
    "helped.2": "helper relu",
    "helped.4": "helper relu",
    "helped.5": "helper last",
    "blocks.0.norm": "block norm",
    "blocks.1.norm": "block norm",
    "rows.row1": "rows",
    "steps.2": "steps linear",
    "steps.3": "steps norm",
}


def test_layers_that_were_built_before_are_found_in_the_source() -> None:
    net = Built()  # bound net
    built = built_lines(lambda x: net(x), net.parameters())

    assert {path: built[path].span.row for path in EXPECTED} == {path: row_of(line) for path, line in EXPECTED.items()}
    stem = built["stem"]
    text = LINES[stem.span.row - 1]
    assert text[stem.span.column - 1 : stem.span.end_column - 1] == "nn.Linear(width, width)"
    assert stem.scope == "Built.__init__"
    assert built["encoder.layers.0.linear1"].span.row in range(row_of("encoder") - 2, row_of("encoder") + 1)


def test_a_network_is_found_where_it_is_bound() -> None:
    net = nn.Sequential(  # bound sequential
        nn.Linear(4, 3),  # bound first
        nn.Softmax(dim=1),  # bound second
    )

    built = built_lines(lambda x: net(x), net.parameters())

    assert [built[path].span.row for path in ("0", "1")] == [row_of("bound first"), row_of("bound second")]
    assert built["0"].scope == "test_a_network_is_found_where_it_is_bound"


def test_a_network_is_found_where_an_object_holds_it() -> None:
    built = Trainer().fit()

    assert built["stem"].span.row == row_of("stem")
    assert built[""].span.row == row_of("trainer net") if "" in built else True


def test_what_is_not_found_is_where_the_probe_is() -> None:
    space: dict[str, Any] = {"nn": nn}
    exec("net = nn.Linear(4, 3)", space)

    built = built_lines(space["net"], space["net"].parameters())

    assert LINES[built[""].span.row - 1].strip().startswith("with dnnlint.probe(")


def test_what_never_steps_is_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwards, "CALLS", 10)
    net, _ = made()

    with dnnlint.probe(select="ALL") as run:
        for _ in range(50):
            nn.functional.cross_entropy(net(torch.randn(8, 4)), torch.randint(3, (8,)))
        stage = run._session._stage  # type: ignore[union-attr]
        assert stage is not None
        assert len(stage.calls) <= 11
        assert len(stage.producers) <= 11

    assert record(run, Run).forwards == 50


def test_a_call_that_fails_because_of_devices_is_told() -> None:
    net, optimizer = made()
    net.to("meta")

    with pytest.raises(RuntimeError), dnnlint.probe(net, optimizer=optimizer, select="ALL") as run:
        train(net, optimizer)

    (mismatch,) = record(run, Devices).mismatches
    assert mismatch.devices == ("cpu", "meta")
    assert LINES[mismatch.called.span.row - 1].strip().startswith("loss = nn.functional.cross_entropy(net(")


def test_what_lies_in_another_environments_folder_is_not_the_users() -> None:
    assert is_users("/home/me/project/train.py")
    assert not is_users("/home/me/.local/lib/python3.11/site-packages/lib/layers.py")
    assert not is_users("/usr/lib/python3/dist-packages/lib.py")
