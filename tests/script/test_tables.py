"""The tables know every name of torch 2.13, speak one vocabulary, and do not contradict each other."""

import importlib.util
import types
from pathlib import Path

import pytest

from dnnlint.evidence import vocabulary
from dnnlint.script.tables import (
    datasets,
    factories,
    frameworks,
    functions,
    inert,
    layers,
    losses,
    optimizers,
    tensors,
)


def _torch_names() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("torch_names", Path(__file__).with_name("torch_names.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


torch_names = _torch_names()


def test_every_module_of_torch_is_a_layer_or_a_loss() -> None:
    assert set(torch_names.MODULES.split()) <= layers.LAYERS.keys() | losses.LOSSES.keys()


def test_no_class_is_both_layer_and_loss() -> None:
    assert not layers.LAYERS.keys() & losses.LOSSES.keys()


def test_every_function_of_torch_nn_functional_is_known() -> None:
    known = functions.FUNCTIONS.keys() | losses.FUNCTIONAL.keys()
    assert {f"torch.nn.functional.{name}" for name in torch_names.FUNCTIONS.split()} <= known


def test_every_public_attribute_of_a_tensor_is_known() -> None:
    known = tensors.METHODS.keys() | tensors.HOST | tensors.METADATA | tensors.EFFECTS | tensors.FRESH_METHODS
    assert set(torch_names.TENSOR.split()) <= known


def test_a_tensor_attribute_stands_in_one_table_only() -> None:
    tables = (tensors.METHODS.keys(), tensors.HOST, tensors.METADATA, tensors.EFFECTS, tensors.FRESH_METHODS)
    assert sum(map(len, tables)) == len(set().union(*tables))


def test_every_optimizer_and_schedule_of_torch_is_known() -> None:
    assert {f"torch.optim.{name}" for name in torch_names.OPTIMIZERS.split()} <= optimizers.OPTIMIZERS
    schedules = {f"torch.optim.lr_scheduler.{name}" for name in torch_names.SCHEDULERS.split()}
    assert schedules <= optimizers.SCHEDULERS.keys()


@pytest.mark.parametrize(
    "kinds",
    [
        {spec.kind for spec in layers.LAYERS.values()},
        {spec.kind for spec in layers.OTHER_LAYERS.values()},
        set(functions.FUNCTIONS.values()),
        set(tensors.METHODS.values()),
    ],
    ids=["layers", "other-layers", "functions", "methods"],
)
def test_tables_speak_the_vocabulary(kinds: set[str]) -> None:
    assert kinds <= vocabulary.KINDS


def test_a_method_in_place_does_what_its_twin_does() -> None:
    pairs = {name: name.removesuffix("_") for name in tensors.METHODS if name.removesuffix("_") in tensors.METHODS}
    differing = {name for name, twin in pairs.items() if tensors.METHODS[name] != tensors.METHODS[twin]}
    assert differing == {"bernoulli_"}  # it ignores what it overwrites


@pytest.mark.parametrize("name", sorted(layers.LAYERS))
def test_the_numbers_of_a_layer_come_from_its_parameters(name: str) -> None:
    spec = layers.LAYERS[name]
    assert {*(spec.fan or ()), ""} <= {*spec.params, ""}
    assert not isinstance(spec.mode_dependent, str) or spec.mode_dependent in spec.params


def test_a_spatial_layer_says_its_dimensions_in_its_name() -> None:
    for name, spec in layers.LAYERS.items():
        if "Conv" in name:
            assert name.endswith(f"{spec.dims}d")


def test_losses_and_vocabulary_agree() -> None:
    assert losses.LOSSES.keys() == vocabulary.LOSS_INPUT.keys()
    assert {kind for kind, spec in losses.LOSSES.items() if spec.regression} == vocabulary.REGRESSION_LOSSES
    assert set(losses.FUNCTIONAL.values()) <= losses.LOSSES.keys()
    assert {spec.functional for spec in losses.LOSSES.values() if spec.functional} <= losses.FUNCTIONAL.keys()


def test_a_schedule_is_no_optimizer() -> None:
    assert not optimizers.OPTIMIZERS & (optimizers.SCHEDULERS.keys() | optimizers.WRAPPERS.keys() | optimizers.SCALERS)


def test_frameworks_use_the_verbs_that_are_explained() -> None:
    methods = {verb for engine in frameworks.ENGINES.values() for verb in engine.values()}
    calls = {*frameworks.CALLS.values(), *frameworks.DEEPSPEED_ENGINE.values(), *frameworks.LIGHTNING_METHODS.values()}
    assert methods | calls <= frameworks.VERBS


def test_calls_that_return_several_things_say_which() -> None:
    several = {"named", "slots", "engine"}
    methods = {f"{c}.{m}" for c, engine in frameworks.ENGINES.items() for m, verb in engine.items() if verb in several}
    assert methods | {name for name, verb in frameworks.CALLS.items() if verb in several} == frameworks.RESULTS.keys()


@pytest.mark.parametrize(
    "name",
    [
        "torch.autograd.backward",
        "torch.optim.SGD",
        "torch.nn.Linear",
        "torch.nn.functional.cross_entropy",
        "deepspeed.initialize",
        "transformers.Trainer",
        "timm.utils.NativeScaler",
        "ptflops.get_model_complexity_info",
        "torch.multiprocessing.spawn",
        "wandb.agent",
        "setattr",
        "map",
    ],
)
def test_what_touches_training_is_not_inert(name: str) -> None:
    assert name not in inert.INERT_NAMES
    assert not name.startswith(inert.INERT_PREFIXES)


def test_inert_prefixes_end_in_a_dot() -> None:
    assert [prefix for prefix in inert.INERT_PREFIXES if not prefix.endswith(".")] == []


@pytest.mark.parametrize(
    ("name", "mode", "mode_dependent"),
    [
        ("torchvision.models.resnet18", "train", True),
        ("torchvision.models.segmentation.deeplabv3_resnet50", "train", True),
        ("torchvision.models.vit_b_16", "train", None),
        ("torchvision.models.detection.fasterrcnn_resnet50_fpn", "train", None),
        ("timm.create_model", "train", True),
        ("timm.models.resnet50", "train", True),
        ("timm.models.vit_base_patch16_224", "train", None),
        ("transformers.AutoModel.from_pretrained", "eval", True),
        ("transformers.BertForSequenceClassification", "train", True),
        ("transformers.AutoModelForSequenceClassification.from_config", "train", True),
        ("transformers.LlamaForCausalLM.from_pretrained", "eval", None),
        ("diffusers.UNet2DConditionModel.from_pretrained", "eval", None),
        ("segmentation_models_pytorch.Unet", "train", True),
        ("segmentation_models_pytorch.Segformer", "train", None),
        ("torch.hub.load", None, None),
        ("monai.networks.nets.UNet", "train", None),
        ("torch_geometric.nn.GCN", "train", None),
        ("pretrainedmodels.se_resnext50_32x4d", "train", True),
    ],
)
def test_a_factory_tells_the_mode_of_its_network(name: str, mode: str | None, mode_dependent: bool | None) -> None:
    spec = factories.network(name)
    assert spec
    assert (spec.mode, spec.mode_dependent) == (mode, mode_dependent)


@pytest.mark.parametrize(
    "name",
    [
        "torch.nn.Linear",
        "torchvision.models",
        "torchvision.models.ResNet18_Weights.verify",
        "torchvision.models.feature_extraction.create_feature_extractor",
        "transformers.AutoTokenizer.from_pretrained",
        "transformers.BertConfig",
        "transformers.Trainer",
        "transformers.set_seed",
        "timm.models.layers.DropPath",
    ],
)
def test_what_returns_no_network_is_no_factory(name: str) -> None:
    assert factories.network(name) is None


def test_the_name_of_the_architecture_can_take_back_what_the_factory_promises() -> None:
    spec = factories.network("timm.create_model", "vit_base_patch16_224")
    assert spec
    assert spec.mode_dependent is None


def test_the_default_split_of_a_data_set_is_one_it_has() -> None:
    for name, spec in datasets.DATASETS.items():
        assert not spec.sizes or spec.default in spec.sizes, name
