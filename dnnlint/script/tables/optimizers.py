"""Optimisers, their factories and wrappers, learning-rate schedules and gradient scalers, by dotted name.

Optimisers take the parameters as first argument ("params"). A class of ``torch.optim`` may also be named through its
module (``torch.optim.adam.Adam``); the interpreter folds that into the short name.
"""

from typing import NamedTuple

from dnnlint.script.tables import words


class Argument(NamedTuple):
    """Where an argument stands in a call."""

    position: int
    name: str


def _names(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


OPTIMIZERS: frozenset[str] = (
    _names(
        "torch.optim",
        """SGD Adam AdamW Adamax NAdam RAdam SparseAdam Adagrad Adadelta Adafactor ASGD LBFGS Muon RMSprop Rprop
        Optimizer""",
    )
    | _names(
        "timm.optim",
        """AdaBelief Adafactor AdafactorBigVision Adahessian AdamP AdamW AdamWLegacy Adan Adopt Kron Lamb Laprop Lars
        Lion LionLegacy MADGRAD Mars Muon NAdamW NAdam Nadam NvLamb NvNovoGrad RAdam RMSpropTF SGDP SGDW""",
    )
    | _names(
        "torch_optimizer",
        """A2GradExp A2GradInc A2GradUni AccSGD AdaBelief AdaBound AdaMod Adafactor Adahessian AdamP AggMo Apollo
        DiffGrad LARS Lamb MADGRAD NovoGrad PID QHAdam QHM RAdam Ranger RangerQH RangerVA SGDP SGDW SWATS Shampoo
        Yogi""",
    )
    | _names("transformers", "AdamW Adafactor")
    | _names("transformers.optimization", "AdamW Adafactor")
    | _names("pytorch_transformers", "AdamW")
    | _names("pytorch_pretrained_bert", "BertAdam OpenAIAdam")
    | _names("apex.optimizers", "FusedAdam FusedLAMB FusedSGD FusedNovoGrad FusedAdagrad FusedMixedPrecisionLamb")
    | _names(
        "bitsandbytes.optim",
        """Adam Adam8bit Adam32bit AdamW AdamW8bit AdamW32bit PagedAdam PagedAdam8bit PagedAdam32bit PagedAdamW
        PagedAdamW8bit PagedAdamW32bit SGD SGD8bit SGD32bit LAMB LAMB8bit LAMB32bit LARS LARS8bit LARS32bit Lion
        Lion8bit Lion32bit PagedLion PagedLion8bit PagedLion32bit RMSprop RMSprop8bit RMSprop32bit Adagrad Adagrad8bit
        Adagrad32bit AdEMAMix AdEMAMix8bit""",
    )
    | _names("deepspeed.ops.adam", "DeepSpeedCPUAdam FusedAdam")
    | _names("deepspeed.ops.lamb", "FusedLamb")
    | _names("deepspeed.ops.lion", "DeepSpeedCPULion FusedLion")
    | _names("deepspeed.ops.adagrad", "DeepSpeedCPUAdagrad")
    | _names("colossalai.nn.optimizer", "CPUAdam FusedAdam HybridAdam Lamb Lars")
    | _names("schedulefree", "AdamWScheduleFree SGDScheduleFree RAdamScheduleFree AdamWScheduleFreeClosure")
    | _names("lion_pytorch", "Lion")
    | _names("adabelief_pytorch", "AdaBelief")
    | _names("adamp", "AdamP SGDP")
    | _names("adan_pytorch", "Adan")
    | _names("madgrad", "MADGRAD MirrorMADGRAD")
    | _names("prodigyopt", "Prodigy")
    | _names("dadaptation", "DAdaptAdam DAdaptSGD DAdaptAdaGrad DAdaptLion DAdaptAdan")
    | _names("came_pytorch", "CAME")
    | _names("galore_torch", "GaLoreAdamW GaLoreAdamW8bit GaLoreAdafactor")
    | _names("muon", "Muon MuonWithAuxAdam SingleDeviceMuon SingleDeviceMuonWithAuxAdam")
    | _names("lightning.pytorch.core.optimizer", "LightningOptimizer")
    | _names("torch.distributed.optim", "ZeroRedundancyOptimizer")
    | _names("fairscale.optim", "OSS Adam")
    | _names("geoopt.optim", "RiemannianAdam RiemannianSGD")
    | _names("mup", "MuAdam MuAdamW MuSGD")
)
"""Classes whose instances clear with zero_grad and step with step."""

OPTIMIZER_PREFIXES = (
    "torch.optim.",
    "torch_optimizer.",
    "pytorch_optimizer.",
    "timm.optim.",
    "bitsandbytes.optim.",
    "apex.optimizers.",
    "deepspeed.ops.",
)
"""Under these a capitalised name that no other table here knows is an optimiser, too."""

FACTORIES: dict[str, Argument] = {
    "timm.optim.create_optimizer": Argument(1, "model"),
    "timm.optim.create_optimizer_v2": Argument(0, "model_or_params"),
    "timm.optim.optim_factory.create_optimizer": Argument(1, "model"),
    "timm.optim.optim_factory.create_optimizer_v2": Argument(0, "model_or_params"),
}
"""Functions that return an optimiser, and which argument is the network or its parameters."""

WRAPPERS: dict[str, Argument] = {
    "torch_optimizer.Lookahead": Argument(0, "optimizer"),
    "timm.optim.Lookahead": Argument(0, "base_optimizer"),
    "timm.optim.lookahead.Lookahead": Argument(0, "base_optimizer"),
    "pytorch_optimizer.Lookahead": Argument(0, "optimizer"),
    "torchcontrib.optim.SWA": Argument(0, "optimizer"),
    "schedulefree.ScheduleFreeWrapper": Argument(0, "base"),
    "horovod.torch.DistributedOptimizer": Argument(0, "optimizer"),
    "byteps.torch.DistributedOptimizer": Argument(0, "optimizer"),
    "apex.fp16_utils.FP16_Optimizer": Argument(0, "init_optimizer"),
    "apex.parallel.LARC": Argument(0, "optimizer"),
    "apex.parallel.LARC.LARC": Argument(0, "optimizer"),
    "opacus.optimizers.DPOptimizer": Argument(0, "optimizer"),
    "torch.distributed.optim.PostLocalSGDOptimizer": Argument(0, "optim"),
    "accelerate.optimizer.AcceleratedOptimizer": Argument(0, "optimizer"),
}
"""Classes and functions that return an optimiser around the one they are given; clearing or stepping it is the same."""

SCHEDULERS: dict[str, Argument] = {
    **dict.fromkeys(
        (
            f"torch.optim.lr_scheduler.{name}"
            for name in words(
                """LRScheduler _LRScheduler LambdaLR MultiplicativeLR StepLR MultiStepLR ConstantLR LinearLR
                ExponentialLR CosineAnnealingLR CosineAnnealingWarmRestarts CyclicLR OneCycleLR PolynomialLR
                ReduceLROnPlateau SequentialLR"""
            )
        ),
        Argument(0, "optimizer"),
    ),
    "torch.optim.lr_scheduler.ChainedScheduler": Argument(1, "optimizer"),
    "torch.optim.swa_utils.SWALR": Argument(0, "optimizer"),
    **dict.fromkeys(
        (
            f"{module}.{name}"
            for module in ("transformers", "transformers.optimization", "diffusers.optimization")
            for name in words(
                """get_constant_schedule get_constant_schedule_with_warmup get_linear_schedule_with_warmup
                get_cosine_schedule_with_warmup get_cosine_with_hard_restarts_schedule_with_warmup
                get_polynomial_decay_schedule_with_warmup get_inverse_sqrt_schedule get_reduce_on_plateau_schedule
                get_cosine_with_min_lr_schedule_with_warmup get_wsd_schedule get_piecewise_constant_schedule"""
            )
        ),
        Argument(0, "optimizer"),
    ),
    "transformers.get_scheduler": Argument(1, "optimizer"),
    "transformers.optimization.get_scheduler": Argument(1, "optimizer"),
    "transformers.optimization.AdafactorSchedule": Argument(0, "optimizer"),
    "diffusers.optimization.get_scheduler": Argument(1, "optimizer"),
    "pytorch_transformers.WarmupLinearSchedule": Argument(0, "optimizer"),
    **dict.fromkeys(
        (
            f"timm.scheduler.{name}"
            for name in words(
                """CosineLRScheduler StepLRScheduler MultiStepLRScheduler PlateauLRScheduler PolyLRScheduler
                TanhLRScheduler"""
            )
        ),
        Argument(0, "optimizer"),
    ),
    "timm.scheduler.create_scheduler": Argument(1, "optimizer"),  # returns (scheduler, epochs)
    "timm.scheduler.create_scheduler_v2": Argument(0, "optimizer"),  # returns (scheduler, epochs)
    "warmup_scheduler.GradualWarmupScheduler": Argument(0, "optimizer"),
    "cosine_annealing_warmup.CosineAnnealingWarmupRestarts": Argument(0, "optimizer"),
    "ignite.handlers.PiecewiseLinear": Argument(0, "optimizer"),
    "ignite.handlers.CosineAnnealingScheduler": Argument(0, "optimizer"),
    "ignite.handlers.LRScheduler": Argument(0, "lr_scheduler"),
}
"""Schedules: classes and factories, and which argument is the optimiser; their step neither clears nor steps it."""

NEEDS_CLOSURE = frozenset({"LBFGS"})
"""Optimisers whose step calls a closure that clears and back-propagates."""

CLEARING_METHODS = frozenset({"zero_grad", "clear_grad", "zero_grads", "clear_gradients"})
"""Methods of an optimiser or a network that clear gradients; all but the first are third-party."""

STEPPING_METHODS = frozenset({"step"})

STEPS_THAT_MAY_CLEAR: dict[str, str] = {"first_step": "zero_grad", "second_step": "zero_grad"}
"""Methods (of sharpness-aware optimisers) that step, and clear when the named argument is true."""

STEP_FUNCTIONS: dict[str, Argument] = {
    "torch_xla.core.xla_model.optimizer_step": Argument(0, "optimizer"),
}
"""Functions that step the optimiser they are given."""

SCALERS = frozenset(
    {
        "torch.cuda.amp.GradScaler",
        "torch.cuda.amp.grad_scaler.GradScaler",
        "torch.amp.GradScaler",
        "torch.amp.grad_scaler.GradScaler",
        "torch.cpu.amp.GradScaler",
        "torch.xpu.amp.GradScaler",
        "torch.npu.amp.GradScaler",
        "torch_npu.npu.amp.GradScaler",
        "torch_xla.amp.GradScaler",
        "torch.distributed.fsdp.sharded_grad_scaler.ShardedGradScaler",
        "fairscale.optim.grad_scaler.ShardedGradScaler",
    }
)
"""scale(loss) returns the loss, step(optimizer) steps it, unscale_ and update do neither."""

CALLABLE_SCALERS = frozenset(
    {"timm.utils.NativeScaler", "timm.utils.ApexScaler", "timm.utils.cuda.NativeScaler", "timm.utils.cuda.ApexScaler"}
)
"""Objects called as scaler(loss, optimizer, ..., need_update=True): back-propagate and step, but never clear."""
