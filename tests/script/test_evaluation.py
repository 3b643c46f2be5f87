"""Statements without effect, evaluation, counts, axes and devices: what is told, and what must not be."""

from collections.abc import Callable
from textwrap import dedent, indent
from typing import Any

import pytest

from dnnlint.evidence.script import (
    CarriedState,
    DeviceMix,
    DirectForward,
    DropoutRate,
    DroppedResult,
    EvaluationPass,
    HeldOutSelection,
    LeftLoop,
    NormalizedBatch,
    PartialEvaluation,
    UncalledMethod,
    WrongAxis,
    WrongCount,
)

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import numpy as np
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
"""


LOOP = """
model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
scaler = torch.amp.GradScaler()
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
for x, y in loader:
    out = model(x)
    loss = F.cross_entropy(out, y)
    loss.backward()
    optimizer.step()
{statement}
"""


def _loop(statement: str) -> str:
    return LOOP.format(statement=indent(statement, "    "))


class TestDroppedResults:
    """A new tensor that nobody keeps."""

    @pytest.mark.parametrize(
        "statement",
        [
            "x.to('cuda')",
            "y.cuda()",
            "out.detach()",
            "loss.float()",
            "out.view(-1)",
            "F.relu(out)",
            "torch.sigmoid(out)",
            "out.masked_fill(out > 0, float('-inf'))",
            "out.clamp(0, limit)",
        ],
    )
    def test_dropped(self, read: Read, statement: str) -> None:
        (fact,) = read(_loop(statement))[DroppedResult]

        assert fact.call == statement.partition("(")[0]

    @pytest.mark.parametrize(
        "statement",
        [
            "model.to('cuda')",
            "model.cuda()",
            "out.relu_()",
            "x.requires_grad_()",
            "F.relu(out, inplace=True)",
            "F.relu(out, True)",
            "torch.add(x, x, out=x)",
            "loss.item()",
            "print(out.shape)",
            "x = x.to('cuda')",
            "torch.matmul(out, out.t())",
            "torch.zeros(1).cuda()",
            "optimizer.zero_grad()",
            "np.random.shuffle(np.arange(8))",
            "np.fill_diagonal(np.zeros((2, 2)), 1)",
        ],
    )
    def test_not_dropped(self, read: Read, statement: str) -> None:
        assert DroppedResult not in read(_loop(statement))

    @pytest.mark.parametrize("name", ["data", "inputs", "images"])
    def test_a_part_of_a_batch_is_a_tensor(self, read: Read, name: str) -> None:
        source = f"""
        def train(model, loader, optimizer):
            for {name}, target in loader:
                {name}.to("cuda")
                loss = F.mse_loss(model({name}), target)
                loss.backward()
                optimizer.step()
        """

        assert [fact.certain for fact in read(source)[DroppedResult]] == [False]

    def test_a_whole_batch_may_move_itself(self, read: Read) -> None:
        source = """
        def train(model, loader, optimizer):
            for batch in loader:
                batch.to("cuda")
                loss = model(batch)
                loss.backward()
                optimizer.step()
        """

        assert DroppedResult not in read(source)

    def test_a_part_of_an_unknown_network_moves_in_place(self, read: Read) -> None:
        source = """
        from elsewhere import model

        for name, module in model.named_modules():
            module.to("cuda")
        """

        assert DroppedResult not in read(source)


class TestUncalledMethods:
    """A method that is named and not called."""

    @pytest.mark.parametrize(
        "name",
        [
            "model.eval",
            "model.train",
            "optimizer.zero_grad",
            "optimizer.step",
            "scheduler.step",
            "loss.backward",
            "scaler.update",
            "scaler.scale(loss).backward",
        ],
    )
    def test_uncalled(self, read: Read, name: str) -> None:
        (fact,) = read(_loop(name))[UncalledMethod]

        assert fact.certain and not fact.tested

    @pytest.mark.parametrize(
        "name", ["model.training", "optimizer.param_groups", "loss.grad_fn", "x.shape", "loader.dataset"]
    )
    def test_attributes_that_are_no_methods(self, read: Read, name: str) -> None:
        assert UncalledMethod not in read(_loop(name))

    @pytest.mark.parametrize(
        "statement",
        [
            "device = 'cuda' if torch.cuda.is_available else 'cpu'",
            "if torch.cuda.is_available:\n    model.cuda()",
            "if torch.backends.mps.is_available:\n    model.to('mps')",
        ],
    )
    def test_a_question_that_is_not_asked(self, read: Read, statement: str) -> None:
        (fact,) = read(_loop(statement))[UncalledMethod]

        assert fact.tested


class TestDirectForward:
    """The forward of a network, by name."""

    def test_from_outside_and_of_a_part(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = nn.Linear(2, 2)

            def forward(self, x):
                return self.part.forward(x)

        net = Net()
        net.forward(torch.randn(2, 2))
        """

        assert {(fact.network, fact.own) for fact in read(source)[DirectForward]} == {("net", False), ("part", False)}

    def test_a_method_of_its_own_is_told_apart(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = nn.Linear(2, 2)

            def forward(self, x):
                return self.part(x)

            def predict(self, x):
                return self.forward(x).argmax(1)

        net = Net()
        net.predict(torch.randn(2, 2))
        """

        assert [fact.own for fact in read(source)[DirectForward]] == [True]

    def test_its_own_in_a_function_inside(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.part = nn.Linear(2, 2)

                def probe(x):
                    return self.forward(x)

                self.width = probe(torch.zeros(1, 2)).shape[1]

            def forward(self, x):
                return self.part(x)

        Net()
        """

        assert [fact.own for fact in read(source)[DirectForward]] == [True]

    def test_a_network_of_opencv(self, read: Read) -> None:
        assert DirectForward not in read("def detect(net, image):\n    net.setInput(image)\n    return net.forward()\n")

    @pytest.mark.parametrize("base", ["super().forward(x)", "nn.Linear.forward(self, x)"])
    def test_the_base_class(self, read: Read, base: str) -> None:
        source = f"""
        class Twice(nn.Linear):
            def forward(self, x):
                return {base} * 2

        Twice(2, 2)(torch.randn(2, 2))
        """

        assert DirectForward not in read(source)


class TestDropoutRates:
    """Rates that are odd."""

    @pytest.mark.parametrize(
        ("layer", "rate"),
        [
            ("nn.Dropout(0.9)", 0.9),
            ("nn.Dropout2d(p=1.5)", 1.5),
            ("nn.Dropout(-0.1)", -0.1),
            ("nn.LSTM(2, 2, 2, dropout=0.95)", 0.95),
            ("F.dropout(x, 0.9)", 0.9),
            ("nn.Dropout(keep_prob)", 0.7),
        ],
    )
    def test_odd(self, read: Read, layer: str, rate: float) -> None:
        (fact,) = read(f"keep_prob = 0.7\nx = torch.randn(2)\nlayer = {layer}")[DropoutRate]

        assert fact.rate == rate

    @pytest.mark.parametrize("layer", ["nn.Dropout(0.5)", "nn.Dropout()", "nn.Dropout(1 - keep_prob)", "nn.Dropout(0)"])
    def test_usual(self, read: Read, layer: str) -> None:
        assert DropoutRate not in read(f"keep_prob = 0.7\nlayer = {layer}\nnn.Sequential(layer)")


EVALUATION = """
model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
test_loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)

{decorator}
def evaluate(model, loader):
    model.eval()
    correct = 0
    {setup}
    for i, (x, y) in enumerate(loader):
        out = model(x)
        correct += (out.argmax(1) == y).sum().item()
{end}
    return correct

evaluate(model, test_loader)
"""


def _evaluation(decorator: str = "", setup: str = "", end: str = "") -> str:
    return EVALUATION.format(decorator=decorator, setup=setup, end=indent(end, "        "))


class TestEvaluation:
    """Evaluation with gradients on, and evaluation that ends early."""

    def test_gradients_are_on(self, read: Read) -> None:
        (fact,) = read(_evaluation())[EvaluationPass]

        assert fact.grad_enabled and fact.leads and fact.over_data and not fact.needs_grad

    @pytest.mark.parametrize(
        ("decorator", "setup"),
        [
            ("@torch.no_grad()", ""),
            ("@torch.inference_mode()", ""),
            ("", "torch.set_grad_enabled(False)"),
        ],
    )
    def test_gradients_are_off(self, read: Read, decorator: str, setup: str) -> None:
        (fact,) = read(_evaluation(decorator, setup))[EvaluationPass]

        assert fact.grad_enabled is False

    @pytest.mark.parametrize("end", ["torch.autograd.grad(out.sum(), x)", "x.requires_grad_()\nmodel(x)"])
    def test_gradients_are_wanted(self, read: Read, end: str) -> None:
        assert all(fact.needs_grad for fact in read(_evaluation(end=end))[EvaluationPass][-1:])

    @pytest.mark.parametrize(
        ("end", "batches"),
        [("break", None), ("return correct", None), ("if i == 5:\n    break", 5), ("if i > 2:\n    return correct", 2)],
    )
    def test_ends_early(self, read: Read, end: str, batches: int | None) -> None:
        (fact,) = read(_evaluation(end=end))[PartialEvaluation]

        assert fact.batches == batches

    @pytest.mark.parametrize(
        "end", ["if i == limit:\n    break", "if correct > 100:\n    break", "if debug:\n    break", ""]
    )
    def test_does_not_end_early(self, read: Read, end: str) -> None:
        assert PartialEvaluation not in read("limit = 3\ndebug = unknown()\n" + dedent(_evaluation(end=end)))

    @pytest.mark.parametrize("end", ["break", "return loss"])
    def test_training_ends_early(self, read: Read, end: str) -> None:
        source = f"""
        def fit(model, optimizer, loader):
            for x, y in loader:
                loss = F.mse_loss(model(x), y)
                loss.backward()
                optimizer.step()
                {end}

        net = nn.Linear(2, 1)
        fit(net, torch.optim.SGD(net.parameters(), lr=0.1), DataLoader(data))
        """

        assert [fact.how for fact in read(source)[LeftLoop]] == [end.partition(" ")[0]]

    def test_training_that_may_go_on(self, read: Read) -> None:
        source = _loop("if loss.isnan():\n    break\nif unknown():\n    continue\nbreak")

        assert LeftLoop not in read(source)


class TestSmallBatches:
    """Batch normalisation over few samples."""

    SOURCE = """
    model = nn.Sequential(nn.Linear(4, 4), nn.{layer}, nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for x, y in DataLoader(data, {size}):
        {before}
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    """

    @pytest.mark.parametrize(
        ("layer", "size", "before", "told"),
        [
            ("BatchNorm1d(4)", "batch_size=1", "pass", True),
            ("BatchNorm1d(4)", "2", "pass", True),
            ("BatchNorm1d(4)", "batch_size=32", "pass", False),
            ("LayerNorm(4)", "batch_size=1", "pass", False),
            ("BatchNorm1d(4)", "batch_size=1", "model[1].eval()", False),
            ("BatchNorm1d(4)", "batch_sampler=sampler", "pass", False),
        ],
    )
    def test_told(self, read: Read, layer: str, size: str, before: str, told: bool) -> None:
        facts = read(self.SOURCE.format(layer=layer, size=size, before=before))

        assert (NormalizedBatch in facts) is told


COUNT = """
model = nn.Linear(4, 2)
criterion = nn.CrossEntropyLoss({options})
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size={size})
total, seen = 0.0, 0
for x, y in loader:
    out = model(x)
    total += {addend}
    seen += y.size(0)
print(100 * total / {divisor})
"""
LOSS, RIGHT = "criterion(out, y).item()", "(out.argmax(1) == y).sum().item()"


class TestCounts:
    """What is summed, and what it is divided by."""

    @pytest.mark.parametrize(
        ("addend", "divisor", "summed", "by"),
        [
            (LOSS, "len(loader.dataset)", "mean", "samples"),
            (LOSS, "seen", "mean", "samples"),
            (RIGHT, "len(loader)", "count", "batches"),
            ("out.max(1)[1].eq(y).cpu().sum().item()", "len(loader)", "count", "batches"),
            ("torch.sum(out.argmax(1) == y.data)", "len(loader)", "count", "batches"),
            (f"{LOSS} * x.size(0)", "len(loader)", "sum", "batches"),
            (f"{LOSS} * len(x)", "len(loader)", "sum", "batches"),
            ("(out.argmax(1) == y).float().mean().item()", "len(loader.dataset)", "mean", "samples"),
        ],
    )
    def test_wrong(self, read: Read, addend: str, divisor: str, summed: str, by: str) -> None:
        (fact,) = read(COUNT.format(options="", size=4, addend=addend, divisor=divisor))[WrongCount]

        assert (fact.summed, fact.by) == (summed, by)

    @pytest.mark.parametrize(
        ("options", "size", "addend", "divisor"),
        [
            ("", 4, LOSS, "len(loader)"),
            ("", 4, RIGHT, "len(loader.dataset)"),
            ("", 4, RIGHT, "seen"),
            ("", 4, RIGHT, "(len(loader) * 4)"),
            ("", 4, f"{LOSS} * y.shape[0]", "seen"),
            ("reduction='sum'", 4, LOSS, "len(loader.dataset)"),
            ("size_average=False", 4, LOSS, "len(loader.dataset)"),
            ("", 1, LOSS, "len(loader.dataset)"),
            ("", 4, "unknown(out, y)", "len(loader.dataset)"),
            ("", 4, LOSS, "8"),
        ],
    )
    def test_right(self, read: Read, options: str, size: int, addend: str, divisor: str) -> None:
        assert WrongCount not in read(COUNT.format(options=options, size=size, addend=addend, divisor=divisor))


class TestAxes:
    """Which axis a class is chosen over."""

    SOURCE = """
    model = nn.Linear(4, 2)
    for x, y in DataLoader(data, batch_size={size}):
        out = model(x)
        print(({choice} == y).sum())
    """

    @pytest.mark.parametrize(
        "choice",
        [
            "out.argmax(0)",
            "out.argmax(dim=0)",
            "out.argmax()",
            "torch.argmax(out, dim=0)",
            "torch.max(out, 0)[1]",
            "out.softmax(1).cpu().argmax(axis=0)",
        ],
    )
    def test_wrong(self, read: Read, choice: str) -> None:
        assert len(read(self.SOURCE.format(choice=choice, size=8))[WrongAxis]) == 1

    @pytest.mark.parametrize(
        ("choice", "size"),
        [
            ("out.argmax(1)", 8),
            ("out.argmax(-1)", 8),
            ("out.max(dim=1)[1]", 8),
            ("out[0].argmax(0)", 8),
            ("out.t().argmax(0)", 8),
            ("out.squeeze().argmax()", 8),
            ("out.argmax()", 1),
            ("unknown(out).argmax()", 8),
        ],
    )
    def test_right(self, read: Read, choice: str, size: int) -> None:
        assert WrongAxis not in read(self.SOURCE.format(choice=choice, size=size))


class TestSelections:
    """Which data picks the best state."""

    SOURCE = """
    def score(loader):
        right = 0
        for x, y in loader:
            right += (model(x).argmax(1) == y).sum().item()
        return right

    model = nn.Linear(4, 2)
    {name} = DataLoader(data, batch_size=8)
    test_loader = DataLoader(other, batch_size=8)
    best = 0
    {statement}
    """

    @pytest.mark.parametrize(
        ("name", "statement", "told"),
        [
            ("val_loader", "best = score(test_loader) if score(test_loader) > best else best", True),
            ("valid_dl", "is_best = best < score(test_loader)", True),
            ("val_loader", "is_best = score(val_loader) > best", False),
            ("val_loader", "print(score(test_loader) > best, score(val_loader) > best)", False),
            ("train_loader", "is_best = score(test_loader) > best", False),
            ("val_loader", "print(score(test_loader) > 10)", False),
        ],
    )
    def test_told(self, read: Read, name: str, statement: str, told: bool) -> None:
        assert (HeldOutSelection in read(self.SOURCE.format(name=name, statement=statement))) is told


DEVICES = """
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
{setup}
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
for x, y in loader:
    {moves}
    loss = F.cross_entropy(model(x), y)
"""


class TestDevices:
    """Where networks and data meet."""

    @pytest.mark.parametrize(
        ("setup", "moves", "network", "moved"),
        [
            ("model.to(device)", "pass", "model", True),
            ("model = model.cuda()", "y = y.cuda()", "model", True),
            ("model.to(device)", "x = x.to(device)", "", True),
            ("pass", "x, y = x.to(device), y.to(device)", "model", False),
            ("model.to('cuda:0')", "x = x.float(); y = y.cuda()", "model", True),
        ],
    )
    def test_apart(self, read: Read, setup: str, moves: str, network: str, moved: bool) -> None:
        (fact,) = read(DEVICES.format(setup=setup, moves=moves))[DeviceMix]

        assert (fact.network, fact.network_moved, fact.always) == (network, moved, True)

    def test_apart_under_a_condition(self, read: Read) -> None:
        (fact,) = read(DEVICES.format(setup="if torch.cuda.is_available():\n    model.cuda()", moves="pass"))[DeviceMix]

        assert not fact.always

    @pytest.mark.parametrize(
        ("setup", "moves"),
        [
            ("model.to(device)", "x, y = x.to(device), y.to(device)"),
            ("model.to(device)", "x, y = [part.to(device) for part in (x, y)]"),
            ("model.to(device)", "x, y = elsewhere(x, y)"),
            ("model.to('cpu')", "pass"),
            ("model.to(torch.float32)", "pass"),
            ("model = nn.DataParallel(model).cuda()", "pass"),
            ("torch.set_default_device(device); model.to(device)", "pass"),
            ("setup(model); model.to(device)", "elsewhere(model)"),
            ("from accelerate import Accelerator", "pass"),
            ("pass", "pass"),
            ("model.cuda(); Tensor = torch.cuda.FloatTensor", "x, y = x.type(Tensor), y.type(Tensor)"),
            ("if cuda:\n    model.cuda()", "if cuda:\n        x, y = x.cuda(), y.cuda()"),
        ],
    )
    def test_together(self, read: Read, setup: str, moves: str) -> None:
        assert DeviceMix not in read(DEVICES.format(setup=setup, moves=moves))

    def test_an_engine_moves_what_it_prepares(self, read: Read) -> None:
        source = """
        from accelerate import Accelerator

        accelerator = Accelerator()
        model = nn.Linear(4, 2)
        loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
        model.to(accelerator.device)
        model, loader = accelerator.prepare(model, loader)
        for x, y in loader:
            F.cross_entropy(model(x), y)
        """

        assert DeviceMix not in read(source)

    def test_what_is_put_into_something_moves_with_it(self, read: Read) -> None:
        source = """
        from elsewhere import dataset

        data = dataset[0].to_homogeneous()
        data.x = torch.randn(data.num_nodes, 4)
        data = data.to("cuda")
        model = nn.Linear(4, 2).to("cuda")
        F.cross_entropy(model(data.x), data.y)
        """

        assert DeviceMix not in read(source)

    @pytest.mark.parametrize(("base", "apart"), [("lightning.LightningModule", False), ("nn.Module", True)])
    def test_lightning_moves_what_its_modules_hold(self, read: Read, base: str, apart: bool) -> None:
        source = f"""
        import lightning

        class Agent({base}):
            def __init__(self):
                super().__init__()
                self.net = nn.Linear(4, 2)

            def act(self, state, device):
                return self.net(torch.tensor([state]).cuda(device))

        Agent().act([0.0, 1.0, 2.0, 3.0], "cuda:0")
        """

        assert (DeviceMix in read(source)) is apart


class TestCarriedStates:
    """States that are carried from one training step into the next."""

    SOURCE = """
    rnn, head = nn.LSTM(2, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
    state = None
    for x, y in loader:
        {before}
        out, state = rnn(x, state)
        loss = F.mse_loss(head(out), y)
        {after}
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    """

    @pytest.mark.parametrize(
        ("before", "after", "told"),
        [
            ("pass", "pass", True),
            ("if state is not None: state = (state[0], state[1])", "pass", True),
            ("if state is not None: state = tuple(s.detach() for s in state)", "pass", False),
            ("state = None", "pass", False),
            ("pass", "state = (state[0].data, state[1].data)", False),
            ("if unknown(): state = None", "pass", False),
            ("pass", "state = repackage(state)", False),
        ],
    )
    def test_told(self, read: Read, before: str, after: str, told: bool) -> None:
        assert (CarriedState in read(self.SOURCE.format(before=before, after=after))) is told

    ATTRIBUTE = """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.head, self.state = nn.GRU(2, 4), nn.Linear(4, 1), None

        def forward(self, x):
            out, self.state = self.rnn(x, {taken})
            return self.head(out)

    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for x, y in loader:
        {before}
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        optimizer.step()
    """

    @pytest.mark.parametrize(
        ("taken", "before", "told"),
        [
            ("self.state", "pass", True),
            ("None", "pass", False),
            ("self.state", "net.state = None", False),
            ("self.state", "net.state = torch.zeros(1, 1, 4)", False),
            ("self.state", "if net.state is not None: net.state = net.state.detach()", False),
            ("self.state if self.state is None else self.state.detach()", "pass", False),
        ],
    )
    def test_in_an_attribute(self, read: Read, taken: str, before: str, told: bool) -> None:
        assert (CarriedState in read(self.ATTRIBUTE.format(taken=taken, before=before))) is told
