"""Rates, schedules and what is kept as best: idioms that show a fault, and those that must not be taken for one."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest

from dnnlint.cli import main
from dnnlint.script.choices import holds_best
from dnnlint.script.ir import Name
from dnnlint.script.tables import metrics

HEAD = """
import argparse
import copy
import math
import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader

EPOCHS = 20
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
loader = DataLoader(data(), batch_size=32, shuffle=True)
"""
LOOP = """
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = {made}
for epoch in range(EPOCHS):
    {top}
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        {inner}
    {outer}
"""
Codes = Callable[[str], list[str]]


@pytest.fixture
def codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Codes:
    """The codes that a script gets."""

    def checking(source: str) -> list[str]:
        path = tmp_path / "train.py"
        path.write_text(HEAD + dedent(source))
        selected = "DNN501,DNN502,DNN505,DNN506,DNN507,DNN508,DNN509,DNN510,DNN705,DNN717,DNN805"
        main(["check", str(path), "--select", selected, "--output-format", "json", "--exit-zero", "--no-cache"])
        return sorted(item["code"] for item in json.loads(capsys.readouterr().out))

    return checking


def loop(made: str, top: str = "pass", inner: str = "pass", outer: str = "pass") -> str:
    return LOOP.format(made=made, top=top, inner=inner, outer=outer)


class TestIntervals:
    """What a schedule counts, against the loop that steps it."""

    @pytest.mark.parametrize(
        "made",
        [
            "lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)",
            "lr_scheduler.StepLR(optimizer, 5)",
            "lr_scheduler.MultiStepLR(optimizer, [8, 16])",
            "lr_scheduler.ExponentialLR(optimizer, gamma=0.9)",
            "lr_scheduler.PolynomialLR(optimizer, EPOCHS)",
            "lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=EPOCHS)",
        ],
    )
    def test_counts_of_epochs_are_over_in_an_epoch_of_batches(self, codes: Codes, made: str) -> None:
        assert codes(loop(made, inner="scheduler.step()")) == ["DNN508"]

    @pytest.mark.parametrize(
        "made",
        [
            "lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS * len(loader))",
            "lr_scheduler.CosineAnnealingLR(optimizer, T_max=math.ceil(len(loader) / 2) * EPOCHS)",
            "lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=EPOCHS, steps_per_epoch=len(loader))",
            "lr_scheduler.StepLR(optimizer, step_size=int(10 * len(loader)))",
            "lr_scheduler.MultiStepLR(optimizer, milestones=[30000, 60000])",
            "lr_scheduler.CyclicLR(optimizer, 0.001, 0.1)",
        ],
    )
    def test_counts_of_batches_hardly_begin_in_epochs(self, codes: Codes, made: str) -> None:
        assert codes(loop(made, outer="scheduler.step()")) == ["DNN508"]
        assert codes(loop(made, inner="scheduler.step()")) == []

    @pytest.mark.parametrize(
        "made",
        [
            "lr_scheduler.StepLR(optimizer, 1000)",
            "lr_scheduler.ExponentialLR(optimizer, gamma=0.9999)",
            "lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))",
            "lr_scheduler.CosineAnnealingLR(optimizer, T_max=unknown())",
            "lr_scheduler.CosineAnnealingLR(optimizer, T_max=200)",
            "lr_scheduler.SequentialLR(optimizer, schedules(), [3])",
        ],
    )
    def test_counts_that_do_not_tell_are_left_alone(self, codes: Codes, made: str) -> None:
        assert codes(loop(made, inner="scheduler.step()")) == []

    def test_a_step_that_is_told_the_epoch_goes_by_that(self, codes: Codes) -> None:
        made = "lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=EPOCHS)"

        assert codes(loop(made, inner="scheduler.step(epoch + i / len(loader))")) == []

    def test_a_plateau_that_is_looked_at_now_and_then_counts_no_batches(self, codes: Codes) -> None:
        made = "lr_scheduler.ReduceLROnPlateau(optimizer)"
        inner = "if i % 500 == 0: scheduler.step(validate(model))"

        assert codes(loop(made, inner=inner)) == []
        assert codes(loop(made, inner="scheduler.step(validate(model))")) == ["DNN508"]

    def test_runs_around_the_epochs_are_no_epochs(self, codes: Codes) -> None:
        source = """
        for run in range(10):
            net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
            optimizer = optim.Adam(net.parameters(), lr=0.01)
            scheduler = lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.9)
            for epoch in range(200):
                optimizer.zero_grad()
                F.cross_entropy(net(features), labels).backward()
                optimizer.step()
                scheduler.step()
        """

        assert codes(source) == []

    def test_an_epoch_in_a_function_of_its_own_is_an_epoch(self, codes: Codes) -> None:
        source = """
        def train_epoch(net, batches, optimizer, scheduler):
            for x, y in batches:
                optimizer.zero_grad()
                F.cross_entropy(net(x), y).backward()
                optimizer.step()
                advance(scheduler)

        def advance(scheduler):
            scheduler.step()

        def main(config):
            optimizer = optim.AdamW(model.parameters(), lr=1e-3)
            scheduler = lr_scheduler.CosineAnnealingLR(optimizer, T_max=config.epochs)
            for epoch in range(config.epochs):
                train_epoch(model, loader, optimizer, scheduler)

        if __name__ == "__main__":
            main(read_config())
        """

        assert codes(source) == ["DNN508"]


class TestShares:
    """Spans that are a part of the epochs, of batches, or of neither, though no number is known."""

    SET = "options = argparse.ArgumentParser().parse_args()\nrounds = options.iters // len(loader)\n"

    @pytest.mark.parametrize(
        ("span", "inner", "found"),
        [
            ("EPOCHS // 2", "scheduler.step()", ["DNN508"]),
            ("int(EPOCHS * 0.3)", "scheduler.step()", ["DNN508"]),
            ("EPOCHS // 2", "pass", []),
            ("EPOCHS * len(loader) // 2", "scheduler.step()", []),
            ("EPOCHS * len(loader) // 2", "pass", ["DNN508"]),
        ],
    )
    @pytest.mark.parametrize("epochs", ["rounds", "options.epochs", "load()['epochs']"])
    def test_a_share(self, codes: Codes, span: str, inner: str, found: list[str], epochs: str) -> None:
        outer = "pass" if "step" in inner else "scheduler.step()"
        source = loop(f"lr_scheduler.StepLR(optimizer, {span}, gamma=0.5)", inner=inner, outer=outer)

        assert codes(f"{self.SET}EPOCHS = {epochs}\n{source}") == found


class TestConfigured:
    """Schedules that the trainer of Lightning steps, once an epoch unless it is told otherwise."""

    MODULE = """
    import lightning

    class Learner(lightning.LightningModule):
        def __init__(self, epochs):
            super().__init__()
            self.save_hyperparameters()
            self.layer = nn.Linear(4, 2)

        def training_step(self, batch, index):
            x, y = batch
            return F.cross_entropy(self.layer(x), y)

        def configure_optimizers(self):
            optimizer = optim.AdamW(self.parameters())
            scheduler = {made}
            return {returned}
    """
    PLAIN = "[optimizer], [scheduler]"
    STEP = "{'optimizer': optimizer, 'lr_scheduler': {'scheduler': scheduler, 'interval': 'step'}}"
    BATCHES = "self.trainer.estimated_stepping_batches"

    @pytest.mark.parametrize(
        ("made", "returned", "found"),
        [
            ("lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps={batches})", "{plain}", ["DNN508"]),
            ("lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps={batches})", "{step}", []),
            ("lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps={batches})", "[optimizer], [unknown(scheduler)]", []),
            ("lr_scheduler.CosineAnnealingLR(optimizer, self.hparams.epochs)", "{step}", ["DNN508"]),
            ("lr_scheduler.CosineAnnealingLR(optimizer, self.trainer.max_epochs)", "{plain}", []),
            ("lr_scheduler.ExponentialLR(optimizer, 0.95)", "{step}", ["DNN508"]),
            ("lr_scheduler.ExponentialLR(optimizer, 0.95)", "{plain}", []),
            ("lr_scheduler.StepLR(optimizer, 10)", "[optimizer], [{{'scheduler': scheduler}}]", []),
        ],
    )
    def test_interval(self, codes: Codes, made: str, returned: str, found: list[str]) -> None:
        returned = returned.format(plain=self.PLAIN, step=self.STEP)

        assert codes(self.MODULE.format(made=made.format(batches=self.BATCHES), returned=returned)) == found


class TestOrder:
    """Before or behind the optimiser's first step."""

    MADE = "lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.95**epoch)"

    @pytest.mark.parametrize("top", ["scheduler.step()", "adjust(scheduler)"])
    def test_at_the_top_of_an_epoch(self, codes: Codes, top: str) -> None:
        assert codes("def adjust(one):\n    one.step()\n" + loop(self.MADE, top=top)) == ["DNN506"]

    @pytest.mark.parametrize(
        "top",
        [
            "scheduler.step(epoch)",
            "if epoch > 0: scheduler.step()",
            "if epoch: scheduler.step()",
            "warm_up(optimizer, scheduler); scheduler.step()",
        ],
    )
    def test_not_before_the_first_step(self, codes: Codes, top: str) -> None:
        assert codes(loop(self.MADE, top=top)) == []

    def test_steps_that_are_sometimes_left_out_come_first_all_the_same(self, codes: Codes) -> None:
        inner = "if i % 4 == 0: optimizer.step()\n        scheduler.step()"

        assert codes(loop(self.MADE, inner=inner)) == []


