"""Losses in many spellings: which rule speaks up on each, and which near misses leave all of them silent."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from dnnlint.engine import judge
from dnnlint.rule import Confidence, Rule
from dnnlint.script.reader import Reader

Find = Callable[[str], set[str]]

CODES = {
    "DNN201", "DNN202", "DNN218", "DNN224", "DNN402", "DNN403", "DNN404", "DNN405", "DNN406", "DNN408", "DNN409",
    "DNN410", "DNN411", "DNN414", "DNN415",
}  # fmt: skip
HEAD = """
import argparse
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import datasets, transforms
"""


@pytest.fixture
def find(tmp_path: Path, rules: tuple[Rule, ...]) -> Find:
    """Read a script and name the rules that speak up on it by default."""

    def finding(source: str) -> set[str]:
        main = tmp_path / "train.py"
        main.write_text(HEAD + dedent(source))
        facts = Reader([str(tmp_path)]).read(str(main), main.read_bytes()).facts
        verdicts = judge(facts, [rule for rule in rules if rule.code in CODES])
        return {v.rule.name for v in verdicts if v.finding.confidence is not Confidence.LOW}

    return finding


NET = """
class Net(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(20, 32), nn.ReLU())
        self.head = nn.Linear(32, classes)

    def forward(self, x):
        return {last}

model = Net()
optimizer = torch.optim.Adam(model.parameters())
loader = DataLoader({data}, batch_size=8, shuffle=True)
"""


def net(
    last: str = "self.head(self.body(x))",
    data: str = "TensorDataset(torch.randn(64, 20), torch.randint(0, 10, (64,)))",
    rest: str = "",
) -> str:
    """A network, an optimiser, a loader, and what is done with them."""
    return NET.format(last=last, data=data) + dedent(rest)


def step(loss: str, before: str = "") -> str:
    """A training loop around a loss."""
    return f"""
for x, y in loader:
    out = model(x)
    {before or "pass"}
    loss = {loss}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""


