"""Expressions of the syntax tree, lowered to those of ``ir``."""

# ruff: noqa: D102 - a method is named after the node it lowers

from __future__ import annotations

import ast
from collections.abc import Callable
from sys import intern
from typing import Any

import libcst as cst

from dnnlint.script import ir, spelling

OPERATORS: dict[str, str] = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "FloorDivide": "//", "Modulo": "%", "Power": "**",
    "MatrixMultiply": "@", "LeftShift": "<<", "RightShift": ">>", "BitAnd": "&", "BitOr": "|", "BitXor": "^",
    "AddAssign": "+", "SubtractAssign": "-", "MultiplyAssign": "*", "DivideAssign": "/", "FloorDivideAssign": "//",
    "ModuloAssign": "%", "PowerAssign": "**", "MatrixMultiplyAssign": "@", "LeftShiftAssign": "<<",
    "RightShiftAssign": ">>", "BitAndAssign": "&", "BitOrAssign": "|", "BitXorAssign": "^",
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessThanEqual": "<=", "GreaterThan": ">",
    "GreaterThanEqual": ">=", "Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in",
    "Minus": "-", "Plus": "+", "Not": "not", "BitInvert": "~", "And": "and", "Or": "or",
}  # fmt: skip

_SEQUENCES: dict[type, str] = {cst.List: "list", cst.Tuple: "tuple", cst.Set: "set"}
_COMPREHENSIONS: dict[type, str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.GeneratorExp: "generator",
    cst.DictComp: "dict",
}
_LITERALS = {"None": None, "True": True, "False": False}


class Expressions:
    """Lowers expressions, and numbers every node it meets."""

    def __init__(self, path: str, size: int) -> None:
        self.program = ir.Program(path, size)
        self.syntax = ir.Syntax()
        self.nodes = self.syntax.nodes
        self.scope: list[str] = []
        self.traits: set[str] = set()
        self.counters: list[Any] = []

    def number(self, node: Any) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def expr(self, node: Any) -> Any:
        handler = _EXPRESSIONS.get(type(node))
        if handler is None:
            return ir.Const(..., self.number(node))
        return handler(self, node)

    def params(self, node: cst.Parameters) -> ir.Params:
        params = ir.Params()
        for param in (*node.posonly_params, *node.params):
            params.positional.append(self.param(param, params))
        for param in node.kwonly_params:
            params.keyword_only.append(self.param(param, params))
        if type(node.star_arg) is cst.Param:
            params.varargs = node.star_arg.name.value
        if node.star_kwarg is not None:
            params.kwargs = node.star_kwarg.name.value
        return params

    def param(self, node: cst.Param, params: ir.Params) -> str:
        name = node.name.value
        if node.default is not None:
            params.defaults[name] = self.expr(node.default)
        if node.annotation is not None:
            params.annotations[name] = self.expr(node.annotation.annotation)
        return name

    def name(self, node: cst.Name) -> Any:
        identifier = intern(node.value)
        if identifier in _LITERALS:
            return ir.Const(_LITERALS[identifier], self.number(node))
        mentions = self.program.mentions
        mentions[identifier] = mentions.get(identifier, 0) + 1
        return ir.Name(identifier, self.number(node))

    def attribute(self, node: cst.Attribute) -> Any:
        at = self.number(node)
        name = intern(node.attr.value)
        mentions = self.program.mentions
        mentions[name] = mentions.get(name, 0) + 1
        value = self.expr(node.value)
        if name == "step":
            self.program.steppers.add(spelling.last(value))
        return ir.Attr(value, name, at)

    def call(self, node: cst.Call) -> Any:
        at = self.number(node)
        func = self.expr(node.func)
        if type(func) is ir.Attr:
            self.traits.add(func.name)
        elif type(func) is ir.Name:
            self.traits.add(func.id)
        args: list[Any] = []
        keywords: list[tuple[str | None, Any]] = []
        for arg in node.args:
            value = self.expr(arg.value)
            if arg.keyword is not None:
                keywords.append((arg.keyword.value, value))
            elif arg.star == "**":
                keywords.append((None, value))
            elif arg.star == "*":
                args.append(ir.Starred(value, value.at))
            else:
                args.append(value)
        return ir.Call(func, args, keywords, at)

    def subscript(self, node: cst.Subscript) -> Any:
        at = self.number(node)
        value = self.expr(node.value)
        parts = [self.index(element.slice) for element in node.slice]
        index = parts[0] if len(parts) == 1 else ir.Seq("tuple", parts, at)
        return ir.Subscript(value, index, at)

    def index(self, node: Any) -> Any:
        if type(node) is cst.Index:
            return self.expr(node.value)
        parts = [self.expr(part) if part is not None else None for part in (node.lower, node.upper, node.step)]
        return ir.Slice(*parts, self.number(node))

    def sequence(self, node: Any) -> Any:
        at = self.number(node)
        return ir.Seq(_SEQUENCES[type(node)], [self.element(element) for element in node.elements], at)

    def element(self, node: Any) -> Any:
        value = self.expr(node.value)
        return ir.Starred(value, value.at) if type(node) is cst.StarredElement else value

    def dictionary(self, node: cst.Dict) -> Any:
        at = self.number(node)
        items = [
            (self.expr(element.key) if type(element) is cst.DictElement else None, self.expr(element.value))
            for element in node.elements
        ]
        return ir.DictExpr(items, at)

    def binary(self, node: cst.BinaryOperation) -> Any:
        # A sum of two thousand terms is two thousand levels deep on the left: unroll the spine.
        spine = []
        left: Any = node
        while type(left) is cst.BinaryOperation:
            spine.append((left, self.number(left)))
            left = left.left
        value = self.expr(left)
        for item, at in reversed(spine):
            operator = OPERATORS.get(type(item.operator).__name__, "?")
            value = ir.BinOp(operator, value, self.expr(item.right), at)
        return value

    def unary(self, node: cst.UnaryOperation) -> Any:
        at = self.number(node)
        return ir.UnaryOp(OPERATORS.get(type(node.operator).__name__, "?"), self.expr(node.expression), at)

    def boolean(self, node: cst.BooleanOperation) -> Any:
        at = self.number(node)
        operator = OPERATORS[type(node.operator).__name__]
        tail = []
        left: Any = node
        while type(left) is cst.BooleanOperation and OPERATORS[type(left.operator).__name__] == operator:
            tail.append(left.right)
            left = left.left
        return ir.BoolOp(operator, [self.expr(left), *[self.expr(item) for item in reversed(tail)]], at)

    def comparison(self, node: cst.Comparison) -> Any:
        at = self.number(node)
        left = self.expr(node.left)
        ops = [(OPERATORS.get(type(c.operator).__name__, "?"), self.expr(c.comparator)) for c in node.comparisons]
        return ir.Compare(left, ops, at)

    def conditional(self, node: cst.IfExp) -> Any:
        at = self.number(node)
        return ir.IfExp(self.expr(node.test), self.expr(node.body), self.expr(node.orelse), at)

    def lambda_expression(self, node: cst.Lambda) -> Any:
        at = self.number(node)
        return ir.Lambda(self.params(node.params), self.expr(node.body), at)

    def comprehension(self, node: Any) -> Any:
        at = self.number(node)
        kind = _COMPREHENSIONS[type(node)]
        generators = []
        clause = node.for_in
        while clause is not None:
            iterable = self.expr(clause.iter)
            generators.append((self.expr(clause.target), iterable, [self.expr(test.test) for test in clause.ifs]))
            clause = clause.inner_for_in
        key = self.expr(node.key) if kind == "dict" else None
        return ir.Comp(kind, key, self.expr(node.value if kind == "dict" else node.elt), generators, at)

    def integer(self, node: cst.Integer) -> Any:
        return ir.Const(_literal(node.value), self.number(node))

    def string(self, node: cst.SimpleString) -> Any:
        return ir.Const(_literal(node.value), self.number(node))

    def concatenated(self, node: cst.ConcatenatedString) -> Any:
        at = self.number(node)
        left, right = self.expr(node.left), self.expr(node.right)
        if type(left) is ir.Const and type(right) is ir.Const and type(left.value) is type(right.value) is str:
            return ir.Const(left.value + right.value, at)
        return ir.FString([left, right], at)

    def formatted(self, node: Any) -> Any:
        at = self.number(node)
        parts: list[Any] = []
        for part in node.parts:
            expression = getattr(part, "expression", None)
            parts.append(self.expr(expression) if expression is not None else ir.Const(part.value, at))
            if getattr(part, "format_spec", None) is not None or getattr(part, "conversion", None) is not None:
                parts.append(ir.Const(..., at))  # padded or cut: no text that is known
        return ir.FString(parts, at)

    def starred(self, node: cst.StarredElement) -> Any:
        return ir.Starred(self.expr(node.value), self.number(node))

    def await_expression(self, node: cst.Await) -> Any:
        return self.expr(node.expression)

    def yield_expression(self, node: cst.Yield) -> Any:
        at = self.number(node)
        self.traits.add("yield")
        if node.value is None:
            return ir.Yield(None, False, at)
        if type(node.value) is cst.From:
            return ir.Yield(self.expr(node.value.item), True, at)
        return ir.Yield(self.expr(node.value), False, at)

    def walrus(self, node: cst.NamedExpr) -> Any:
        at = self.number(node)
        return ir.Walrus(self.expr(node.target), self.expr(node.value), at)


