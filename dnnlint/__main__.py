"""``python -m dnnlint`` is the command ``dnnlint``."""

from dnnlint.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
