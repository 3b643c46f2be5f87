"""Engines that train for the user, and what their methods do to models, optimisers, losses and loaders.

Every verb used here says what a call does; "first" and "arguments" say what it returns. A verb stands for the whole
effect: whatever is not named (clearing, stepping, back-propagating, changing the mode) the call does not do.
"""

from typing import NamedTuple

from dnnlint.script.tables import words

VERBS = frozenset(
    {
        "arguments",  # returns its positional arguments: one alone as itself, several as a tuple in order
        "named",  # the same with the arguments that RESULTS names, as far as they are given
        "slots",  # returns a tuple with a place for every argument that RESULTS names, None if not given
        "first",  # returns its first argument, the same object for every purpose
        "copy",  # returns a copy of its first argument
        "cut",  # returns its argument without gradient
        "inert",  # changes nothing that training depends on; the result is unknown
        "context",  # a with-block that leaves gradients, modes and graph alone
        "yields_first",  # a with-block whose `as` name is its first argument
        "no_grad",  # a with-block without graph
        "backward",  # back-propagates from its first argument
        "backward_of_receiver",  # back-propagates through the engine's own network from its first argument
        "step",  # steps the optimiser given first
        "step_of_receiver",  # steps the engine's own optimiser and clears its gradients
        "clear",  # clears the gradients of the network or optimiser given first
        "clear_of_receiver",  # clears the gradients of the engine's own network
        "train",  # puts the network given first into training mode
        "eval",  # puts the network given first into evaluation mode
        "applies",  # calls its first argument with the others and returns the result
        "loop",  # runs a training or evaluation of its own, with every step in order
        "remote_backward",  # gradients land in a context of their own, which starts empty: never stale
        "engine",  # as slots, and the first is a DEEPSPEED_ENGINE
    }
)

# Bases whose subclasses are hooks: an engine calls them, clears, back-propagates, steps and sets modes itself.
LIGHTNING_MODULES = frozenset(
    f"{package}.{name}"
    for package in (
        "lightning.pytorch",
        "lightning",
        "pytorch_lightning",
        "lightning.pytorch.core",
        "pytorch_lightning.core",
    )
    for name in ("LightningModule", "module.LightningModule", "lightning.LightningModule")
) | {"composer.models.ComposerModel", "composer.ComposerModel", "composer.models.HuggingFaceModel"}
TRAINING_HOOKS = frozenset(words("training_step"))
EVALUATION_HOOKS = frozenset(words("validation_step test_step predict_step eval_forward"))
MANUAL_SWITCH = "automatic_optimization"
"""Attribute that, set to False in a LightningModule, hands the loop back to training_step."""
LIGHTNING_METHODS: dict[str, str] = {
    "manual_backward": "backward",
    "clip_gradients": "inert",
    "log": "inert",
    "log_dict": "inert",
    "print": "inert",
    "save_hyperparameters": "inert",
    "toggle_optimizer": "inert",
    "untoggle_optimizer": "inert",
    "all_gather": "first",
    "optimizers": "inert",
    "lr_schedulers": "inert",
}