class TestNeverStepped:
    """A schedule that nobody steps, and who may step it unseen."""

    MADE = "lr_scheduler.StepLR(optimizer, 5, gamma=0.5)"

    def test_nobody(self, codes: Codes) -> None:
        assert codes(loop(self.MADE)) == ["DNN507"]
        assert codes(loop(self.MADE, outer="print(scheduler.get_last_lr())")) == ["DNN507"]

    @pytest.mark.parametrize(
        "outer",
        [
            "after_epoch(scheduler)",
            "engine.on_epoch(lambda: scheduler.step())",
            "for one in [scheduler]: one.step()",
            "if epoch < unknown(): scheduler.step()",
            "getattr(scheduler, 'step')()",
            "lr_scheduler.ChainedScheduler([scheduler]).step()",
        ],
    )
    def test_somebody(self, codes: Codes, outer: str) -> None:
        assert codes(loop(self.MADE, outer=outer)) == []

    OWN = """
    class WarmupDecay:
        def __init__(self, optimizer, steps):
            self.optimizer, self.steps, self.count = optimizer, steps, 0

        def step(self):
            self.count += 1
            for group in self.optimizer.param_groups:
                group["lr"] *= 0.9
    """

    def test_a_schedule_of_the_project(self, codes: Codes) -> None:
        own = dedent(self.OWN)

        assert codes(own + loop("WarmupDecay(optimizer, 10)")) == ["DNN507"]
        assert codes(own + loop("WarmupDecay(optimizer, 10)", inner="scheduler.step()")) == []
        assert codes(own + loop("WarmupDecay(optimizer, 10)", inner="hand_over(scheduler)")) == []
        assert codes(own.replace("def step(", "def update(") + loop("WarmupDecay(optimizer, 10)")) == []

    @pytest.mark.parametrize("outer", ["pass", "scheduler.step()"])
    def test_a_schedule_of_transformers(self, codes: Codes, outer: str) -> None:
        source = loop("transformers.get_constant_schedule_with_warmup(optimizer, 5)", outer=outer)

        assert codes(f"import transformers\n{source}") == (["DNN507"] if outer == "pass" else [])

    @pytest.mark.parametrize(("given", "found"), [("model", ["DNN507"]), ("model, scheduler", [])])
    def test_whoever_called(self, codes: Codes, given: str, found: list[str]) -> None:
        body = indent(loop(self.MADE), "    ")

        assert codes(f"def warm_up(model, loader):{body}    return {given}\n") == found

    def test_lightning_has_what_is_configured(self, codes: Codes) -> None:
        source = """
        import lightning

        class Learner(lightning.LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
                self.layer = nn.Linear(4, 2)

            def configure_optimizers(self):
                optimizer = optim.SGD(self.parameters(), lr=0.1)
                return [optimizer], [lr_scheduler.StepLR(optimizer, 5)]

            def training_step(self, batch, index):
                optimizer = self.optimizers()
                optimizer.zero_grad()
                self.manual_backward(F.cross_entropy(self.layer(batch[0]), batch[1]))
                optimizer.step()
        """

        assert codes(source) == []