def _literal(text: str) -> Any:
    if text[0] in "'\"" and "\\" not in text and len(text) >= 2 and text[0:3] not in ('"""', "'''"):
        return text[1:-1]
    try:  # what the parser took for a number needs no second parser
        if text.isdecimal():
            return int(text)
        if text[0] in "0123456789" and "." in text and text[-1] not in "jJ":
            return float(text)
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return ...


_EXPRESSIONS: dict[type, Callable[[Expressions, Any], Any]] = {
    cst.Name: Expressions.name,
    cst.Attribute: Expressions.attribute,
    cst.Call: Expressions.call,
    cst.Subscript: Expressions.subscript,
    cst.List: Expressions.sequence,
    cst.Tuple: Expressions.sequence,
    cst.Set: Expressions.sequence,
    cst.Dict: Expressions.dictionary,
    cst.BinaryOperation: Expressions.binary,
    cst.UnaryOperation: Expressions.unary,
    cst.BooleanOperation: Expressions.boolean,
    cst.Comparison: Expressions.comparison,
    cst.IfExp: Expressions.conditional,
    cst.Lambda: Expressions.lambda_expression,
    cst.ListComp: Expressions.comprehension,
    cst.SetComp: Expressions.comprehension,
    cst.DictComp: Expressions.comprehension,
    cst.GeneratorExp: Expressions.comprehension,
    cst.Integer: Expressions.integer,
    cst.Float: Expressions.integer,
    cst.Imaginary: Expressions.integer,
    cst.SimpleString: Expressions.string,
    cst.ConcatenatedString: Expressions.concatenated,
    cst.FormattedString: Expressions.formatted,
    cst.StarredElement: Expressions.starred,
    cst.Await: Expressions.await_expression,
    cst.Yield: Expressions.yield_expression,
    cst.NamedExpr: Expressions.walrus,
}
