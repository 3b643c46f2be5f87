"""The order of the training step: what is told of it in every style, and what must not be made of it."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from dnnlint.evidence.script import (
    Accumulated,
    BackwardPass,
    Clipping,
    ClosureStep,
    EarlyStep,
    MissingBackward,
    MissingStep,
    Rebuilt,
    Replaced,
    ScalerUse,
    Unowned,
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
            (
                ("scaler.scale(loss).backward()", "scaler.unscale_(optimizer)", "optimizer.step()", "scaler.update()"),
                "unchecked",
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
            ("scaler.scale(loss).backward()", "scaler.step(Wrapper(optimizer))", "scaler.update()"),
            (
                "scaler.scale(loss).backward()",
                "scaler.unscale_(optimizer)",
                "if all(torch.isfinite(p.grad).all() for p in model.parameters()):",
                "    optimizer.step()",
                "scaler.update()",
            ),
        ],
    )
    def test_in_order(self, read: Read, lines: tuple[str, ...]) -> None:
        head = "optimizer.zero_grad()" if "optimizer.zero_grad()" not in "".join(lines) else "pass"
        source = body(head, "i = count()", "use_amp = ask()", "loss = criterion(model(x), y)", *lines)

        wrapper = "class Wrapper:\n    def __init__(self, inner):\n        self.inner = inner\n"

        assert ScalerUse not in read(PLAIN, wrapper, source)

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


class TestMissingStep:
    """Gradients that nothing steps on."""

    @pytest.mark.parametrize(
        "source",
        [
            body("optimizer.zero_grad()", "criterion(model(x), y).backward()"),
            body("loss = criterion(model(x), y)", "loss.backward()", "print(loss.item())"),
            body("optimizer.zero_grad()", "scaler.scale(criterion(model(x), y)).backward()", "scaler.update()"),
            """
            def train_one_epoch(net, data, opt, loss_fn):
                for i, (inputs, labels) in enumerate(data):
                    opt.zero_grad()
                    loss = loss_fn(net(inputs), labels)
                    loss.backward()
                    if i % 10 == 0:
                        print(i, loss.item())
            """,
            """
            class Trainer:
                def __init__(self):
                    self.net = nn.Linear(8, 3)
                    self.opt = torch.optim.SGD(self.net.parameters(), lr=0.1, momentum=0.9)
                    self.sched = torch.optim.lr_scheduler.StepLR(self.opt, 10)

                def learn(self, x, y):
                    self.opt.zero_grad()
                    F.cross_entropy(self.net(x), y).backward()

                def run(self):
                    for x, y in loader:
                        self.learn(x, y)
                    self.sched.step()

            Trainer().run()
            """,
        ],
    )
    def test_no_step_anywhere(self, read: Read, source: str) -> None:
        facts = read(PLAIN, source)

        (missing,) = facts[MissingStep]
        assert "backward" in line(facts, missing.backward)

    @pytest.mark.parametrize(
        "source",
        [
            body("optimizer.zero_grad()", "criterion(model(x), y).backward()", "optimizer.step()"),
            body("optimizer.zero_grad()", "criterion(model(x), y).backward()", "if epoch: optimizer.step()"),
            body("optimizer.zero_grad()", "criterion(model(x), y).backward()", "advance(optimizer)"),
            body("model.zero_grad()", "criterion(model(x), y).backward()", "show(model[0].weight.grad)"),
            """
            def train(net, data, optimizer, criterion):
                for inputs, labels in data:
                    optimizer.zero_grad()
                    criterion(net(inputs), labels).backward()
                    optimizer.step_and_update_lr()
            """,
            body("x.requires_grad_()", "criterion(model(x), y).backward()", "x = x + 0.1 * x.grad.sign()"),
            "model(torch.randn(2, 8)).sum().backward()\n",
            body("criterion(model(x), y).backward()") + "        for p in model.parameters():\n"
            "            p.data.add_(p.grad, alpha=-0.1)\n            p.grad = None\n",
            """
            import pytorch_lightning as pl

            class Lit(pl.LightningModule):
                def __init__(self):
                    super().__init__()
                    self.net = nn.Linear(8, 3)

                def training_step(self, batch, index):
                    x, y = batch
                    return F.cross_entropy(self.net(x), y)

                def configure_optimizers(self):
                    return torch.optim.Adam(self.parameters())

            pl.Trainer().fit(Lit(), loader)
            """,
            """
            def step(self):
                optimizer.zero_grad()
                criterion(model(self.x), self.y).backward()

            engine = Engine(model, optimizer)
            for x, y in loader:
                criterion(model(x), y).backward()
                engine.advance()
            """,
            """
            trainer = Unknown()
            trainer.optimizer = optimizer
            for x, y in loader:
                criterion(model(x), y).backward()
                trainer.apply_gradients()
            """,
            """
            g, d = nn.Linear(4, 8), nn.Linear(8, 1)
            g_opt = torch.optim.Adam(g.parameters())
            d_opt = torch.optim.Adam(d.parameters())
            for real, _ in loader:
                g_opt.zero_grad()
                (-d(g(torch.randn(8, 4))).mean()).backward()
                g_opt.step()
            """,
            """
            class Noam:
                def __init__(self, optimizer):
                    self.optimizer = optimizer

                def step(self):
                    self.optimizer.step()

            noam = Noam(optimizer)
            for x, y in loader:
                optimizer.zero_grad()
                criterion(model(x), y).backward()
                noam.step()
            """,
        ],
    )
    def test_a_step_or_no_training(self, read: Read, source: str) -> None:
        assert MissingStep not in read(PLAIN, source)


class TestMissingBackward:
    """Steps that no backward pass feeds."""

    @pytest.mark.parametrize(
        "source",
        [
            body("optimizer.zero_grad()", "loss = criterion(model(x), y)", "optimizer.step()"),
            body("optimizer.zero_grad()", "loss = ((model(x) - y) ** 2).mean()", "optimizer.step()"),
            body("optimizer.zero_grad()", "loss = compute(x, y)", "optimizer.step()", "total = loss.item()"),
            """
            def train(net, data, optimizer, criterion):
                net.train()
                for inputs, labels in data:
                    optimizer.zero_grad()
                    loss = criterion(net(inputs), labels)
                    optimizer.step()
            """,
            """
            g, d = nn.Linear(4, 8), nn.Linear(8, 1)
            g_opt, d_opt = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
            for real, _ in loader:
                d_opt.zero_grad()
                d_loss = F.softplus(d(g(torch.randn(8, 4)).detach())).mean()
                d_loss.backward()
                d_opt.step()
                g_opt.zero_grad()
                g_loss = F.softplus(-d(g(torch.randn(8, 4)))).mean()
                g_opt.step()
            """,
        ],
    )
    def test_no_backward_anywhere(self, read: Read, source: str) -> None:
        facts = read(PLAIN, "def compute(x, y):\n    return criterion(model(x), y)\n", source)

        (missing,) = facts[MissingBackward]
        assert "step" in line(facts, missing.step)

    @pytest.mark.parametrize(
        "source",
        [
            body("loss = criterion(model(x), y)", "loss.backward()", "optimizer.step()", "optimizer.zero_grad()"),
            body("loss = criterion(model(x), y)", "propagate(loss)", "optimizer.step()", "optimizer.zero_grad()"),
            body("loss = criterion(model(x), y)", "learn(loss)", "optimizer.step()", "optimizer.zero_grad()"),
            body("with torch.no_grad(): loss = criterion(model(x), y)", "print(loss)"),
            body("loss = criterion(model(x), y)", "update(optimizer, loss)"),
            body(
                "loss = criterion(model(x), y)",
                "grads = torch.autograd.grad(loss, list(model.parameters()))",
                "for p, g in zip(model.parameters(), grads): p.grad = g",
                "optimizer.step()",
            ),
            """
            for x, y in loader:
                criterion(model(x), y).backward()
            optimizer.step()
            for x, y in loader:
                loss = criterion(model(x), y)
                print(loss.item())
            """,
            """
            local = copy.deepcopy(model)
            for x, y in loader:
                loss = criterion(local(x), y)
                loss.backward()
                for mine, yours in zip(local.parameters(), model.parameters()):
                    yours._grad = mine.grad
                optimizer.step()
            """,
        ],
    )
    def test_a_backward_pass_or_something_like_it(self, read: Read, source: str) -> None:
        assert MissingBackward not in read(PLAIN, "def learn(loss):\n    loss.backward()\n", source)


class TestRebuilt:
    """An optimiser that is made anew while its network stays."""

    STEP = ("optim.zero_grad()", "criterion(model(x), y).backward()", "optim.step()")

    @pytest.mark.parametrize(
        ("source", "every"),
        [
            (body("optim = torch.optim.Adam(model.parameters())", *STEP), "step"),
            (
                "def epoch(model):\n    optim = torch.optim.AdamW(model.parameters())\n    for x, y in loader:\n"
                + indent("\n".join(STEP), " " * 8)
                + "\nfor i in range(10):\n    epoch(model)\n",
                "epoch",
            ),
            (
                "for epoch in range(9):\n    lr = 0.1 * 0.5 ** epoch\n"
                "    optim = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)\n    for x, y in loader:\n"
                + indent("\n".join(STEP), " " * 8),
                "epoch",
            ),
        ],
    )
    def test_in_every_iteration(self, read: Read, source: str, every: str) -> None:
        facts = read(PLAIN, source)

        (rebuilt,) = facts[Rebuilt]
        assert (rebuilt.every, rebuilt.stateful) == (every, True)

    @pytest.mark.parametrize(
        "source",
        [
            "optim = torch.optim.Adam(model.parameters())\n" + body(*STEP),
            "for fold in range(5):\n    optim = torch.optim.Adam(model.parameters())\n    for x, y in loader:\n"
            + indent("\n".join(STEP), " " * 8),
            "for i in range(5):\n    model = nn.Linear(8, 3)\n    optim = torch.optim.Adam(model.parameters())\n"
            "    for x, y in loader:\n" + indent("\n".join(STEP), " " * 8),
            "for i in range(5):\n    fast = copy.deepcopy(model)\n    optim = torch.optim.Adam(fast.parameters())\n"
            "    for x, y in loader:\n" + indent("\n".join(STEP).replace("model", "fast"), " " * 8),
            "optim = torch.optim.Adam(model.parameters())\nfor epoch in range(5):\n    if epoch == 3:\n"
            "        optim = torch.optim.Adam(model.parameters(), lr=0.1)\n    for x, y in loader:\n"
            + indent("\n".join(STEP), " " * 8),
        ],
    )
    def test_a_fresh_start_that_is_meant(self, read: Read, source: str) -> None:
        assert Rebuilt not in read(PLAIN, source)


class TestOwnership:
    """What optimisers hold against what the loss is computed with."""

    TRAIN = body("optimizer.zero_grad()", "criterion(model(x), y).backward()", "optimizer.step()")

    @pytest.mark.parametrize(
        "change",
        [
            "model[2] = nn.Linear(16, 3)",
            "model.add_module('extra', nn.Linear(3, 3))",
            "model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))",
        ],
    )
    def test_replaced_layers(self, read: Read, change: str) -> None:
        facts = read(PLAIN, change + "\n", self.TRAIN)

        (replaced,) = facts[Replaced]
        assert line(facts, replaced.place) == change

    def test_a_replaced_head_of_a_class(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self, classes=10):
                super().__init__()
                self.body = nn.Linear(8, 16)
                self.head = nn.Linear(16, classes)

            def forward(self, x):
                return self.head(F.relu(self.body(x)))

            def change(self, classes):
                self.head = nn.Linear(16, classes)

        net = Net()
        optimizer = torch.optim.Adam(net.parameters())
        net.change(3)
        for x, y in loader:
            optimizer.zero_grad()
            criterion(net(x), y).backward()
            optimizer.step()
        """
        facts = read(PLAIN, source)

        (replaced,) = facts[Replaced]
        assert line(facts, replaced.place) == "self.head = nn.Linear(16, classes)"

    @pytest.mark.parametrize(
        "change",
        [
            "",
            "model = model.to('cpu')",
            "model[2] = nn.Linear(16, 3)\noptimizer = torch.optim.Adam(model.parameters())",
            "model[2] = nn.Linear(16, 3)\noptimizer.add_param_group({'params': model[2].parameters()})",
            "model.load_state_dict(torch.load('x.pt'))",
            "model = nn.DataParallel(model)",
            "model = torch.compile(model)",
            "if ask():\n    model[2] = nn.Linear(16, 3)\n    optimizer = torch.optim.Adam(model.parameters())",
        ],
    )
    def test_the_same_layers(self, read: Read, change: str) -> None:
        facts = read(PLAIN, change + "\n", self.TRAIN)

        assert Replaced not in facts
        assert Unowned not in facts

    PAIR = """
    encoder = nn.Sequential(nn.Linear(8, 4), nn.ReLU())
    decoder = nn.Linear(4, 8)
    {before}
    optimizer = torch.optim.Adam({params})
    for x, _ in loader:
        loss = F.mse_loss(decoder(encoder(x)), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    """

    def test_one_of_two_networks_is_left_out(self, read: Read) -> None:
        facts = read(self.PAIR.format(before="", params="encoder.parameters()"))

        (unowned,) = facts[Unowned]
        assert (unowned.fault, unowned.network) == ("left out", "decoder")
        assert "Adam" in line(facts, unowned.built)

    @pytest.mark.parametrize(
        ("before", "params"),
        [
            ("", "list(encoder.parameters()) + list(decoder.parameters())"),
            ("", "[*encoder.parameters(), *decoder.parameters()]"),
            ("", "[{'params': encoder.parameters()}, {'params': decoder.parameters(), 'lr': 0.1}]"),
            ("", "nn.ModuleList([encoder, decoder]).parameters()"),
            ("other = torch.optim.SGD(decoder.parameters(), lr=0.1)", "encoder.parameters()"),
            ("for p in decoder.parameters(): p.requires_grad = False", "encoder.parameters()"),
            ("decoder.requires_grad_(False)", "encoder.parameters()"),
            ("decoder.eval()", "encoder.parameters()"),
            ("decoder.load_state_dict(torch.load('decoder.pt'))", "encoder.parameters()"),
            ("params = gather(encoder, decoder)", "params"),
            ("import itertools", "itertools.chain(encoder.parameters(), decoder.parameters())"),
        ],
    )
    def test_all_that_should_learn_is_held(self, read: Read, before: str, params: str) -> None:
        assert Unowned not in read(self.PAIR.format(before=before, params=params))

    def test_a_part_of_a_network_is_left_out(self, read: Read) -> None:
        source = """
        class Auto(nn.Module):
            def __init__(self):
                super().__init__()
                self.encoder = nn.Linear(8, 4)
                self.decoder = nn.Linear(4, 8)

            def forward(self, x):
                return self.decoder(F.relu(self.encoder(x)))

        auto = Auto()
        optimizer = torch.optim.Adam(auto.encoder.parameters())
        for x, _ in loader:
            optimizer.zero_grad()
            F.mse_loss(auto(x), x).backward()
            optimizer.step()
        """

        (unowned,) = read(source)[Unowned]
        assert (unowned.fault, unowned.network) == ("left out", "auto.decoder")

    def test_the_wrong_network(self, read: Read) -> None:
        source = """
        student, other = nn.Linear(8, 3), nn.Sequential(nn.Linear(8, 3))
        wrong = torch.optim.Adam(other.parameters())
        for x, y in loader:
            wrong.zero_grad()
            F.cross_entropy(student(x), y).backward()
            wrong.step()
        """

        (unowned,) = read(source)[Unowned]
        assert (unowned.fault, unowned.network) == ("foreign", "student")

    @pytest.mark.parametrize(
        ("params", "fault"),
        [
            ("params = model.parameters()\nprint(sum(p.numel() for p in params))", "spent"),
            ("params = model.parameters()\nfor p in params:\n    nn.init.normal_(p)", "spent"),
            ("params = model.parameters()\nfirst = torch.optim.SGD(params, lr=0.1)", "spent"),
            ("params = []", "empty"),
        ],
    )
    def test_nothing_is_left(self, read: Read, params: str, fault: str) -> None:
        facts = read(PLAIN, params + "\nlast = torch.optim.Adam(params)\n")

        (unowned,) = facts[Unowned]
        assert unowned.fault == fault
        assert line(facts, unowned.built) == "last = torch.optim.Adam(params)"

    @pytest.mark.parametrize(
        "params",
        [
            "params = list(model.parameters())\nprint(sum(p.numel() for p in params))",
            "params = model.parameters()\nprint(sum(p.numel() for p in model.parameters()))",
            "params = [p for p in model.parameters() if p.requires_grad]\nfor p in params: print(p.shape)",
            "params = []\nparams += list(model.parameters())",
            "params = []\nfor p in model.parameters(): params.append(p)",
        ],
    )
    def test_something_is_left(self, read: Read, params: str) -> None:
        assert Unowned not in read(PLAIN, params + "\nlast = torch.optim.Adam(params)\n")


