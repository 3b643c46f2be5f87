"""Faults in the mode of the network, and tensors on different devices."""

from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import BATCHES, EPOCHS, EVALUATE, LOSS, OPTIMIZER, SCORE, TRAIN
from tests.probe.seeded.patch import drop, mark, swap

TRAINING_MODE = "evaluation-in-training-mode"
EVALUATION_MODE = "training-in-eval-mode"
DEVICES = "device-mismatch"
NETWORKS = "mlp cnn gru transformer"


def before_training(model: str, inputs: str) -> str:
    """A first score, taken in the mode in which the network was built."""
    return f"with torch.no_grad():\n    start = {model}({inputs}).mean().item()  #!\nprint('start', start)\n{EPOCHS}"


KINDS: tuple[Kind, ...] = (
    kind("evaluated-without-eval", TRAINING_MODE, into(NETWORKS, drop(EVALUATE), mark(SCORE))),
    kind(
        "evaluated-before-training",
        TRAINING_MODE,
        into("mlp", swap(EPOCHS, before_training("model", "features[512:]"))),
        into("cnn", swap(EPOCHS, before_training("model", "next(iter(test_loader))[0]"))),
        into("gru", swap(EPOCHS, before_training("self.model", "next(iter(self.test_loader))[0]"))),
        into(
            "transformer",
            swap(
                "for epoch in range(3):", before_training("model", "next(iter(test_loader))[0]").replace("{count}", "3")
            ),
        ),
    ),
    kind("eval-never-undone", EVALUATION_MODE, into(NETWORKS, drop(TRAIN), mark(EVALUATE))),
    kind(
        "training-starts-in-eval",
        EVALUATION_MODE,
        into(NETWORKS, drop(TRAIN), swap(OPTIMIZER, "{m}.eval()  #!\n" + OPTIMIZER)),
    ),
    kind(
        "model-on-another-device",
        DEVICES,
        into(NETWORKS, swap(OPTIMIZER, '{m}.to("meta")  #!\n' + OPTIMIZER), mark(LOSS)),
        crashes=True,
    ),
    kind(
        "data-on-another-device",
        DEVICES,
        into("mlp cnn gru mlp_regression", swap(BATCHES, BATCHES + '\n    inputs = inputs.to("meta")  #!'), mark(LOSS)),
        crashes=True,
    ),
)
