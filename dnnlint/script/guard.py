"""Estimate what a parse would cost before it is tried, because libcst's parser cannot be stopped.

It kills the interpreter where brackets or chains nest deeper than its stack, takes quadratic time and
memory for them, and exponential time for nested patterns. The estimate is made on a skeleton of the
file: strings and comments out, then only brackets, commas, operators and line ends kept.
"""

import re
from typing import NamedTuple

from dnnlint.script.source import Unparseable

MAX_BRACKETS = 200  # what CPython itself allows
MAX_CHAIN = 20_000  # operators in one expression
MAX_ELIFS = 20_000
MAX_CHAIN_COST = 6_000_000  # 5 to 15 seconds: a sum of 3,400 terms, a chain of 1,400 calls
MAX_NESTING_COST = 2_000_000  # about 25 seconds and 3 gigabytes

_EASY_BRACKETS, _EASY_CHAIN, _EASY_ELIFS = 20, 100, 100  # these fit the smallest stack in common use

# Patterns that few files need are left as text: compiling them would cost each start a millisecond.
_DEEP_INDENT = rb"\n(?: {40}|\t{10})[ \t]*(?:if|for|while|with|try|def|class|async|match)\b[^\n]*:"
_KEYWORD = rb"\b(?:lambda|not|await|else(?![ \t]*:)|(and|or))\b"
_DEL = rb"\bdel(?=[ \t]*[(\[])"
_PLAIN_STRING = rb"\"[^\"]*\"|'[^']*'"

_STRIPPED = re.compile(
    rb"(?s)#[^\n]*+"
    rb'|"""(?:[^"\\]++|\\.|"(?!""))*+"{0,3}'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'{0,3}"
    rb'|"(?:[^"\\\n]++|\\.)*+"?'
    rb"|'(?:[^'\\\n]++|\\.)*+'?"
    rb"|\n[ \t\f]*+(?:def|class|import|return|while|with|try|raise|assert|case)\b"
    rb"|\\\n"
)
_BRACES = re.compile(rb"([{}])")

# Marks put into the skeleton; none of these bytes is allowed in Python code.
_PATTERN, _RIGHT, _BOOLEAN, _INNER_LINE = 1, 2, 3, 11
_KEPT = b"()[]{},;\n.+-*/%@&|^~<>" + bytes((_PATTERN, _RIGHT, _BOOLEAN, _INNER_LINE))
_DROPPED = bytes(set(range(256)) - set(_KEPT))
_OPEN = frozenset(b"([{")
_CLOSE = frozenset(b")]}")
_LOOSE = frozenset(b"+-&|^<>")  # what these join is copied whole; tighter operators copy one term of it
_COMMA, _SEMICOLON = b",;"
_ENDS = frozenset(b"\n;")
_BRANCHES = {123: 5, 125: 5}  # ways the parser tries for each level of a pattern: 5 for a mapping, else 2


class Shape(NamedTuple):
    """How hard a file is on the parser's stack and time."""

    brackets: int = 0  # deepest nesting
    chain: int = 0  # most operators in one expression
    deep: bool = False  # wants a larger stack than it may have been started on


