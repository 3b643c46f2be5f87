"""How scores are measured and what they decide: idioms of the same few faults, and those that look like them."""

from collections.abc import Callable
from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import (
    AliasedWeights,
    DeviceMix,
    FreshDropout,
    HeldOutSelection,
    MeanOfMeans,
    PartialEvaluation,
    ScalerUse,
    Selection,
    WrongAxis,
    WrongCount,
)

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from sklearn.metrics import accuracy_score
"""

SCRIPT = """
from data import get
model = nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(get("train"), 32, shuffle=True)
val_loader = DataLoader(get("val"), 32)

def train():
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()

def evaluate():
    total = 0.0
    with torch.no_grad():
        for x, y in val_loader:
            total += F.cross_entropy(model(x), y).item()
    return total / len(val_loader)

def hits():
    right = seen = 0
    with torch.no_grad():
        for x, y in val_loader:
            right += (model(x).argmax(1) == y).sum().item()
            seen += len(y)
    return right / seen
"""
EPOCHS = """
best = None
best_result = {{"loss": 1e9, "acc": 0.0}}
history = []
for epoch in range(10):
    train()
    value = {measure}
{keep}
"""


def _wrong(facts: dict[type, list[Any]]) -> list[str]:
    return [one.keeps for one in facts.get(Selection, []) if one.better is not None and one.better != one.keeps]


def _epochs(measure: str, keep: str) -> str:
    return SCRIPT + EPOCHS.format(measure=measure, keep=indent(keep, "    "))


class TestSensesOfValues:
    """Names that do not tell, but losses and hits do."""

    KEEPS = (
        "if best is None or value {worse} best:\n    best = value",
        "if best is None:\n    best = value\nelif value {better} best:\n    wait = 1\nelse:\n    best = value",
        "improved = value {worse} best",
        "if value {worse} best:\n    best, wait = value, 0",
        "score = value\nif score {worse} best:\n    best = score",
        "score = -value\nif score {better} best:\n    best = score",
        "score = 1 - value\nif score {better} best:\n    best = score",
        "score = np.exp(value) * 100\nif score {worse} best:\n    best = score",
    )

    @pytest.mark.parametrize("keep", KEEPS[:7])
    @pytest.mark.parametrize(("measure", "better", "worse"), [("evaluate()", "<", ">"), ("hits()", ">", "<")])
    def test_the_wrong_way_round_and_the_right(
        self, read: Read, keep: str, measure: str, better: str, worse: str
    ) -> None:
        assert _wrong(read(_epochs(measure, keep.format(better=better, worse=worse))))
        assert not _wrong(read(_epochs(measure, keep.format(better=worse, worse=better))))

    @pytest.mark.parametrize("measure", ["unknown()", "hits() - evaluate()", "evaluate() * hits()"])
    def test_what_is_not_known_is_left_alone(self, read: Read, measure: str) -> None:
        for operator in "<>":
            assert not _wrong(read(_epochs(measure, f"if value {operator} best:\n    best = value")))

    def test_a_function_that_compares_both_ways(self, read: Read) -> None:
        source = """
class Stopper:
    def __init__(self, mode):
        self.mode, self.best = mode, None

    def __call__(self, value):
        if self.mode == "min":
            better = self.best is None or value < self.best
            is_best = value < self.best
        else:
            is_best = value > self.best
        if is_best:
            self.best = value

stopper = Stopper(unknown())
for epoch in range(10):
    train()
    stopper(evaluate())