class TestPlateau:
    """A schedule that waits for a metric."""

    MADE = "lr_scheduler.ReduceLROnPlateau(optimizer, '{mode}')"

    def test_without_a_metric(self, codes: Codes) -> None:
        assert codes(loop(self.MADE.format(mode="min"), outer="scheduler.step()")) == ["DNN509"]

    def test_one_of_two_that_cannot_be_told_apart(self, codes: Codes) -> None:
        made = "lr_scheduler.ReduceLROnPlateau(optimizer) if unknown() else lr_scheduler.StepLR(optimizer, 5)"

        assert codes(loop(made, outer="scheduler.step()")) == []

    @pytest.mark.parametrize(
        ("mode", "metric", "found"),
        [
            ("max", "val_loss", ["DNN717"]),
            ("min", "valAcc", ["DNN717"]),
            ("min", "metrics['val/f1']", ["DNN717"]),
            ("max", "total_loss / len(loader)", ["DNN717"]),
            ("max", "losses.mean().item()", ["DNN717"]),
            ("max", "val_acc", []),
            ("min", "top1_error", []),
            ("min", "1 - acc", []),
            ("min", "-val_acc", []),
            ("max", "neg_loss", []),
            ("max", "score", []),
        ],
    )
    def test_which_way_is_better(self, codes: Codes, mode: str, metric: str, found: list[str]) -> None:
        assert codes(loop(self.MADE.format(mode=mode), outer=f"scheduler.step({metric})")) == found


