"""The nearest right word, for errors about a wrong one."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Say ``, did you mean 'x'?`` if a known word is close, else nothing."""
    from difflib import get_close_matches

    spelt = {choice.casefold(): choice for choice in sorted(known)}
    close = get_close_matches(word.casefold(), spelt, n=1, cutoff=0.6)
    return f", did you mean {spelt[close[0]]!r}?" if close else ""
