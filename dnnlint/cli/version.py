"""The version that is installed."""


def version() -> str:
    """Ask the installed distribution; slow, so only on demand."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("dnnlint")
    except PackageNotFoundError:
        return "unknown (not installed)"
