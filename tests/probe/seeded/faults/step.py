"""Faults in the mode of the network, and tensors on different devices."""

from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import BATCHES, EPOCHS, EVALUATE, LOSS, OPTIMIZER, SCORE, TRAIN
from tests.probe.seeded.patch import Edit, drop, mark, swap

TRAINING_MODE = "evaluation-in-training-mode"
EVALUATION_MODE = "training-in-eval-mode"
DEVICES = "device-mismatch"
NETWORKS = "mlp cnn gru transformer"
# three batches an epoch: two of the first five steps come after an evaluation
LARGER_BATCHES = swap(
    "{s}train_loader = DataLoader({set}, batch_size=128{rest})",
    "{s}train_loader = DataLoader({set}, batch_size=192{rest})",
)


def before_training(model: str, loader: str, epochs: str = EPOCHS) -> Edit:
    """A first score, taken in the mode in which the network was built."""
    return swap(
        epochs,
        "right = 0\n"
        "with torch.no_grad():\n"
        f"    for inputs, targets in {loader}:\n"
        f"        right += ({model}(inputs).argmax(dim=1) == targets).sum().item()  #!\n"
        "print('before training', right)\n" + epochs,
    )


KINDS: tuple[Kind, ...] = (
    kind("evaluated-without-eval", TRAINING_MODE, into(NETWORKS, drop(EVALUATE), mark(SCORE))),
    kind(
        "evaluated-before-training",
        TRAINING_MODE,
        into("mlp", before_training("model", "train_loader")),
        into("cnn", before_training("model", "train_loader")),
        into("gru", before_training("self.model", "self.train_loader")),
        into("transformer", before_training("model", "train_loader", "for epoch in range(3):")),
    ),
    kind(
        "eval-never-undone",
        EVALUATION_MODE,
        into("mlp gru transformer", LARGER_BATCHES, drop(TRAIN), mark(EVALUATE)),
        into("cnn", swap("{parser}, default=128)", "{parser}, default=192)"), drop(TRAIN), mark(EVALUATE)),
    ),
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
