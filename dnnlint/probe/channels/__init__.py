"""One measured quantity a file; ``CHANNELS`` says which evidence each of them makes."""

from dnnlint.probe.channel import Channel
from dnnlint.probe.channels.activations import ActivationsChannel
from dnnlint.probe.channels.devices import DevicesChannel
from dnnlint.probe.channels.events import EventsChannel
from dnnlint.probe.channels.gradients import GradientsChannel
from dnnlint.probe.channels.inputs import InputsChannel
from dnnlint.probe.channels.losses import LossesChannel
from dnnlint.probe.channels.parameters import ParametersChannel
from dnnlint.probe.channels.passes import PassesChannel
from dnnlint.probe.channels.predictions import PredictionsChannel
from dnnlint.probe.channels.updates import UpdatesChannel
from dnnlint.probe.channels.weights import WeightsChannel

CHANNELS: tuple[type[Channel], ...] = (
    LossesChannel,
    PredictionsChannel,
    ActivationsChannel,
    ParametersChannel,
    WeightsChannel,
    GradientsChannel,
    UpdatesChannel,
    InputsChannel,
    EventsChannel,
    PassesChannel,
    DevicesChannel,
)
