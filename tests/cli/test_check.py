"""``dnnlint check`` as a user meets it: what is printed where, and the exit status."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]

BAD = "import torch\nx = 1  # FAULT\n"
GOOD = "import torch\n"


def test_a_finding_is_printed_and_exits_with_1(run: Run) -> None:
    Path("train.py").write_text(BAD)

    status, out, err = run("check", "train.py")

    assert status == 1
    assert out.startswith("train.py:2:10: TST101 lossy-line [error]\nline at fault:\n")
    assert "2 | x = 1  # FAULT\n  |          ^^^^^\n" in out
    assert "= why: It hurts.\n" in out
    assert "= mend: Mend it.\n" in out
    assert "= see: train.py:1:1: stored here\n" in out
    assert "= more: dnnlint rule TST101\n" in out
    assert err == "Found 1 error in 1 file: 1 file checked, 1 of them with training code.\n"


def test_good_code_is_silent_and_exits_with_0(run: Run) -> None:
    Path("train.py").write_text(GOOD)

    assert run("check", "train.py") == (0, "", "")


def test_without_a_path_the_working_directory_is_checked(run: Run) -> None:
    Path("deep").mkdir()
    Path("deep/train.py").write_text(BAD)

    status, out, _ = run("check", "--output-format", "concise")

    assert (status, out) == (1, "deep/train.py:2:10: TST101 line at fault:\n")


def test_json_has_the_promised_keys_in_the_promised_order(run: Run) -> None:
    Path("train.py").write_text(BAD)

    _, out, _ = run("check", "--output-format", "json")

    (item,) = json.loads(out)
    fingerprint = item.pop("fingerprint")
    assert len(fingerprint) == 16
    assert list(item.items()) == [
        ("code", "TST101"),
        ("name", "lossy-line"),
        ("severity", "error"),
        ("message", "line at fault: "),
        ("filename", "train.py"),
        ("location", {"row": 2, "column": 10}),
        ("end_location", {"row": 2, "column": 15}),
        ("cell", None),
        ("source", "static"),
        ("confidence", "high"),
        ("evidence", {"measured": 7.0}),
        ("related", [{"filename": "train.py", "location": {"row": 1, "column": 1}, "message": "stored here"}]),
        ("fix", None),
        ("url", "docs/rules/lossy-line.md"),
    ]


def test_json_of_nothing_is_an_empty_list(run: Run) -> None:
    Path("train.py").write_text(GOOD)

    assert run("check", "--output-format=json", ".")[:2] == (0, "[]\n")


def test_the_environment_chooses_the_format_and_the_option_wins(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("train.py").write_text(BAD)
    monkeypatch.setenv("DNNLINT_OUTPUT_FORMAT", "json")

    assert run("check", "train.py")[1].startswith("[")
    assert run("check", "train.py", "--output-format", "concise")[1].startswith("train.py:")


@pytest.mark.parametrize(
    ("fault", "fail_on", "status"),
    [
        ("FAULT", "error", 1),
        ("FAULT", "never", 0),
        ("FAULT advice", "warning", 0),
        ("FAULT advice", "advice", 1),
    ],
)
def test_fail_on_is_the_least_severity_that_fails(run: Run, fault: str, fail_on: str, status: int) -> None:
    Path("train.py").write_text(f"import torch  # {fault}\n")

    assert run("check", "--select", "TST101", "--fail-on", fail_on)[0] == status


def test_exit_zero_still_prints(run: Run) -> None:
    Path("train.py").write_text(BAD)

    status, out, _ = run("check", "--exit-zero")

    assert status == 0
    assert "TST101" in out


def test_advice_and_doubt_are_shown_only_when_asked_for(run: Run) -> None:
    Path("train.py").write_text("import torch\n# FAULT advice\n# FAULT doubtful\n")

    assert run("check")[:2] == (0, "")
    rows = [line.split()[:2] for line in run("check", "--output-format=concise", "--extend-select=ALL")[1].splitlines()]
    assert [code for _, code in rows] == ["TST101", "TST102", "TST101", "TST102"]


def test_standard_input_goes_by_the_name_it_is_given(run: Run) -> None:
    status, out, _ = run(
        "check", "-", "--stdin-filename", "src/train.py", "--output-format=concise", stdin=BAD.encode()
    )

    assert (status, out) == (1, "src/train.py:2:1: TST101 line at fault:\n")


def test_standard_input_without_a_name_is_a_dash(run: Run) -> None:
    _, out, _ = run("check", "-", stdin=BAD.encode())

    assert out.startswith("-:2:1: ")
    assert "2 | x = 1  # FAULT" in out


def test_an_excluded_name_on_standard_input_is_left_out_when_forced(run: Run) -> None:
    arguments = ("check", "-", "--stdin-filename", "gen/train.py", "--exclude", "gen")

    assert run(*arguments, stdin=BAD.encode())[0] == 1
    assert run(*arguments, "--force-exclude", stdin=BAD.encode())[:2] == (0, "")


def test_quiet_prints_findings_only_and_verbose_names_the_files(run: Run) -> None:
    Path("train.py").write_text(BAD)

    assert run("check", "-q")[2] == ""
    assert "dnnlint: checked train.py (no configuration)\n" in run("check", "-v")[2]


def test_colour_is_put_on_only_where_it_is_wanted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("train.py").write_text(BAD)

    plain = run("check")[1]
    assert "\x1b" not in plain
    assert "\x1b[1;31mTST101 lossy-line\x1b[0m" in run("check", "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("check")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert run("check")[1] == plain
    assert "\x1b[" in run("check", "--color", "always")[1]


def test_options_and_paths_may_be_mixed(run: Run) -> None:
    Path("a.py").write_text(BAD)
    Path("b.py").write_text(BAD)

    _, out, _ = run("check", "b.py", "--output-format", "concise", "a.py", "--select=TST1")

    assert [line.split(":")[0] for line in out.splitlines() if "TST101" in line] == ["a.py", "b.py"]


def test_a_finding_in_an_imported_file_is_reported_once(run: Run) -> None:
    Path("a.py").write_text("import torch  # FAULT in helper.py\n")
    Path("b.py").write_text("import torch  # FAULT in helper.py\n")
    Path("helper.py").write_text("y = 2\n")

    assert run("check", "--output-format", "concise")[1] == "helper.py:1:1: TST101 line at fault: in helper.py\n"


def test_a_finding_in_an_excluded_import_is_not_reported(run: Run) -> None:
    Path("a.py").write_text("import torch  # FAULT in helper.py\n")
    Path("helper.py").write_text("y = 2\n")

    assert run("check", "--extend-exclude", "helper.py")[:2] == (0, "")


def test_files_without_training_are_not_read_at_all(run: Run) -> None:
    Path("train.py").write_text("x = 1  # FAULT\n")

    assert run("check") == (0, "", "")


def test_a_folder_without_python_is_told_but_no_failure(run: Run) -> None:
    Path("empty").mkdir()

    assert run("check", "empty") == (0, "", "dnnlint: warning: no Python files found\n")


def test_notebooks_are_never_called_clean(run: Run) -> None:
    Path("a.ipynb").write_text("{}")
    Path("train.py").write_text(GOOD)

    assert run("check") == (0, "", "dnnlint: warning: notebooks are not read yet, 1 left out\n")
    assert "notebooks are not read yet, 1 left out" in run("check", "a.ipynb")[2]


def test_a_closest_configuration_governs_each_file(run: Run) -> None:
    Path("inner").mkdir()
    for name in ("train.py", "inner/train.py"):
        Path(name).write_text(BAD)
    Path("pyproject.toml").write_text('[tool.dnnlint]\nignore = ["TST101"]\n')
    Path("inner/dnnlint.toml").write_text('extend-select = ["TST102"]\n')

    _, out, _ = run("check", "--output-format", "concise")

    assert [line.split(" ")[:2] for line in out.splitlines()] == [
        ["inner/train.py:2:10:", "TST101"],
        ["inner/train.py:2:10:", "TST102"],
    ]


def test_isolated_and_config_replace_the_closest_configuration(run: Run) -> None:
    Path("train.py").write_text(BAD)
    Path("pyproject.toml").write_text('[tool.dnnlint]\nignore = ["TST101"]\n')
    Path("other.toml").write_text('select = ["TST102"]\noutput-format = "concise"\n')

    assert run("check")[0] == 0
    assert run("check", "--isolated")[0] == 1
    assert run("check", "--config", "other.toml")[1] == "train.py:2:10: TST102 line of poor taste\n"


def test_per_file_ignores_from_both_sides(run: Run) -> None:
    Path("tests").mkdir()
    for name in ("train.py", "tests/train.py"):
        Path(name).write_text(BAD)
    Path("pyproject.toml").write_text('[tool.dnnlint.per-file-ignores]\n"tests/*" = ["lossy-line"]\n')

    assert "tests" not in run("check", "--output-format=concise")[1]
    _, out, _ = run("check", "--output-format=concise", "--per-file-ignores", "!tests/**:TST101,TST002")
    assert out == "tests/train.py:2:10: TST101 line at fault:\n"


def test_fingerprints_survive_lines_that_move(run: Run) -> None:
    Path("train.py").write_text(BAD)
    (before,) = json.loads(run("check", "--output-format=json")[1])
    Path("train.py").write_text("import torch\n\n\nx = 1  # FAULT\n")
    (after,) = json.loads(run("check", "--output-format=json")[1])

    assert before["location"] != after["location"]
    assert before["fingerprint"] == after["fingerprint"]
