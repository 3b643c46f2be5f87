"""From the bytes of a file to text, or to one line that says why it is no Python source."""

import os
import re

MAX_BYTES = 4 * 1024 * 1024  # libcst takes half a gigabyte for each megabyte of plain code

# Words of the PyTorch family; "torch" alone also covers torchvision, pytorch_lightning and the like.
_OTHER_FRAMEWORKS = (b"lightning", b"accelerate", b"timm", b"transformers", b"skorch", b"fastai", b"ignite")
# Patterns that few files need are left as text: compiling them would cost each start a millisecond.
_IMPORTED = rb"\b(?:import|from)[ \t]+[^\n\r#]*\b(?:lightning|accelerate|timm|transformers|skorch|fastai|ignite)\b"
_HEADS = rb"(?m)^[ \t]*(?:from|import)[ \t]+(\w+)"
_COOKIE = rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"
_BLANK = rb"[ \t\f]*(?:#|$)"
_NEWLINE = re.compile(rb"\r\n?|\n")
_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")


class Unparseable(Exception):  # noqa: N818
    """A file that cannot be read as Python: one line of reason and, where known, its 1-based place."""

    def __init__(self, reason: str, row: int | None = None, column: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.row = row
        self.column = column


def mentions_framework(data: bytes) -> bool:
    """Tell whether the file can have anything to do with PyTorch or a framework upon it."""
    if b"torch" in data:
        return True
    return any(word in data for word in _OTHER_FRAMEWORKS) and re.search(_IMPORTED, data) is not None


def beside(path: str, data: bytes) -> list[str]:
    """Where the modules that a script imports would lie if they lay beside it."""
    folder = os.path.dirname(path)
    names = dict.fromkeys(re.findall(_HEADS, data))
    stems = [os.path.join(folder, os.fsdecode(name)) for name in names]
    return [file for stem in stems for file in (stem + ".py", os.path.join(stem, "__init__.py"))]


def neighbours(path: str, data: bytes) -> list[str]:
    """Files beside a script that its imports name: a launcher trains through them without a word of torch."""
    return [file for file in beside(path, data) if os.path.isfile(file)]


def decode(data: bytes) -> str:
    """Turn the bytes of a source file into text without its byte order mark, or raise Unparseable."""
    return decode_with_encoding(data)[0]


def decode_with_encoding(data: bytes) -> tuple[str, str]:
    """Return the text of a source file and the encoding it was written in, as PEP 263 rules it."""
    _refuse_what_is_no_text(data)
    marked = data.startswith(_BOM)
    data = data.removeprefix(_BOM)
    encoding, row = _declared_encoding(data, marked)
    try:
        text = data.decode(encoding)
        if encoding != "utf-8":
            text.encode()  # some codecs make lone surrogates, which no parser takes
    except UnicodeDecodeError as error:
        raise Unparseable(f"not {encoding} text{_byte_at(data, error.start)}", *_place(data, error.start)) from error
    except (UnicodeError, LookupError, ValueError) as error:
        raise Unparseable(f"cannot be decoded as {encoding}", row, 1) from error
    return text, "utf-8-sig" if marked else encoding


def _refuse_what_is_no_text(data: bytes) -> None:
    if len(data) > MAX_BYTES:
        raise Unparseable(f"too large: {len(data):,} bytes, at most {MAX_BYTES:,} are read")
    if data.startswith(_WIDE_BOMS):
        raise Unparseable("UTF-16 or UTF-32 text, Python source must be UTF-8 or declare its encoding", 1, 1)
    nul = data.find(b"\0")
    if nul >= 0:
        raise Unparseable("binary data: holds a NUL byte", *_place(data, nul))


def _declared_encoding(data: bytes, marked: bool) -> tuple[str, int]:
    """Return the encoding that the first two lines declare, and the row that declares it."""
    head = data[:4096]
    if b"coding" not in head:
        return "utf-8", 1
    for row, line in enumerate(_NEWLINE.split(head, maxsplit=2)[:2], start=1):
        if found := re.match(_COOKIE, line):
            return _known(found[1].decode("latin-1"), row, marked), row
        if not re.match(_BLANK, line):
            break
    return "utf-8", 1


def _known(name: str, row: int, marked: bool) -> str:
    import codecs

    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError) as error:
        raise Unparseable(f"unknown encoding: {name}", row, 1) from error
    # Without this test a codec such as zlib or rot13 would be run on the file.
    if not getattr(codec, "_is_text_encoding", True):
        raise Unparseable(f"not a text encoding: {name}", row, 1)
    if marked and codec.name != "utf-8":
        raise Unparseable(f"declares {name} but starts with the mark of UTF-8", row, 1)
    return codec.name


def _byte_at(data: bytes, offset: int) -> str:
    return f": byte 0x{data[offset]:02x}" if offset < len(data) else ""


def _place(data: bytes, offset: int) -> tuple[int, int]:
    """Return the 1-based row and column of a byte, counting characters as far as they can be decoded."""
    lines = _NEWLINE.split(data[:offset])
    return len(lines), len(lines[-1].decode("utf-8", errors="replace")) + 1