class TestDecay:
    """What is left of the rate halfway."""

    @pytest.mark.parametrize(
        ("made", "found"),
        [
            ("lr_scheduler.ExponentialLR(optimizer, 0.3)", ["DNN510"]),
            ("lr_scheduler.StepLR(optimizer, 2, gamma=0.1)", ["DNN510"]),
            ("lr_scheduler.MultiStepLR(optimizer, [1, 2, 3, 4])", ["DNN510"]),
            ("lr_scheduler.PolynomialLR(optimizer)", ["DNN510"]),
            ("lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=6)", ["DNN510"]),
            ("lr_scheduler.LambdaLR(optimizer, lambda epoch: max(0, 1 - epoch / 5))", ["DNN510"]),
            ("lr_scheduler.ExponentialLR(optimizer, 0.9)", []),
            ("lr_scheduler.StepLR(optimizer, 7)", []),
            ("lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5)", []),
            ("lr_scheduler.LambdaLR(optimizer, lambda epoch: max(0.1, 1 - epoch / 5))", []),
            ("lr_scheduler.LambdaLR(optimizer, lambda epoch: (epoch + 1) / EPOCHS)", []),
        ],
    )
    def test_once_an_epoch(self, codes: Codes, made: str, found: list[str]) -> None:
        assert codes(loop(made, outer="scheduler.step()")) == found

    @pytest.mark.parametrize("made", ["StepLR(optimizer, 5, gamma={})", "ExponentialLR(optimizer, {})"])
    def test_a_factor_of_zero(self, codes: Codes, made: str) -> None:
        before = "EPOCHS = int(input())\n"

        assert codes(before + loop("lr_scheduler." + made.format(0), outer="scheduler.step()")) == ["DNN510"]
        assert codes(before + loop("lr_scheduler." + made.format(1), outer="scheduler.step()")) == []

    def test_a_linear_decay_over_the_first_of_many_epochs(self, codes: Codes) -> None:
        head = "from transformers import get_linear_schedule_with_warmup as linear\n"

        assert codes(head + loop("linear(optimizer, 10, len(loader))", inner="scheduler.step()")) == ["DNN510"]
        assert codes(head + loop("linear(optimizer, 10, len(loader) * EPOCHS)", inner="scheduler.step()")) == []


