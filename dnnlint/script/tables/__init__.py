"""What libraries do, as plain data: the static wing never imports torch, so it looks things up here.

One table a file, keyed by the canonical dotted name ("torch.nn.functional.relu") unless the file says otherwise.
A name that stands in no table is unknown, and unknown never becomes a guess.
"""


def words(text: str) -> tuple[str, ...]:
    """Names separated by blanks: long lists read better as prose than as quotes and commas."""
    return tuple(text.split())


def inverted(groups: dict[str, str], prefix: str = "") -> dict[str, str]:
    """Turn {kind: "name name ..."} into {prefix + name: kind}."""
    return {prefix + name: kind for kind, names in groups.items() for name in names.split()}
