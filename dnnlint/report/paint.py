"""Styled text as (text, style) pairs; colour is put on last, and only where it is wanted."""

import os
from collections.abc import Iterable, Mapping
from typing import IO

Segment = tuple[str, str]  # a text and a rich style, "" for none

SEVERITY_STYLES = {"error": "bold red", "warning": "bold yellow", "advice": "bold cyan"}


def wants_colour(choice: str, stream: IO[str], environment: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour a stream: the option decides, then NO_COLOR, FORCE_COLOR and the terminal."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return environment.get("TERM") != "dumb" and stream.isatty()


def joined(segments: Iterable[Segment], colour: bool) -> str:
    """One text, with escape codes only if colour is on."""
    if not colour:
        return "".join(text for text, _ in segments)
    # styles without a console: its markup, wrapping, emoji and highlighting would all spoil code
    from rich.color import ColorSystem
    from rich.style import Style

    return "".join(
        Style.parse(style).render(text, color_system=ColorSystem.STANDARD) if style and text.strip() else text
        for text, style in segments
    )


def one_line(text: str) -> str:
    """A text on a single line, without anything that a terminal would obey."""
    return "".join(map(visible, " ".join(text.split())))


def visible(character: str) -> str:
    """A control character as its picture, so that it is seen and takes one column."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if 0x7F <= code < 0xA0 or code in _BIDIRECTIONAL:
        return "\N{SYMBOL FOR DELETE}" if code == 0x7F else "\N{REPLACEMENT CHARACTER}"
    return character


_BIDIRECTIONAL = frozenset((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))  # would reorder the line around them
