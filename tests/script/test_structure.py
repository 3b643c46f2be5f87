"""How networks are built: what each way of building them means, and what must not be made of it."""

from collections.abc import Callable
from textwrap import dedent
from typing import Any

import pytest

from dnnlint.evidence.script import (
    AffinePair,
    EqualUnits,
    FreshDropout,
    FreshLayer,
    IdleFreeze,
    InitAfterLoad,
    LooseParameter,
    MaskedOut,
    MissingInit,
    ScrambledView,
    ShapeMismatch,
    UnusedLayer,
)

Read = Callable[[str], dict[type, list[Any]]]

HEAD = """
import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms
"""


def network(init: str, forward: str, after: str = "", bases: str = "nn.Module") -> str:
    """A network of a constructor and a forward pass, called once."""
    lines = [f"class Net({bases}):", "    def __init__(self, width=8):"]
    lines += [f"        {line}" for line in init.strip().split("\n")]
    lines += ["    def forward(self, x):", *[f"        {line}" for line in forward.strip().split("\n")]]
    return "\n".join([*lines, "net = Net()", "net(torch.randn(4, 8))", dedent(after)])


class TestConstructors:
    """``nn.Module.__init__`` can be reached in several ways."""

    @pytest.mark.parametrize(
        "call",
        [
            "super().__init__()",
            "super(Net, self).__init__()",
            "nn.Module.__init__(self)",
            "torch.nn.Module.__init__(self)",
        ],
    )
    def test_each_spelling_counts(self, read: Read, call: str) -> None:
        assert MissingInit not in read(network(f"{call}\nself.fc = nn.Linear(8, 2)", "return self.fc(x)"))

    def test_a_constructor_without_any_is_a_fault(self, read: Read) -> None:
        (fact,) = read(network("self.fc = nn.Linear(8, 2)", "return self.fc(x)"))[MissingInit]
        assert not fact.late

    def test_one_named_but_not_called_does_not_count(self, read: Read) -> None:
        assert MissingInit in read(network("super().__init__\nself.fc = nn.Linear(8, 2)", "return self.fc(x)"))

    def test_one_that_comes_too_late_is_told_where_it_stands(self, read: Read) -> None:
        (fact,) = read(network("self.fc = nn.Linear(8, 2)\nsuper().__init__()", "return self.fc(x)"))[MissingInit]
        assert fact.late
        assert fact.early is not None

    def test_settings_may_be_kept_before_it(self, read: Read) -> None:
        source = network("self.width = width\nsuper().__init__()\nself.fc = nn.Linear(8, 2)", "return self.fc(x)")
        assert MissingInit not in read(source)

    def test_unknown_bases_are_left_alone(self, read: Read) -> None:
        source = "from elsewhere import Base\n" + network(
            "self.fc = nn.Linear(8, 2)", "return self.fc(x)", bases="Base"
        )
        assert MissingInit not in read(source)


class TestForward:
    """What a forward pass builds, and what it drops."""

    @pytest.mark.parametrize(
        "forward",
        [
            "return nn.Linear(8, 2)(x)",
            "self.fc = nn.Linear(8, 2)\nreturn self.fc(x)",
            "if x.ndim > 2:\n    x = nn.Linear(8, 2)(x)\nreturn x",
        ],
    )
    def test_a_layer_built_each_time_is_a_fault(self, read: Read, forward: str) -> None:
        assert FreshLayer in read(network("super().__init__()\nself.a = nn.Linear(8, 8)\nself.fc = None", forward))

    @pytest.mark.parametrize(
        "forward",
        [
            "if self.fc is None:\n    self.fc = nn.Linear(8, 2)\nreturn self.fc(x)",
            "if not hasattr(self, 'late'):\n    self.late = nn.Linear(8, 2)\nreturn self.late(x)",
            "return nn.BatchNorm1d(8, affine=False)(nn.ReLU()(x))",
        ],
    )
    def test_a_layer_built_once_or_without_weights_is_none(self, read: Read, forward: str) -> None:
        assert FreshLayer not in read(network("super().__init__()\nself.a = nn.Linear(8, 8)\nself.fc = None", forward))

    @pytest.mark.parametrize(("own", "fresh"), [("None", False), ("nn.Linear(8, 8)", True)])
    def test_a_wrapper_of_what_is_there_is_no_new_layer(self, read: Read, own: str, fresh: bool) -> None:
        source = f"""
        class Wrapper(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner, self.own = inner, {own}

            def forward(self, x):
                return self.inner(x)
        """

        facts = read(
            dedent(source) + network("super().__init__()\nself.a = nn.Linear(8, 8)", "return Wrapper(self.a)(x)")
        )
        assert (FreshLayer in facts) is fresh

    @pytest.mark.parametrize(
        ("call", "always"),
        [
            ("F.dropout(x, 0.5)", True),
            ("F.dropout(x, p=0.5, inplace=True)", True),
            ("nn.Dropout(0.5)(x)", True),
            ("F.dropout(x, 0.5, self.training)", False),
            ("F.dropout(x, 0.5, training=True)", False),
            ("F.dropout(x, 0.5 if self.training else 0.0)", False),
            ("F.dropout(x, 0.5) if self.training else x", False),
            ("F.alpha_dropout(x, 0.5)", False),
        ],
    )
    def test_dropout_that_no_mode_switches_off(self, read: Read, call: str, always: bool) -> None:
        found = read(network("super().__init__()\nself.a = nn.Linear(8, 8)", f"x = self.a(x)\nreturn {call}"))
        assert (FreshDropout in found) is always

    @pytest.mark.parametrize(
        ("product", "unscaled"),
        [
            ("x * (torch.rand_like(x) > 0.5).float()", True),
            ("torch.bernoulli(torch.full_like(x, 0.5)) * x", True),
            ("x * (torch.rand_like(x) > 0.5).float() / 0.5", False),
            ("x * ((torch.rand_like(x) > 0.5).float() / 0.5)", False),
            ("x * (x > 0).float()", False),
        ],
    )
    def test_a_random_mask_needs_its_factor(self, read: Read, product: str, unscaled: bool) -> None:
        found = read(
            network("super().__init__()\nself.a = nn.Linear(8, 8)", f"x = F.relu(self.a(x))\nreturn {product}")
        )
        assert (MaskedOut in found) is unscaled


