"""The order of the training step: what is told of it in every style, and what must not be made of it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from dnnlint.evidence.script import (
    BackwardPass,
    Clipping,
    ClosureStep,
    EarlyStep,
    ScalerUse,
    WipedStep,
)
from dnnlint.script.reader import Reader

Read = Callable[..., dict[type, list[Any]]]

HEAD = """
import copy
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

dataset = TensorDataset(torch.randn(64, 8), torch.randint(3, (64,)))
loader = DataLoader(dataset, batch_size=8, shuffle=True)
"""
PLAIN = """
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(model.parameters())
criterion = nn.CrossEntropyLoss()
scaler = torch.cuda.amp.GradScaler()
"""

RESTORED = """
def evaluate():
    torch.set_grad_enabled(False)
    model(dataset.tensors[0])
    torch.set_grad_enabled(True)

for x, y in loader:
    criterion(model(x), y).backward()
    evaluate()
"""
DECORATED = """
@torch.no_grad()
def train(net):
    for x, y in loader:
        criterion(net(x), y).backward()

train(model)
"""
PHASES = """
for phase in ["train", "val"]:
    for x, y in loader:
        with torch.set_grad_enabled(phase == "train"):
            loss = criterion(model(x), y)
            if phase == "train":
                loss.backward()
"""


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a script and sort its facts by type; the row of a place is added to what is read."""

    def reading(*parts: str) -> dict[type, list[Any]]:
        main = tmp_path / "train.py"
        main.write_text(HEAD + "".join(dedent(part) for part in parts))
        reader = Reader([str(tmp_path)])
        found: dict[type, list[Any]] = {}
        for fact in reader.read(str(main), main.read_bytes()).facts:
            found.setdefault(type(fact), []).append(fact)
        found[Reader] = [reader]
        return found

    return reading


def body(*lines: str) -> str:
    """A loop over the batches with these lines in it."""
    return "for epoch in range(3):\n    for x, y in loader:\n" + indent("\n".join(lines), " " * 8) + "\n"


def line(facts: dict[type, list[Any]], place: Any) -> str:
    """The text of the line that a place lies on."""
    text: str = facts[Reader][0].locate([place])[place].text
    return text.strip()


class TestEarlyStep:
    """A step before the backward pass of its iteration."""

    @pytest.mark.parametrize(
        "lines",
        [
            ("optimizer.zero_grad()", "loss = criterion(model(x), y)", "optimizer.step()", "loss.backward()"),
            ("loss = criterion(model(x), y)", "optimizer.zero_grad()", "optimizer.step()", "loss.backward()"),
            ("loss = criterion(model(x), y)", "optimizer.step()", "optimizer.zero_grad()", "loss.backward()"),
            ("optimizer.zero_grad()", "optimizer.step()", "loss = criterion(model(x), y)", "loss.backward()"),
            (
                "optimizer.zero_grad()",
                "loss = criterion(model(x), y)",
                "scaler.step(optimizer)",
                "scaler.scale(loss).backward()",
                "scaler.update()",
            ),
        ],
    )
    def test_a_step_that_comes_first(self, read: Read, lines: tuple[str, ...]) -> None:
        facts = read(PLAIN, body(*lines))

        (early,) = facts[EarlyStep]
        assert "step" in line(facts, early.step)
        assert "backward" in line(facts, early.backward)
        assert WipedStep not in facts

    def test_in_a_function_that_is_handed_everything(self, read: Read) -> None:
        source = """
        def train_one_epoch(model, data, optimizer, criterion):
            model.train()
            for images, targets in data:
                optimizer.zero_grad()
                outputs = model(images)
                loss = criterion(outputs, targets)
                optimizer.step()
                loss.backward()
        """

        assert len(read(source)[EarlyStep]) == 1

    @pytest.mark.parametrize(
        "lines",
        [
            ("optimizer.zero_grad()", "criterion(model(x), y).backward()", "optimizer.step()"),
            ("optimizer.step()", "optimizer.zero_grad()", "loss = criterion(model(x), y)", "loss.backward()"),
            ("loss = criterion(model(x), y)", "loss.backward()", "optimizer.zero_grad()", "optimizer.step()"),
            ("loss = criterion(model(x), y)", "if epoch: optimizer.step()", "optimizer.zero_grad()", "loss.backward()"),
        ],
    )
    def test_other_orders(self, read: Read, lines: tuple[str, ...]) -> None:
        assert EarlyStep not in read(PLAIN, body(*lines))

    def test_two_networks_that_take_turns(self, read: Read) -> None:
        source = """
        g, d = nn.Linear(4, 8), nn.Linear(8, 1)
        g_opt, d_opt = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
        for real, _ in loader:
            fake = g(torch.randn(8, 4))
            d_opt.zero_grad()
            d_loss = d(fake.detach()).mean() - d(real).mean()
            d_loss.backward()
            d_opt.step()
            g_opt.zero_grad()
            g_loss = -d(fake).mean()
            g_loss.backward()
            g_opt.step()
        """

        assert EarlyStep not in read(source)


