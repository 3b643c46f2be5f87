"""Parse a file with libcst, or say in one line why that cannot be done; never crash, never hang."""

import re
from typing import TYPE_CHECKING, NoReturn

from dnnlint.script.guard import shape
from dnnlint.script.source import Unparseable, decode_with_encoding
from dnnlint.script.stack import on_large_stack

if TYPE_CHECKING:
    from libcst import Module, ParserSyntaxError

__all__ = ["Unparseable", "parse"]

_PLACE = re.compile(r"error at (\d+):(\d+)")
_BEYOND = "Python accepts this, but libcst cannot parse it"


def parse(data: bytes) -> "Module":
    """Parse the bytes of a source file, or raise Unparseable."""
    text, encoding = decode_with_encoding(data)
    plain = data if encoding == "utf-8" else text.encode()  # the guard reads UTF-8
    if not shape(plain).deep:
        return _parse(text, encoding)
    try:
        return on_large_stack(lambda: _parse(text, encoding))
    except MemoryError as error:
        raise Unparseable("nested too deeply for the memory at hand") from error


def _parse(text: str, encoding: str) -> "Module":
    import libcst

    try:
        if encoding == "utf-8":
            return libcst.parse_module(text)
        return libcst.parse_module(text, libcst.PartialParserConfig(encoding=encoding))
    except libcst.ParserSyntaxError as error:
        _complain(error, text)
    except RecursionError as error:
        raise Unparseable("nested too deeply") from error
    except BaseException as error:
        # A panic of the native parser is derived from BaseException, and its class cannot be imported.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _cpython_error(text) or Unparseable(f"libcst failed: {_one_line(str(error))}") from error
        raise


def _complain(error: "ParserSyntaxError", text: str) -> NoReturn:
    """Raise Unparseable in the words of CPython where it stumbles at the same place."""
    theirs = _cpython_error(text)
    if found := _PLACE.search(error.message):
        row, column = int(found[1]), _token_start(text, int(found[1]), int(found[2]))
        if theirs is None or theirs.row != row:
            theirs = Unparseable("invalid syntax" if theirs else _BEYOND, row, column)
    elif theirs is None:
        reason = error.message.removeprefix("tokenizer error: ").removeprefix("parser error: ")
        theirs = Unparseable(_one_line(reason))  # the tokenizer does not tell where it stumbled
    raise theirs from error


def _cpython_error(text: str) -> Unparseable | None:
    """Return what CPython finds wrong with the text, if anything."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return Unparseable(_one_line(error.msg), error.lineno, error.offset or None)
    except (ValueError, RecursionError, MemoryError):
        return Unparseable("invalid syntax")
    return None


def _token_start(text: str, row: int, end: int) -> int:
    """Return the 1-based column at which the token that ends at a column starts."""
    lines = re.split(r"\r\n?|\n", text)
    line = lines[row - 1] if row <= len(lines) else ""
    found = re.search(r"\w+$", line[:end])
    return found.start() + 1 if found else max(1, end)


def _one_line(text: str) -> str:
    return " ".join(text.split())
