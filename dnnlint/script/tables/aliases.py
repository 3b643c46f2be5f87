"""One name for what libraries offer under several, and what their star imports bind."""

from __future__ import annotations

import re

from dnnlint.script.tables import functions, layers

_NN_FILE = re.compile(r"^torch\.nn\.(?:modules(?:\.\w+)?|intrinsic|quantizable)\.(?=[A-Z])")
_OPTIM_FILE = re.compile(r"^torch\.optim\.(?!lr_scheduler|swa_utils)\w+\.(?=[A-Z])")
_UTILS_FILE = re.compile(r"^torch\.nn\.utils\.(?:weight_norm|spectral_norm|clip_grad|convert_parameters)\.(?=\w)")
_CANONICAL: dict[str, str] = {}
_STARS = {
    "torch": "nn optim utils autograd cuda Tensor tensor zeros ones randn rand cat stack no_grad manual_seed device",
    "torch.nn": " ".join(layers.LAYERS) + " Module Parameter functional init CrossEntropyLoss MSELoss BCELoss "
    "BCEWithLogitsLoss NLLLoss L1Loss SmoothL1Loss HuberLoss KLDivLoss utils DataParallel",
    "torch.optim": "Adam AdamW SGD RMSprop Adagrad Adadelta Adamax LBFGS NAdam RAdam lr_scheduler Optimizer",
    "torch.utils.data": "DataLoader Dataset TensorDataset IterableDataset Subset random_split ConcatDataset Sampler "
    "RandomSampler SequentialSampler SubsetRandomSampler WeightedRandomSampler BatchSampler DistributedSampler",
    "torch.nn.functional": " ".join(
        name.rpartition(".")[2] for name in functions.FUNCTIONS if name.startswith("torch.nn.functional.")
    )
    + " cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss binary_cross_entropy binary_cross_entropy_with_logits",
}


def canonical(dotted: str) -> str:
    """The short name of something that can be imported by several."""
    known = _CANONICAL.get(dotted)
    if known is None:
        known = dotted.removeprefix("builtins.")
        known = _NN_FILE.sub("torch.nn.", known)
        known = _OPTIM_FILE.sub("torch.optim.", known)
        known = _UTILS_FILE.sub("torch.nn.utils.", known)
        known = known.replace("torch.utils.data.dataloader.", "torch.utils.data.")
        known = known.replace("torch.utils.data.dataset.", "torch.utils.data.")
        known = known.replace("torch.utils.data.distributed.", "torch.utils.data.")
        known = known.replace("torch.nn.parameter.", "torch.nn.")
        _CANONICAL[dotted] = known
    return known


def star_names(module: str) -> list[str]:
    """What ``from module import *`` binds, for the few libraries where that is usual."""
    return _STARS.get(module, "").split()