"""
        assert not _wrong(read(SCRIPT + source))

    def test_a_schedule_on_a_plateau(self, read: Read) -> None:
        source = SCRIPT + (
            "plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, {})\n"
            "for epoch in range(10):\n    train()\n    value = evaluate()\n    plateau.step(value)\n"
        )
        assert _wrong(read(source.format("'max'")))
        assert not _wrong(read(source.format("'min'")))


class TestSensesOfNames:
    """Names that tell, wherever they stand."""

    @pytest.mark.parametrize(
        ("keep", "wrong"),
        [
            ("if value['acc'] < best_result['acc']:\n    best_result = value", True),
            ("if value['acc'] > best_result['acc']:\n    best_result = value", False),
            ("is_best = value.rmse > best_result.rmse", True),
            ("is_best = value.rmse < best_result.rmse", False),
            ("if value.loss > best_result.loss:\n    best_result = value", True),
            ("if value.loss > last_result.loss:\n    last_result = value", False),
            ("best_epoch = int(np.argmax(val_losses))", True),
            ("best_epoch = int(np.argmin(val_losses))", False),
            ("best_epoch = val_losses.index(max(val_losses))", True),
            ("best_epoch = accs.index(max(accs))", False),
            ("worst_epoch = np.argmax(val_losses)", False),
            ("best = max(history, key=lambda run: run['val_loss'])", True),
            ("best = max(history, key=lambda run: -run['val_loss'])", False),
            ("best = sorted(history, key=lambda run: run['val_loss'], reverse=True)[0]", True),
            ("best = sorted(history, key=lambda run: run['val_loss'])[0]", False),
            ("best = sorted(history, key=lambda run: run['val_loss'])[-1]", True),
            ("best_rate = rates[np.argmin(accuracies)]", True),
        ],
    )
    def test_best_of_results(self, read: Read, keep: str, wrong: bool) -> None:
        assert bool(_wrong(read(_epochs("unknown()", keep)))) is wrong

    @pytest.mark.parametrize(
        ("call", "wrong"),
        [
            ("from ray import tune\ntune.TuneConfig(metric='val_loss', mode='max')", True),
            ("from ray import tune\ntune.TuneConfig(metric='val_loss', mode='min')", False),
            ("import mine\nmine.Stopping(monitor='val_acc', mode='min')", True),
            ("import mine\nmine.Stopping(monitor='val_acc', mode=unknown())", False),
            (
                "from ignite.handlers import Checkpoint\nCheckpoint(score_function=lambda e: e.state.metrics['loss'])",
                True,
            ),
            (
                "from ignite.handlers import Checkpoint\nCheckpoint(score_function=lambda e: -e.state.metrics['loss'])",
                False,
            ),
        ],
    )
    def test_callbacks(self, read: Read, call: str, wrong: bool) -> None:
        assert bool(_wrong(read(SCRIPT + call + "\n"))) is wrong

    @pytest.mark.parametrize(("mode", "wrong"), [("max", True), ("min", False)])
    def test_what_lightning_is_told_to_monitor(self, read: Read, mode: str, wrong: bool) -> None:
        source = f"""
import lightning as L
class Net(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
    def training_step(self, batch, index):
        return F.cross_entropy(self.layer(batch[0]), batch[1])
    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters())
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="{mode}")
        return {{"optimizer": optimizer, "lr_scheduler": {{"scheduler": plateau, "monitor": "val_loss"}}}}
"""
        assert bool(_wrong(read(source))) is wrong

    @pytest.mark.parametrize(("greater", "wrong"), [("True", True), ("False", False)])
    def test_a_script_that_only_asks_a_trainer_to_train(self, read: Read, greater: str, wrong: bool) -> None:
        source = f"""
from transformers import Trainer, TrainingArguments
def arguments(out):
    return TrainingArguments(output_dir=out, metric_for_best_model="rmse", greater_is_better={greater})
