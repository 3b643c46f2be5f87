"""Settings: everything that can be configured, and which of them govern a folder."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dnnlint.globs import Glob, any_of

FAIL_ON = ("error", "warning", "advice", "never")
OUTPUT_FORMATS = ("full", "concise", "json")
FILE_NAMES = (".dnnlint.toml", "dnnlint.toml", "pyproject.toml")
EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pixi",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "build",
    "buck-out",
    "dist",
    "lightning_logs",
    "mlruns",
    "node_modules",
    "outputs",
    "site-packages",
    "venv",
    "wandb",
)


class Choice(NamedTuple):
    """What one source (a configuration file, the command line) says about which rules are on."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    source: str = ""  # the configuration file; empty for the command line


class FileIgnore(NamedTuple):
    """Rules that are off in the files of a pattern."""

    glob: Glob
    negated: bool
    selectors: tuple[str, ...]
    source: str


class Settings(NamedTuple):
    """Everything that can be configured, for one folder."""

    source: str = ""  # the file these come from
    choices: tuple[Choice, ...] = ()
    exclude: tuple[Glob, ...] = ()
    extend_exclude: tuple[Glob, ...] = ()
    per_file_ignores: tuple[FileIgnore, ...] = ()
    fail_on: str = "warning"
    output_format: str = "full"
    respect_gitignore: bool = True
    force_exclude: bool = False
    cache_dir: str | None = None  # relative to the file that says so
    rules: Mapping[str, Mapping[str, Any]] = {}  # options of single rules, by code or name

    @property
    def names_rules(self) -> bool:
        """Whether any rule is spoken of, so that its name has to be checked."""
        chosen = any(choice.select is not None or choice.extend_select or choice.ignore for choice in self.choices)
        return chosen or bool(self.per_file_ignores or self.rules)


def config_files(directory: str) -> list[str]:
    """Files of a folder that may hold settings, the first to be asked first."""
    paths = [os.path.join(directory, name) for name in FILE_NAMES]
    return [path for path in paths if os.path.isfile(path)]


def default_settings() -> Settings:
    """Settings of a folder that no configuration file governs."""
    return Settings(exclude=tuple(Glob(name, "/") for name in EXCLUDE))


def file_ignore(pattern: str, selectors: tuple[str, ...], root: str, source: str) -> FileIgnore:
    """Read one entry of ``per-file-ignores``; ``!pattern`` means every other file."""
    negated = pattern.startswith("!")
    return FileIgnore(Glob(pattern[negated:], root), negated, selectors, source)


class Overrides(NamedTuple):
    """What the command line says over whatever the configuration says; None leaves it as it is."""

    choice: Choice = Choice()
    exclude: tuple[Glob, ...] | None = None
    extend_exclude: tuple[Glob, ...] = ()
    per_file_ignores: tuple[FileIgnore, ...] | None = None
    fail_on: str | None = None
    output_format: str | None = None
    respect_gitignore: bool | None = None
    force_exclude: bool | None = None

    def over(self, settings: Settings) -> Settings:
        """Settings with these on top; exclusions add up, everything else replaces."""
        plain = ("exclude", "per_file_ignores", "fail_on", "output_format", "respect_gitignore", "force_exclude")
        given = {field: getattr(self, field) for field in plain if getattr(self, field) is not None}
        return settings._replace(
            choices=(*settings.choices, self.choice),
            extend_exclude=settings.extend_exclude + self.extend_exclude,
            **given,
        )


NO_OVERRIDES = Overrides()


class Governor:
    """Finds the settings of a folder: those of the closest configuration file at or above it."""

    def __init__(self, overrides: Overrides = NO_OVERRIDES, config: str | None = None, isolated: bool = False) -> None:
        self._overrides = overrides
        self._found: dict[str, Settings] = {}
        self._excluded: dict[str, Callable[[str], bool]] = {}
        self._fixed: Settings | None = None
        if isolated:
            self._fixed = overrides.over(default_settings())
        elif config is not None:
            from dnnlint.config import load_settings

            self._fixed = overrides.over(load_settings(config))

    def at(self, directory: str) -> Settings:
        """Settings that govern the files of an absolute folder."""
        if self._fixed is not None:
            return self._fixed
        if directory not in self._found:
            self._found[directory] = self._find(directory)
        return self._found[directory]

    def excludes(self, path: str) -> bool:
        """Whether a path itself is excluded; its parents are not asked."""
        settings = self.at(os.path.dirname(path))
        if settings.source not in self._excluded:
            self._excluded[settings.source] = any_of((*settings.exclude, *settings.extend_exclude))
        return self._excluded[settings.source](path)

    def _find(self, directory: str) -> Settings:
        if config_files(directory):
            from dnnlint.config import find_settings

            own = find_settings(directory)
            if own is not None:
                return self._overrides.over(own)
        parent = os.path.dirname(directory)
        return self._overrides.over(default_settings()) if parent == directory else self.at(parent)
