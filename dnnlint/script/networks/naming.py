"""What the name of an object of unknown class tells: whether it is a network, a loss, or a maker of networks."""

from __future__ import annotations

import re

from dnnlint.script.code import Args, Class
from dnnlint.script.networks import tree
from dnnlint.script.values import Const, Obj, Tensor

_NETWORK_NAME = re.compile(
    r"(?:^|_)(?:model|net|network|netg|netd|generator|discriminator|encoder|decoder|backbone|policy|classifier|critic|"
    r"actor|unet|cnn|rnn|lstm|gpt|bert|vae|gan|transformer|resnet|student|teacher|ddp|agent|regressor|mlp)s?(?:_|\d*$)",
    re.IGNORECASE,
)
_LOSS_NAME = re.compile(r"loss|criterion|crit$|objective", re.IGNORECASE)
_MAKER = re.compile(
    r"^[A-Z]|(?:class|cls|fn|factory|builder|type|ctor)$|^(?:create|build|make|get|load|init)_", re.ASCII
)
_OPTIONS = re.compile(r"^(?:cfg|conf|config|args|opts?|hparams?|params?|settings|flags|device)$", re.IGNORECASE)
_SETTING = re.compile(
    r"^(?:cfg|conf|config|args|opts?|hparams?|params?|settings|n_|num_)|(?:_dim|_size|_channels|_classes)$"
)


def network_name(name: str) -> bool:
    """Whether a variable of this name usually holds a network."""
    return bool(_NETWORK_NAME.search(name))


def network_like(obj: Obj) -> bool:
    """Whether an object of unknown class is taken for a network: by what was done with it, or by its name."""
    return bool(obj.fields.get("$network")) or (network_name(obj.name) and not _LOSS_NAME.search(obj.name))


def setting(obj: Obj) -> bool:
    """Whether an object of unknown class is read from the options of a program: a number, a device, a name."""
    while obj.kind == "opaque" and not _OPTIONS.search(obj.name):
        if len(obj.sources) != 1 or type(obj.sources[0]) is not Obj:
            return False
        obj = obj.sources[0]
    return obj.kind in ("opaque", "namespace")


def is_loss(obj: Obj) -> bool:
    """Whether a module of the project is a loss: called one, and without parameters of its own."""
    return type(obj.cls) is Class and bool(_LOSS_NAME.search(obj.cls.name)) and tree.has_parameters(obj) is not True


def builds(func: Obj, args: Args) -> bool:
    """Whether calling something builds a network rather than runs one: by its name, or since no data is handed over."""
    if _MAKER.search(func.name):
        return True
    return not any(
        type(value) is not Const
        and not (type(value) is Obj and (value.kind in ("dict", "namespace") or _SETTING.search(value.name)))
        for value in args.positional
    ) and not any(type(value) is Tensor for value in args.keywords.values())