class TestFreezing:
    """Attributes that freeze, and those that do not."""

    @pytest.mark.parametrize(
        ("statement", "how"),
        [
            ("p.require_grad = False", "misspelt"),
            ("p.requires_gradient = False", "misspelt"),
            ("p.data.requires_grad = False", "copy"),
            ("p.requires_grad_ = False", "method"),
            ("p.requires_grad == False", "compared"),
            ("net.requires_grad = False", "module"),
        ],
    )
    def test_what_has_no_effect(self, read: Read, statement: str, how: str) -> None:
        source = f"net = nn.Linear(2, 2)\nfor p in net.parameters():\n    {statement}\nnet(torch.randn(1, 2))"
        assert {fact.how for fact in read(source)[IdleFreeze]} == {how}

    @pytest.mark.parametrize(
        "statement",
        ["p.requires_grad = False", "p.requires_grad_(False)", "net.requires_grad_(False)", "p.required = False"],
    )
    def test_what_has_an_effect_or_means_something_else(self, read: Read, statement: str) -> None:
        source = f"net = nn.Linear(2, 2)\nfor p in net.parameters():\n    {statement}\nnet(torch.randn(1, 2))"
        assert IdleFreeze not in read(source)

    def test_parts_of_a_ready_network(self, read: Read) -> None:
        assert IdleFreeze in read("net = models.resnet18()\nnet.fc.requires_grad = True\nnet.eval()")


class TestRegistration:
    """Tensors as attributes of a network."""

    @pytest.mark.parametrize(
        ("value", "how"),
        [
            ("torch.ones(8, requires_grad=True)", "leaf"),
            ("nn.Parameter(torch.ones(8)).cuda()", "derived"),
            ("nn.Parameter(torch.ones(8)) * 0.1", "derived"),
            ("[nn.Parameter(torch.ones(8)) for _ in range(2)]", "container"),
            ("nn.Parameter(torch.ones(8))", None),
            ("nn.Parameter(torch.ones(8)).float()", None),
            ("torch.ones(8)", None),
            ("nn.ParameterList([nn.Parameter(torch.ones(8))])", None),
            ("self.fc.weight", None),
        ],
    )
    def test_what_is_learned_must_be_registered(self, read: Read, value: str, how: str | None) -> None:
        source = network(f"super().__init__()\nself.fc = nn.Linear(8, 2)\nself.own = {value}", "return self.fc(x)")
        assert [fact.how for fact in read(source).get(LooseParameter, [])] == ([how] if how else [])

    @pytest.mark.parametrize(
        ("forward", "unused"),
        [
            ("return self.a(self.a(x))", True),
            ("return self.b(self.a(x))", False),
            ("return F.linear(self.a(x), self.b.weight)", False),
            ("return getattr(self, 'a')(x)", False),
            ("return self.a(x) if x.sum() > 0 else self.b(x)", False),
        ],
    )
    def test_a_layer_must_be_used_somehow(self, read: Read, forward: str, unused: bool) -> None:
        found = read(network("super().__init__()\nself.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)", forward))
        assert [fact.attribute for fact in found.get(UnusedLayer, [])] == (["b"] if unused else [])

    @pytest.mark.parametrize(("text", "unused"), [("a label", True), ("the b of it", False)])
    def test_a_name_in_a_text_is_use(self, read: Read, text: str, unused: bool) -> None:
        init = f"super().__init__()\nself.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)\nself.note = {text!r}"
        assert (UnusedLayer in read(network(init, "return self.a(x)"))) is unused

    def test_use_from_outside_is_use(self, read: Read) -> None:
        init = "super().__init__()\nself.a = nn.Linear(8, 8)\nself.b = nn.Linear(8, 8)"
        assert UnusedLayer not in read(network(init, "return self.a(x)", "net.b(torch.randn(1, 8))"))