class TestClipping:
    """Clipping acts only on gradients that wait for their step."""

    CLIP = "nn.utils.clip_grad_norm_(model.parameters(), 1.0)"

    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            (("optimizer.zero_grad()", "loss.backward()", "optimizer.step()", CLIP), "late"),
            (("loss.backward()", "optimizer.step()", CLIP, "optimizer.zero_grad()"), "late"),
            (("loss.backward()", "optimizer.step()", "optimizer.zero_grad()", CLIP), "late"),
            (("optimizer.zero_grad()", CLIP, "loss.backward()", "optimizer.step()"), "early"),
            ((CLIP, "optimizer.zero_grad()", "loss.backward()", "optimizer.step()"), "early"),
            ((CLIP, "loss.backward()", "optimizer.step()", "optimizer.zero_grad()"), "early"),
            (
                (
                    "optimizer.zero_grad()",
                    "scaler.scale(loss).backward()",
                    CLIP,
                    "scaler.step(optimizer)",
                    "scaler.update()",
                ),
                "scaled",
            ),
            (
                (
                    "optimizer.zero_grad()",
                    "scaler.scale(loss).backward()",
                    CLIP,
                    "scaler.unscale_(optimizer)",
                    "scaler.step(optimizer)",
                    "scaler.update()",
                ),
                "scaled",
            ),
        ],
    )
    def test_out_of_place(self, read: Read, lines: tuple[str, ...], fault: str) -> None:
        facts = read(PLAIN, body("loss = criterion(model(x), y)", *lines))

        (clipping,) = facts[Clipping]
        assert clipping.fault == fault
        assert "clip_grad_norm_" in line(facts, clipping.place)
        assert ScalerUse not in facts

    @pytest.mark.parametrize(
        "lines",
        [
            ("optimizer.zero_grad()", "loss.backward()", CLIP, "optimizer.step()"),
            ("loss.backward()", CLIP, "optimizer.step()", "optimizer.zero_grad()"),
            ("loss.backward()", f"if epoch: {CLIP}", "optimizer.step()", "optimizer.zero_grad()"),
            ("propagate(loss)", CLIP, "optimizer.step()", "optimizer.zero_grad()"),
            (
                "optimizer.zero_grad()",
                "scaler.scale(loss).backward()",
                "scaler.unscale_(optimizer)",
                CLIP,
                "scaler.step(optimizer)",
                "scaler.update()",
            ),
        ],
    )
    def test_in_its_place(self, read: Read, lines: tuple[str, ...]) -> None:
        facts = read(PLAIN, body("loss = criterion(model(x), y)", *lines))

        assert Clipping not in facts
        assert ScalerUse not in facts

    def test_a_disabled_scaler_leaves_gradients_as_they_are(self, read: Read) -> None:
        source = body(
            "optimizer.zero_grad()",
            "off.scale(criterion(model(x), y)).backward()",
            self.CLIP,
            "off.step(optimizer)",
            "off.update()",
        )

        assert Clipping not in read(PLAIN, "off = torch.amp.GradScaler(enabled=False)\n", source)

    def test_each_optimizer_counts_for_itself(self, read: Read) -> None:
        source = """
        other = nn.Linear(8, 3)
        second = torch.optim.SGD(other.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
            second.zero_grad()
            criterion(other(x), y).backward()
            nn.utils.clip_grad_norm_(other.parameters(), 1.0)
            second.step()
        """

        assert Clipping not in read(PLAIN, source)

    def test_in_a_trainer_of_methods(self, read: Read) -> None:
        source = """
        class Trainer:
            def __init__(self, model):
                self.model = model
                self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)

            def update(self, loss):
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.clip()

            def clip(self):
                torch.nn.utils.clip_grad_value_(self.model.parameters(), 0.5)

            def run(self, loader):
                for x, y in loader:
                    self.update(F.cross_entropy(self.model(x), y))

        Trainer(nn.Linear(8, 3)).run(loader)
        """

        assert [clipping.fault for clipping in read(source)[Clipping]] == ["late"]