CENTRED = (
    "datasets.MNIST('.', transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]))"
)
NUMBERED = "TensorDataset(torch.randn(64, 20), torch.randn(64))"
NUMBERS = "losses = [F.cross_entropy(out, y).item(), F.cross_entropy(out, y).item()]"
REVIVED = "torch.tensor(loss, requires_grad=True).backward()"
AGAIN = "torch.from_numpy(np.array(F.cross_entropy(out, y).detach().numpy())).requires_grad_()"
SMOOTHED = "F.cross_entropy(out, 0.5 * F.one_hot(y, 10).float() + 0.5 * F.one_hot(y.flip(0), 10).float())"
INNER = "torch.tensor(self.head(self.body(x)).detach().numpy(), requires_grad=True)"
ADVERSARIAL = """
x0 = torch.randn(1, 20)
adv = x0.clone().detach().requires_grad_(True)
F.cross_entropy(model(adv), torch.tensor([1])).backward()
"""
SPLIT = "h = model(torch.randn(2, 20)).detach().requires_grad_()\nhead = nn.Linear(10, 2)\nhead(h).sum().backward()"
STARTED = """
o = model(torch.randn(2, 20)).detach().requires_grad_()
opt = torch.optim.SGD([o], lr=1)
(o ** 2).sum().backward()
"""
IN_FUNCTION = """
criterion = nn.CrossEntropyLoss()
def train(model, loader):
    for images, labels in loader:
        loss = criterion(labels.to('cuda'), model(images))
        loss.backward()
"""
READY = """
model = torchvision.models.resnet18(pretrained=True)
{change}
for x, y in DataLoader(datasets.CIFAR10('.', train=True), batch_size=8, shuffle=True):
    loss = {loss}
    loss.backward()
"""
PICTURES = "datasets.CIFAR10('.', train=True, transform=transforms.ToTensor())"
CUT, FLAT = {"cut-gradient"}, {"non-differentiable-loss"}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        # what a loss expects
        pytest.param(
            net("F.softmax(self.head(self.body(x)), dim=1)", rest=step("F.nll_loss(out, y)")),
            {"nll-without-log-softmax"},
            id="nll of softmax",
        ),
        pytest.param(
            net(rest="criterion = nn.NLLLoss()\n" + step("criterion(out, y)")),
            {"nll-without-log-softmax"},
            id="nll of scores",
        ),
        pytest.param(
            net("torch.log_softmax(self.head(self.body(x)), dim=1)", rest=step("F.nll_loss(out, y)")),
            set(),
            id="nll of log-softmax",
        ),
        pytest.param(
            net(
                "torch.sigmoid(self.head(self.body(x)))",
                rest=step("F.binary_cross_entropy_with_logits(out, F.one_hot(y, 10).float())"),
            ),
            {"sigmoid-before-bce-with-logits"},
            id="two sigmoids",
        ),
        pytest.param(
            net(
                rest="crit = nn.BCEWithLogitsLoss()\n" + step("crit(p, F.one_hot(y, 10).float())", "p = out.sigmoid()")
            ),
            {"sigmoid-before-bce-with-logits"},
            id="sigmoid in the loop",
        ),
        pytest.param(
            net(rest=step("nn.BCELoss()(out, F.one_hot(y, 10).float())")), {"bce-on-logits"}, id="scores into bce"
        ),
        pytest.param(
            net(
                "torch.tanh(self.head(self.body(x)))",
                rest=step("F.binary_cross_entropy(out, F.one_hot(y, 10).float())"),
            ),
            {"bce-on-logits"},
            id="tanh into bce",
        ),
        pytest.param(
            net(rest=step("F.binary_cross_entropy(torch.sigmoid(out), F.one_hot(y, 10).float())")),
            set(),
            id="sigmoid, then bce",
        ),
        pytest.param(
            net(rest="heads = {'bce': nn.BCELoss(), 'ce': nn.CrossEntropyLoss()}\n" + step("heads['ce'](out, y)")),
            set(),
            id="a loss chosen from several",
        ),
        # cut gradients
        pytest.param(
            net(rest=step("torch.tensor(F.cross_entropy(out, y).item(), requires_grad=True)")),
            CUT,
            id="a number made a leaf",
        ),
        pytest.param(
            net(rest=step("Variable(F.cross_entropy(out, y).data, requires_grad=True)")), CUT, id="a variable of data"
        ),
        pytest.param(net(rest=step("loss.detach()", "loss = F.cross_entropy(out, y)")), CUT, id="detached"),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y)", "out = out.detach()\n    out.requires_grad = True")),
            CUT,
            id="the prediction is detached and revived",
        ),
        pytest.param(
            net(rest=step(AGAIN)),
            CUT,
            id="through numpy and back",
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(torch.tensor(out.tolist(), requires_grad=True), y)")),
            CUT,
            id="through a list and back",
        ),
        pytest.param(
            net(
                INNER,
                rest=step("F.cross_entropy(out, y).mean()"),
            ),
            CUT,
            id="in the forward pass",
        ),
        pytest.param(
            net(rest=step("sum(losses) / 2", NUMBERS).replace("loss.backward()", REVIVED)),
            CUT,
            id="a sum of numbers",
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y) + F.cross_entropy(out, y).item()")), set(), id="one path lives"
        ),
        pytest.param(
            net(
                rest=step("F.cross_entropy(out, y)").replace(
                    "loss.backward()", "loss.requires_grad_(True)\n    loss.backward()"
                )
            ),
            set(),
            id="a flag that changes nothing",
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y) * scale.detach()", "scale = torch.exp(out.mean())")),
            set(),
            id="a detached weight",
        ),
        pytest.param(net(rest=step("helper(out.detach(), y)")), set(), id="an unknown helper"),
        pytest.param(
            net(rest="z = torch.randn(1, 20, requires_grad=True)\nmodel(z).sum().backward()"),
            set(),
            id="an input that is optimised",
        ),
        pytest.param(
            net(rest=ADVERSARIAL),
            set(),
            id="an attack",
        ),
        pytest.param(
            net(rest=SPLIT),
            set(),
            id="split learning",
        ),
        pytest.param(
            net(rest=STARTED),
            set(),
            id="a starting point that is optimised",
        ),
        # what has no gradient
        pytest.param(net(rest=step("F.mse_loss(out.argmax(1).float(), y.float())")), FLAT, id="argmax"),
        pytest.param(
            net(rest=step("(pred != y).float().mean().requires_grad_()", "_, pred = torch.max(out, 1)")),
            FLAT,
            id="indices of max",
        ),
        pytest.param(
            net(rest=step("1 - ((torch.sigmoid(out) > 0.5) == F.one_hot(y, 10).bool()).float().mean()")),
            FLAT,
            id="a threshold",
        ),
        pytest.param(net(rest=step("((out.round() - y.unsqueeze(1)) ** 2).mean()")), FLAT, id="rounded"),
        pytest.param(
            net(rest=step("F.l1_loss(out.long().float(), y.float().unsqueeze(1))")), FLAT, id="cast to whole numbers"
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y) + 0.1 * (out.argmax(1) != y).float().mean()")),
            set(),
            id="a metric beside a loss",
        ),
        pytest.param(
            net(rest=step("F.mse_loss(q, torch.randn(8, 10))", "q = out + (out.round() - out).detach()")),
            set(),
            id="straight through",
        ),
        pytest.param(net(rest=step("F.cross_entropy(out, out.argmax(1))")), set(), id="pseudo labels"),
        # shapes
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(1)\n" + step("F.mse_loss(out, y)"),
            ),
            {"broadcast-in-loss"},
            id="a column beside a row",
        ),
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(classes=1)\n" + step("F.mse_loss(out.squeeze(), y)"),
            ),
            set(),
            id="squeezed",
        ),
        pytest.param(
            net(
                "self.head(self.body(x)).squeeze(-1)",
                "TensorDataset(torch.randn(64, 20), torch.randn(64, 1))",
                "model = Net(1)\n" + step("nn.L1Loss()(out, y)"),
            ),
            {"broadcast-in-loss"},
            id="a row beside a column",
        ),
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(1)\n" + step("nn.MSELoss()(out, y.view(-1, 1))"),
            ),
            set(),
            id="the target is turned",
        ),
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(1)\n" + step("nn.MSELoss()(out.flatten(), y)"),
            ),
            set(),
            id="flattened",
        ),
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(1)\n" + step("nn.MSELoss()(out[:, 0], y.float())"),
            ),
            set(),
            id="the only column",
        ),
        pytest.param(
            net(
                "self.head(self.body(x))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64))",
                "model = Net(1)\n" + step("nn.BCEWithLogitsLoss()(out, y)"),
            ),
            {"wrong-target-form"},
            id="a binary loss of a column and a row",
        ),
        pytest.param(
            net("self.head(self.body(x))", NUMBERED, "model = Net(1)\n" + step("((out - y) ** 2).mean()")),
            {"broadcast-in-loss"},
            id="written out",
        ),
        pytest.param(
            net("self.head(self.body(x))", NUMBERED, "model = Net(1)\n" + step("((out.squeeze(1) - y) ** 2).mean()")),
            set(),
            id="squeezed",
        ),
        *[
            pytest.param(
                net("F.relu(self.head(self.body(x)))", NUMBERED, "model = Net(1)\n" + step(loss)),
                {"relu-on-regression-output"},
                id=f"rectified, {loss}",
            )
            for loss in (
                "((out.squeeze(1) - y) ** 2).mean()",
                "(y - out[:, 0]).pow(2).mean()",
                "torch.mean(torch.square(out.squeeze() - y))",
                "(out.squeeze(1) - y).abs().sum() / len(x)",
            )
        ],
        pytest.param(
            net(
                "F.relu(self.head(self.body(x)))",
                NUMBERED,
                "model = Net(1)\n" + step("(error * error).mean()", "error = out.squeeze(1) - y"),
            ),
            {"relu-on-regression-output"},
            id="rectified, multiplied",
        ),
        pytest.param(
            net("F.relu(self.head(self.body(x)))", NUMBERED, "model = Net(1)\n" + step("(out - 1).pow(2).mean()")),
            set(),
            id="a penalty",
        ),
        pytest.param(
            net(
                "F.relu(self.head(self.body(x)))",
                NUMBERED,
                "model = Net(1)\n" + step("(out - out.mean()).pow(2).mean()"),
            ),
            set(),
            id="a variance",
        ),
        pytest.param(
            net(rest=step("((out - F.one_hot(y, 10)) ** 2).mean()")), {"mse-on-classes"}, id="squared error on classes"
        ),
        # order
        pytest.param(net(rest=step("F.cross_entropy(y, out)")), {"swapped-loss-arguments"}, id="swapped"),
        pytest.param(
            net(rest=IN_FUNCTION),
            {"swapped-loss-arguments"},
            id="swapped in a function",
        ),
        pytest.param(net(rest=step("F.cross_entropy(input=out, target=y)")), set(), id="keywords"),
        pytest.param(net(rest=step("F.cross_entropy(target=y, input=out)")), set(), id="keywords the other way"),
        pytest.param(net(rest=step("F.mse_loss(torch.randn(8, 10), out)")), set(), id="symmetric"),
        # forms
        pytest.param(
            net(rest=step("F.cross_entropy(out, F.one_hot(y, 10))")), {"wrong-target-form"}, id="one-hot whole numbers"
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, F.one_hot(y, 10).float())")), set(), id="one-hot real numbers"
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y.float())")), {"wrong-target-form"}, id="indices as real numbers"
        ),
        pytest.param(
            net(rest=step("F.cross_entropy(out, y.unsqueeze(1))")), {"wrong-target-form"}, id="a column of indices"
        ),
        pytest.param(
            net(data=PICTURES, rest=step("nn.CrossEntropyLoss()(out, y.view(-1, 1))")),
            {"wrong-target-form"},
            id="a column of labels",
        ),
        pytest.param(
            net(data=PICTURES, rest=step("nn.CrossEntropyLoss()(out, y.type(torch.FloatTensor))")),
            {"wrong-target-form"},
            id="labels as real numbers",
        ),
        pytest.param(net(data=PICTURES, rest=step("nn.CrossEntropyLoss()(out, y.long())")), set(), id="labels"),
        pytest.param(
            net(rest="model = Net(1)\n" + step("F.binary_cross_entropy_with_logits(out.squeeze(1), (y > 4).long())")),
            {"wrong-target-form"},
            id="a binary loss of whole numbers",
        ),
        pytest.param(
            net(rest="model = Net(1)\n" + step("F.binary_cross_entropy_with_logits(out.squeeze(1), (y > 4).float())")),
            set(),
            id="a binary loss of real numbers",
        ),
        pytest.param(
            net(rest=step(SMOOTHED)),
            set(),
            id="mixed up",
        ),
        pytest.param(
            net(data="load()", rest=step("nn.CrossEntropyLoss()(out, y.unsqueeze(1))")),
            {"wrong-target-form"},
            id="a column",
        ),
        # classes
        pytest.param(
            net(data=PICTURES, rest=step("F.mse_loss(out, F.one_hot(y, 10).float())")),
            {"mse-on-classes"},
            id="squared error of one-hot",
        ),
        pytest.param(
            net(data=PICTURES, rest=step("nn.MSELoss()(out, torch.eye(10)[y])")),
            {"mse-on-classes"},
            id="rows of an identity matrix",
        ),
        pytest.param(
            net(data=PICTURES, rest="model = Net(1)\n" + step("nn.MSELoss()(out.squeeze(1), y.float())")),
            {"mse-on-classes"},
            id="squared error of labels",
        ),
        pytest.param(
            net(data=PICTURES, rest="d = nn.Linear(10, 1)\n" + step("F.mse_loss(d(out), torch.ones(8, 1))")),
            set(),
            id="least-squares labels",
        ),
        # ranges
        pytest.param(
            net(
                "torch.sigmoid(self.head(self.body(x)))",
                "TensorDataset(torch.randn(64, 20), torch.randn(64, 10))",
                step("F.mse_loss(out, y)"),
            ),
            {"output-range-mismatch"},
            id="a sigmoid cannot go below zero",
        ),
        pytest.param(
            net(
                "torch.tanh(self.head(self.body(x)))",
                "TensorDataset(torch.randn(64, 20), 5 * torch.randn(64, 10))",
                step("F.mse_loss(out, y)"),
            ),
            {"output-range-mismatch"},
            id="a tanh cannot go beyond one",
        ),
        pytest.param(
            net(
                "torch.sigmoid(self.head(self.body(x)))",
                "TensorDataset(torch.randn(64, 20), torch.rand(64, 10))",
                step("F.mse_loss(out, y)"),
            ),
            set(),
            id="within",
        ),
        pytest.param(
            net(
                "torch.sigmoid(self.head(self.body(x.view(-1, 784))))",
                CENTRED,
                step("F.mse_loss(out, x.view(-1, 784))"),
            ),
            {"output-range-mismatch"},
            id="pictures around zero",
        ),
        pytest.param(
            net(
                "torch.tanh(self.head(self.body(x.view(-1, 784))))",
                CENTRED,
                step("F.mse_loss(out, x.view(-1, 784))"),
            ),
            set(),
            id="pictures between minus one and one",
        ),
        # softmax
        pytest.param(
            net("F.softmax(self.head(self.body(x)))", rest=step("F.nll_loss((out + 1e-9).log(), y)")),
            {"softmax-dimension"},
            id="no dimension",
        ),
        pytest.param(
            net("nn.Softmax(dim=None)(self.head(self.body(x)))", rest=step("F.nll_loss((out + 1e-9).log(), y)")),
            {"softmax-dimension"},
            id="no dimension in so many words",
        ),
        pytest.param(
            net("F.log_softmax(self.head(self.body(x)), 0)", rest=step("F.nll_loss(out, y)")),
            {"softmax-dimension"},
            id="along the batch",
        ),
        pytest.param(
            net("F.log_softmax(self.head(self.body(x)), -1)", rest=step("F.nll_loss(out, y)")),
            set(),
            id="along the classes",
        ),
        pytest.param(
            net(rest="model = Net(1)\n" + step("F.cross_entropy(out, torch.zeros(8).long())")),
            {"single-unit-softmax"},
            id="one class",
        ),
        pytest.param(
            net(
                "F.softmax(self.head(self.body(x)), dim=-1)",
                rest="model = Net(1)\n" + step("F.binary_cross_entropy(out, (y > 4).float().unsqueeze(1))"),
            ),
            {"single-unit-softmax"},
            id="softmax of one",
        ),
        # ready networks
        pytest.param(
            READY.format(change="", loss="nn.NLLLoss()(model(x), y)"), {"nll-without-log-softmax"}, id="ready"
        ),
        pytest.param(
            READY.format(change="model.fc = nn.Linear(model.fc.in_features, 1)", loss="F.cross_entropy(model(x), y)"),
            {"single-unit-softmax"},
            id="ready, with a head of one unit",
        ),
        pytest.param(
            READY.format(
                change="model.fc = nn.Sequential(nn.Linear(512, 10), nn.LogSoftmax(dim=1))",
                loss="nn.NLLLoss()(model(x), y)",
            ),
            set(),
            id="ready, with a head that fits",
        ),
        pytest.param(
            READY.format(change="model.fc = head(10)", loss="nn.NLLLoss()(model(x), y)"),
            set(),
            id="ready, head unknown",
        ),
        # numerics
        pytest.param(
            net(rest=step("-(F.one_hot(y, 10) * torch.log(F.softmax(out, 1))).sum(1).mean()")),
            {"unstable-log-or-exp"},
            id="log of softmax",
        ),
        pytest.param(net(rest=step("-torch.log(out.sigmoid()).mean()")), {"unstable-log-or-exp"}, id="log of sigmoid"),
        pytest.param(
            net("F.softmax(self.head(self.body(x)), 1)", rest=step("F.nll_loss(torch.log(out), y)")),
            {"unstable-log-or-exp"},
            id="log of what the network normalised",
        ),
        pytest.param(net(rest=step("-torch.log(F.softmax(out, 1) + 1e-8).mean()")), set(), id="with a floor"),
        pytest.param(net(rest=step("-torch.log(F.softmax(out, 1).clamp(1e-8)).mean()")), set(), id="with a clamp"),
    ],
)
def test_what_is_said_of_a_loss(find: Find, source: str, names: set[str]) -> None:
    assert find(source) == names