# Classes whose instances own the loop: what is handed to them is trained and evaluated in good order.
LOOP_OWNERS = frozenset(
    {
        "lightning.Trainer",
        "lightning.pytorch.Trainer",
        "lightning.pytorch.trainer.Trainer",
        "pytorch_lightning.Trainer",
        "pytorch_lightning.trainer.Trainer",
        "transformers.Trainer",
        "transformers.Seq2SeqTrainer",
        "transformers.trainer.Trainer",
        "transformers.trainer_seq2seq.Seq2SeqTrainer",
        "trl.SFTTrainer",
        "trl.DPOTrainer",
        "trl.GRPOTrainer",
        "trl.RewardTrainer",
        "trl.PPOTrainer",
        "trl.ORPOTrainer",
        "trl.KTOTrainer",
        "sentence_transformers.SentenceTransformerTrainer",
        "sentence_transformers.trainer.SentenceTransformerTrainer",
        "setfit.Trainer",
        "composer.Trainer",
        "composer.trainer.Trainer",
        "ignite.engine.Engine",
        "ignite.engine.engine.Engine",
        "fastai.learner.Learner",
        "fastai.vision.all.Learner",
        "fastai.basics.Learner",
        "fastai.basic_train.Learner",
        "skorch.NeuralNet",
        "skorch.NeuralNetClassifier",
        "skorch.NeuralNetBinaryClassifier",
        "skorch.NeuralNetRegressor",
        "skorch.net.NeuralNet",
        "skorch.classifier.NeuralNetClassifier",
        "skorch.regressor.NeuralNetRegressor",
        "catalyst.dl.SupervisedRunner",
        "catalyst.dl.Runner",
        "catalyst.runners.SupervisedRunner",
        "poutyne.Model",
        "torchtnt.framework.AutoUnit",
        "mmengine.runner.Runner",
        "mmcv.runner.EpochBasedRunner",
        "mmcv.runner.IterBasedRunner",
        "detectron2.engine.DefaultTrainer",
        "detectron2.engine.SimpleTrainer",
        "ultralytics.YOLO",
        "flair.trainers.ModelTrainer",
        "ray.train.torch.TorchTrainer",
        "super_gradients.Trainer",
        "segmentation_models_pytorch.utils.train.TrainEpoch",
        "segmentation_models_pytorch.utils.train.ValidEpoch",
        "allennlp.training.GradientDescentTrainer",
        "fairseq.trainer.Trainer",
        "stable_baselines3.PPO",
        "stable_baselines3.DQN",
        "stable_baselines3.SAC",
        "stable_baselines3.A2C",
    }
)

# Functions that own the loop, too.
LOOP_FUNCTIONS = frozenset(
    {
        "ignite.engine.create_supervised_trainer",
        "ignite.engine.create_supervised_evaluator",
        "fastai.vision.all.vision_learner",
        "fastai.vision.all.cnn_learner",
        "fastai.vision.all.unet_learner",
        "fastai.text.all.text_classifier_learner",
        "fastai.text.all.language_model_learner",
        "fastai.tabular.all.tabular_learner",
        "torchtnt.framework.train",
        "torchtnt.framework.fit",
        "colossalai.initialize",
        "mmdet.apis.train_detector",
        "mmseg.apis.train_segmentor",
    }
)

# Objects that help with a loop the user writes: class -> method -> verb.
_ACCELERATOR = {
    "prepare": "arguments",
    "prepare_model": "first",
    "prepare_optimizer": "first",
    "prepare_data_loader": "first",
    "prepare_scheduler": "first",
    "backward": "backward",
    "clip_grad_norm_": "inert",
    "clip_grad_value_": "inert",
    "unscale_gradients": "inert",
    "accumulate": "context",
    "no_sync": "context",
    "autocast": "context",
    "profile": "context",
    "main_process_first": "context",
    "local_main_process_first": "context",
    "join_uneven_inputs": "context",
    "split_between_processes": "yields_first",
    "unwrap_model": "first",
    "gather": "cut",
    "gather_for_metrics": "cut",
    "reduce": "cut",
    "pad_across_processes": "cut",
    "register_for_checkpointing": "inert",
    "save": "inert",
    "save_model": "inert",
    "save_state": "inert",
    "load_state": "inert",
    "log": "inert",
    "print": "inert",
    "init_trackers": "inert",
    "end_training": "inert",
    "wait_for_everyone": "inert",
    "free_memory": "arguments",
    "clear": "arguments",
    "get_state_dict": "inert",
    "skip_first_batches": "first",
    "set_trigger": "inert",
    "check_trigger": "inert",
}
_FABRIC = {
    "setup": "arguments",
    "setup_module": "first",
    "setup_optimizers": "arguments",
    "setup_dataloaders": "arguments",
    "backward": "backward",
    "clip_gradients": "inert",
    "autocast": "context",
    "no_backward_sync": "context",
    "init_module": "context",
    "init_tensor": "context",
    "sharded_model": "context",
    "rank_zero_first": "context",
    "to_device": "first",
    "all_gather": "first",
    "all_reduce": "first",
    "broadcast": "first",
    "print": "inert",
    "log": "inert",
    "log_dict": "inert",
    "save": "inert",
    "load": "inert",
    "load_raw": "inert",
    "barrier": "inert",
    "call": "inert",
    "seed_everything": "inert",
    "launch": "inert",
}
_BOOSTER = {"boost": "slots", "backward": "backward", "no_sync": "context", "save_model": "inert"}
_RPC_OPTIMIZER = {"step": "inert"}  # reads its gradients from a context that starts empty