class TestScaler:
    """scale, backward, unscale, step, update."""

    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            (("loss.backward()", "scaler.step(optimizer)", "scaler.update()"), "unscaled"),
            (("scaler.scale(loss).backward()", "optimizer.step()", "scaler.update()"), "direct"),
            (
                ("scaler.scale(loss).backward()", "scaler.step(optimizer)", "optimizer.step()", "scaler.update()"),
                "twice",
            ),
            (("scaler.scale(loss).backward()", "scaler.step(optimizer)"), "never updated"),
            (("scaler.scale(loss).backward()", "scaler.update()", "scaler.step(optimizer)"), "early update"),
            (
                (
                    "scaler.unscale_(optimizer)",
                    "scaler.scale(loss).backward()",
                    "scaler.step(optimizer)",
                    "scaler.update()",
                ),
                "early unscale",
            ),
        ],
    )
    def test_out_of_order(self, read: Read, lines: tuple[str, ...], fault: str) -> None:
        facts = read(PLAIN, body("optimizer.zero_grad()", "loss = criterion(model(x), y)", *lines))

        assert fault in [use.fault for use in facts[ScalerUse]]

    @pytest.mark.parametrize(
        "lines",
        [
            ("scaler.scale(loss).backward()", "scaler.step(optimizer)", "scaler.update()"),
            (
                "scaler.scale(loss / 4).backward()",
                "if (i + 1) % 4 == 0:",
                "    scaler.step(optimizer)",
                "    scaler.update()",
                "    optimizer.zero_grad()",
            ),
            (
                "if use_amp:",
                "    scaler.scale(loss).backward()",
                "    scaler.step(optimizer)",
                "    scaler.update()",
                "else:",
                "    loss.backward()",
                "    optimizer.step()",
                "optimizer.zero_grad()",
            ),
            ("scaler.scale(loss).backward()", "finish(scaler, optimizer)"),
            ("scaler.scale(loss).backward()", "scaler.unscale_(optimizer)", "optimizer.step()", "scaler.update()"),
        ],
    )
    def test_in_order(self, read: Read, lines: tuple[str, ...]) -> None:
        head = "optimizer.zero_grad()" if "optimizer.zero_grad()" not in "".join(lines) else "pass"
        source = body(head, "i = count()", "use_amp = ask()", "loss = criterion(model(x), y)", *lines)

        assert ScalerUse not in read(PLAIN, source)

    def test_a_scaler_that_a_setting_disables(self, read: Read) -> None:
        source = """
        import argparse
        parser = argparse.ArgumentParser()
        parser.add_argument("--amp", action="store_true")
        args = parser.parse_args()
        scaler = torch.cuda.amp.GradScaler(enabled=args.amp)
        for x, y in loader:
            optimizer.zero_grad()
            scaler.scale(criterion(model(x), y)).backward()
            if args.amp:
                scaler.step(optimizer)
                scaler.update()
            else:
                optimizer.step()
        """

        assert ScalerUse not in read(PLAIN, source)

    def test_two_optimizers_share_a_scaler(self, read: Read) -> None:
        source = """
        other = nn.Linear(8, 3)
        second = torch.optim.SGD(other.parameters(), lr=0.1)
        for x, y in loader:
            optimizer.zero_grad()
            second.zero_grad()
            scaler.scale(criterion(model(x), y)).backward()
            scaler.scale(criterion(other(x), y)).backward()
            scaler.step(optimizer)
            scaler.step(second)
            scaler.update()
        """

        assert ScalerUse not in read(PLAIN, source)


