"""What both sides of a loss are made of: shapes of arrays and tables, forms of labels, targets of Q-learning."""

from collections.abc import Callable
from textwrap import dedent

import pytest

Find = Callable[[str], set[str]]

CODES = {"DNN402", "DNN405", "DNN410", "DNN411", "DNN414"}
HEAD = """
import collections, random
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import datasets, transforms
"""


STEPS = """
optimizer = torch.optim.Adam(model.parameters())
for epoch in range(3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
"""
ROWS = "loader = DataLoader(TensorDataset(torch.tensor(X, dtype=torch.float32), {y}), batch_size=8, shuffle=True)\n"
REAL = "torch.tensor(y, dtype=torch.float32)"
REGRESSION = "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))\ncriterion = nn.MSELoss()\n"
TABLE = 'df = pd.read_csv("a.csv")\n'
FEATURES = 'X = df.drop(columns=["y"]).values\n'

ARRAYS = {
    "values": (TABLE + FEATURES + 'y = df["y"].values', True),
    "reshaped": (TABLE + FEATURES + 'y = df["y"].values.reshape(-1, 1)', False),
    "one column as a table": (TABLE + FEATURES + 'y = df[["y"]].values', False),
    "attribute": (TABLE + FEATURES + "y = np.array(df.y)", True),
    "split": (TABLE + FEATURES + 'y = df["y"].values\nX, Xt, y, yt = train_test_split(X, y)', True),
    "split of a table": (TABLE + FEATURES + 'y = df[["y"]].values\nX, Xt, y, yt = train_test_split(X, y)', False),
    "positions": (TABLE + "X = df.iloc[:, :-1].values\ny = df.iloc[:, -1].values", True),
    "positions of a table": (TABLE + "X = df.iloc[:, :-1].values\ny = df.iloc[:, -1:].values", False),
    "popped": (TABLE + 'y = df.pop("y").to_numpy()\nX = df.to_numpy()', True),
    "standardised": (
        TABLE + "part = df.dropna().iloc[:100]\n" + FEATURES + 'm, s = part["y"].mean(), part["y"].std()\n'
        'y = ((part["y"] - m) / s).values', True,
    ),
    "logarithm": (TABLE + FEATURES + 'y = np.log1p(df["y"].values)', True),
    "scaler": (TABLE + FEATURES + 'y = StandardScaler().fit_transform(df[["y"]])', False),
    "scaler, made flat": (TABLE + FEATURES + 'y = StandardScaler().fit_transform(df[["y"]]).ravel()', True),
    "made up": ("X = np.random.randn(100, 8)\ny = X[:, 0] * 2 + np.sin(X[:, 1])", True),
    "made up, a column": ("X = np.random.randn(100, 8)\ny = X[:, :1] * 2", False),
    "as large as another": ("X = torch.rand(100, 8)\ny = X[:, :1] + 0.2 * torch.rand(X[:, :1].size())", False),
    "summed": ("X = np.random.rand(100, 8)\ny = np.sum(X, axis=1)", True),
    "windows": (TABLE + """series = df["v"].values
xs, ys = [], []
for i in range(len(series) - 8):
    xs.append(series[i:i + 8])
    ys.append(series[i + 8])
X, y = np.array(xs), np.array(ys)""", True),
    "windows of a table": (TABLE + """series = df[["v"]].values
xs, ys = [], []
for i in range(len(series) - 8):
    xs.append(series[i:i + 8])
    ys.append(series[i + 8])
X, y = np.array(xs), np.array(ys)""", False),
}  # fmt: skip