class TestStacking:
    """Affine layers in a row."""

    @pytest.mark.parametrize(
        ("forward", "paired"),
        [
            ("return self.c(self.a(x))", True),
            ("return self.c(F.dropout(self.a(x), 0.1, self.training))", True),
            ("return self.c(torch.relu(self.a(x)))", False),
            ("return self.c(self.narrow(x).repeat(1, 16))", False),
            ("h = self.a(x)\nreturn self.c(h), h", False),
            ("return self.c(self.a(x) + 1)", False),
        ],
    )
    def test_only_a_bare_pair_is_one(self, read: Read, forward: str, paired: bool) -> None:
        init = "super().__init__()\nself.a = nn.Linear(8, 32)\nself.narrow = nn.Linear(8, 2)\nself.c = nn.Linear(32, 4)"
        assert (AffinePair in read(network(init, forward))) is paired

    def test_a_width_that_is_not_known_may_still_be_the_same(self, read: Read) -> None:
        source = """
        class Net(nn.Module):
            def __init__(self, inputs, hidden, outputs):
                super().__init__()
                self.a, self.b = nn.Linear(inputs, hidden), nn.Linear(hidden, hidden)
                self.c = nn.Linear(hidden, outputs)
            def forward(self, x):
                return self.c(torch.relu(self.b(self.a(x))))
        """
        assert len(read(source)[AffinePair]) == 1

    def test_a_bottleneck_is_a_factorisation(self, read: Read) -> None:
        init = "super().__init__()\nself.down = nn.Linear(8, 2)\nself.up = nn.Linear(2, 8)"
        assert AffinePair not in read(network(init, "return self.up(self.down(x))"))


class TestInitialisation:
    """Weights set to one number, and weights drawn after they were loaded."""

    NET = "net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))\n"

    def test_hidden_units_that_start_equal(self, read: Read) -> None:
        source = self.NET + "for p in net.parameters():\n    nn.init.constant_(p, 0.1)\nnet(torch.randn(2, 4))"
        (fact,) = read(source)[EqualUnits]
        assert fact.next_equal
        assert fact.init.value == 0.1

    def test_a_last_layer_may_start_at_zero(self, read: Read) -> None:
        assert EqualUnits not in read(self.NET + "nn.init.zeros_(net[2].weight)\nnet(torch.randn(2, 4))")

    @pytest.mark.parametrize(("weights", "lost"), [("weights='DEFAULT'", True), ("weights=None", False)])
    def test_a_ready_network_drawn_anew(self, read: Read, weights: str, lost: bool) -> None:
        draw = "def draw(m):\n    if isinstance(m, nn.Linear):\n        nn.init.xavier_normal_(m.weight)\n"
        found = read(f"{draw}net = models.resnet18({weights})\nnet.apply(draw)\nnet(torch.randn(2, 3, 32, 32))")
        assert (InitAfterLoad in found) is lost

    @pytest.mark.parametrize(
        ("script", "lost"),
        [
            ("net.load_state_dict(state)\nnet.apply(draw)", True),
            ("net.load_state_dict(state)\nfor m in net.modules():\n    draw(m)", True),
            ("net.apply(draw)\nnet.load_state_dict(state)", False),
            ("net.load_state_dict(state)\nnet[2].apply(draw)", False),
            ("for fold in range(3):\n    net.apply(draw)\n    net.load_state_dict(state)", False),
            ("if state:\n    net.load_state_dict(state)\nelse:\n    net.apply(draw)", False),
        ],
    )
    def test_drawn_after_loaded(self, read: Read, script: str, lost: bool) -> None:
        draw = "def draw(m):\n    if isinstance(m, nn.Linear):\n        nn.init.normal_(m.weight)\n"
        found = read(draw + self.NET + "state = torch.load('net.pt')\n" + script + "\nnet(torch.randn(2, 4))")
        assert (InitAfterLoad in found) is lost


