"""``dnnlint probe``: run a training script as it is, watch its first steps, and report."""

import atexit
import os
import sys
from argparse import Namespace
from collections.abc import Callable

from dnnlint.cli.options import listed
from dnnlint.cli.output import format_of_environment, tell
from dnnlint.cli.probe_options import read
from dnnlint.cli.probe_run import ProbeRun, Wishes
from dnnlint.errors import UsageError
from dnnlint.probe import launch
from dnnlint.probe.arrival import when_torch_arrives
from dnnlint.probe.launch import Program
from dnnlint.settings import Choice, Governor, Overrides

NOT_STARTED = 2


def run(arguments: list[str]) -> Callable[[], int]:
    """Get everything ready; what is returned runs the script, and what the script raises is the script's."""
    options, program = read(arguments)
    if options.isolated and options.config is not None:
        raise UsageError("--config and --isolated exclude each other")
    if options.output_file is not None and not os.path.isdir(os.path.dirname(os.path.abspath(options.output_file))):
        raise UsageError(f"--output-file: {options.output_file}: no such folder")
    governor = Governor(_overrides(options), options.config, options.isolated)
    path = launch.find(program) or os.path.abspath(program.name)
    probe = ProbeRun(program, path, governor, _wishes(options, governor))
    return lambda: _go(program, probe)


def _overrides(options: Namespace) -> Overrides:
    select = listed(options.select)
    if select == ():
        raise UsageError("--select: names no rule")
    return Overrides(
        choice=Choice(select, listed(options.extend_select) or (), listed(options.ignore) or ()),
        output_format=options.output_format or format_of_environment(),
    )


def _wishes(options: Namespace, governor: Governor) -> Wishes:
    return Wishes(
        steps=options.steps,
        stop_after=options.stop_after,
        reads=not options.no_static,
        fail_on=options.fail_on or "never",
        output_format=governor.at(os.getcwd()).output_format,
        output_file=os.path.abspath(options.output_file) if options.output_file is not None else None,
        journal=options.journal,
        color=options.color,
        quiet=options.quiet,
    )


def _go(program: Program, probe: ProbeRun) -> int:
    """Run the script; the report is made when the process ends, after its threads and its own exit functions."""
    probe.start()
    when_torch_arrives(probe.attach)
    atexit.register(probe.finish)  # the first to be registered is the last to be called
    try:
        launch.run(program)
    except launch.UnrunnableError as error:
        atexit.unregister(probe.finish)
        tell(f"error: {error}", sys.stderr)
        return NOT_STARTED
    except SystemExit as leaving:
        if not _is_success(leaving.code) or not probe.has_failed():
            raise
        return 1
    except BaseException as error:
        probe.script_failed(error)
        raise
    return int(probe.has_failed())


def _is_success(code: object) -> bool:
    return code is None or (isinstance(code, int) and code == 0)