class TestRates:
    """Numbers that are known, wherever they come from."""

    @pytest.mark.parametrize(
        ("made", "found"),
        [
            ("optim.Adam(model.parameters(), lr=1)", ["DNN501"]),
            ("optim.AdamW(model.parameters(), 0.1)", ["DNN501"]),
            ("optim.SGD(model.parameters(), lr=50)", ["DNN501"]),
            ("optim.SGD([{'params': model[0].parameters()}, {'params': model[2].parameters()}], lr=30.0)", ["DNN501"]),
            ("optim.RMSprop(model.parameters(), lr=1e-10)", ["DNN502"]),
            ("optim.Adam(model.parameters(), lr=0)", ["DNN502"]),
            ("optim.SGD(model.parameters(), lr=1.0)", []),
            ("optim.SGD(model.parameters(), lr=1.0, momentum=0.9)", ["DNN501"]),
            ("optim.Adam(model.parameters(), lr=1e-6)", ["DNN502"]),
            ("optim.Adam(pretrained().parameters(), lr=1e-6)", []),
            ("optim.Adam(pretrained().parameters(), lr=1e-9)", ["DNN502"]),
            ("optim.Adadelta(model.parameters(), lr=1.0)", []),
            ("optim.LBFGS(model.parameters(), lr=1)", []),
            ("optim.Adam(model.parameters(), lr=compute())", []),
            ("optim.Adam([torch.zeros(3, requires_grad=True)], lr=1.0)", []),
            ("optim.SGD(model.parameters(), lr=0.1, momentum=9)", ["DNN505"]),
            ("optim.SGD(model.parameters(), 0.1, -0.9)", ["DNN505"]),
            ("optim.Adam(model.parameters(), 1e-3, (0.999, 0.9))", ["DNN505"]),
            ("optim.Adam(model.parameters(), 1e-3, (0.9, 0.09))", ["DNN505"]),
            ("optim.Adam(model.parameters(), 1e-3, (0.5, 0.999))", []),
            ("optim.Adam(model.parameters(), 1e-3, (0.0, 0.9))", []),
        ],
    )
    def test_as_built(self, codes: Codes, made: str, found: list[str]) -> None:
        assert codes(f"optimizer = {made}\n") == found

    @pytest.mark.parametrize(
        "after",
        [
            "scheduler = lr_scheduler.LambdaLR(optimizer, lambda step: 1e-3)\nscheduler.step()",
            "scheduler = lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=9)\nscheduler.step()",
            "optimizer.param_groups[0]['lr'] = 1e-3",
            "for group in optimizer.param_groups:\n    group['lr'] = 1e-3",
            "set_rate(optimizer, 1e-3)",
            "optimizer = Noam(optimizer, 512)",
        ],
    )
    def test_what_is_set_afterwards_counts(self, codes: Codes, after: str) -> None:
        assert codes(f"optimizer = optim.Adam(model.parameters(), lr=5.0)\n{after}\n") == []

    def test_a_default_meant_for_another_optimiser(self, codes: Codes) -> None:
        source = """
        parser = argparse.ArgumentParser()
        parser.add_argument("--opt", default="sgd")
        parser.add_argument("--lr", type=float, default=0.5)
        args = parser.parse_args()
        if args.opt == "sgd":
            optimizer = optim.SGD(model.parameters(), lr=args.lr)
        else:
            optimizer = optim.Adam(model.parameters(), lr=args.lr)
        """

        assert codes(source) == []
        assert codes(source.replace('default="sgd"', 'default="adam"')) == ["DNN501"]


class TestBest:
    """What is kept as best, and whether it is kept at all."""

    EPOCH = """
    optimizer = optim.Adam(model.parameters())
    best_loss, best_acc, best = float("inf"), 0.0, None
    for epoch in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        val_loss, acc = validate(model)
    {keep}
    {end}
    """

    def run(self, codes: Codes, keep: str, end: str = "pass") -> list[str]:
        return codes(dedent(self.EPOCH).format(keep=indent(dedent(keep).strip(), "    "), end=end))

    @pytest.mark.parametrize(
        "keep",
        [
            "if val_loss > best_loss:\n    best_loss = val_loss",
            "if best_acc > acc:\n    best_acc = acc",
            "if epoch > 3 and acc <= best_acc:\n    best_acc, other = acc, 1\n    best_acc = acc",
            "if val_loss < best_loss:\n    wait = 1\nelse:\n    best_loss = val_loss",
            "is_best = acc < best_acc",
            "best_acc = min(acc, best_acc)",
            "if val_loss > best_loss - 0.01:\n    best_loss = val_loss",
        ],
    )
    def test_the_wrong_way_round(self, codes: Codes, keep: str) -> None:
        assert self.run(codes, keep) == ["DNN717"]

    @pytest.mark.parametrize(
        "keep",
        [
            "if val_loss < best_loss:\n    best_loss = val_loss",
            "if best is None or acc > best_acc:\n    best_acc = acc",
            "if val_loss > best_loss:\n    wait = 1\nelse:\n    best_loss = val_loss",
            "if val_loss > best_loss:\n    wait = 1\nelif unknown():\n    best_loss = val_loss",
            "if val_loss > last_loss:\n    last_loss = val_loss",
            "max_loss = max(max_loss, val_loss)",
            "best_acc = max(acc, best_acc)",
        ],
    )
    def test_the_right_way_round(self, codes: Codes, keep: str) -> None:
        assert self.run(codes, keep) == []

    @pytest.mark.parametrize(
        ("keep", "end"),
        [
            ("if better(): best = model.state_dict()", "model.load_state_dict(best)"),
            ("if better(): best = {'net': model.state_dict(), 'epoch': epoch}", "model.load_state_dict(best['net'])"),
            ("if better(): best = copy.copy(model.state_dict())", "model.load_state_dict(best)"),
            ("if better(): best_state = model.state_dict()", "torch.save(best_state, 'best.pt')"),
            ("if better(): best_model = model", "torch.save(best_model.state_dict(), 'best.pt')"),
            ("if stop(): break\nif better(): best = model.state_dict()", "model.load_state_dict(best)"),
        ],
    )
    def test_a_reference(self, codes: Codes, keep: str, end: str) -> None:
        assert self.run(codes, keep, end) == ["DNN705"]

    @pytest.mark.parametrize(
        ("keep", "end"),
        [
            ("best = copy.deepcopy(model.state_dict())", "model.load_state_dict(best)"),
            ("best = {k: v.clone() for k, v in model.state_dict().items()}", "model.load_state_dict(best)"),
            ("torch.save(model.state_dict(), 'best.pt')", "model.load_state_dict(torch.load('best.pt'))"),
            ("best_model = copy.deepcopy(model)", "torch.save(best_model.state_dict(), 'best.pt')"),
            ("if stop():\n    best = model.state_dict()\n    break", "model.load_state_dict(best)"),
            ("ema.load_state_dict(model.state_dict())", "pass"),
            ("last = model.state_dict()", "torch.save(last, 'last.pt')"),
        ],
    )
    def test_a_copy(self, codes: Codes, keep: str, end: str) -> None:
        assert self.run(codes, keep, end) == []


