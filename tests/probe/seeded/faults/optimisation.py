"""Faults in the optimiser, its parameters, its rate, and the gradients that it gets."""

from tests.probe.seeded.faults.initialisation import DEEP, DRAWN, activation
from tests.probe.seeded.faults.network import LAYERS
from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import BACKWARD, CLEAR, FEATURES, OPTIMIZER, STEP
from tests.probe.seeded.patch import Edit, drop, mark, swap

LEFT_OUT = "parameters-not-optimized"
VANISHING = "vanishing-gradient"
EXPLODING = "exploding-gradient"
RATIO = "update-ratio"
UNCHANGED = "unchanged-parameter"
HALF_FEATURES = f"{FEATURES}\nfeatures = features.bfloat16()"
TRAINED = "mlp cnn gru transformer"
WIDE = "nn.init.normal_({weight}, std=1.5)  #!"


def in_bfloat16(rate: float) -> Edit:
    """Weights of eight bits that a small step does not move."""
    step = f"{{s}}optimizer = torch.optim.AdamW({{m}}.parameters(), lr={rate})  #!"
    return swap(OPTIMIZER, f"{{m}}.to(torch.bfloat16)  #!\n{step}")


def at_rest(frozen: str, moving: str) -> tuple[Edit, ...]:
    """Two groups of parameters, the first with a rate of zero."""
    groups = f'groups = [{{"params": {frozen}, "lr": 0.0}}, {{"params": {moving}}}]  #!'
    return (swap(OPTIMIZER, f"{groups}\n{{s}}optimizer = torch.optim.{{algorithm}}(groups, lr={{rate}})  #!"),)


KINDS: tuple[Kind, ...] = (
    kind("never-cleared", "missing-zero-grad", into(TRAINED, drop(CLEAR), mark(BACKWARD), mark(STEP))),
    kind("cleared-before-step", "wiped-gradients", into(TRAINED, drop(CLEAR), swap(STEP, f"{CLEAR}  #!\n{STEP}"))),
    kind(
        "head-left-out",
        LEFT_OUT,
        into("mlp", swap(OPTIMIZER, "optimizer = torch.optim.Adam(model[:4].parameters(), lr=1e-3)  #!")),
        into(
            "cnn",
            swap(
                OPTIMIZER,
                "parameters = [p for name, p in model.named_parameters() if not name.startswith('head')]\n"
                "optimizer = torch.optim.AdamW(parameters, lr=2e-3)  #!",
            ),
        ),
        into("gru", swap(OPTIMIZER, "{s}optimizer = torch.optim.Adam({m}.gru.parameters(), lr={rate})  #!")),
        into("transformer", swap(OPTIMIZER, "optimizer = torch.optim.AdamW({m}.blocks.parameters(), lr={rate})  #!")),
    ),
    kind(
        "layers-in-a-list",
        LEFT_OUT,
        into(
            "deep_mlp",
            swap("self.layers = nn.ModuleList({layers})", "self.layers = {layers}  #!"),
            drop("model.layers.apply(initialize)"),
            mark(OPTIMIZER),
        ),
        into(
            "transformer", swap("self.blocks = nn.ModuleList({layers})", "self.blocks = {layers}  #!"), mark(OPTIMIZER)
        ),
        into(
            "gpt",
            swap("self.blocks = nn.Sequential(*{layers})", "self.blocks = {layers}  #!"),
            swap("x = self.blocks({start})", "x = {start}\nfor block in self.blocks:\n    x = block(x)"),
            mark(OPTIMIZER),
        ),
    ),
    kind(
        "another-model",
        LEFT_OUT,
        into(
            "mlp",
            swap("import torch", "import copy\n\nimport torch"),
            swap(OPTIMIZER, "{s}optimizer = torch.optim.Adam(copy.deepcopy(model).parameters(), lr={rate})  #!"),
        ),
        into("cnn", swap(OPTIMIZER, "optimizer = torch.optim.AdamW(Net().parameters(), lr={rate})  #!")),
        into("transformer", swap(OPTIMIZER, f"{OPTIMIZER}  #!\nmodel = Transformer()  #!")),
        into("gru", swap(OPTIMIZER, "{s}optimizer = torch.optim.Adam(Classifier().parameters(), lr={rate})  #!")),
    ),
    kind(
        "deep-sigmoid",
        VANISHING,
        *(into(network, activation("nn.Sigmoid")[network], drop(DRAWN), *LAYERS[network]) for network in DEEP),
    ),
    kind(
        "exploding-gradient",
        EXPLODING,
        into(
            "rnn",
            swap("nn.init.eye_({weight})", "nn.init.normal_({weight}, std=0.3)  #!"),
            drop("torch.nn.utils.clip_grad_norm_({arguments})"),
            mark("self.rnn = {layer}"),
        ),
        into(
            "rnn_cell",
            swap("nn.init.orthogonal_({weight})", "nn.init.orthogonal_({weight}, gain=1.5)  #!"),
            mark("self.recurrent = {layer}"),
            mark("self.inp = {layer}"),
        ),
        *(into(network, swap(DRAWN, WIDE), *LAYERS[network]) for network in DEEP),
    ),
    kind(
        "rate-too-high",
        RATIO,
        into(TRAINED, swap(OPTIMIZER, "{s}optimizer = torch.optim.Adam({m}.parameters(), lr=1.0)  #!")),
    ),
    kind(
        "rate-too-low",
        RATIO,
        into(TRAINED, swap(OPTIMIZER, "{s}optimizer = torch.optim.Adam({m}.parameters(), lr=1e-8)  #!")),
    ),
    kind(
        "updates-lost-in-bfloat16",
        UNCHANGED,
        into("mlp cnn", swap(FEATURES, HALF_FEATURES), in_bfloat16(1e-5)),
        into("gru", swap(FEATURES, HALF_FEATURES), in_bfloat16(1e-4)),
        into("transformer", in_bfloat16(1e-4)),
    ),
    kind(
        "group-with-zero-rate",
        UNCHANGED,
        into("mlp", *at_rest("model[:3].parameters()", "model[3:].parameters()")),
        into("gru", *at_rest("{m}.gru.parameters()", "[*{m}.fc1.parameters(), *{m}.head.parameters()]")),
        into("deep_cnn", *at_rest("model.features.parameters()", "model.head.parameters()")),
    ),
)
