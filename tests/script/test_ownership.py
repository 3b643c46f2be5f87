"""What optimisers hold against what learns: wrong networks, used-up generators, layers that come too late."""

from textwrap import indent
from typing import Any

import pytest

from dnnlint.evidence.script import MissingBackward, MissingStep, Rebuilt, Replaced, Unowned

from .test_order import PLAIN, Read, body, line, read  # noqa: F401

TRAIN = body("optimizer.zero_grad()", "criterion(model(x), y).backward()", "optimizer.step()")
MOVED = body(
    "x, y = x.to(device), y.to(device)",
    "optimizer.zero_grad()",
    "criterion(model(x), y).backward()",
    "optimizer.step()",
)
DEVICE = "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n"

PAIR = """
import torchvision
class Generator(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 8), nn.Tanh())

class Agent:
    def __init__(self):
        self.{one} = Generator()
        self.{two} = nn.Sequential(nn.Linear(8, 1))
        {optimizers}

    def learn(self, real):
        fake = self.{one}(torch.randn(8, 4))
        d_loss = F.softplus(-self.{two}(real)).mean() + F.softplus(self.{two}(fake.detach())).mean()
        self.opt_{two}.zero_grad()
        d_loss.backward()
        self.opt_{two}.step()
        g_loss = F.softplus(-self.{two}(fake)).mean() + F.mse_loss(fake, real)
        self.opt_{one}.zero_grad()
        g_loss.backward()
        self.opt_{one}.step()
"""


def pair(one: str, two: str, *optimizers: str) -> str:
    """Two networks that learn from one another."""
    return PAIR.format(one=one, two=two, optimizers="\n        ".join(optimizers))


