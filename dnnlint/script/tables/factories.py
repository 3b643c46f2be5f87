"""Functions that hand out ready networks, and what is known of what they return.

A network's mode matters twice: as it comes (`from_pretrained` puts it into evaluation mode), and whether it makes a
difference at all (dropout, batch normalisation or stochastic depth inside). What depends on weights or on a name that
cannot be read is None. Whole libraries are told apart by the shape of the name, by hand: compiling patterns would
cost more than the rest of the tables.
"""

from typing import NamedTuple


class NetworkSpec(NamedTuple):
    """A network as a factory returns it."""

    mode: str | None = "train"  # "train" | "eval"; None: not known
    mode_dependent: bool | None = True  # acts differently in the two modes; None: not known
    position: int | None = None  # its place in the returned tuple; None: the result itself
    architecture: int | None = None  # position of the argument that names the architecture


_TRAIN = NetworkSpec()
_MODELESS = NetworkSpec(mode_dependent=None)
_UNKNOWN = NetworkSpec(None, None)

NETWORKS: dict[str, NetworkSpec] = {
    "timm.create_model": NetworkSpec(architecture=0),
    "timm.models.create_model": NetworkSpec(architecture=0),
    "timm.models.factory.create_model": NetworkSpec(architecture=0),
    "torchvision.models.get_model": NetworkSpec(architecture=0),
    "torch.hub.load": NetworkSpec(None, None, architecture=1),
    "segmentation_models_pytorch.create_model": _TRAIN,
    "efficientnet_pytorch.EfficientNet.from_pretrained": _TRAIN,
    "efficientnet_pytorch.EfficientNet.from_name": _TRAIN,
    "facenet_pytorch.InceptionResnetV1": _TRAIN,
    "clip.load": NetworkSpec("eval", None, position=0),
    "open_clip.create_model": _UNKNOWN,
    "open_clip.create_model_and_transforms": NetworkSpec(None, None, position=0),
    "open_clip.create_model_from_pretrained": NetworkSpec(None, None, position=0),
    "sentence_transformers.SentenceTransformer": _UNKNOWN,
    "whisper.load_model": _UNKNOWN,
    "ultralytics.YOLO": _UNKNOWN,
    "peft.PeftModel.from_pretrained": _UNKNOWN,
    "peft.AutoPeftModelForCausalLM.from_pretrained": _UNKNOWN,
    "unsloth.FastLanguageModel.from_pretrained": NetworkSpec(None, None, position=0),
}
"""Whole dotted names."""

MODELESS_ARCHITECTURES = (
    "vit_", "vit-", "deit", "beit", "eva", "mixer", "gmixer", "gmlp", "resmlp", "cait", "xcit", "flexivit", "samvit",
    "naflexvit", "vision_transformer", "VisionTransformer", "raft_small",
)  # fmt: skip
"""Beginnings of architecture names (timm, torchvision) without dropout or batch normalisation by default."""

MODELESS_LANGUAGE_MODELS = (
    "Llama", "Mistral", "Mixtral", "Qwen", "Gemma", "Phi", "Olmo", "Falcon", "GPTNeoX", "Cohere", "DeepSeek",
    "Deepseek", "StableLm", "Starcoder", "SmolLM", "AutoModelForCausalLM",
)  # fmt: skip
"""Beginnings of class names in transformers whose dropout is zero by default, or cannot be told."""

_NO_NETWORK = ("Tokenizer", "Processor", "Extractor", "Config", "Scheduler", "Output", "Trainer", "Pipeline", "Weights")
_SEGMENTATION = frozenset(
    {"Unet", "UnetPlusPlus", "MAnet", "Linknet", "FPN", "PSPNet", "PAN", "DeepLabV3", "DeepLabV3Plus", "UPerNet"}
)
_GRAPH = frozenset({"GCN", "GraphSAGE", "GIN", "GAT", "PNA", "EdgeCNN", "MLP"})
_LOADERS = frozenset({"from_pretrained", "from_config", "_from_config", "from_single_file"})
_TORCHVISION_HELPERS = frozenset(
    {"feature_extraction", "_utils", "_api", "_meta", "list_models", "get_weight", "get_model_weights"}
)


def network(name: str, architecture: str | None = None) -> NetworkSpec | None:
    """What the callable of this dotted name returns, None when it is no known factory."""
    spec = NETWORKS.get(name) or _by_library(name.split("."))
    if spec and architecture and architecture.startswith(MODELESS_ARCHITECTURES):
        return spec._replace(mode_dependent=None)
    return spec


def _by_library(parts: list[str]) -> NetworkSpec | None:
    match parts:
        case ["torchvision", "models", *rest] if rest:
            return _torchvision(rest)
        case ["timm", "models", *_, last] if any(family in last for family in ("resnet", "efficientnet", "densenet")):
            return _TRAIN
        case ["timm", "models", *_, last] if last.startswith(MODELESS_ARCHITECTURES):
            return _MODELESS
        case ["transformers" | "diffusers", *_]:
            return _hugging_face(parts)
        case ["segmentation_models_pytorch", last] if last in _SEGMENTATION:
            return _TRAIN
        case ["segmentation_models_pytorch", "Segformer" | "DPT"] | ["torchaudio", "models", _]:
            return _MODELESS
        case ["monai", "networks", "nets", *_, last] if last[:1].isupper():
            return _MODELESS
        case ["torch_geometric", "nn", *_, last] if last in _GRAPH:
            return _MODELESS
        case ["pretrainedmodels", *_, _]:
            return _TRAIN
    return None


def _torchvision(rest: list[str]) -> NetworkSpec | None:
    if not _TORCHVISION_HELPERS.isdisjoint(rest) or any("Weights" in part for part in rest):
        return None
    # detection networks answer with losses in training mode, which is wanted for validation losses
    if rest[0] == "detection" or rest[-1].startswith(MODELESS_ARCHITECTURES):
        return _MODELESS
    return _TRAIN


def _hugging_face(parts: list[str]) -> NetworkSpec | None:
    loader = parts[-1] if parts[-1] in _LOADERS else ""
    kind = parts[-2] if loader else parts[-1]
    if any(word in kind for word in _NO_NETWORK) or not kind[:1].isupper():
        return None
    if "Model" not in kind and "For" not in kind[1:]:
        return None
    large = parts[0] == "diffusers" or kind.startswith(MODELESS_LANGUAGE_MODELS)
    return NetworkSpec("eval" if loader == "from_pretrained" else "train", None if large else True)
