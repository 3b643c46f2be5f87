"""Bytes become text by the rules of PEP 263, or a one-line reason with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnlint.script.source import MAX_BYTES, Unparseable, decode, decode_with_encoding, mentions_framework

LATIN = "# -*- coding: latin-1 -*-\nx = 'é'\n"


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        (b"x = 1\r\ny = 2\r", "x = 1\r\ny = 2\r", "utf-8"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n", "utf-8-sig"),
        (b"\xef\xbb\xbf# coding: utf8\nx = 1\n", "# coding: utf8\nx = 1\n", "utf-8-sig"),
        (LATIN.encode("latin-1"), LATIN, "iso8859-1"),
        (
            b"#!/usr/bin/python\r# coding=cp1252\rx = '\x80'\r",
            "#!/usr/bin/python\r# coding=cp1252\rx = '€'\r",
            "cp1252",
        ),
        (
            "\n# vim: set fileencoding=UTF-8 :\nx = 'é'\n".encode(),
            "\n# vim: set fileencoding=UTF-8 :\nx = 'é'\n",
            "utf-8",
        ),
        (b"x = 1\n# coding: latin-1\n", "x = 1\n# coding: latin-1\n", "utf-8"),
        (b"\n\n# coding: nonsense\n", "\n\n# coding: nonsense\n", "utf-8"),
    ],
)
def test_text_is_decoded_as_declared(data: bytes, text: str, encoding: str) -> None:
    assert decode_with_encoding(data) == (text, encoding)


@pytest.mark.parametrize(
    ("data", "reason", "row", "column"),
    [
        (b"x = 1\ny = '\xff'\n", "not utf-8 text: byte 0xff", 2, 6),
        ("é = 'a'; b = ".encode() + b"\xe9\n", "not utf-8 text: byte 0xe9", 1, 14),
        (b"\xef\xbb\xbf\xff", "not utf-8 text: byte 0xff", 1, 1),
        (b"x = '\xc3", "not utf-8 text: byte 0xc3", 1, 6),
        (b"x\r\xff", "not utf-8 text: byte 0xff", 2, 1),
        (b"x = 1\n\ny\0\n", "binary data: holds a NUL byte", 3, 2),
        (b"\x7fELF\x02\x01\x01\0\0", "binary data: holds a NUL byte", 1, 8),
        (
            "x = 1\n".encode("utf-16"),
            "UTF-16 or UTF-32 text, Python source must be UTF-8 or declare its encoding",
            1,
            1,
        ),
        (b"# coding: klingon\n", "unknown encoding: klingon", 1, 1),
        (b"#!python\n# coding: rot13\n", "not a text encoding: rot13", 2, 1),
        (b"# coding: zlib\n", "not a text encoding: zlib", 1, 1),
        (b"\xef\xbb\xbf# coding: latin-1\n", "declares latin-1 but starts with the mark of UTF-8", 1, 1),
        (b"# coding: undefined\n", "cannot be decoded as undefined", 1, 1),
        (b"# coding: unicode_escape\nx = '\\ud800'\n", "cannot be decoded as unicode-escape", 1, 1),
        (b"#" * (MAX_BYTES + 1), "too large: 4,194,305 bytes, at most 4,194,304 are read", None, None),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(
    data: bytes, reason: str, row: int | None, column: int | None
) -> None:
    with pytest.raises(Unparseable) as caught:
        decode(data)
    assert (caught.value.reason, caught.value.row, caught.value.column) == (reason, row, column)
    assert str(caught.value) == reason


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        decode(data).encode()
    except Unparseable as error:
        assert error.reason and "\n" not in error.reason


@settings(deadline=None)
@given(
    st.from_regex(rb"(\xef\xbb\xbf)?[ \t\f]*#.{0,5}coding[:=] ?[a-z0-9_-]{2,12}\n", fullmatch=True),
    st.binary(max_size=40),
)
def test_any_declared_encoding_is_decoded_or_refused(first: bytes, rest: bytes) -> None:
    try:
        decode(first + rest).encode()
    except Unparseable as error:
        assert error.row is not None


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=200))
def test_utf_8_text_comes_back_unchanged(text: str) -> None:
    assert decode(b"\n\n" + text.encode()) == "\n\n" + text


@pytest.mark.parametrize(
    "data",
    [
        b"import torch\n",
        b"from torchvision import models",
        b"import pytorch_lightning as pl",
        b"import os\nfrom lightning.fabric import Fabric",
        b"import numpy, timm\n",
        b"    from transformers import Trainer\n",
        b"from skorch import NeuralNetClassifier",
        b"from fastai.vision.all import *",
        b"import ignite.engine",
        b"from accelerate import Accelerator",
    ],
)
def test_pytorch_and_the_frameworks_upon_it_are_noticed(data: bytes) -> None:
    assert mentions_framework(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"import sklearn\nimport numpy as np\n",
        b"# lightning fast transformers accelerate\nimport os  # not timm\n",
        b"accelerate = 3\nimport electric\n",
        b"from keras import layers\n",
    ],
)
def test_other_code_is_not_noticed(data: bytes) -> None:
    assert not mentions_framework(data)
