"""Findings are on disk as soon as they are made, and a journal that cannot be kept stops nothing."""

import json
import multiprocessing
import os
import re
from pathlib import Path

import pytest

from dnnlint.probe.journal import Journal, default_path

ITEM = {"code": "DNN401", "message": "größer als 1\nzweite Zeile", "evidence": {"measured": 7.1}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def journal(path: str = "run.jsonl") -> tuple[Journal, list[str]]:
    complaints: list[str] = []
    return Journal(path, complaints.append), complaints


def test_every_item_is_a_line(folder: Path) -> None:
    book, complaints = journal()

    assert book.open(in_cache=False)
    assert Path("run.jsonl").read_text() == ""
    book.write([ITEM])
    assert [json.loads(line) for line in Path("run.jsonl").read_text().splitlines()] == [ITEM]
    book.write([ITEM, ITEM])
    assert len(Path("run.jsonl").read_text().splitlines()) == 3
    assert complaints == []


def test_the_script_may_change_the_working_directory(folder: Path) -> None:
    book, _ = journal()
    book.open(in_cache=False)
    (folder / "elsewhere").mkdir()

    os.chdir("elsewhere")
    book.write([ITEM])

    assert (folder / "run.jsonl").read_text() != ""


def test_a_file_that_is_there_is_added_to() -> None:
    Path("run.jsonl").write_text("{}\n")
    book, _ = journal()

    book.open(in_cache=False)
    book.write([ITEM])

    assert len(Path("run.jsonl").read_text().splitlines()) == 2


def test_every_run_has_a_file_of_its_own_in_the_cache() -> None:
    path = default_path("/somewhere/train.py")
    book, complaints = journal(path)

    assert re.fullmatch(rf"\.dnnlint_cache/probe/train-\d{{8}}-\d{{6}}-{os.getpid()}\.jsonl", path)
    assert book.open(in_cache=True)
    assert Path(".dnnlint_cache/.gitignore").read_text() == "*\n"
    assert Path(".dnnlint_cache/CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert complaints == []


def test_what_already_stands_in_the_cache_is_left_alone() -> None:
    Path(".dnnlint_cache").mkdir()
    Path(".dnnlint_cache/.gitignore").write_text("probe\n")

    journal(default_path("train.py"))[0].open(in_cache=True)

    assert Path(".dnnlint_cache/.gitignore").read_text() == "probe\n"


def test_a_folder_that_cannot_be_made_is_told_once(folder: Path) -> None:
    Path(".dnnlint_cache").write_text("a file")
    book, complaints = journal(default_path("train.py"))

    assert not book.open(in_cache=True)
    book.write([ITEM])

    (complaint,) = complaints
    assert complaint.startswith("warning: findings are not kept while the script runs: ")
    assert complaint.endswith(("Not a directory", "File exists"))


def test_a_file_that_cannot_be_written_is_told_once(folder: Path) -> None:
    book, complaints = journal()
    book.open(in_cache=False)
    Path("run.jsonl").unlink()
    Path("run.jsonl").mkdir()

    book.write([ITEM])
    book.write([ITEM])

    assert complaints == [
        f"warning: findings are not kept while the script runs: {folder / 'run.jsonl'}: Is a directory"
    ]


def test_a_forked_child_never_writes() -> None:
    book, complaints = journal()
    book.open(in_cache=False)
    child = multiprocessing.get_context("fork").Process(target=book.write, args=([ITEM],))
    child.start()
    child.join()

    assert child.exitcode == 0
    assert Path("run.jsonl").read_text() == ""
    assert complaints == []


def test_no_file_stays_open() -> None:
    before = os.open(os.devnull, os.O_RDONLY)
    os.close(before)
    book, _ = journal()
    book.open(in_cache=False)
    book.write([ITEM])
    after = os.open(os.devnull, os.O_RDONLY)
    os.close(after)

    assert after == before