ENGINES: dict[str, dict[str, str]] = {
    "accelerate.Accelerator": _ACCELERATOR,
    "accelerate.accelerator.Accelerator": _ACCELERATOR,
    "lightning.Fabric": _FABRIC,
    "lightning.fabric.Fabric": _FABRIC,
    "lightning_fabric.Fabric": _FABRIC,
    "lightning.fabric.fabric.Fabric": _FABRIC,
    "pytorch_lightning.lite.LightningLite": _FABRIC,
    "colossalai.booster.Booster": _BOOSTER,
    "torch.distributed.optim.DistributedOptimizer": _RPC_OPTIMIZER,
    "torch.distributed.optim.optimizer.DistributedOptimizer": _RPC_OPTIMIZER,
    "opacus.PrivacyEngine": {"make_private": "slots", "make_private_with_epsilon": "slots", "get_epsilon": "inert"},
}

# What deepspeed.initialize returns first: a network that back-propagates, steps and clears on its own account.
DEEPSPEED_ENGINE: dict[str, str] = {
    "backward": "backward_of_receiver",
    "step": "step_of_receiver",
    "zero_grad": "clear_of_receiver",
    "no_sync": "context",
    "save_checkpoint": "inert",
    "load_checkpoint": "inert",
    "train_batch": "loop",
    "eval_batch": "loop",
    "set_gradient_accumulation_boundary": "inert",
    "is_gradient_accumulation_boundary": "inert",
    "gradient_accumulation_steps": "inert",
    "get_global_grad_norm": "inert",
}

# Functions by dotted name -> verb.
CALLS: dict[str, str] = {
    "deepspeed.initialize": "engine",
    "apex.amp.initialize": "named",
    "apex.amp.scale_loss": "yields_first",
    "apex.amp.master_params": "inert",
    "intel_extension_for_pytorch.optimize": "named",
    "torch.autograd.backward": "backward",
    "torch.distributed.autograd.backward": "remote_backward",
    "torch.distributed.autograd.context": "context",
    "torch.utils.checkpoint.checkpoint": "applies",
    "torch.nn.parallel.data_parallel": "applies",
    "torch.func.functional_call": "applies",
    "torch.nn.utils.stateless.functional_call": "applies",
    "torch.optim.swa_utils.update_bn": "inert",  # runs in training mode and puts the mode back
    "torch.nn.utils.convert_parameters.vector_to_parameters": "inert",
    "timm.utils.dispatch_clip_grad": "inert",
    "timm.utils.distribute_bn": "inert",
    "timm.utils.unwrap_model": "first",
    "timm.utils.model.unwrap_model": "first",
    "horovod.torch.broadcast_parameters": "inert",
    "horovod.torch.broadcast_optimizer_state": "inert",
    "accelerate.utils.extract_model_from_parallel": "first",
    "accelerate.skip_first_batches": "first",
    "ray.train.torch.prepare_model": "first",
    "ray.train.torch.prepare_data_loader": "first",
    "ray.train.torch.prepare_optimizer": "first",
    "ray.train.torch.backward": "backward",
    "torch_xla.distributed.parallel_loader.MpDeviceLoader": "first",
}

RESULTS: dict[str, tuple[str, ...]] = {
    "apex.amp.initialize": ("models", "optimizers"),
    "intel_extension_for_pytorch.optimize": ("model", "optimizer"),
    "deepspeed.initialize": ("model", "optimizer", "training_data", "lr_scheduler"),
    "colossalai.booster.Booster.boost": ("model", "optimizer", "criterion", "dataloader", "lr_scheduler"),
    "opacus.PrivacyEngine.make_private": ("module", "optimizer", "data_loader"),
    "opacus.PrivacyEngine.make_private_with_epsilon": ("module", "optimizer", "data_loader"),
}
"""Parameters whose arguments come back, in order; `deepspeed.initialize(args, model, ...)` takes the model second."""


class Wrapper(NamedTuple):
    """What a class or function makes of the network it is given first."""

    result: str  # "same": trains and clears like the network inside; "copy": a network of its own
    mode: str | None = None  # mode the result is left in; None: the mode of the argument
    argument: str = "module"  # keyword of the network
    inner: str | None = None  # attribute under which the network is found again