class TestShapes:
    """Sizes that constants tell."""

    @pytest.mark.parametrize(
        ("layers", "wanted"),
        [
            ("nn.Linear(8, 16), nn.ReLU(), nn.Linear(8, 2)", (8, 16)),
            ("nn.Linear(8, 16), nn.BatchNorm1d(8)", (8, 16)),
            ("nn.Unflatten(1, (2, 4)), nn.Conv1d(2, 3, 3), nn.Conv1d(4, 4, 1)", (4, 3)),
            ("nn.Linear(8, 16), nn.LayerNorm(8)", (8, 16)),
            ("nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2)", None),
            ("nn.LazyLinear(16), nn.Linear(16, 2)", None),
        ],
    )
    def test_a_chain_of_layers(self, read: Read, layers: str, wanted: tuple[int, int] | None) -> None:
        found = read(f"net = nn.Sequential({layers})\nnet(torch.randn(4, 8))").get(ShapeMismatch, [])
        assert [(fact.wanted, fact.given) for fact in found] == ([wanted] if wanted else [])

    @pytest.mark.parametrize(
        ("data", "features", "fits"),
        [
            ("MNIST('.', transform=transforms.ToTensor())", 4 * 13 * 13, True),
            ("MNIST('.', transform=transforms.ToTensor())", 4 * 15 * 15, False),
            ("CIFAR10('.', transform=transforms.Compose([transforms.Grayscale(), transforms.ToTensor()]))", 900, True),
            ("MNIST('.', transform=transforms.Compose([transforms.Resize(32), transforms.ToTensor()]))", 900, True),
            ("MNIST('.', transform=unknown)", 900, True),
        ],
    )
    def test_pictures_of_known_data_sets(self, read: Read, data: str, features: int, fits: bool) -> None:
        source = f"""
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear({features}, 10))
        for images, labels in DataLoader(datasets.{data}, batch_size=8, shuffle=True):
            F.cross_entropy(net(images), labels).backward()
        """
        assert (ShapeMismatch not in read(source)) is fits

    @pytest.mark.parametrize(
        "layer",
        ["nn.Conv2d(6, 8, 3, groups=4)", "nn.GroupNorm(3, 8)", "nn.MultiheadAttention(10, num_heads=4)"],
    )
    def test_groups_and_heads_divide(self, read: Read, layer: str) -> None:
        (fact,) = read(f"layer = {layer}\nlayer.eval()")[ShapeMismatch]
        assert fact.divides

    def test_of_layers_one_is_chosen(self, read: Read) -> None:
        source = network(
            "super().__init__()\nself.heads = nn.ModuleList([nn.Linear(8, 2), nn.Linear(4, 2)])",
            "for i in range(self.count):\n    y = self.heads[i](x)\nreturn y",
        )
        assert ShapeMismatch not in read(source)


class TestViews:
    """Lengths that were read off a shape, and what they are used for."""

    @pytest.mark.parametrize(
        ("view", "scrambled"),
        [
            ("x.view(t, b, c)", True),
            ("x.view(b, self.heads, t, c // self.heads)", True),
            ("x.transpose(1, 2).reshape(b, t, c)", True),
            ("torch.relu(self.fc(x)).view(t, b, -1)", True),
            ("x.contiguous().view(b, c, t)", True),
            ("x.view(b * t, c)", False),
            ("x.view(b, t, self.heads, c // self.heads)", False),
            ("x.view(b, -1)", False),
            ("x.view(-1, c)", False),
            ("x.transpose(0, 1).reshape(t, b, c)", False),
            ("x.permute(0, 2, 1).reshape(b, c, t)", False),
            ("x.view(b, 1, t, c)", False),
            ("x[:, ::2].view(t, b, -1)", False),
        ],
    )
    def test_axes_keep_their_order(self, read: Read, view: str, scrambled: bool) -> None:
        forward = f"b, t, c = x.shape\nreturn {view}"
        found = read(network("super().__init__()\nself.fc = nn.Linear(8, 8)\nself.heads = width", forward))
        assert (ScrambledView in found) is scrambled

    def test_lengths_read_one_by_one(self, read: Read) -> None:
        forward = "b, c, h, w = x.size()\nreturn x.view(b, h * w, c)"
        assert ScrambledView in read(network("super().__init__()\nself.fc = nn.Linear(8, 8)", forward))

    def test_a_batch_of_one_may_be_left_out(self, read: Read) -> None:
        forward = "_, c, h, w = x.size()\nreturn x.view(c, h * w)"
        assert ScrambledView not in read(network("super().__init__()\nself.fc = nn.Linear(8, 8)", forward))

    def test_lengths_of_other_tensors_tell_nothing(self, read: Read) -> None:
        forward = "b, t, c = x.shape\ny = torch.matmul(x, x)\nreturn y.view(t, b, c)"
        assert ScrambledView not in read(network("super().__init__()\nself.fc = nn.Linear(8, 8)", forward))
