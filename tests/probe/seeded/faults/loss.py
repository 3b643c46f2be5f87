"""Faults in the loss: what it is given, and numbers that leave the finite ones."""

from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import BACKWARD, HEAD, LOSS, OPTIMIZER
from tests.probe.seeded.patch import Edit, mark, swap

SOFTMAX = "softmax-before-cross-entropy"
SIGMOID = "sigmoid-before-bce-with-logits"
NON_FINITE = "non-finite-value"
CLASSIFIERS = "cnn gru transformer"
BINARY = "cnn_binary gru_binary"


def as_module(name: str, call: str) -> tuple[Edit, ...]:
    """The function as a module of its own behind the head."""
    return (
        swap("self.head = {layer}", f"self.head = {{layer}}\nself.{name} = {call}  #!"),
        swap(HEAD, f"return self.{name}(self.head({{hidden}}))  #!"),
        mark(LOSS),
    )


KINDS: tuple[Kind, ...] = (
    kind(
        "softmax-module",
        SOFTMAX,
        into("mlp", swap("nn.Linear(64, 4),", "nn.Linear(64, 4),\nnn.Softmax(dim=1),  #!"), mark(LOSS)),
        into(CLASSIFIERS, *as_module("softmax", "nn.Softmax(dim=1)")),
    ),
    kind(
        "softmax-at-the-call",
        SOFTMAX,
        into("mlp cnn gru", swap(LOSS, "loss = {criterion}(torch.softmax({output}, dim=1), targets)  #!")),
    ),
    kind(
        "softmax-in-forward",
        SOFTMAX,
        into(CLASSIFIERS, swap(HEAD, "return self.head({hidden}).softmax(dim=1)  #!"), mark(LOSS)),
    ),
    kind(
        "sigmoid-module",
        SIGMOID,
        into("mlp_binary", swap("nn.Linear(64, 1),", "nn.Linear(64, 1),\nnn.Sigmoid(),  #!"), mark(LOSS)),
        into(BINARY, *as_module("sigmoid", "nn.Sigmoid()")),
    ),
    kind(
        "sigmoid-as-function",
        SIGMOID,
        into("mlp_binary", swap(LOSS, "loss = {criterion}(torch.sigmoid({output}), targets)  #!")),
        into(BINARY, swap(HEAD, "return torch.sigmoid(self.head({hidden}))  #!"), mark(LOSS)),
    ),
    kind(
        "logits-into-bce",
        "bce-on-logits",
        into(
            f"mlp_binary {BINARY}",
            swap("criterion = nn.BCEWithLogitsLoss()", "criterion = nn.BCELoss()  #!"),
            mark(LOSS),
        ),
        crashes=True,
    ),
    kind(
        "logarithm-of-zero",
        NON_FINITE,
        into(
            "mlp cnn gru",
            swap(
                LOSS,
                "scores = torch.relu({output})\n"
                "shares = scores / scores.sum(dim=1, keepdim=True)\n"
                "loss = -torch.log(shares[torch.arange(len(targets)), targets]).mean()  #!",
            ),
            mark(BACKWARD),
        ),
    ),
    kind(
        "gradient-of-root-at-zero",
        NON_FINITE,
        into(
            "mlp cnn gru",
            swap(
                LOSS,
                "outputs = {output}\n"
                "distances = torch.sqrt((outputs[:, None] - outputs[None, :]).pow(2).sum(dim=2))  #!\n"
                "loss = {criterion}(outputs, targets) - 0.001 * distances.mean()",
            ),
            mark(BACKWARD),
        ),
    ),
    kind(
        "infinite-step",
        NON_FINITE,
        into(
            "mlp cnn gru transformer", swap(OPTIMIZER, "{s}optimizer = torch.optim.SGD({m}.parameters(), lr=1e30)  #!")
        ),
    ),
    kind(
        "broadcast-targets",
        "broadcast-in-loss",
        into(
            "mlp_regression",
            swap("loss = criterion(model(inputs).squeeze(1), targets)", "loss = criterion(model(inputs), targets)  #!"),
        ),
        into("cnn_regression", swap("return x.squeeze(1)", "return x"), mark(LOSS)),
        into("lstm_regression", swap(LOSS, "loss = self.criterion(self.model(inputs), targets)  #!")),
    ),
)