MODEL_WRAPPERS: dict[str, Wrapper] = {
    **dict.fromkeys(
        (
            "torch.nn.DataParallel",
            "torch.nn.parallel.DataParallel",
            "torch.nn.parallel.DistributedDataParallel",
            "torch.nn.parallel.distributed.DistributedDataParallel",
            "torch.nn.parallel.DistributedDataParallelCPU",
            "torch.distributed.fsdp.FullyShardedDataParallel",
            "torch.distributed.fsdp.fully_sharded_data_parallel.FullyShardedDataParallel",
            "fairscale.nn.FullyShardedDataParallel",
            "fairscale.nn.data_parallel.ShardedDataParallel",
            "apex.parallel.DistributedDataParallel",
            "torch_xla.distributed.fsdp.XlaFullyShardedDataParallel",
            "torch_geometric.nn.DataParallel",
            "opacus.GradSampleModule",
            "byteps.torch.parallel.DistributedDataParallel",
        ),
        Wrapper("same", inner="module"),
    ),
    "torch.compile": Wrapper("same", argument="model", inner="_orig_mod"),
    "torch._dynamo.optimize": Wrapper("same", argument="model"),
    "torch.jit.script": Wrapper("same", argument="obj"),
    "torch.jit.trace": Wrapper("same", argument="func"),
    "torch.fx.symbolic_trace": Wrapper("same", argument="root"),
    "torch.distributed.fsdp.fully_shard": Wrapper("same"),
    "torch.distributed._composable.fsdp.fully_shard": Wrapper("same"),
    "torch.distributed._composable.replicate.replicate": Wrapper("same"),
    "torch.distributed.tensor.parallel.parallelize_module": Wrapper("same"),
    "torch.distributed.fsdp.wrap.wrap": Wrapper("same"),
    "torch.distributed.fsdp.wrap.auto_wrap": Wrapper("same"),
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm": Wrapper("same"),
    "apex.parallel.convert_syncbn_model": Wrapper("same"),
    "timm.layers.convert_sync_batchnorm": Wrapper("same"),
    "torch.nn.utils.weight_norm": Wrapper("same"),
    "torch.nn.utils.spectral_norm": Wrapper("same"),
    "torch.nn.utils.remove_weight_norm": Wrapper("same"),
    "torch.nn.utils.remove_spectral_norm": Wrapper("same"),
    "torch.nn.utils.parametrizations.weight_norm": Wrapper("same"),
    "torch.nn.utils.parametrizations.spectral_norm": Wrapper("same"),
    "torch.nn.utils.parametrizations.orthogonal": Wrapper("same"),
    "torch.nn.utils.parametrize.register_parametrization": Wrapper("same"),
    "torchvision.ops.misc.FrozenBatchNorm2d.convert_frozen_batchnorm": Wrapper("same"),
    "peft.get_peft_model": Wrapper("same", argument="model"),
    "peft.prepare_model_for_kbit_training": Wrapper("same", argument="model"),
    "intel_extension_for_pytorch.llm.optimize": Wrapper("same", argument="model"),
    "torch.ao.quantization.prepare_qat": Wrapper("same", argument="model"),
    "torch.quantization.prepare_qat": Wrapper("same", argument="model"),
    "torch.ao.quantization.convert": Wrapper("copy", argument="module"),
    "torch.quantization.convert": Wrapper("copy", argument="module"),
    "copy.deepcopy": Wrapper("copy", argument="x"),
    "copy.copy": Wrapper("same", argument="x"),
    "torch.optim.swa_utils.AveragedModel": Wrapper("copy", argument="model", inner="module"),
    "timm.utils.ModelEma": Wrapper("copy", "eval", "model", "ema"),
    "timm.utils.ModelEmaV2": Wrapper("copy", "eval", "model", "module"),
    "timm.utils.ModelEmaV3": Wrapper("copy", "eval", "model", "module"),
    "ema_pytorch.EMA": Wrapper("copy", None, "model", "ema_model"),
}
"""Networks made of networks. `model.compile(...)`, without result, leaves the network as it is."""

PARAMETER_AVERAGES = frozenset(
    {
        "torch_ema.ExponentialMovingAverage",
        "diffusers.training_utils.EMAModel",
        "diffusers.EMAModel",
        "ema_pytorch.PostHocEMA",
    }
)
"""Objects that average parameters on the side and touch no gradient."""