SEQUENCES = """
class Words(Dataset):
    def __init__(self, words, tags):
        self.words, self.tags = words, tags

    def __len__(self):
        return len(self.words)

    def __getitem__(self, i):
        return torch.tensor(self.words[i]), torch.tensor(self.tags[i])


class Collate:
    def __call__(self, batch):
        return collate(batch)


def collate(batch):
    words, tags = zip(*batch)
    return pad_sequence(words, batch_first=True), {tags}


class Tagger(nn.Module):
    def __init__(self, words, tags, dim=16):
        super().__init__()
        self.embed = nn.Embedding(words, dim, padding_idx=0)
        self.rnn = nn.LSTM(dim, dim, batch_first=True)
        self.out = nn.Linear(dim, tags)

    def forward(self, x):
        h, _ = self.rnn(self.embed(x))
        return self.out(h)


vocabulary = load_vocabulary()
model = Tagger({sizes})
criterion = nn.CrossEntropyLoss({settings})
loader = DataLoader(Words(load(1), load(2)), batch_size=4, shuffle=True, collate_fn={collate})
for x, y in loader:
    out = model(x)
    loss = {loss}
    loss.backward()
"""
PADDED = "pad_sequence(tags, batch_first=True)"
FLATTENED = "criterion(out.view(-1, out.size(-1)), y.view(-1))"