def shape(data: bytes) -> Shape:
    """Estimate the shape of a source file in UTF-8, and raise Unparseable where a parse would never end."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = _STRIPPED.sub(_without_strings, data)
    elifs = text.count(b"elif")
    if elifs > MAX_ELIFS:
        raise Unparseable(f"more than {MAX_ELIFS:,} elif branches")
    measured = _measure(_skeleton(text))
    deep = (
        measured.brackets > _EASY_BRACKETS
        or measured.chain > _EASY_CHAIN
        or elifs > _EASY_ELIFS
        or _deeply_indented(text)
    )
    return measured._replace(deep=deep)


def _deeply_indented(text: bytes) -> bool:
    return (b" " * 40 in text or b"\t" * 10 in text) and re.search(_DEEP_INDENT, text) is not None


def _skeleton(text: bytes) -> bytes:
    """Keep brackets, commas, operators and line ends, with marks for what makes the parser recurse."""
    if b"del" in text:
        text = re.sub(_DEL, bytes((_PATTERN,)), text)
    if max(text.count(word) for word in (b"lambda", b"not", b"else", b"await", b"and", b"or")) > _EASY_CHAIN:
        text = re.sub(_KEYWORD, _keyword_mark, text)
    return text.translate(None, _DROPPED)


def _keyword_mark(found: re.Match[bytes]) -> bytes:
    return bytes((_BOOLEAN if found[1] else _RIGHT,))


def _without_strings(found: re.Match[bytes]) -> bytes:
    text = found[0]
    first = text[:1]
    if first == b"\n":  # a keyword that only ever starts a statement: whatever was open is closed by now
        return b"\n;\x01" if text.endswith(b"case") else b"\n;"
    if first == b"#":
        return b""
    if first == b"\\":
        return b"\x0b"
    code = b""
    if b"{" in text:
        prefix = found.string[max(0, found.start() - 2) : found.start()].lower()
        if b"f" in prefix or b"t" in prefix:
            code = _replacement_fields(text)
    return code + b"\x0b" * text.count(b"\n") if b"\n" in text else code


def _replacement_fields(text: bytes) -> bytes:
    """Return the code inside the braces of an f-string, with its brackets in balance."""
    depth, code = 0, []
    for part in _BRACES.split(text.replace(b"{{", b"").replace(b"}}", b"") if b"{{" in text else text):
        depth += (part == b"{") - (part == b"}")
        if depth > 0 or part == b"}":
            code.append(part)
    inside = re.sub(_PLAIN_STRING, b"", b"".join(code)).replace(b"\n", b" ")
    if all(inside.count(left) == inside.count(right) for left, right in ((b"{", b"}"), (b"[", b"]"), (b"(", b")"))):
        return inside
    opened = sum(inside.count(bracket) for bracket in (b"{", b"[", b"("))
    return b"{" * opened + b"}" * opened


# One loop in one piece: a call for each character would cost more than the parse it guards.
def _measure(skeleton: bytes) -> Shape:  # noqa: C901
    """Walk the skeleton once; costs are in characters of it that the parser copies."""
    outer: list[tuple[int, int, int]] = []
    start = term = links = deepest = longest = chain_cost = nesting_cost = pattern = 0
    for at, char in enumerate(skeleton):
        if char in _OPEN:
            outer.append((start, term, links))
            start, term, links = at, at, 0
            depth = len(outer)
            nesting_cost += depth
            if depth > deepest:
                if depth > MAX_BRACKETS:
                    raise _refusal(f"more than {MAX_BRACKETS} nested brackets", skeleton, at)
                deepest = depth
            if pattern:
                pattern *= _BRANCHES.get(char, 2)
                chain_cost += pattern
                if chain_cost > MAX_CHAIN_COST:
                    raise _refusal("patterns nested too deeply to be parsed in reasonable time", skeleton, at)
        elif char in _CLOSE:
            if outer:
                nesting_cost += len(outer)
                longest = max(longest, links)
                start, term, links = outer.pop()
                links += 1
                chain_cost += at - term
                if pattern:
                    pattern = max(1, pattern // _BRANCHES.get(char, 2))
        elif char == _COMMA:
            nesting_cost += len(outer)
            if links > longest:
                longest = links
            start, term, links = at, at, 0
        elif char in _ENDS:
            if char == _SEMICOLON or not outer:
                if links > longest:
                    longest = links
                if chain_cost > MAX_CHAIN_COST or longest > MAX_CHAIN or nesting_cost > MAX_NESTING_COST:
                    break
                outer.clear()
                start, term, links, pattern = at, at, 0, 0
        elif char in _LOOSE:
            links += 1
            chain_cost += at - start
            term = at
        elif char == _RIGHT:
            links += 1
            chain_cost += 3 * (at - start)
        elif char == _BOOLEAN:
            links += 1
            start = term = at
        elif char == _PATTERN:
            pattern = 1
        elif char != _INNER_LINE:  # a dot or an operator that binds tightly
            links += 1
            chain_cost += at - term
    else:
        at = len(skeleton)
    if max(longest, links) > MAX_CHAIN or chain_cost > MAX_CHAIN_COST:
        raise _refusal("an expression too long to be parsed in reasonable time", skeleton, at)
    if nesting_cost > MAX_NESTING_COST:
        raise _refusal("too much data in nested brackets to be parsed in reasonable time and memory", skeleton, at)
    return Shape(deepest, max(longest, links))


def _refusal(reason: str, skeleton: bytes, at: int) -> Unparseable:
    return Unparseable(reason, 1 + skeleton.count(b"\n", 0, at) + skeleton.count(b"\x0b", 0, at))