class TestClosure:
    """LBFGS calls its closure several times a step."""

    SOURCE = """
    lbfgs = torch.optim.LBFGS(model.parameters())
    for step in range(10):
        def closure():
            {lines}
        lbfgs.step(closure)
    """

    @pytest.mark.parametrize(
        ("lines", "lacks"),
        [
            ("lbfgs.zero_grad(); loss = criterion(model(x), y); loss.backward()", ["return"]),
            ("lbfgs.zero_grad(); loss = criterion(model(x), y); return loss", ["backward"]),
            ("loss = criterion(model(x), y); loss.backward(); return loss", ["clear"]),
            ("lbfgs.zero_grad(); loss = criterion(model(x), y); loss.backward(); return loss", []),
            ("model.zero_grad(); loss = criterion(model(x), y); loss.backward(); return float(loss)", []),
            ("return evaluate_and_propagate(lbfgs, model)", []),
        ],
    )
    def test_what_a_closure_lacks(self, read: Read, lines: str, lacks: list[str]) -> None:
        facts = read(PLAIN, "x, y = dataset.tensors\n", self.SOURCE.format(lines=lines))

        assert [step.lacks for step in facts.get(ClosureStep, [])] == lacks

    def test_no_closure_at_all(self, read: Read) -> None:
        source = """
        lbfgs = torch.optim.LBFGS(model.parameters())
        for x, y in loader:
            lbfgs.zero_grad()
            criterion(model(x), y).backward()
            lbfgs.step()
        """

        assert [step.lacks for step in read(PLAIN, source)[ClosureStep]] == ["closure"]

    def test_the_result_in_place_of_the_function(self, read: Read) -> None:
        source = """
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss

        for x, y in loader:
            optimizer.step(closure())
        """

        assert [step.lacks for step in read(PLAIN, source)[ClosureStep]] == ["function"]

    def test_an_optimizer_that_an_option_chooses(self, read: Read) -> None:
        source = """
        import sys
        if sys.argv[1] == "lbfgs":
            chosen = torch.optim.LBFGS(model.parameters())
        else:
            chosen = torch.optim.SGD(model.parameters(), lr=0.1)
        for x, y in loader:
            chosen.zero_grad()
            criterion(model(x), y).backward()
            chosen.step()
        """

        assert ClosureStep not in read(PLAIN, source)


