"""Faults in the weights that training starts from."""

from tests.probe.seeded.faults.network import LAYERS
from tests.probe.seeded.kinds import Kind, Variant, into, kind
from tests.probe.seeded.lines import HEAD, LOSS, OPTIMIZER
from tests.probe.seeded.patch import Edit, drop, mark, swap

WIDE = "large-init-with-saturating-activation"
SYMMETRIC = "symmetric-init"
FIRST_LOSS = "wrong-initial-loss"
DRIFT = "activation-scale-drift"
DEEP = ("deep_mlp", "deep_cnn", "deep_tcn")
DRAWN = 'nn.init.kaiming_normal_({weight}, nonlinearity="relu")'


def activation(module: str) -> dict[str, Edit]:
    """Another activation function in each of the deep networks."""
    return {
        "deep_mlp": swap("self.activation = nn.ReLU()", f"self.activation = {module}()"),
        "deep_cnn": swap("return [conv, nn.ReLU()]", f"return [conv, {module}()]"),
        "deep_tcn": swap("ACTIVATION = nn.ReLU", f"ACTIVATION = {module}"),
    }


def deep(drawn: str, module: str = "nn.ReLU") -> tuple[Variant, ...]:
    """The deep networks with their hidden weights drawn in another way."""
    draw = swap(DRAWN, f"{drawn}  #!")
    return tuple(into(network, activation(module)[network], draw, *LAYERS[network]) for network in DEEP)


def wide_head(network: str, weight: str, layer: str) -> Variant:
    """The last layer's weights drawn far too wide."""
    wide = f"nn.init.normal_({weight}, std=5.0)  #!\n{OPTIMIZER}"
    return into(network, swap(OPTIMIZER, wide), mark(layer), mark(LOSS))


KINDS: tuple[Kind, ...] = (
    kind("normal-weights-before-tanh", WIDE, *deep("nn.init.normal_({weight})", "nn.Tanh")),
    kind("normal-weights-before-sigmoid", WIDE, *deep("nn.init.normal_({weight})", "nn.Sigmoid")),
    kind("constant-weights", SYMMETRIC, *deep("nn.init.constant_({weight}, 0.01)")),
    kind("zero-weights", SYMMETRIC, *deep("nn.init.zeros_({weight})")),
    kind(
        "wide-head",
        FIRST_LOSS,
        wide_head("mlp", "{m}[-1].weight", "nn.Linear(64, 4),"),
        wide_head("cnn", "{m}.head.weight", "self.head = {layer}"),
        wide_head("gru", "{m}.head.weight", "self.head = {layer}"),
        wide_head("transformer", "{m}.head.weight", "self.head = {layer}"),
    ),
    kind(
        "tied-normal-embedding",
        FIRST_LOSS,
        into(
            "gpt",
            drop("nn.init.normal_(self.tokens.weight, std=0.02)"),
            mark("self.tokens = {layer}"),
            mark("self.head = {layer}"),
            mark("self.head.weight = self.tokens.weight"),
            mark("loss = F.cross_entropy({arguments})"),
        ),
        into(
            "gru_lm",
            drop("nn.init.normal_(self.embedding.weight, std=0.05)"),
            mark("self.embedding = {layer}"),
            mark("self.decoder = {layer}"),
            mark("self.decoder.weight = self.embedding.weight"),
            mark("loss = criterion({arguments})"),
        ),
        into(
            "transformer_lm",
            drop("nn.init.normal_(self.embed.weight, std=0.02)"),
            mark("self.embed = {layer}"),
            mark("return F.linear(x, self.embed.weight)"),
            mark("loss = F.cross_entropy({arguments})"),
        ),
    ),
    kind(
        "scaled-logits",
        FIRST_LOSS,
        into("mlp", swap(LOSS, "loss = {criterion}(100 * {output}, targets)  #!")),
        into(
            "cnn gru transformer",
            swap(HEAD, "return 100 * self.head({hidden})  #!"),
            mark(LOSS),
            mark("self.head = {layer}"),
        ),
    ),
    kind("shrinking-activations", DRIFT, *deep("nn.init.normal_({weight}, std=0.005)")),
    kind("growing-activations", DRIFT, *deep("nn.init.normal_({weight})")),
)
