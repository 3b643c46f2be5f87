"""What a script sees of itself while it is watched: tracebacks, warnings and names are those of an unwatched run."""

import logging
import traceback
import warnings
from io import StringIO
from typing import Any

import pytest
import torch
from torch import nn

import dnnlint
from dnnlint.evidence.trace import Gradients


class Wrong(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 3), nn.Linear(5, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(x)
        return out


def in_forward() -> None:
    Wrong()(torch.randn(2, 4))


def in_loss() -> None:
    nn.functional.cross_entropy(torch.randn(4, 3, requires_grad=True), torch.zeros(5, dtype=torch.long))


def in_backward() -> None:
    loss = torch.randn(3, requires_grad=True).exp().sum()
    torch.autograd.backward(loss)
    loss.backward()  # type: ignore[no-untyped-call]


def in_step() -> None:
    weight = nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    optimizer.zero_grad(set_to_none="yes", no_such=1)  # type: ignore[call-arg,arg-type]


def printed(fail: Any) -> list[str]:
    """The tracebacks of a failure, as the ways to print one give them."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.Logger("script")
    logger.addHandler(handler)
    try:
        fail()
    except Exception as error:
        logger.exception("the step failed")
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        return [traceback.format_exc(), stream.getvalue(), *frames]
    raise AssertionError("it did not fail")


@pytest.mark.parametrize("fail", [in_forward, in_loss, in_backward, in_step])
def test_a_traceback_that_the_script_prints_is_as_without_us(fail: Any) -> None:
    plain = printed(fail)
    with dnnlint.probe(select="ALL") as run:
        watched = printed(fail)

    assert watched == plain
    assert run._session is not None and run._session.notes == []
    assert printed(fail) == plain


def test_the_exception_itself_keeps_its_traceback() -> None:
    with dnnlint.probe(select="ALL"):
        try:
            in_backward()
        except RuntimeError as error:
            before = error.__traceback__
            traceback.format_exception(error)
            assert error.__traceback__ is before


def warned(model: nn.Module) -> list[tuple[str, int]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model(torch.randn(2, 4))
        nn.functional.softmax(torch.randn(2, 4))
    return [(warning.filename, warning.lineno) for warning in caught]


@pytest.mark.parametrize("kind", [nn.Softmax, nn.LogSoftmax, nn.Softmin])
@pytest.mark.parametrize("hooked", [False, True])
def test_a_softmax_without_a_dimension_warns_of_the_same_line(kind: Any, hooked: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 4), kind())
    if hooked:
        model[1].register_forward_hook(lambda *_: None)
    plain = warned(model)
    with dnnlint.probe(model, select="ALL"):
        watched = warned(model)

    assert len(plain) == 2
    assert watched == plain


def test_a_function_that_was_imported_while_we_watched_is_torchs_own() -> None:
    net = nn.Linear(4, 1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    own = nn.utils.clip_grad_value_
    with dnnlint.probe(net, optimizer=optimizer, select="ALL") as run:
        from torch.nn.utils import clip_grad_value_

        net(torch.randn(8, 4)).square().mean().backward()
        clip_grad_value_(net.parameters(), 0.1)
        optimizer.step()

    assert clip_grad_value_ is own
    assert run._session is not None
    gradients = run._session.record[Gradients]
    assert isinstance(gradients, Gradients) and gradients.clipped
