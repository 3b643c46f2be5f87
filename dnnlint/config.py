"""``[tool.dnnlint]`` to frozen settings: the closest file wins, nothing is merged, nothing is guessed."""

import os
import re
from collections.abc import Callable
from typing import Any

from dnnlint.errors import ConfigError
from dnnlint.globs import Glob
from dnnlint.settings import FAIL_ON, OUTPUT_FORMATS, Choice, Settings, config_files, default_settings, file_ignore


def find_settings(directory: str) -> Settings | None:
    """Read the configuration file of a folder itself, if it has one that speaks of dnnlint."""
    for path in config_files(directory):
        if (table := _table(path)) is not None:
            return read_settings(path, table, directory)
    return None


def load_settings(path: str) -> Settings:
    """Read the file of ``--config``; its patterns count from the working directory."""
    table = _table(path)
    if table is None:
        raise ConfigError(path, "has no [tool.dnnlint] table")
    return read_settings(path, table, os.getcwd())


def _table(path: str) -> Any:
    """The table that speaks of dnnlint, or None; TOML is only parsed where its name occurs."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ConfigError(path, f"cannot be read ({error.strerror or error})") from error
    shared = os.path.basename(path) == "pyproject.toml"
    if shared and not _may_speak_of_us(data):
        return None
    content = _parse(path, data)
    tool = content.get("tool", {})
    ours = tool.get("dnnlint") if isinstance(tool, dict) else None
    return ours if shared or ours is not None else content


def _may_speak_of_us(data: bytes) -> bool:
    head = rb"^[ \t]*(?:tool\b|\[[ \t]*[\"']?tool[\"']?[ \t]*(?:\]|\.[ \t]*[\"']?dnnlint))"
    return b"dnnlint" in data and re.search(head, data, re.MULTILINE) is not None


def _parse(path: str, data: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(path, "is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, f"is not valid TOML: {error}") from error


def read_settings(path: str, table: Any, root: str) -> Settings:
    """Turn a parsed table into settings, or say which key is wrong and why."""
    if not isinstance(table, dict):
        raise ConfigError(path, f"tool.dnnlint: expected a table, got {_kind(table)}")
    values = {key: _value(path, key, value) for key, value in table.items()}
    choice = Choice(values.get("select"), values.get("extend-select", ()), values.get("ignore", ()), path)
    plain = ("fail-on", "output-format", "respect-gitignore", "force-exclude", "cache-dir", "rules")
    settings = default_settings()._replace(
        source=path,
        choices=(choice,),
        extend_exclude=tuple(Glob(pattern, root) for pattern in values.get("extend-exclude", ())),
        per_file_ignores=tuple(
            file_ignore(pattern, selectors, root, path)
            for pattern, selectors in values.get("per-file-ignores", {}).items()
        ),
        **{key.replace("-", "_"): values[key] for key in plain if key in values},
    )
    if "exclude" not in values:
        return settings
    return settings._replace(exclude=tuple(Glob(pattern, root) for pattern in values["exclude"]))


def _value(path: str, key: str, value: Any) -> Any:
    from dnnlint.suggest import nearest

    reader = KEYS.get(key)
    if reader is None:
        raise ConfigError(path, f"unknown key {key!r}{nearest(key, KEYS)}")
    try:
        return reader(value)
    except ValueError as error:
        raise ConfigError(path, f"{key}: {error}") from error


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(f"expected a list of strings, got {_kind(value)}")
    for item in value:
        if not isinstance(item, str):
            raise ValueError(f"expected a list of strings, got {_kind(item)} in it")
    return tuple(value)


def _string(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"expected a string, got {_kind(value) if value != '' else 'an empty one'}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {_kind(value)}")
    return value


def _one_of(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        from dnnlint.suggest import nearest

        if not isinstance(value, str):
            raise ValueError(f"expected a string, got {_kind(value)}")
        if value not in choices:
            raise ValueError(f"{value!r} is none of {', '.join(choices)}{nearest(value, choices)}")
        return value

    return read


def _globs_to_selectors(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a table of patterns, got {_kind(value)}")
    return {pattern: _named(pattern, _strings, item) for pattern, item in value.items()}


def _rule_options(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a table of rules, got {_kind(value)}")
    return {rule: _named(rule, _options, item) for rule, item in value.items()}


def _options(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"expected a table of options, got {_kind(value)}")
    return value


def _named(name: str, read: Callable[[Any], Any], value: Any) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{name!r}: {error}") from error


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


KEYS: dict[str, Callable[[Any], Any]] = {
    "select": _strings,
    "extend-select": _strings,
    "ignore": _strings,
    "exclude": _strings,
    "extend-exclude": _strings,
    "force-exclude": _flag,
    "per-file-ignores": _globs_to_selectors,
    "respect-gitignore": _flag,
    "fail-on": _one_of(FAIL_ON),
    "output-format": _one_of(OUTPUT_FORMATS),
    "cache-dir": _string,
    "rules": _rule_options,
}