class TestBackward:
    """What a backward pass starts from."""

    @pytest.mark.parametrize(
        "lines",
        [
            ("with torch.cuda.amp.autocast():", "    loss = criterion(model(x), y)", "    loss.backward()"),
            ('with torch.autocast("cuda"):', "    scaler.scale(criterion(model(x), y)).backward()"),
            ("with torch.autocast('cpu', dtype=torch.bfloat16):", "    learn(x, y)"),
        ],
    )
    def test_inside_autocast(self, read: Read, lines: tuple[str, ...]) -> None:
        helper = "def learn(x, y):\n    criterion(model(x), y).backward()\n"
        facts = read(PLAIN, helper, body("optimizer.zero_grad()", *lines, "optimizer.step()"))

        (backward,) = facts[BackwardPass]
        assert "backward" in line(facts, backward.place)
        assert "autocast" in line(facts, backward.autocast)

    @pytest.mark.parametrize(
        "lines",
        [
            ("with torch.cuda.amp.autocast():", "    loss = criterion(model(x), y)", "loss.backward()"),
            ("with torch.autocast('cuda', enabled=False):", "    criterion(model(x), y).backward()"),
            (
                "with torch.autocast('cuda'):",
                "    loss = criterion(model(x), y)",
                "    with torch.autocast('cuda', enabled=False):",
                "        loss.backward()",
            ),
        ],
    )
    def test_outside_of_autocast(self, read: Read, lines: tuple[str, ...]) -> None:
        assert BackwardPass not in read(PLAIN, body("optimizer.zero_grad()", *lines, "optimizer.step()"))

    @pytest.mark.parametrize(
        ("source", "off"),
        [
            (body("with torch.no_grad():", "    out = model(x)", "criterion(out, y).backward()"), "torch.no_grad()"),
            (body("with torch.inference_mode():", "    loss = criterion(model(x), y)", "loss.backward()"), "inference"),
            (body("out = model(x)", "with torch.no_grad(): loss = criterion(out, y)", "loss.backward()"), "no_grad"),
            (
                DECORATED,
                "def train",
            ),
            (
                "def evaluate():\n    torch.set_grad_enabled(False)\n    return model(dataset.tensors[0]).argmax()\n"
                + body("criterion(model(x), y).backward()")
                + "    evaluate()\n",
                "set_grad_enabled(False)",
            ),
        ],
    )
    def test_without_a_graph(self, read: Read, source: str, off: str) -> None:
        facts = read(PLAIN, source)

        (place,) = {fact.gradless for fact in facts[BackwardPass]}
        assert off in line(facts, place)

    @pytest.mark.parametrize(
        "source",
        [
            body("with torch.no_grad():", "    soft = teacher(x)", "F.mse_loss(model(x), soft).backward()"),
            body("with torch.set_grad_enabled(epoch > 0):", "    loss = criterion(model(x), y)", "loss.backward()"),
            body("with torch.no_grad():", "    with torch.enable_grad():", "        criterion(model(x), y).backward()"),
            RESTORED,
            PHASES,
            body("with torch.no_grad():", "    frozen = teacher(x)", "criterion(model(frozen), y).backward()"),
        ],
    )
    def test_with_a_graph(self, read: Read, source: str) -> None:
        assert BackwardPass not in read(PLAIN, "teacher = nn.Linear(8, 3)\n", source)

    @pytest.mark.parametrize(
        "lines",
        [
            ("loss = F.cross_entropy(model(x), y, reduction='none')", "loss.backward()"),
            ("loss = each(model(x), y)", "loss.backward()"),
            ("loss = each(model(x), y) * weights", "loss.backward()"),
            ("scaler.scale(each(model(x), y)).backward()",),
            ("loss = each(model(x), y) + 0.1 * model(x).pow(2).mean()", "loss.backward()"),
            ("loss = F.mse_loss(model(x), y, reduce=False)", "loss.backward(retain_graph=True)"),
        ],
    )
    def test_of_many_values(self, read: Read, lines: tuple[str, ...]) -> None:
        facts = read(PLAIN, "each = nn.CrossEntropyLoss(reduction='none')\nweights = torch.ones(8)\n", body(*lines))

        (backward,) = facts[BackwardPass]
        assert backward.unreduced is not None
        assert "backward" in line(facts, backward.place)

    @pytest.mark.parametrize(
        "lines",
        [
            ("each(model(x), y).mean().backward()",),
            ("loss = (each(model(x), y) * weights).sum() / weights.sum()", "loss.backward()"),
            ("loss = each(model(x), y)", "loss.backward(torch.ones_like(loss))"),
            ("loss = each(model(x), y)", "loss.backward(gradient=weights)"),
            ("loss = each(model(x), y)", "loss[0].backward()"),
            ("loss = torch.mean(each(model(x), y))", "loss.backward()"),
            ("loss = each(model(x), y)", "if loss.dim(): loss = loss.mean()", "loss.backward()"),
            ("loss = each(model(x), y) @ weights", "loss.backward()"),
            ("criterion(model(x), y).backward()",),
        ],
    )
    def test_of_one_value(self, read: Read, lines: tuple[str, ...]) -> None:
        head = "each = nn.CrossEntropyLoss(reduction='none')\nweights = torch.ones(8)\n"

        assert BackwardPass not in read(PLAIN, head, body(*lines))