@pytest.mark.parametrize(
    ("tags", "sizes", "settings", "loss", "names"),
    [
        pytest.param(
            PADDED, "len(vocabulary), 5", "", FLATTENED, {"padding-in-loss"}, id="padded where it is collated"
        ),
        pytest.param(
            PADDED,
            "len(vocabulary), 5",
            "",
            "criterion(out.transpose(1, 2), y)",
            {"padding-in-loss"},
            id="classes moved to the second axis",
        ),
        pytest.param(PADDED, "len(vocabulary), 5", "ignore_index=0", FLATTENED, set(), id="ignored"),
        pytest.param(PADDED, "len(vocabulary), 5", "reduction='none'", FLATTENED, set(), id="to be masked"),
        pytest.param(PADDED, "len(vocabulary), 5", "", "criterion(out[x != 0], y[x != 0])", set(), id="picked"),
        pytest.param(
            "pad_sequence(tags, batch_first=True, padding_value=-100)",
            "len(vocabulary), 5",
            "",
            FLATTENED,
            set(),
            id="the value that is ignored anyway",
        ),
        pytest.param("torch.stack(tags)", "len(vocabulary), 5", "", FLATTENED, set(), id="not padded"),
        pytest.param(
            "torch.stack(tags)",
            "n := len(vocabulary), n",
            "",
            FLATTENED,
            {"padding-in-loss"},
            id="the vocabulary that is read is written",
        ),
    ],
)
@pytest.mark.parametrize("collate", ["collate", "Collate()", "lambda batch: collate(batch)"])
def test_padding(find: Find, tags: str, sizes: str, settings: str, loss: str, names: set[str], collate: str) -> None:
    source = SEQUENCES.format(tags=tags, sizes=sizes, settings=settings, loss=loss, collate=collate)

    assert find(source) == names