Trainer(args=arguments("out")).train()
"""
        assert bool(_wrong(read(source))) is wrong


class TestAxes:
    """Classes chosen over the batch, in other words."""

    @pytest.mark.parametrize(
        "measured",
        [
            "out = np.argmax(model(x).cpu().numpy(), axis=0)\nok = (out == y.numpy()).mean()",
            "_, out = model(x).topk(1, 0, True, True)\nok = out.t().eq(y.view(1, -1).expand_as(out.t()))",
            "ok = accuracy_score(y.cpu(), model(x).argmax(0).cpu())",
            "out = model(x).data.numpy().argmax()\nok = np.mean(out == y.numpy())",
        ],
    )
    def test_batches_of_a_loader(self, read: Read, measured: str) -> None:
        source = SCRIPT + "for x, y in val_loader:\n" + indent(measured, "    ") + "\n"

        assert read(source).get(WrongAxis)
        assert not read(source.replace("axis=0", "axis=1").replace("(1, 0,", "(1, 1,").replace("argmax()", "argmax(1)"
            ).replace("argmax(0)", "argmax(1)")).get(WrongAxis)  # fmt: skip

    @pytest.mark.parametrize(
        ("measured", "found"),
        [
            ("(model(x).argmax() == y).float().mean()", True),
            ("np.mean(model(x).numpy().argmax() == y)", True),
            ("(model(x).argmax(0) == y).sum().item()", True),
            ("(model(x).argmax() == y).sum().item()", False),
            ("model(x).argmax() == y", False),
            ("(model(x)[0].argmax(0) == y).float().mean()", False),
            ("(model(x).argmax() == 3).float().mean()", False),
        ],
    )
    def test_data_of_unknown_origin(self, read: Read, measured: str, found: bool) -> None:
        source = SCRIPT + f"def score(x, y):\n    return {measured}\nscore(get('x'), get('y'))\n"

        assert bool(read(source).get(WrongAxis)) is found


METER = """
class Meter:
    def __init__(self):
        self.sum, self.count, self.avg = 0, 0, 0
    def update(self, value, n=1):
        self.sum += value * n
        self.count += n
        self.avg = self.sum / self.count
"""
HELD_OUT = """
model = nn.Linear(4, 3)
val_loader = DataLoader(torchvision.datasets.CIFAR10("data", train=False), batch_size={size}{more})
"""


class TestMeans:
    """Means of unequal batches, and counts that are no counts of what was summed."""

    AVERAGES = (
        "total += loss.item()|print(total / len(val_loader))",
        "total += loss.item(); n += 1|print(total / n)",
        "losses.append(loss.item())|print(sum(losses) / len(losses))",
        "losses.append(loss.item())|print(np.mean(losses))",
        "meter.update(loss.item())|print(meter.avg)",
    )

    @staticmethod
    def run(read: Read, average: str, size: int = 128, more: str = "") -> list[Any]:
        inside, _, after = average.partition("|")
        body = (
            "total, n, losses, meter = 0.0, 0, [], Meter()\n"
            f"for x, y in val_loader:\n    loss = F.cross_entropy(model(x), y)\n    {inside}\n{after}\n"
        )
        return read(METER + HELD_OUT.format(size=size, more=more) + body).get(MeanOfMeans, [])

    @pytest.mark.parametrize("average", AVERAGES)
    def test_a_smaller_last_batch(self, read: Read, average: str) -> None:
        assert [(one.batch_size, one.remainder) for one in self.run(read, average)] == [(128, 16)]
        assert not self.run(read, average, 100)
        assert not self.run(read, average, more=", drop_last=True")

    @pytest.mark.parametrize(
        "average",
        [
            "total += loss.item() * len(y); n += len(y)|print(total / n)",
            "meter.update(loss.item(), x.size(0))|print(meter.avg)",
            "losses.append(x.max())|print(np.mean(losses))",
        ],
    )
    def test_weights_and_other_means(self, read: Read, average: str) -> None:
        assert not self.run(read, average)

    def test_hits_over_a_counter_of_batches(self, read: Read) -> None:
        body = (
            "n = hits = 0\nfor x, y in val_loader:\n    hits += (model(x).argmax(1) == y).sum().item()\n    n += {}\n"
        )
        source = HELD_OUT.format(size=100, more="") + body + "print(hits / n)\n"

        assert read(source.format("1")).get(WrongCount)
        assert not read(source.format("len(y)")).get(WrongCount)


class TestHeldOutData:
    """Which data a score is computed on."""

    @pytest.mark.parametrize(("data", "told"), [("test_dataset", True), ("val_dataset", False)])
    def test_a_loader_named_validation(self, read: Read, data: str, told: bool) -> None:
        source = f"""
