"""Messages between processes, and gradients written by hand."""

from typing import NamedTuple

from dnnlint.diagnostic import Place


class Communication(NamedTuple):
    """A message between processes that is under way when its call returns."""

    place: Place
    call: str  # the function, as in isend
    name: str  # the variable that holds the request, "" if none does
    waited: bool  # somebody has the request and can wait for it


class CustomGradient(NamedTuple):
    """What a backward of a ``torch.autograd.Function`` returns."""

    place: Place  # the return, or the method where that cannot be told
    forward: Place
    name: str  # the class
    gradients: int  # returned here
    least: int  # inputs of forward that every call gives
    most: int  # and with those that have a default
