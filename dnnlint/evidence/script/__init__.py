"""What reading a script tells about the training it describes.

Facts are made by the static wing and judged by rules. A fact states what is *known*; whatever could
not be established is ``None`` (or a member of the set called UNKNOWN), and a rule stays silent on it.
"""

from dnnlint.evidence.script.communication import Communication, CustomGradient
from dnnlint.evidence.script.data import Loader, LoaderArguments, Rounds, WorkerRandomness
from dnnlint.evidence.script.evaluation import (
    CarriedState,
    DeviceMix,
    DirectForward,
    DropoutRate,
    DroppedResult,
    HeldOutSelection,
    LeftLoop,
    NormalizedBatch,
    PartialEvaluation,
    UncalledMethod,
    WrongAxis,
    WrongCount,
)
from dnnlint.evidence.script.experiment import Axis, Search
from dnnlint.evidence.script.loss import Cut, CutGradient, Extent, LossCall, Softmax, Target, Unstable
from dnnlint.evidence.script.network import Init, Layer, Network, Operation, Stray, WeightInit
from dnnlint.evidence.script.order import (
    Accumulated,
    BackwardPass,
    Clipping,
    ClosureStep,
    EarlyStep,
    MissingBackward,
    MissingStep,
    Rebuilt,
    Replaced,
    ScalerUse,
    Unowned,
)
from dnnlint.evidence.script.reproducibility import DeterminismClash
from dnnlint.evidence.script.schedule import OptimizerSetting, Rate, Schedule, ScheduleStep
from dnnlint.evidence.script.selection import AliasedWeights, Selection
from dnnlint.evidence.script.source import Script, Unreadable, UnusedSuppression
from dnnlint.evidence.script.training import (
    Accumulation,
    EvaluationPass,
    Forward,
    Gradients,
    Mode,
    TrainingStep,
    WipedStep,
)

__all__ = [
    "Accumulated",
    "Accumulation",
    "AliasedWeights",
    "Axis",
    "BackwardPass",
    "CarriedState",
    "Clipping",
    "ClosureStep",
    "Communication",
    "CustomGradient",
    "Cut",
    "CutGradient",
    "DeterminismClash",
    "DeviceMix",
    "DirectForward",
    "DropoutRate",
    "DroppedResult",
    "EarlyStep",
    "EvaluationPass",
    "Extent",
    "Forward",
    "Gradients",
    "HeldOutSelection",
    "Init",
    "Layer",
    "LeftLoop",
    "Loader",
    "LoaderArguments",
    "LossCall",
    "MissingBackward",
    "MissingStep",
    "Mode",
    "Network",
    "NormalizedBatch",
    "Operation",
    "OptimizerSetting",
    "PartialEvaluation",
    "Rate",
    "Rebuilt",
    "Replaced",
    "Rounds",
    "ScalerUse",
    "Schedule",
    "ScheduleStep",
    "Script",
    "Search",
    "Selection",
    "Softmax",
    "Stray",
    "Target",
    "TrainingStep",
    "UncalledMethod",
    "Unowned",
    "Unreadable",
    "Unstable",
    "UnusedSuppression",
    "WeightInit",
    "WipedStep",
    "WorkerRandomness",
    "WrongAxis",
    "WrongCount",
]
