"""Faults in what is fed to the network."""

from tests.probe.seeded.kinds import Kind, into, kind
from tests.probe.seeded.lines import BATCHES, FEATURES, LABELS, LOADER, LOSS
from tests.probe.seeded.patch import Edit, mark, swap

FED = (mark(LOADER),)
NEXT = "inputs, targets = next(iter({s}train_loader))  #!"


def spoil(statement: str) -> tuple[Edit, ...]:
    """A statement that spoils the features, right after they were made."""
    return (swap(FEATURES, f"{FEATURES}\n{statement}  #!"), *FED)


KINDS: tuple[Kind, ...] = (
    kind(
        "sorted-labels",
        "unshuffled-training-data",
        into(
            "mlp cnn gru deep_tcn",
            swap(LABELS, f"{LABELS}\nlabels[:512] = labels[:512].sort().values"),
            swap(LOADER, "{s}train_loader = DataLoader({data})  #!"),
        ),
    ),
    kind(
        "raw-bytes",
        "unnormalized-input",
        into("mlp cnn gru deep_cnn", *spoil("features = (64 * features + 128).clamp(0, 255).round()")),
    ),
    kind(
        "huge-scale",
        "unnormalized-input",
        into("mlp cnn gru lstm_regression mlp_regression", *spoil("features = 5000 + 1000 * features")),
    ),
    kind(
        "nan-in-inputs",
        "corrupt-sample",
        into("mlp cnn gru mlp_regression", *spoil('features[::40, 0] = float("nan")')),
    ),
    kind(
        "infinity-in-inputs",
        "corrupt-sample",
        into("mlp cnn lstm_regression", *spoil("features[3::50, 1] = 1 / torch.zeros(())")),
    ),
    kind(
        "labels-from-one",
        "corrupt-sample",
        into("mlp cnn gru", *spoil("labels = labels + 1"), mark(LOSS)),
        crashes=True,
    ),
    kind(
        "first-batch-only",
        "repeated-batch",
        into(
            "mlp cnn gru transformer",
            swap(BATCHES, f"for _ in range(len({{s}}train_loader)):\n    {NEXT}"),
            swap(LOADER, "{s}train_loader = DataLoader({data})  #!"),
            mark(LOSS),
        ),
    ),
    kind(
        "reseeded-batch",
        "repeated-batch",
        into(
            "mlp_regression cnn_regression lstm_regression",
            swap(BATCHES, f"for _ in range(len({{s}}train_loader)):\n    torch.manual_seed(0)  #!\n    {NEXT}"),
            mark(LOADER),
            mark(LOSS),
        ),
    ),
)
