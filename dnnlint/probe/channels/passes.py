"""Passes: in which mode, and whether with gradients, whole networks were called."""

import weakref

from torch import nn

from dnnlint.evidence.trace import ForwardPass, Layer, Passes
from dnnlint.evidence.vocabulary import MODE_DEPENDENT
from dnnlint.probe.channel import Channel
from dnnlint.probe.happenings import Call
from dnnlint.probe.layers import op_of, unwrapped
from dnnlint.probe.sites import Mark
from dnnlint.probe.stage import Stage

_KEPT = 2_000  # calls
_DEPENDENT = MODE_DEPENDENT | {"recurrent", "attention"}  # these by the dropout inside of them


class PassesChannel(Channel):
    """Hears each call of an outermost module."""

    record = Passes

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self._calls: list[tuple[Call, nn.Module, tuple[nn.Module, ...], Mark | None]] = []
        self._known: dict[int, tuple[int, weakref.ref[nn.Module], list[nn.Module]]] = {}  # by root: its candidates

    def forward_ends(self, call: Call, output: object) -> None:
        """Note the modes of the layers that depend on them."""
        if len(self._calls) >= _KEPT:
            return
        wrong = call.grad is False  # without gradients, training mode is the wrong one
        dependent = tuple(
            module for module in self._candidates(call.root) if module.training is wrong and is_dependent(module)
        )
        network = unwrapped(call.root)
        called = self.stage.eval_calls.get(id(call.root)) or self.stage.eval_calls.get(id(network))
        self._calls.append((call, network, dependent, called))

    def _candidates(self, root: nn.Module) -> list[nn.Module]:
        """Modules that may depend on their mode; looked for anew when a module was met that was not known before."""
        met = self.stage.layers.count
        known = self._known.get(id(root))
        if known is None or known[0] != met or known[1]() is not root:
            found = [module for module in root.modules() if op_of(module) in _DEPENDENT]
            known = self._known[id(root)] = met, weakref.ref(root), found
        return known[2]

    def told(self) -> Passes:
        """All calls so far."""
        held = {id(parameter) for stepper in self.stage.steppers if stepper.steps for parameter in stepper.parameters()}
        return Passes(tuple(self._one(*noted, held) for noted in self._calls))

    def _one(
        self, call: Call, network: nn.Module, dependent: tuple[nn.Module, ...], was_eval: Mark | None, held: set[int]
    ) -> ForwardPass:
        layer: Layer = self.stage.layer(network)
        return ForwardPass(
            network=layer.kind,
            built=layer.built,
            called=self.stage.site(call.called),
            step=call.step,
            training=call.training,
            grad=call.grad,
            backward=call.backward,
            optimized=any(id(parameter) in held for parameter in network.parameters()),
            dependent=tuple(map(self.stage.layer, dependent)),
            frozen=tuple(_is_frozen(module) for module in dependent),
            was_eval=None if was_eval is None else self.stage.site(was_eval),
        )


def is_dependent(module: nn.Module) -> bool:
    """Whether a layer behaves differently in training and in evaluation mode."""
    if op_of(module) not in MODE_DEPENDENT:
        inner = getattr(module, "dropout", 0.0)
        return op_of(module) in ("recurrent", "attention") and isinstance(inner, float) and inner > 0
    if op_of(module) == "dropout":
        return bool(getattr(module, "p", 1.0))
    return True


def _is_frozen(module: nn.Module) -> bool:
    parameters = list(module.parameters(recurse=False))
    return bool(parameters) and not any(parameter.requires_grad for parameter in parameters)