from mine import load
model = nn.Linear(4, 3)
train_dataset, val_dataset, test_dataset = load()
val_loader = DataLoader({data}, batch_size=8)
test_loader = DataLoader(test_dataset, batch_size=8)
best = 0.0
for epoch in range(9):
    hits = sum((model(x).argmax(1) == y).sum().item() for x, y in val_loader)
    if hits > best:
        best = hits
"""
        assert bool(read(source).get(HeldOutSelection)) is told
        alone = source.replace("test_loader", "train_loader").replace(
            "DataLoader(test_dataset", "DataLoader(train_dataset"
        )
        assert not read(alone).get(HeldOutSelection)

    @pytest.mark.parametrize(
        ("name", "end", "told"),
        [
            ("validate", "return (model(x).argmax(1) == y).float().mean().item()", True),
            ("sample_validate", "return (model(x).argmax(1) == y).float().mean().item()", False),
            ("validate", "print(model(x))", False),
            ("shapes", "return model(x).shape", False),
        ],
    )
    def test_one_batch(self, read: Read, name: str, end: str, told: bool) -> None:
        source = f"{SCRIPT}@torch.no_grad()\ndef {name}():\n    x, y = next(iter(val_loader))\n    {end}\n"
        source += f"for epoch in range(9):\n    train()\n    {name}()\n"

        assert bool(read(source).get(PartialEvaluation)) is told

    @pytest.mark.parametrize(
        ("kept", "told"),
        [
            ("model.state_dict().copy()", True),
            ("dict(model.state_dict())", True),
            ("{k: v.clone() for k, v in model.state_dict().items()}", False),
        ],
    )
    def test_shallow_copies(self, read: Read, kept: str, told: bool) -> None:
        source = f"{SCRIPT}for epoch in range(9):\n    train()\n    if evaluate() < 1:\n        best = {kept}\n"

        assert bool(read(source + "model.load_state_dict(best)\n").get(AliasedWeights)) is told


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        ("self.dropout", True),
        ("0.1", True),
        ("self.dropout if self.training else 0.0", False),
        ("self.rate()", False),
        ("0.0", False),
    ],
)
def test_dropout_of_attention(read: Read, rate: str, told: bool) -> None:
    source = f"""
class Attention(nn.Module):
    def __init__(self, dropout):
        super().__init__()
        self.dropout = dropout
        self.layer = nn.Linear(4, 4)
    def forward(self, x):
        return F.scaled_dot_product_attention(x, x, self.layer(x), dropout_p={rate})
Attention(0.1)(torch.randn(2, 3, 4))
"""
    assert bool(read(source).get(FreshDropout)) is told


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("torch.zeros(1, len(x), 4)", True),
        ("torch.zeros(1, len(x), 4, device=x.device)", False),
        ("torch.zeros(1, len(x), 4).to(x.device)", False),
        ("x.new_zeros(1, len(x), 4)", False),
        ("torch.zeros(1, len(x), 4).type_as(x)", False),
    ],
)
def test_a_state_made_in_the_forward_pass(read: Read, state: str, told: bool) -> None:
    source = f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRU(4, 4)
    def start(self, x):
        return {state}
    def forward(self, x):
        return self.cell(x, self.start(x))[0]
net = Net(){{move}}
for x in DataLoader(TensorDataset(torch.randn(8, 3, 4)), batch_size=2):
    net(x[0].cuda())
"""
    assert any(one.within for one in read(source.replace("{move}", ".cuda()")).get(DeviceMix, [])) is told
    assert not any(one.within for one in read(source.replace("{move}", "")).get(DeviceMix, []))


@pytest.mark.parametrize(("step", "told"), [("optimizer.step()", True), ("scaler.step(optimizer)", False)])
def test_a_step_past_the_scaler_after_unscaling(read: Read, step: str, told: bool) -> None:
    source = f"""
scaler = torch.amp.GradScaler("cuda")
for x, y in loader:
    optimizer.zero_grad()
    scaler.scale(F.cross_entropy(model(x), y)).backward()
    scaler.unscale_(optimizer)
    {step}
    scaler.update()
"""
    assert ("unchecked" in [one.fault for one in read(SCRIPT + source).get(ScalerUse, [])]) is told
