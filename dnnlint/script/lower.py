"""The one walk over the syntax tree: libcst in, the small program of ``ir`` out.

Fields are read directly; libcst's own visitors rebuild every node they pass and cost more than the parse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from dnnlint.script import choices, ir
from dnnlint.script.lower_expressions import OPERATORS, Expressions


def lower(module: cst.Module, path: str, size: int) -> tuple[ir.Program, ir.Syntax]:
    """Turn a parsed module into a program, and into what leads from its numbers back to the tree."""
    lowering = _Lowering(path, size)
    lowering.program.body = lowering.block(module.body)
    return lowering.program, lowering.syntax


class _Lowering(Expressions):
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
        operator = OPERATORS.get(type(node.operator).__name__, "?")
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
        orelse = self.suite(rest.body) if rest is not None else []
        return ir.If(branches, orelse, choices.in_condition(branches, orelse), at)

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
        raised = node.exc.func if type(node.exc) is cst.Call else node.exc
        return ir.Raise(raised.value if type(raised) is cst.Name else "", self.number(node))

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


def _dotted(node: Any) -> str:
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(node.attr.value)
        node = node.value
    parts.append(getattr(node, "value", ""))
    return ".".join(reversed(parts))


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
