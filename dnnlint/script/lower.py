"""The one walk over the syntax tree: libcst in, the small program of ``ir`` out.

Fields are read directly; libcst's own visitors rebuild every node they pass and cost more than the parse.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import libcst as cst

from dnnlint.script import ir

_OPERATORS: dict[str, str] = {
    "Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "FloorDivide": "//", "Modulo": "%", "Power": "**",
    "MatrixMultiply": "@", "LeftShift": "<<", "RightShift": ">>", "BitAnd": "&", "BitOr": "|", "BitXor": "^",
    "AddAssign": "+", "SubtractAssign": "-", "MultiplyAssign": "*", "DivideAssign": "/", "FloorDivideAssign": "//",
    "ModuloAssign": "%", "PowerAssign": "**", "MatrixMultiplyAssign": "@", "LeftShiftAssign": "<<",
    "RightShiftAssign": ">>", "BitAndAssign": "&", "BitOrAssign": "|", "BitXorAssign": "^",
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessThanEqual": "<=", "GreaterThan": ">",
    "GreaterThanEqual": ">=", "Is": "is", "IsNot": "is not", "In": "in", "NotIn": "not in",
    "Minus": "-", "Plus": "+", "Not": "not", "BitInvert": "~", "And": "and", "Or": "or",
}  # fmt: skip

_LITERALS = {"None": None, "True": True, "False": False}


def lower(module: cst.Module, path: str, size: int) -> tuple[ir.Program, ir.Syntax]:
    """Turn a parsed module into a program, and into what leads from its numbers back to the tree."""
    lowering = _Lowering(path, size)
    lowering.program.body = lowering.block(module.body)
    return lowering.program, lowering.syntax


class _Lowering:
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

    # statements

    def block(self, body: Any) -> ir.Block:
        out: ir.Block = []
        for line in body:
            if type(line) is cst.SimpleStatementLine:
                first = len(self.nodes)
                for small in line.body:
                    self.statement(small, out)
                self.syntax.lines.append((first, line))
            else:
                self.statement(line, out)
        return out

    def suite(self, node: Any) -> ir.Block:
        if node is None:
            return []
        if type(node) is cst.SimpleStatementSuite:
            out: ir.Block = []
            for small in node.body:
                self.statement(small, out)
            return out
        return self.block(node.body)

    def statement(self, node: Any, out: ir.Block) -> None:
        handler = _STATEMENTS.get(type(node))
        if handler is not None:
            lowered = handler(self, node)
            if lowered is not None:
                out.append(lowered)

    def expr_statement(self, node: cst.Expr) -> Any:
        value = node.value
        if isinstance(value, (cst.SimpleString, cst.ConcatenatedString, cst.Ellipsis)):
            return None
        return ir.ExprStmt(self.expr(value), self.number(node))

    def assign(self, node: cst.Assign) -> Any:
        at = self.number(node)
        value = self.expr(node.value)
        return ir.Assign([self.expr(target.target) for target in node.targets], value, None, at)

    def ann_assign(self, node: cst.AnnAssign) -> Any:
        at = self.number(node)
        value = self.expr(node.value) if node.value is not None else None
        return ir.Assign([self.expr(node.target)], value, self.annotation(node.annotation), at)

    def annotation(self, node: cst.Annotation | None) -> Any:
        return self.expr(node.annotation) if node is not None else None

    def aug_assign(self, node: cst.AugAssign) -> Any:
        at = self.number(node)
        operator = _OPERATORS.get(type(node.operator).__name__, "?")
        target = self.expr(node.target)
        self.counters.append(target)
        return ir.AugAssign(target, operator, self.expr(node.value), at)

    def if_statement(self, node: cst.If) -> Any:
        at = self.number(node)
        branches = [(self.expr(node.test), self.suite(node.body))]
        rest = node.orelse
        while type(rest) is cst.If:
            branches.append((self.expr(rest.test), self.suite(rest.body)))
            rest = rest.orelse
        return ir.If(branches, self.suite(rest.body) if rest is not None else [], at)

    def for_statement(self, node: cst.For) -> Any:
        at = self.number(node)
        iterable = self.expr(node.iter)
        orelse = node.orelse.body if node.orelse is not None else None
        target = self.expr(node.target)
        body, counters = self.repeated(node.body)
        return ir.For(target, iterable, body, self.suite(orelse), counters, at)

    def repeated(self, node: Any) -> tuple[ir.Block, list[Any]]:
        """The body of a loop, and the targets of augmented assignments in it."""
        outer, self.counters = self.counters, []
        body = self.suite(node)
        counters, self.counters = self.counters, outer
        outer.extend(counters)
        return body, counters

    def while_statement(self, node: cst.While) -> Any:
        at = self.number(node)
        orelse = node.orelse.body if node.orelse is not None else None
        test = self.expr(node.test)
        body, counters = self.repeated(node.body)
        return ir.While(test, body, self.suite(orelse), counters, at)

    def with_statement(self, node: cst.With) -> Any:
        at = self.number(node)
        items = [
            (self.expr(item.item), self.expr(item.asname.name) if item.asname is not None else None)
            for item in node.items
        ]
        return ir.With(items, self.suite(node.body), at)

    def try_statement(self, node: Any) -> Any:
        at = self.number(node)
        body = self.suite(node.body)
        handlers = []
        for handler in node.handlers:
            name = getattr(handler.name.name, "value", None) if handler.name is not None else None
            handlers.append((name, self.suite(handler.body)))
        orelse = self.suite(node.orelse.body) if node.orelse is not None else []
        final = self.suite(node.finalbody.body) if node.finalbody is not None else []
        return ir.Try(body, handlers, orelse, final, at)

    def function(self, node: cst.FunctionDef) -> Any:
        at = self.number(node)
        decorators = [self.expr(decorator.decorator) for decorator in node.decorators]
        params = self.params(node.params)
        self.scope.append(node.name.value)
        outer, self.traits = self.traits, set()
        body = self.suite(node.body)
        traits, self.traits = frozenset(self.traits), outer
        definition = ir.FunctionDef(node.name.value, params, body, decorators, traits, at)
        self.syntax.scopes.append((at, len(self.nodes) - 1, ".".join(self.scope)))
        self.scope.pop()
        return definition

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

    def class_definition(self, node: cst.ClassDef) -> Any:
        at = self.number(node)
        decorators = [self.expr(decorator.decorator) for decorator in node.decorators]
        bases = [self.expr(base.value) for base in node.bases]
        keywords = [(k.keyword.value if k.keyword is not None else None, self.expr(k.value)) for k in node.keywords]
        self.scope.append(node.name.value)
        definition = ir.ClassDef(node.name.value, bases, keywords, self.suite(node.body), decorators, at)
        self.syntax.scopes.append((at, len(self.nodes) - 1, ".".join(self.scope)))
        self.scope.pop()
        return definition

    def return_statement(self, node: cst.Return) -> Any:
        at = self.number(node)
        return ir.Return(self.expr(node.value) if node.value is not None else None, at)

    def raise_statement(self, node: cst.Raise) -> Any:
        return ir.Raise(None, self.number(node))

    def delete(self, node: cst.Del) -> Any:
        target = self.expr(node.target)
        targets = target.items if type(target) is ir.Seq else [target]
        return ir.Delete(targets, self.number(node))

    def import_statement(self, node: cst.Import) -> Any:
        names = []
        for alias in node.names:
            dotted = _dotted(alias.name)
            if alias.asname is not None:
                names.append((dotted, getattr(alias.asname.name, "value", dotted), False))
            else:
                names.append((dotted, dotted.partition(".")[0], True))
        return ir.Import(names, self.number(node))

    def import_from(self, node: cst.ImportFrom) -> Any:
        module = _dotted(node.module) if node.module is not None else ""
        names: list[tuple[str, str]] | None = None
        if not isinstance(node.names, cst.ImportStar):
            names = []
            for alias in node.names:
                name = _dotted(alias.name)
                bound = getattr(alias.asname.name, "value", name) if alias.asname is not None else name
                names.append((name, bound))
        return ir.ImportFrom(module, len(node.relative), names, self.number(node))

    def global_statement(self, node: cst.Global) -> Any:
        return ir.Global([item.name.value for item in node.names], self.number(node))

    def nonlocal_statement(self, node: cst.Nonlocal) -> Any:
        return ir.Nonlocal([item.name.value for item in node.names], self.number(node))

    def assert_statement(self, node: cst.Assert) -> Any:
        return ir.Assert(self.expr(node.test), self.number(node))

    def match_statement(self, node: cst.Match) -> Any:
        at = self.number(node)
        subject = self.expr(node.subject)
        cases = []
        for case in node.cases:
            names: list[str] = []
            values = self.pattern(case.pattern, names)
            guard = self.expr(case.guard) if case.guard is not None else None
            cases.append((values, names, guard, self.suite(case.body)))
        return ir.Match(subject, cases, at)

    def pattern(self, node: Any, names: list[str]) -> list[Any] | None:
        """Literal alternatives of a pattern; None if it is not just literals. Captures go into ``names``."""
        kind = type(node)
        if kind in (cst.MatchValue, cst.MatchSingleton):
            return [self.expr(node.value)]
        if kind is cst.MatchOr:
            out: list[Any] | None = []
            for element in node.patterns:
                values = self.pattern(element.pattern, names)
                out = None if out is None or values is None else out + values
            return out
        if kind in (cst.MatchAs, cst.MatchStar):
            inner = self.pattern(node.pattern, names) if kind is cst.MatchAs and node.pattern is not None else None
            if node.name is not None:
                names.append(node.name.value)
            return inner
        for part in (*getattr(node, "patterns", ()), *getattr(node, "elements", ()), *getattr(node, "kwds", ())):
            self.pattern(getattr(part, "pattern", None) or getattr(part, "value", part), names)
        rest = getattr(node, "rest", None)
        if rest is not None:
            names.append(rest.value)
        return None

    # expressions

    def expr(self, node: Any) -> Any:
        handler = _EXPRESSIONS.get(type(node))
        if handler is None:
            return ir.Const(..., self.number(node))
        return handler(self, node)

    def name(self, node: cst.Name) -> Any:
        identifier = node.value
        if identifier in _LITERALS:
            return ir.Const(_LITERALS[identifier], self.number(node))
        mentions = self.program.mentions
        mentions[identifier] = mentions.get(identifier, 0) + 1
        return ir.Name(identifier, self.number(node))

    def attribute(self, node: cst.Attribute) -> Any:
        at = self.number(node)
        name = node.attr.value
        mentions = self.program.mentions
        mentions[name] = mentions.get(name, 0) + 1
        return ir.Attr(self.expr(node.value), name, at)

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
        kind = {cst.List: "list", cst.Tuple: "tuple", cst.Set: "set"}[type(node)]
        return ir.Seq(kind, [self.element(element) for element in node.elements], at)

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
            operator = _OPERATORS.get(type(item.operator).__name__, "?")
            value = ir.BinOp(operator, value, self.expr(item.right), at)
        return value

    def unary(self, node: cst.UnaryOperation) -> Any:
        at = self.number(node)
        return ir.UnaryOp(_OPERATORS.get(type(node.operator).__name__, "?"), self.expr(node.expression), at)

    def boolean(self, node: cst.BooleanOperation) -> Any:
        at = self.number(node)
        operator = _OPERATORS[type(node.operator).__name__]
        tail = []
        left: Any = node
        while type(left) is cst.BooleanOperation and _OPERATORS[type(left.operator).__name__] == operator:
            tail.append(left.right)
            left = left.left
        return ir.BoolOp(operator, [self.expr(left), *[self.expr(item) for item in reversed(tail)]], at)

    def comparison(self, node: cst.Comparison) -> Any:
        at = self.number(node)
        left = self.expr(node.left)
        ops = [(_OPERATORS.get(type(c.operator).__name__, "?"), self.expr(c.comparator)) for c in node.comparisons]
        return ir.Compare(left, ops, at)

    def conditional(self, node: cst.IfExp) -> Any:
        at = self.number(node)
        return ir.IfExp(self.expr(node.test), self.expr(node.body), self.expr(node.orelse), at)

    def lambda_expression(self, node: cst.Lambda) -> Any:
        at = self.number(node)
        return ir.Lambda(self.params(node.params), self.expr(node.body), at)

    def comprehension(self, node: Any) -> Any:
        at = self.number(node)
        kind = {cst.ListComp: "list", cst.SetComp: "set", cst.GeneratorExp: "generator", cst.DictComp: "dict"}[type(node)]
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


def _dotted(node: Any) -> str:
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    parts.append(getattr(node, "value", ""))
    return ".".join(reversed(parts))


def _literal(text: str) -> Any:
    if text[0] in "'\"" and "\\" not in text and len(text) >= 2 and text[0:3] not in ('"""', "'''"):
        return text[1:-1]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return ...


