"""Options of a script: each is a soft constant, its default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dnnlint.script import flow
from dnnlint.script.code import Args, Func, Handler
from dnnlint.script.values import NEVER, Const, Ext, Obj, Tuple, Value

if TYPE_CHECKING:
    from dnnlint.script.interpreter import Interpreter


def _parser(run: Interpreter, args: Args, node: Any) -> Value:
    return Obj("parser", "argparse.ArgumentParser", run.place(node))


def _namespace(run: Interpreter, args: Args, node: Any) -> Value:
    obj = Obj("namespace", None, run.place(node))
    obj.fields.update(args.keywords)
    return obj


def _environment(run: Interpreter, args: Args, node: Any) -> Value:
    default = args.get(1, "default")
    return default.softened() if type(default) is Const else flow.unknown(())


def _field(run: Interpreter, args: Args, node: Any) -> Value:
    obj = Obj("field", None, run.place(node))
    obj.fields.update(args.keywords)
    if args.positional and "default" not in args.keywords:
        obj.fields["default"] = args.positional[0]
    obj.fields["$node"] = node
    return obj


def _option(run: Interpreter, args: Args, node: Any) -> Value:
    default = args.get(0, "default")
    return default.softened() if type(default) is Const and default.value is not ... else flow.unknown(())


def parser_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """argparse: each option is a soft constant, its default."""
    if name in ("add_argument", "add_option"):
        _add_argument(run, obj, args)
        return flow.unknown(())
    if name in ("add_argument_group", "add_mutually_exclusive_group"):
        return obj
    if name in ("parse_args", "parse_known_args", "parse_intermixed_args"):
        space = Obj("namespace", None, run.place(node))
        space.fields.update({k: v for k, v in obj.fields.items() if k[:1] != "$"})
        return Tuple((space, flow.unknown(()))) if name == "parse_known_args" else space
    if name == "set_defaults":
        for key, value in args.keywords.items():
            run.write(obj.fields, key, value.softened() if type(value) is Const else value)
        return Const(None)
    if name in ("error", "exit"):
        return NEVER
    return flow.unknown(())


def _add_argument(run: Interpreter, parser: Obj, args: Args) -> None:
    names = [value.value for value in args.positional if type(value) is Const and isinstance(value.value, str)]
    given = args.keywords.get("dest")
    if type(given) is Const and isinstance(given.value, str):
        dest = given.value
    elif names:
        long = [name for name in names if name.startswith("--")]
        dest = (long or names)[0].lstrip("-").replace("-", "_")
    else:
        return
    default = args.keywords.get("default")
    action = args.keywords.get("action")
    verb = action.value if type(action) is Const else None
    if default is None and verb in ("store_true", "store_false"):
        default = Const(verb == "store_false")
    if default is None:
        wanted = args.keywords.get("required")
        needed = not names or not names[0].startswith("-") or (wanted is not None and run.truth(wanted)[0])
        default = Obj("opaque", name=dest) if needed else Const(None)
    cast = args.keywords.get("type")
    if (
        type(default) is Const
        and isinstance(default.value, str)
        and type(cast) is Ext
        and cast.dotted in ("builtins.int", "builtins.float")
    ):
        try:
            default = Const(int(default.value) if cast.dotted == "builtins.int" else float(default.value))
        except ValueError:
            default = Const(...)
    run.write(
        parser.fields,
        dest,
        default.softened() if type(default) is Const and default.value is not ... else default,
    )


def click_option(run: Interpreter, func: Func, decorator: Any) -> None:
    """``@click.option("--lr", default=0.1)``: the default is what a run without arguments sees."""
    from dnnlint.script.expressions import arguments

    args = arguments(run, decorator)
    names = [value.value for value in args.positional if type(value) is Const and isinstance(value.value, str)]
    default = args.keywords.get("default")
    if default is None and any("/" in name for name in names):
        default = Const(False)
    for name in names:
        bare = name.partition("/")[0].lstrip("-").replace("-", "_")
        if type(default) is Const:
            func.options[bare] = default.softened()
        elif "is_flag" in args.keywords:
            func.options[bare] = Const(False, True)


def namespace_method(run: Interpreter, obj: Obj, name: str, args: Args, node: Any) -> Value | None:
    """Parsed options have no methods of their own."""
    return flow.unknown(())


HANDLERS: dict[str, Handler] = {
    "types.SimpleNamespace": _namespace, "argparse.Namespace": _namespace, "argparse.ArgumentParser": _parser,
    "configargparse.ArgumentParser": _parser, "os.environ.get": _environment, "os.getenv": _environment,
    "dataclasses.field": _field, "field": _field, "typer.Option": _option, "typer.Argument": _option,
    "pydantic.Field": _field,
}  # fmt: skip
