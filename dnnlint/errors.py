"""What the user is told when dnnlint itself cannot go on: one line that names the culprit."""


class DnnlintError(Exception):
    """Base of all errors that end in exit code 2 with one clear line."""


class UsageError(DnnlintError):
    """A path, option or value on the command line is wrong."""


class ConfigError(DnnlintError):
    """A configuration file cannot be read, or says something unknown."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class PackError(DnnlintError):
    """A rule pack cannot be loaded."""

    def __init__(self, pack: str, reason: str) -> None:
        super().__init__(f"rule pack {pack!r}: {reason}")


class RuleError(DnnlintError):
    """A rule is malformed, or failed while it judged."""

    def __init__(self, rule: str, place: str, reason: str) -> None:
        super().__init__(f"rule {rule} ({place}): {reason}")