_STATEMENTS: dict[type, Callable[[_Lowering, Any], Any]] = {
    cst.Expr: _Lowering.expr_statement,
    cst.Assign: _Lowering.assign,
    cst.AnnAssign: _Lowering.ann_assign,
    cst.AugAssign: _Lowering.aug_assign,
    cst.If: _Lowering.if_statement,
    cst.For: _Lowering.for_statement,
    cst.While: _Lowering.while_statement,
    cst.With: _Lowering.with_statement,
    cst.Try: _Lowering.try_statement,
    cst.TryStar: _Lowering.try_statement,
    cst.FunctionDef: _Lowering.function,
    cst.ClassDef: _Lowering.class_definition,
    cst.Return: _Lowering.return_statement,
    cst.Raise: _Lowering.raise_statement,
    cst.Break: lambda self, node: ir.Break(self.number(node)),
    cst.Continue: lambda self, node: ir.Continue(self.number(node)),
    cst.Del: _Lowering.delete,
    cst.Import: _Lowering.import_statement,
    cst.ImportFrom: _Lowering.import_from,
    cst.Global: _Lowering.global_statement,
    cst.Nonlocal: _Lowering.nonlocal_statement,
    cst.Assert: _Lowering.assert_statement,
    cst.Match: _Lowering.match_statement,
}

