"""The size of the pictures of known data sets, after the transforms that are known to keep or to change it."""

from __future__ import annotations

from dnnlint.evidence.script import Extent
from dnnlint.script import objects, transforms
from dnnlint.script.tables import words
from dnnlint.script.tables.datasets import PICTURES
from dnnlint.script.values import Const, Obj, Tensor, Value

_Size = tuple[int, int, int]
_RESIZING = frozenset({"Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop"})
_KEEPING = words(
    """ToTensor PILToTensor ToImage ToDtype ConvertImageDtype RandomHorizontalFlip RandomVerticalFlip ColorJitter
    RandomErasing RandomAffine AutoAugment RandAugment TrivialAugmentWide GaussianBlur RandomInvert ToPILImage
    Normalize"""
)


def _whole(value: Value | None) -> int | None:
    return value.value if type(value) is Const and type(value.value) is int else None


def of_batch(tensor: Tensor) -> Extent | None:
    """The shape of the pictures in a batch of a loader over a known data set; None if it is not known."""
    path: list[object] = []
    value: Value = tensor
    while type(value) is Tensor and value.op == "batch" and value.inputs:
        if value.name == "[]" and value.args is not None:
            index = value.args.positional[1]
            path.append(index.value if type(index) is Const else None)
        elif value.name != "" or value.extra is not None:
            return None
        value = value.inputs[0]
    if path != [0] or type(value) is not Obj or value.kind != "loader" or "collate_fn" in value.fields["$args"]:
        return None
    size = _of_dataset(value.fields["$dataset"])
    return Extent((None, *size), False) if size is not None else None


def _of_dataset(dataset: Value) -> _Size | None:
    if type(dataset) is not Obj or dataset.kind != "dataset":
        return None
    size = PICTURES.get(str(dataset.cls))
    inputs, keywords = dataset.fields.get("$inputs", ()), dataset.fields.get("$keywords", ())
    named = dict(zip(keywords, inputs[len(inputs) - len(keywords) :], strict=True)) if keywords else {}
    if str(dataset.cls).endswith((".Subset", ".random_split")) and inputs:
        return _of_dataset(inputs[0])
    transform = named.get("transform")
    if size is None or transform is None or "transforms" in named:
        return None
    return _transformed(size, transform)


def _transformed(size: _Size, transform: Value) -> _Size | None:
    """What a picture's size is after a transform."""
    for step in transforms.steps(transform):
        name, given = str(step.obj.cls).rpartition(".")[2], step.obj.fields.get("$given")
        if name in _RESIZING and given is not None:
            sides = _sides(given.get(0, "size"))
            if sides is None:
                return None
            size = (size[0], *sides)
        elif name == "Grayscale" and given is not None:
            count = given.get(0, "num_output_channels")
            channels = 1 if count is None else _whole(count)
            if channels is None:
                return None
            size = (channels, *size[1:])
        elif name not in _KEEPING:
            return None
    return size


def _sides(value: Value | None) -> tuple[int, int] | None:
    items = objects.known_items(value) if value is not None else None
    sides = [_whole(item) for item in items] if items is not None else [_whole(value)] * 2
    if len(sides) != 2 or sides[0] is None or sides[1] is None:
        return None
    return sides[0], sides[1]
