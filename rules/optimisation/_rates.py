"""What the rules about learning rates share."""

from collections.abc import Iterator

from dnnlint.evidence.script import OptimizerSetting, Rate


def judged(setting: OptimizerSetting) -> Iterator[Rate]:
    """The rates that hold from the first step on, of networks that are no toys."""
    if setting.family and not setting.rescaled and not setting.toy:
        yield from setting.rates