class TestAccumulated:
    """Gradients of several batches before a step."""

    LOOP = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--parts", type=int, default=1)
    args = parser.parse_args()
    k = 4
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        {lines}
        loss.backward()
        if {test}:
            optimizer.step()
            optimizer.zero_grad()
    """

    @pytest.mark.parametrize("test", ["(i + 1) % k == 0", "i % 8 == 7 or i + 1 == len(loader)", "not (i + 1) % k"])
    def test_a_sum(self, read: Read, test: str) -> None:
        facts = read(PLAIN, self.LOOP.format(lines="pass", test=test))

        (accumulated,) = facts[Accumulated]
        assert line(facts, accumulated.backward) == "loss.backward()"

    @pytest.mark.parametrize(
        ("lines", "test"),
        [
            ("loss = loss / k", "(i + 1) % k == 0"),
            ("loss /= k", "(i + 1) % k == 0"),
            ("if k > ask(): loss = loss / k", "(i + 1) % k == 0"),
            ("if args.parts > 1: loss /= args.parts", "(i + 1) % args.parts == 0"),
            ("loss = loss * (1 / k)", "(i + 1) % k == 0"),
            ("loss = F.cross_entropy(model(x), y, reduction='sum')", "(i + 1) % k == 0"),
            ("loss = mystery(loss)", "(i + 1) % k == 0"),
            ("pass", "torch.isfinite(loss)"),
            ("optimizer.zero_grad()", "(i + 1) % k == 0"),
        ],
    )
    def test_an_average_or_no_accumulation(self, read: Read, lines: str, test: str) -> None:
        assert Accumulated not in read(PLAIN, self.LOOP.format(lines=lines, test=test))

    def test_networks_that_take_turns(self, read: Read) -> None:
        source = """
        g, d = nn.Linear(4, 8), nn.Linear(8, 1)
        g_opt, d_opt = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
        for i, (real, _) in enumerate(loader):
            d_opt.zero_grad()
            d(g(torch.randn(8, 4))).mean().backward()
            d_opt.step()
            if i % 5 == 0:
                g_opt.zero_grad()
                (1 - d(g(torch.randn(8, 4)))).mean().backward()
                g_opt.step()
        """

        assert Accumulated not in read(source)