_EXPRESSIONS: dict[type, Callable[[_Lowering, Any], Any]] = {
    cst.Name: _Lowering.name,
    cst.Attribute: _Lowering.attribute,
    cst.Call: _Lowering.call,
    cst.Subscript: _Lowering.subscript,
    cst.List: _Lowering.sequence,
    cst.Tuple: _Lowering.sequence,
    cst.Set: _Lowering.sequence,
    cst.Dict: _Lowering.dictionary,
    cst.BinaryOperation: _Lowering.binary,
    cst.UnaryOperation: _Lowering.unary,
    cst.BooleanOperation: _Lowering.boolean,
    cst.Comparison: _Lowering.comparison,
    cst.IfExp: _Lowering.conditional,
    cst.Lambda: _Lowering.lambda_expression,
    cst.ListComp: _Lowering.comprehension,
    cst.SetComp: _Lowering.comprehension,
    cst.DictComp: _Lowering.comprehension,
    cst.GeneratorExp: _Lowering.comprehension,
    cst.Integer: _Lowering.integer,
    cst.Float: _Lowering.integer,
    cst.Imaginary: _Lowering.integer,
    cst.SimpleString: _Lowering.string,
    cst.ConcatenatedString: _Lowering.concatenated,
    cst.FormattedString: _Lowering.formatted,
    cst.StarredElement: _Lowering.starred,
    cst.Await: _Lowering.await_expression,
    cst.Yield: _Lowering.yield_expression,
    cst.NamedExpr: _Lowering.walrus,
}