TABLES = """
import pandas
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import train_test_split

class Rows(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]).float(), torch.tensor(self.y[i]).float()

frame = pandas.read_csv("houses.csv")
X, y = make_regression(100, 8)
one, several = nn.Linear(8, 1), nn.Linear(4, 3)
criterion = nn.MSELoss()
"""


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param(
            "criterion(one(x), torch.tensor(frame['price'].values, dtype=torch.float32))",
            {"broadcast-in-loss"},
            id="a column of a table",
        ),
        pytest.param(
            "criterion(one(x), torch.tensor(frame[['price']].values, dtype=torch.float32))", set(), id="several columns"
        ),
        pytest.param(
            "criterion(one(x), torch.tensor(frame['price'].values).view(-1, 1))", set(), id="a column that is turned"
        ),
        pytest.param(
            "a, b, c, d = train_test_split(X, y)\ncriterion(one(torch.from_numpy(a)), torch.from_numpy(c))",
            {"broadcast-in-loss"},
            id="split",
        ),
        pytest.param(
            "for u, v in DataLoader(Rows(X, y), batch_size=4):\n    criterion(one(u), v)",
            {"broadcast-in-loss"},
            id="a data set of rows",
        ),
        pytest.param(
            "for u, v in DataLoader(Rows(X, y), batch_size=4):\n    criterion(one(u).squeeze(1), v)",
            set(),
            id="squeezed",
        ),
        pytest.param(
            "F.cross_entropy(several(torch.FloatTensor(load_iris().data)), torch.FloatTensor(load_iris().target))",
            {"wrong-target-form"},
            id="classes as real numbers",
        ),
        pytest.param(
            "F.cross_entropy(several(torch.FloatTensor(load_iris().data)), torch.LongTensor(load_iris().target))",
            set(),
            id="classes",
        ),
        pytest.param(
            "iris = load_iris()\nF.mse_loss(nn.Linear(4, 1)(x).flatten(), torch.tensor(iris['target']).float())",
            {"mse-on-classes"},
            id="squared error of classes",
        ),
    ],
)
def test_tables(find: Find, source: str, names: set[str]) -> None:
    assert find(TABLES + source + "\n# backward") == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param(
            "guess = np.argmax(out.detach().numpy(), axis=1)\n"
            "    loss = F.l1_loss(torch.from_numpy(guess).float(), y.float())\n    loss.requires_grad = True",
            FLAT,
            id="numpy chooses",
        ),
        pytest.param("loss = F.l1_loss(out, y)\n    loss = loss.data * args.scale", CUT, id="a setting is no network"),
        pytest.param("loss = F.l1_loss(out, y).item() * weight(y)", set(), id="an unknown factor"),
        pytest.param("loss = F.l1_loss((out > 0).float().to(device), y)", FLAT, id="data of an unknown loader"),
        pytest.param(
            "loss = torch.Tensor([F.l1_loss(out, y).item()])\n    loss.requires_grad = True", CUT, id="in a list"
        ),
        pytest.param("loss = F.l1_loss(out, torch.zeros_like(out))", set(), id="zeros of the same shape"),
    ],
)
def test_cuts_where_the_data_is_unknown(find: Find, source: str, names: set[str]) -> None:
    loop = f"for x, y in train_loader:\n    out = model(x)\n    {source}\n    loss.backward()\n    optimizer.step()\n"
    function = "def train(model, optimizer, train_loader, args, device):\n" + "".join(
        f"    {line}\n" for line in loop.splitlines()
    )

    assert (
        find(net(rest=function + "\nargs = parse()\ntrain(model, optimizer, make_loader(), args, pick())\n")) == names
    )


@pytest.mark.parametrize(("given", "names"), [(", delimiter=';'", {"broadcast-in-loss"}), ("", set())])
def test_columns_of_a_text_file(find: Find, given: str, names: set[str]) -> None:
    source = f"""
import numpy as np
xy = np.loadtxt("wine.csv"{given})
x, y = torch.from_numpy(xy[:, :-1]), torch.from_numpy(xy[:, -1])
model = nn.Linear(11, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
{step("F.mse_loss(out, y)")}
"""

    assert find(source) == names