@pytest.mark.parametrize(("data", "found"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_and_tables_have_shapes(find: Find, data: str, found: bool) -> None:
    assert ("DNN410" in find(data + "\n" + ROWS.format(y=REAL) + REGRESSION + STEPS)) is found


HOUSES = (
    TABLE
    + """
class Houses(Dataset):
    def __init__(self, df):
        self.df = df
        self.x = df.drop(columns=["price"]).values.astype(np.float32)
        self.y = df["price"].values.astype(np.float32)
    def __len__(self):
        return len(self.y)
    def __getitem__(self, i):
        return torch.from_numpy(self.x[i]), {y}
loader = DataLoader(Houses(df), batch_size=4, shuffle=True)
"""
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("torch.tensor(self.y[i])", True),
        ("self.y[i]", True),
        ('float(self.df.iloc[i]["price"])', True),
        ("torch.tensor([self.y[i]])", False),
        ("self.y[i : i + 1]", False),
    ],
)
def test_arrays_in_data_sets_have_shapes(find: Find, written: str, found: bool) -> None:
    assert ("DNN410" in find(HOUSES.format(y=written) + REGRESSION + STEPS)) is found


REPLAY = """
class Q(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.a = nn.Linear(n, 64)
        self.b = nn.Linear(64, m)
    def forward(self, x):
        return self.b(F.relu(self.a(x)))
policy, target = Q(4, 2), Q(4, 2)
optimizer = torch.optim.Adam(policy.parameters())
memory = collections.deque(maxlen=1000)
def optimize():
    if len(memory) < 128:
        return
    s, a, r, s2, d = map(torch.stack, zip(*random.sample(memory, 128)))
    zeros = torch.zeros(128)
    {body}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for i in range(100):
    memory.append((1, 2, 3))
    optimize()
"""


@pytest.mark.parametrize(
    ("q", "y", "found"),
    [
        ("gather(1, a)", "zeros * 0.99 + r", True),
        ("gather(1, a)", "(zeros * 0.99 + r).unsqueeze(1)", False),
        ("gather(1, a.unsqueeze(1))", "r + 0.99 * target(s2).detach().max(1)[0] * (1 - d)", True),
        ("gather(1, a.unsqueeze(1)).squeeze(1)", "r + 0.99 * target(s2).detach().max(1)[0] * (1 - d)", False),
        ("gather(1, a)", "r + 0.99 * target(s2).max(dim=1).values.detach()", True),
        ("gather(1, a)", "r + 0.99 * target(s2).amax(dim=1).detach()", True),
        ("gather(1, a)", "r + 0.99 * target(s2).detach().max(1)[0].view(128, 1)", False),
        ("gather(1, a)", "r + 0.99 * target(s2).detach().max(1, keepdim=True)[0]", False),
        ("max(1)[0]", "r + 0.99 * target(s2).detach().max(1)[0]", False),
    ],
)
def test_a_column_of_chosen_scores_beside_a_row_of_the_best(find: Find, q: str, y: str, found: bool) -> None:
    for loss in ("F.smooth_l1_loss(q, y)", "((q - y) ** 2).mean()"):
        body = f"q = policy(s).{q}\n    y = {y}\n    loss = {loss}"
        assert ("DNN410" in find(REPLAY.format(body=body))) is found


def test_a_list_that_grows_in_a_loop_has_no_known_length(find: Find) -> None:
    source = """
        memory = []
        model = nn.Linear(4, 1)
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(1000):
            memory.append(step)
            if len(memory) > 500:
                loss = F.mse_loss(model(torch.randn(8, 4)), torch.randn(8))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        """
    assert find(dedent(source)) == {"DNN410"}


CHOICE = "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 5))\ncriterion = nn.CrossEntropyLoss()\n"
NLL = "model = nn.Sequential(nn.Linear(8, 5), nn.LogSoftmax(1))\ncriterion = nn.NLLLoss()\n"
BINARY = "model = nn.Sequential(nn.Linear(8, 1), nn.Flatten(0))\ncriterion = nn.BCEWithLogitsLoss()\n"
SQUARED = "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 5))\ncriterion = nn.MSELoss()\n"
COLUMN = 'y = LabelEncoder().fit_transform(df["y"])\n'


@pytest.mark.parametrize(
    ("labels", "network", "y", "found"),
    [
        ('y = df["y"].values\n', CHOICE, REAL, {"DNN414"}),
        ('y = df["y"].values\n', CHOICE, "torch.tensor(y, dtype=torch.long)", set()),
        ('y = df[["y"]].values\n', CHOICE, "torch.tensor(y, dtype=torch.long)", {"DNN414"}),
        (COLUMN, CHOICE, "torch.tensor(y)", set()),
        (COLUMN, CHOICE, "torch.FloatTensor(y)", {"DNN414"}),
        (COLUMN, BINARY, "torch.tensor(y)", {"DNN414"}),
        (COLUMN, BINARY, REAL, set()),
        (COLUMN, REGRESSION, "torch.tensor(y, dtype=torch.float32).unsqueeze(1)", {"DNN405"}),
    ],
)
def test_labels_out_of_tables(find: Find, labels: str, network: str, y: str, found: set[str]) -> None:
    assert find(TABLE + FEATURES + labels + ROWS.format(y=y) + network + STEPS) == found


ITEMS = """
NAMES = ["cat", "dog", "cow", "pig", "hen"]
class Items(Dataset):
    def __init__(self, rows):
        self.rows = rows
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, i):
        x, y = self.rows[i]
        {body}
loader = DataLoader(Items(torch.load("a.pt")), batch_size=4, shuffle=True)
"""


@pytest.mark.parametrize(
    ("body", "network", "found"),
    [
        ("return torch.tensor(x), int(y)", BINARY, {"DNN414"}),
        ("return torch.tensor(x), float(y)", BINARY, set()),
        ("return torch.tensor(x), 1 if y == 'dog' else 0", BINARY, {"DNN414"}),
        ("return torch.tensor(x), torch.tensor(y, dtype=torch.float32)", NLL, {"DNN414"}),
        ("return torch.tensor(x), torch.tensor([y])", CHOICE, {"DNN414"}),
        ("return torch.tensor(x), torch.tensor(y)", CHOICE, set()),
        ("return x, np.array([y], dtype=np.int64)", CHOICE, {"DNN414"}),
        ("t = np.zeros(5, dtype=np.float32)\n        t[y] = 1\n        return x, t", NLL, {"DNN414"}),
        ("t = np.zeros(5, dtype=np.float32)\n        t[y] = 1\n        return x, t", CHOICE, set()),
        ("t = np.zeros(5, dtype=np.float32)\n        t[y] = 1\n        return x, t", SQUARED, {"DNN405"}),
        ("t = torch.zeros(5)\n        t[int(y)] = 1.0\n        return x, t", SQUARED, {"DNN405"}),
        ("t = torch.zeros(5)\n        t[2:4] = 1.0\n        return x, t", SQUARED, set()),
        ("t = torch.zeros(5)\n        for k in y:\n            t[k] = 1.0\n        return x, t", SQUARED, set()),
        ("return x, np.eye(5, dtype=np.float32)[y]", SQUARED, {"DNN405"}),
        ("return x, np.eye(5, dtype=np.int64)[y]", CHOICE, {"DNN414"}),
        ("return x, torch.tensor([float(NAMES.index(y))])", REGRESSION, set()),
        ("return x, torch.tensor([NAMES.index(y)]).float()", REGRESSION, {"DNN405"}),
    ],
)
def test_labels_out_of_data_sets(find: Find, body: str, network: str, found: set[str]) -> None:
    assert find(ITEMS.format(body=body) + network + STEPS) == found


PICTURES = """
loader = DataLoader(datasets.MNIST(".", transform=transforms.ToTensor()), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for x, y in loader:
    optimizer.zero_grad()
    out = model(x)
    {body}
    loss.backward()
    optimizer.step()
"""
HOT = "t = torch.zeros(x.size(0), 10)\n    t.scatter_(1, y.view(-1, 1), 1)\n    "


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (HOT + "loss = F.mse_loss(out, t)", {"DNN405"}),
        ("t = torch.zeros(8, 10)\n    t[torch.arange(8), y] = 1\n    loss = F.mse_loss(out, t)", {"DNN405"}),
        (HOT + "loss = F.cross_entropy(out, t)", set()),
        (HOT + "loss = F.nll_loss(F.log_softmax(out, 1), t)", {"DNN414"}),
        ("if torch.cuda.is_available():\n        y = y.cuda()\n    loss = F.cross_entropy(y, out)", {"DNN411"}),
        ("loss = F.kl_div(F.softmax(teacher(x), -1), F.log_softmax(out, -1))", {"DNN411"}),
        ("loss = nn.KLDivLoss()(F.softmax(teacher(x) / 2, 1), F.log_softmax(out / 2, 1)) * 4", {"DNN411"}),
        ("loss = nn.KLDivLoss()(F.log_softmax(out / 2, 1), F.softmax(teacher(x) / 2, 1)) * 4", set()),
        ("loss = F.kl_div(F.log_softmax(out, 1), F.log_softmax(teacher(x), 1), log_target=True)", set()),
        ("p, q = out.softmax(1), teacher(x).softmax(1)\n    loss = F.kl_div(q, p.log())", {"DNN411"}),
        ("loss = F.kl_div(F.softmax(out, 1), F.softmax(teacher(x), 1))", {"DNN402"}),
        ("loss = F.cross_entropy(out, y.float().unsqueeze(1))", {"DNN414"}),
    ],
)
def test_sides_of_a_loss(find: Find, body: str, found: set[str]) -> None:
    assert find(PICTURES.format(body=body)) == found
