"""Short names for texts."""


def digest(*parts: bytes) -> str:
    """128 bits that stand for a sequence of texts."""
    from hashlib import blake2b  # costs three milliseconds to import, which a run without training code need not pay

    state = blake2b(digest_size=16)
    for part in parts:
        state.update(b"%d:" % len(part))
        state.update(part)
    return state.hexdigest()
