"""Discovery finds what the paths name, once each, in a fixed order, and never loops or forgets."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dnnlint.errors import UsageError
from dnnlint.script import ignores
from dnnlint.script.discover import Discovery, discover


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(*names: str, text: str = "") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def git(*arguments: str) -> None:
    subprocess.run(["git", "-c", "init.defaultBranch=main", *arguments], check=True, capture_output=True)


def found(
    *paths: str, excluded: Callable[[str], bool] = lambda _: False, gitignore: bool = True, force: bool = False
) -> Discovery:
    return discover(paths or (".",), excluded, lambda _: gitignore, force)


def names(discovery: Discovery) -> list[str]:
    return [os.path.relpath(path) for path in discovery.files]


def test_folders_are_searched_for_python_files_in_a_fixed_order() -> None:
    write("b.py", "a/z.py", "a/b/c.py", "a.txt", "a/data.pyc", "a/n.ipynb", "stub.pyi")

    assert names(found()) == ["a/b/c.py", "a/z.py", "b.py"]
    assert [os.path.relpath(path) for path in found().notebooks] == ["a/n.ipynb"]


def test_a_file_is_taken_as_it_is_named() -> None:
    write("script", "data.txt", "deep/x.py")

    assert names(found("script", "data.txt", "deep/x.py")) == ["data.txt", "deep/x.py", "script"]


def test_each_file_is_read_once_however_it_is_named(folder: Path) -> None:
    write("a/x.py")
    Path("link.py").symlink_to("a/x.py")
    Path("other").symlink_to("a")

    assert names(found("a", "./a/x.py", str(folder / "a"), "a/../a/x.py", "link.py", "other")) == ["a/x.py"]


def test_a_folder_without_python_gives_nothing() -> None:
    Path("empty").mkdir()

    assert found("empty") == Discovery((), (), ())


def test_a_missing_path_is_wrong_usage() -> None:
    write("train.py")

    with pytest.raises(UsageError, match=r"no such file or directory: 'tain\.py', did you mean 'train\.py'\?"):
        found("tain.py")


def test_links_to_folders_are_not_followed_so_a_loop_ends() -> None:
    write("a/x.py")
    Path("a/self").symlink_to(".")
    Path("a/up").symlink_to("..")

    assert names(found()) == ["a/x.py"]
    assert names(found("a/self")) == ["a/self/x.py"]


def test_links_that_lead_nowhere_are_told() -> None:
    Path("loop.py").symlink_to("loop.py")
    Path("gone.py").symlink_to("nothing.py")
    Path(".#lock.py").symlink_to("user@host.123")

    told = [(os.path.basename(path), why) for path, why in found().broken]

    assert told == [("gone.py", "no such file or directory"), ("loop.py", "too many levels of symbolic links")]
    assert [os.path.basename(path) for path, _ in found("loop.py", "gone.py").broken] == ["gone.py", "loop.py"]


def test_a_folder_that_cannot_be_listed_is_told(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    write("a/x.py", "b/y.py")
    scandir = os.scandir

    def refuse(path: str) -> object:  # a superuser may list everything, so that the refusal is played
        if path == str(folder / "a"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)

    assert names(found()) == ["b/y.py"]
    assert found().broken == ((str(folder / "a"), "permission denied"),)


def test_only_regular_files_are_found_in_folders() -> None:
    os.mkfifo("pipe.py")
    Path("folder.py").mkdir()
    write("folder.py/x.py")

    assert names(found()) == ["folder.py/x.py"]


def test_excluded_folders_are_not_entered_but_named_ones_are() -> None:
    write("build/x.py", "build/build/y.py", "src/z.py")

    def excluded(path: str) -> bool:
        return os.path.basename(path) == "build"

    assert names(found(excluded=excluded)) == ["src/z.py"]
    assert names(found("build", excluded=excluded)) == ["build/x.py"]
    assert names(found("build/x.py", "build/build/y.py", excluded=excluded)) == ["build/build/y.py", "build/x.py"]
    assert names(found("build", "build/x.py", "src", excluded=excluded, force=True)) == ["src/z.py"]


IGNORING = {
    ".gitignore": "*.log.py\nout/\n/top.py\n!out/\n[z-a]\nskip/\n",
    "sub/.gitignore": "*\n!keep.py\n!deep/\n",
    "sub/deep/.gitignore": "!back.py\n*cache\n",
}
TREE = [
    "top.py",
    "sub/top.py",
    "sub/keep.py",
    "sub/deep/back.py",
    "sub/deep/x.py",
    "a.log.py",
    "out/x.py",
    "plain.py",
    "sub/deep/acache/x.py",
    "skip/x.py",
]


def ignoring_tree() -> None:
    write(*TREE)
    for name, text in IGNORING.items():
        write(name, text=text)


def test_what_git_ignores_is_left_out() -> None:
    ignoring_tree()
    git("init")

    assert names(found()) == ["out/x.py", "plain.py", "sub/deep/back.py", "sub/keep.py"]
    assert names(found("sub")) == ["sub/deep/back.py", "sub/keep.py"]
    assert names(found("top.py")) == ["top.py"]
    assert len(names(found(gitignore=False))) == len(TREE)


@pytest.mark.parametrize("within", [False, True], ids=["outside of a repository", "where git is missing"])
def test_ignore_files_are_heard_without_git(within: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ignoring_tree()
    if within:
        git("init")
        monkeypatch.setattr(ignores, "_git", lambda *_: None)

    assert names(found()) == ["out/x.py", "plain.py", "sub/deep/back.py", "sub/keep.py"]


def test_ignore_files_above_the_folder_are_heard_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    ignoring_tree()
    git("init")
    monkeypatch.setattr(ignores, "_git", lambda *_: None)

    assert names(found("sub")) == ["sub/deep/back.py", "sub/keep.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_an_ignored_folder_is_searched_when_it_is_named(with_git: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    write(".gitignore", text="out/\n*.gen.py\n")
    write("out/x.py", "out/deep/y.py", "out/z.gen.py")
    git("init")
    if not with_git:
        monkeypatch.setattr(ignores, "_git", lambda *_: None)

    assert names(found()) == []
    assert names(found("out"))[:2] == ["out/deep/y.py", "out/x.py"]


def test_tracked_files_are_read_even_if_they_are_ignored_and_deleted_ones_are_not() -> None:
    write("a.py", "b.py")
    git("init")
    git("add", "a.py", "b.py")
    write(".gitignore", text="*.py\n")
    Path("b.py").unlink()

    assert names(found()) == ["a.py"]


def test_a_repository_inside_another_is_searched_too() -> None:
    write("x.py", "inner/y.py", "inner/z.py")
    write("inner/.gitignore", text="z.py\n")
    git("init")
    git("-C", "inner", "init")

    assert names(found()) == ["inner/y.py", "x.py"]


def test_the_variables_of_a_git_hook_do_not_mislead(monkeypatch: pytest.MonkeyPatch) -> None:
    write("a/x.py", "b/y.py")
    git("-C", "a", "init")
    monkeypatch.setenv("GIT_DIR", "/nowhere/.git")

    assert names(found()) == ["a/x.py", "b/y.py"]


def test_odd_names_survive(folder: Path) -> None:
    odd = [b"sp ace.py", b"new\nline.py", b"caf\xe9.py", "宽.py".encode()]
    for name in odd:
        (folder / os.fsdecode(name)).write_text("")
    plain = sorted(os.fsencode(os.path.basename(path)) for path in found().files)
    git("init")

    assert plain == sorted(odd)
    assert sorted(os.fsencode(os.path.basename(path)) for path in found().files) == sorted(odd)
