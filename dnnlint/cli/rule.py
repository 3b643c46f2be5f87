"""``dnnlint rule``: explain a rule."""

import sys

from dnnlint import packs
from dnnlint.cli.options import Parser, add_colour, one_of
from dnnlint.errors import UsageError
from dnnlint.report.page import page, record
from dnnlint.report.paint import Segment, joined, wants_colour
from dnnlint.rule import Rule
from dnnlint.selection import codes_by_word, find_rule, is_default


def run(arguments: list[str]) -> int:
    """Print the page of one rule, or of all."""
    options = _parser().read(arguments)
    if options.all == bool(options.rule):
        raise UsageError("name a rule by its code or name, or give --all")
    rules = packs.load_rules()
    chosen = list(rules) if options.all else [_named(options.rule, rules)]
    if options.output_format == "json":
        sys.stdout.write(_as_json(chosen, options.all))
    else:
        sys.stdout.write(joined(_pages(chosen), wants_colour(options.color, sys.stdout)))
    return 0


def _parser() -> Parser:
    parser = Parser("rule", "Explain a rule: what it sees, why that hurts, how to mend it.")
    parser.add_argument("rule", nargs="?", metavar="CODE|NAME", help="code (DNN401) or name of the rule")
    parser.add_argument("--all", action="store_true", help="explain every rule")
    parser.add_argument(
        "--output-format",
        type=one_of(("text", "json")),
        default="text",
        metavar="FORMAT",
        help="text (default) or json",
    )
    add_colour(parser)
    return parser


def _named(word: str, rules: tuple[Rule, ...]) -> Rule:
    rule = find_rule(word, rules)
    if rule is None:
        from dnnlint.suggest import nearest

        raise UsageError(f"unknown rule {word!r}{nearest(word, codes_by_word(rules))}")
    return rule


def _pages(rules: list[Rule]) -> list[Segment]:
    segments: list[Segment] = []
    for rule in rules:
        segments += [("\n\n", "")] if segments else []
        segments += page(rule, is_default(rule))
    return segments


def _as_json(rules: list[Rule], several: bool) -> str:
    import json

    records = [record(rule, is_default(rule)) for rule in rules]
    return json.dumps(records if several else records[0], indent=2) + "\n"
