"""What ready networks of libraries end in: the layer of scores they come with, or what it was replaced by."""

from __future__ import annotations

from dnnlint.script import objects
from dnnlint.script.code import Args
from dnnlint.script.values import NOWHERE, Const, Obj, Tensor, Value

_FAMILIES = {
    "fc": ("resnet", "resnext", "wide_resnet", "regnet", "shufflenet"),
    "classifier": ("alexnet", "vgg", "densenet", "mobilenet", "mnasnet", "efficientnet", "convnext"),
    "heads": ("vit_",),
    "head": ("swin_",),
}
_TRANSPARENT = frozenset({"dropout", "view"})


def end(called: Tensor) -> Tensor | None:
    """The last operation of a classifier of torchvision or timm; None if it is not known."""
    network = called.layer
    if network is None or not isinstance(network.cls, str) or network.kind != "module":
        return None
    if network.cls == "timm.create_model":
        return _scores(called, network) if _untouched(network) and _classes(network) else None
    name = network.cls.removeprefix("torchvision.models.")
    head = next((head for head, families in _FAMILIES.items() if name.startswith(families)), None)
    if head is None or name == network.cls or "." in name:
        return None
    replaced = network.fields.get(head)
    if type(replaced) is Obj and replaced.kind == "opaque" and f"$at {head}" in network.fields:
        return None  # by something unknown
    return _ending(called, network, replaced)


def _ending(called: Tensor, network: Obj, head: Value | None) -> Tensor | None:
    if head is None:
        return _scores(called, network)
    if type(head) is not Obj:
        return None
    if head.kind == "opaque":  # read, or changed in one place: model.classifier[6] = nn.Linear(...)
        items = [value for name, value in head.fields.items() if name[0] == "[" and isinstance(value, Value)]
        placed = [value for value in items if type(value) is Obj and value.kind == "module"]
        return _ending(called, network, placed[0]) if len(placed) == 1 else None if placed else _scores(called, network)
    layers = objects.contents(head) if "$items" in head.fields and not head.fields.get("$more") else [head]
    made = called
    for layer in layers:
        if (
            type(layer) is not Obj
            or "$spec" not in layer.fields
            or layer.fields["$spec"].kind in ("container", "module")
        ):
            return None
        if layer.fields["$spec"].kind not in _TRANSPARENT:
            made = Tensor(layer.fields["$spec"].kind, (made,), layer.at, True, layer=layer)
    return made if made is not called else None


def _scores(called: Tensor, network: Obj) -> Tensor:
    return Tensor("linear", (called,), called.at if network.at == NOWHERE else network.at, True)


def _untouched(network: Obj) -> bool:
    return not any(name[:1] != "$" for name in network.fields)


def _classes(network: Obj) -> bool:
    """Whether a factory is asked for a known number of classes."""
    given = network.fields.get("$given")
    wanted = given.keywords.get("num_classes") if isinstance(given, Args) else None
    return type(wanted) is Const and type(wanted.value) is int and wanted.value > 0
