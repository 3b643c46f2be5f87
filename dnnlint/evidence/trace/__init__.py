"""What watching a run tells about the training: one record type a channel.

A record is made by the channel of the same name in the runtime wing, from the first optimiser steps of a run, and
judged by rules. It holds plain numbers: no tensor, device or graph ever reaches a rule. A number that was not
measured is ``None``; one that is not finite is ``nan`` or ``inf``. Steps count from 0: what happened before the
first optimiser step has step 0.
"""

from dnnlint.evidence.trace.activations import Activations, ActivationStep, LayerActivations
from dnnlint.evidence.trace.devices import Devices, Mismatch
from dnnlint.evidence.trace.inputs import BatchStats, Inputs, LoaderInfo
from dnnlint.evidence.trace.losses import BackwardPass, LossCall, Losses, Prediction, Predictions
from dnnlint.evidence.trace.order import Cycle, Event, Events, ForwardPass, Passes
from dnnlint.evidence.trace.parameters import Parameters, Weights, WeightStats
from dnnlint.evidence.trace.parts import Layer, ParameterInfo, Spread
from dnnlint.evidence.trace.run import OptimizerInfo, Run
from dnnlint.evidence.trace.updates import (
    Gradients,
    GradientStep,
    ParameterGradients,
    ParameterUpdates,
    Updates,
    UpdateStep,
)

CHANNELS = (
    Run,
    Losses,
    Predictions,
    Activations,
    Parameters,
    Weights,
    Gradients,
    Updates,
    Inputs,
    Events,
    Passes,
    Devices,
)

__all__ = [
    "CHANNELS",
    "ActivationStep",
    "Activations",
    "BackwardPass",
    "BatchStats",
    "Cycle",
    "Devices",
    "Event",
    "Events",
    "ForwardPass",
    "GradientStep",
    "Gradients",
    "Inputs",
    "Layer",
    "LayerActivations",
    "LoaderInfo",
    "LossCall",
    "Losses",
    "Mismatch",
    "OptimizerInfo",
    "ParameterGradients",
    "ParameterInfo",
    "ParameterUpdates",
    "Parameters",
    "Passes",
    "Prediction",
    "Predictions",
    "Run",
    "Spread",
    "UpdateStep",
    "Updates",
    "WeightStats",
    "Weights",
]