class TestSwitches:
    """Determinism and its opposite."""

    @pytest.mark.parametrize(
        ("source", "found"),
        [
            ("cudnn.benchmark = True; cudnn.deterministic = True", ["DNN805"]),
            ("torch.use_deterministic_algorithms(True); cudnn.benchmark = True", ["DNN805"]),
            ("cudnn.benchmark = True; cudnn.deterministic = True; cudnn.benchmark = False", []),
            ("cudnn.benchmark = unknown(); cudnn.deterministic = True", []),
            ("cudnn.deterministic = True\nif unknown():\n    cudnn.benchmark = True", []),
            ("if unknown():\n    cudnn.benchmark = True\nelse:\n    cudnn.deterministic = True", []),
            ("torch.use_deterministic_algorithms(False); cudnn.benchmark = True", []),
        ],
    )
    def test_at_the_end(self, codes: Codes, source: str, found: list[str]) -> None:
        assert codes("import torch.backends.cudnn as cudnn\nmodel.eval()\n" + source + "\n") == found

    @pytest.mark.parametrize("package", ["lightning.pytorch", "pytorch_lightning"])
    def test_given_to_a_trainer(self, codes: Codes, package: str) -> None:
        assert codes(f"import {package} as pl\npl.Trainer(benchmark=True, deterministic=True)\n") == ["DNN805"]
        assert codes(f"import {package} as pl\npl.Trainer(benchmark=False, deterministic=True)\n") == []

    @pytest.mark.parametrize(
        ("call", "found"),
        [
            ("pl.callbacks.ModelCheckpoint(monitor='val_acc')", ["DNN717"]),
            ("pl.callbacks.ModelCheckpoint(monitor='val_acc', mode='max')", []),
            ("pl.callbacks.EarlyStopping('val_loss', mode='max')", ["DNN717"]),
            ("transformers.TrainingArguments('out', metric_for_best_model='wer')", ["DNN717"]),
            (
                "transformers.TrainingArguments('out', metric_for_best_model='accuracy', greater_is_better=False)",
                ["DNN717"],
            ),
            ("transformers.TrainingArguments('out', metric_for_best_model='eval_loss')", []),
        ],
    )
    def test_callbacks_that_choose(self, codes: Codes, call: str, found: list[str]) -> None:
        assert codes(f"import pytorch_lightning as pl\nimport transformers\nkept = {call}\n") == found


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("val_loss", "lower"),
        ("valLoss", "lower"),
        ("bestPPL", "lower"),
        ("acc1", "higher"),
        ("mAP", "higher"),
        ("val_mIoU", "higher"),
        ("err1", "lower"),
        ("top1_err", "lower"),
        ("acc_loss", None),
        ("score", None),
        ("mapping", None),
        ("neg_loss", None),
        ("glossary", None),
    ],
)
def test_names_of_metrics(name: str, better: str | None) -> None:
    assert metrics.better(name) == better


def test_the_best_is_called_so() -> None:
    assert holds_best(Name("best_val_loss", 0))
    assert not holds_best(Name("bestow", 0))
