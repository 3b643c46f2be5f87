"""Faults in the network: outputs that cannot reach the targets, units that are dead or saturated."""

from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import OPTIMIZER
from tests.probe.seeded.patch import Edit, mark, swap, swap_all

ONE_SIDED = "relu-on-regression-output"
DEAD = "dead-units"
SATURATED = "saturated-units"

LAYERS = {
    "mlp": (mark("nn.Linear({sizes}, 64),"), mark("nn.ReLU(),")),
    "deep_mlp": (mark("self.layers = {layers}"), mark("self.activation = {activation}")),
    "deep_cnn": (mark("conv = nn.Conv2d({sizes})"), mark("return [conv, {activation}]")),
    "deep_tcn": (mark("nn.Conv1d({sizes}),"), mark("ACTIVATION(),")),
}
FAR_TARGETS = (
    swap("criterion = nn.MSELoss()", "criterion = nn.SmoothL1Loss()"),
    mark("x = torch.relu({value})"),
)


def silence(value: float) -> Edit:
    """All biases at a value, set just before the optimiser is made."""
    return swap(
        OPTIMIZER,
        "for module in {m}.modules():\n"
        '    if getattr(module, "bias", None) is not None:\n'
        f"        nn.init.constant_(module.bias, {value})  #!\n"
        f"{OPTIMIZER}",
    )


def leap(algorithm: str, rate: float) -> Edit:
    """Steps so long that the first of them carries the units past zero for good."""
    return swap(OPTIMIZER, f"{{s}}optimizer = torch.optim.{algorithm}({{m}}.parameters(), lr={rate})  #!")


def hidden_activations(saturating: str, layers: str) -> tuple[Edit, ...]:
    """A saturating function of values that are far too large for it, in place of each rectifier."""
    return (swap_all("x = torch.relu({value})", f"x = {saturating}  #!"), mark(f"self.{layers}{{number}} = {{layer}}"))


KINDS: tuple[Kind, ...] = (
    kind(
        "rectified-output",
        ONE_SIDED,
        into("mlp_regression", swap("return self.head(x)", "return torch.relu(self.head(x))  #!")),
        into(
            "cnn_regression",
            swap("self.head = {layer}", "self.head = nn.Sequential({layer}, nn.ReLU())  #!"),
        ),
        into(
            "lstm_regression",
            swap("self.head = {layer}", "self.head = {layer}\nself.relu = nn.ReLU()  #!"),
            swap("return self.head(x[:, -1])", "return self.relu(self.head(x[:, -1]))  #!"),
        ),
    ),
    kind("dead-by-bias", DEAD, *(into(network, silence(-30.0), *LAYERS[network]) for network in LAYERS)),
    kind(
        "dead-by-first-step",
        DEAD,
        into("mlp_binary", leap("SGD", 30.0), mark("nn.Linear({sizes}, 64),"), mark("nn.ReLU(),")),
        into("cnn_binary", leap("SGD", 30.0), mark("nn.Conv2d({sizes})")),
        into(
            "mlp_regression",
            leap("Adam", 1.0),
            *FAR_TARGETS,
            swap(
                "values = (values - values.mean()) / values.std()",
                "values = (values - values.mean()) / values.std() + 10",
            ),
            mark("self.fc{number} = {layer}"),
        ),
        into(
            "cnn_regression",
            leap("SGD", 10.0),
            *FAR_TARGETS,
            swap("train_set = {data}", "values = values + 10\ntrain_set = {data}"),
            mark("self.conv{number} = {layer}"),
        ),
    ),
    *(
        kind(
            name,
            SATURATED,
            into("mlp_regression gru", *hidden_activations(saturating, "fc")),
            into("cnn cnn_regression", *hidden_activations(saturating, "conv")),
        )
        for name, saturating in (
            ("saturated-tanh", "torch.tanh(30 * {value})"),
            ("saturated-sigmoid", "torch.sigmoid(60 * {value})"),
        )
    ),
)