class TestWrongNetwork:
    """An optimiser that was given another network than it should."""

    @pytest.mark.parametrize(
        ("optimizers", "fault"),
        [
            (("self.opt_{a} = torch.optim.Adam(self.{a}.parameters())",
              "self.opt_{b} = torch.optim.Adam(self.{a}.parameters())"), "doubled"),
            (("self.opt_{b} = torch.optim.RMSprop(self.{a}.parameters())",
              "self.opt_{a} = torch.optim.Adam(self.{a}.parameters(), lr=1e-4)"), "doubled"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize(("one", "two"), [("gen", "disc"), ("netG", "netD"), ("policy", "critic")])
    def test_two_hold_the_same(self, read: Read, optimizers: Any, fault: str, one: str, two: str) -> None:  # noqa: F811
        lines = [text.format(a=one, b=two) for text in optimizers]
        facts = read(PLAIN, pair(one, two, *lines))

        (unowned,) = facts[Unowned]
        assert (unowned.fault, unowned.network) == (fault, two)
        assert f"self.opt_{two} = " in line(facts, unowned.built)

    @pytest.mark.parametrize(
        "lines",
        [
            ("self.opt_gen = torch.optim.Adam(self.gen.parameters())",
             "self.opt_disc = torch.optim.Adam(self.disc.parameters())"),
            ("self.opt_gen = torch.optim.Adam(self.gen.parameters())",
             "self.opt_disc = torch.optim.Adam([*self.disc.parameters(), *self.gen.parameters()])"),
            ("self.opt_gen = torch.optim.Adam(self.gen.parameters())", "self.opt_disc = make(self.disc)"),
            ("self.disc.requires_grad_(False)", "self.opt_gen = torch.optim.Adam(self.gen.parameters())",
             "self.opt_disc = torch.optim.Adam(self.gen.parameters())"),
        ],
    )  # fmt: skip
    def test_each_has_its_own(self, read: Read, lines: tuple[str, ...]) -> None:  # noqa: F811
        assert Unowned not in read(PLAIN, pair("gen", "disc", *lines))

    def test_weights_shared_with_another_layer_need_no_optimizer(self, read: Read) -> None:  # noqa: F811
        source = """
        class Head(nn.Module):
            def __init__(self, body):
                super().__init__()
                self.out = nn.Linear(8, 30, bias=False)
                self.out.weight = body.weight

            def forward(self, x):
                return self.out(x)

        embed = nn.Embedding(30, 8)
        head = Head(embed)
        optimizer = torch.optim.Adam(embed.parameters())
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(head(embed(x)), y).backward()
            optimizer.step()
        """

        assert Unowned not in read(PLAIN, source)


class TestUsedUp:
    """Generators of parameters that were gone through before."""

    @pytest.mark.parametrize(
        "params",
        [
            "params = filter(lambda p: p.requires_grad, model.parameters())\nreport(params)",
            "params = (p for p in model.parameters() if p.requires_grad)\nreport(params)",
            "params = (p for p in model.parameters() if p.requires_grad)\nprint(len(list(params)))",
            "import itertools\nparams = itertools.chain(model[0].parameters(), model[2].parameters())\nreport(params)",
        ],
    )
    @pytest.mark.parametrize("given", ["params", "[{'params': params, 'lr': 0.1}]"])
    def test_nothing_is_left(self, read: Read, params: str, given: str) -> None:  # noqa: F811
        report = "def report(params):\n    return sum(p.numel() for p in params)\n"
        facts = read(PLAIN, f"{report}{params}\nlast = torch.optim.Adam({given})\n")

        (unowned,) = facts[Unowned]
        assert unowned.fault == "spent"

    @pytest.mark.parametrize(
        "params",
        [
            "params = list(filter(lambda p: p.requires_grad, model.parameters()))\nprint(len(params))",
            "params = (p for p in model.parameters())\nprint(sum(p.numel() for p in model.parameters()))",
            "params = filter(lambda p: p.requires_grad, model.parameters())",
            "params = model.parameters()\nparams = [{'params': params}]",
        ],
    )
    def test_something_is_left(self, read: Read, params: str) -> None:  # noqa: F811
        assert Unowned not in read(PLAIN, params + "\nlast = torch.optim.Adam(params)\n")


class TestTooLate:
    """Layers that come after the optimiser took the network's."""

    LIBRARY = "import timm, torchvision\nmodel = {made}\noptimizer = torch.optim.AdamW(model.parameters())\n"

    @pytest.mark.parametrize(
        ("made", "change"),
        [
            ("torchvision.models.resnet18(weights='DEFAULT').to(device)", "model.fc = nn.Linear(512, 3)"),
            ("torchvision.models.vgg16(pretrained=True)", "model.classifier[6] = nn.Linear(4096, 3)"),
            ("timm.create_model('resnet18', pretrained=True)", "model.reset_classifier(3)"),
            ("torch.hub.load('pytorch/vision', 'resnet18')", "model.fc = nn.Sequential(nn.Linear(512, 3))"),
        ],
    )
    def test_a_head_of_a_librarys_network(self, read: Read, made: str, change: str) -> None:  # noqa: F811
        facts = read(PLAIN, DEVICE, self.LIBRARY.format(made=made), change + "\n", MOVED)

        (replaced,) = facts[Replaced]
        assert line(facts, replaced.place) == change

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("model.fc = nn.Linear(512, 3)", ""),
            ("model.fc = nn.Linear(512, 3)", "model = nn.DataParallel(model)"),
            ("", "model.fc = nn.Linear(512, 3)\noptimizer = torch.optim.AdamW(model.parameters())"),
            ("", "model.fc = nn.Linear(512, 3)\noptimizer.add_param_group({'params': model.fc.parameters()})"),
        ],
    )
    def test_in_time(self, read: Read, before: str, after: str) -> None:  # noqa: F811
        source = f"""
import torchvision
model = torchvision.models.resnet18(weights='DEFAULT')
{before}
optimizer = torch.optim.AdamW(model.parameters())
{after}
"""
        facts = read(PLAIN, DEVICE, source, MOVED)

        assert Replaced not in facts
        assert Unowned not in facts


class TestNeverUsed:
    """One of several optimisers that is forgotten."""

    TWO = """
    encoder, decoder = nn.Linear(8, 4), nn.Linear(4, 8)
    enc_opt = torch.optim.Adam(filter(lambda p: p.requires_grad, encoder.parameters()))
    dec_opt = torch.optim.Adam(decoder.parameters())
    for x, _ in loader:
        enc_opt.zero_grad()
        dec_opt.zero_grad()
        F.mse_loss(decoder(encoder(x)), x).backward()
        enc_opt.step()
        {more}
    """

    def test_one_of_two_is_never_stepped(self, read: Read) -> None:  # noqa: F811
        facts = read(PLAIN, self.TWO.format(more="print(x)"))

        (missing,) = facts[MissingStep]
        assert "dec_opt" in line(facts, missing.built)

    @pytest.mark.parametrize("more", ["dec_opt.step()", "for one in [dec_opt]: one.step()", "advance(dec_opt)"])
    def test_both_are_stepped(self, read: Read, more: str) -> None:  # noqa: F811
        assert MissingStep not in read(PLAIN, self.TWO.format(more=more))

    def test_a_generator_of_lightning_is_never_fed(self, read: Read) -> None:  # noqa: F811
        source = """
        import lightning.pytorch as pl

        class Gan(pl.LightningModule):
            def __init__(self):
                super().__init__()
                self.automatic_optimization = False
                self.g, self.d = nn.Linear(4, 8), nn.Linear(8, 1)

            def training_step(self, batch, index):
                real, _ = batch
                opt_g, opt_d = self.optimizers()
                fake = self.g(torch.randn(8, 4))
                d_loss = F.softplus(-self.d(real)).mean() + F.softplus(self.d(fake.detach())).mean()
                opt_d.zero_grad()
                self.manual_backward(d_loss)
                opt_d.step()
                g_loss = F.softplus(-self.d(fake)).mean()
                opt_g.zero_grad()
                {backward}
                opt_g.step()

            def configure_optimizers(self):
                return torch.optim.Adam(self.g.parameters()), torch.optim.Adam(self.d.parameters())
        """
        facts = read(PLAIN, source.format(backward="print(g_loss.item())"))

        (missing,) = facts[MissingBackward]
        assert line(facts, missing.step).strip() == "opt_g.step()"
        assert MissingBackward not in read(PLAIN, source.format(backward="self.manual_backward(g_loss)"))


class TestRebuilt:
    """An optimiser that is made anew wherever it steps."""

    AGENT = """
    class Agent:
        def __init__(self):
            self.net, self.memory = nn.Linear(8, 2), []
            self.optimizer = None

        def learn(self):
            if len(self.memory) < 100:
                return
            {made}
            x, y = sample(self.memory)
            loss = F.mse_loss(self.net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    agent = Agent()
    for episode in range(500):
        done = False
        while not done:
            agent.memory.append(act())
            agent.learn()
            done = ended()
    """

    def test_behind_a_test_that_the_step_shares(self, read: Read) -> None:  # noqa: F811
        made = "optimizer = torch.optim.Adam(self.net.parameters())"

        (rebuilt,) = read(PLAIN, self.AGENT.format(made=made))[Rebuilt]
        assert rebuilt.every == "step"

    def test_made_once(self, read: Read) -> None:  # noqa: F811
        made = "if self.optimizer is None:\n    self.optimizer = torch.optim.Adam(self.net.parameters())"
        made = indent(made, " " * 12).strip() + "\n            optimizer = self.optimizer"

        assert Rebuilt not in read(PLAIN, self.AGENT.format(made=made))
