"""A program under the probe behaves as it does under plain Python: output, errors, exit status and signals."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

PROBE = ("-m", "dnnlint", "probe", "-q", "--no-static", "--isolated", "--journal", os.devnull)
MODES = ("script", "module")


class Ended(NamedTuple):
    status: int
    out: str
    err: str


def python(folder: Path, *arguments: str, **environment: str) -> Ended:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return Ended(done.returncode, done.stdout, _comparable(done.stderr))


def _comparable(text: str) -> str:
    """Standard error without Python's own frames of `-m`, and without what differs from run to run."""
    text = re.sub(r'[ |]* File "<frozen [\w.]+>", line \d+, in \w+\n', "", text)
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def same(folder: Path, mode: str, source: str, *arguments: str, **environment: str) -> Ended:
    """Run a program plainly and under the probe, and assert that nobody can tell which is which."""
    (folder / "prog.py").write_text(textwrap.dedent(source))
    named = ("prog.py",) if mode == "script" else ("-m", "prog")
    plain = python(folder, *named, *arguments, **environment)
    probed = python(folder, *PROBE, *named, *arguments, **environment)
    assert probed == plain
    return plain


ENDINGS = {
    "nothing": ("print('done')", 0),
    "exit without a status": ("import sys; sys.exit()", 0),
    "exit with a status": ("import sys; sys.exit(3)", 3),
    "exit with a large status": ("import sys; sys.exit(259)", 3),
    "exit with true": ("raise SystemExit(True)", 1),
    "exit with a text": ("import sys; sys.exit('no data')", 1),
    "exit with an empty text": ("import sys; sys.exit('')", 1),
    "exit with a list": ("import sys; sys.exit([1, 2])", 1),
    "exception": ("def f():\n    return 1 / 0\nf()", 1),
    "exception with a cause": (
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('no') from error",
        1,
    ),
    "exception while another is handled": ("try:\n    1 / 0\nexcept ZeroDivisionError:\n    {}['x']", 1),
    "group of exceptions": ("raise ExceptionGroup('several', [ValueError(1), KeyError(2)])", 1),
    "exception without a trace of its own": ("raise BaseException", 1),
    "interrupted": ("raise KeyboardInterrupt", -signal.SIGINT),
    "interrupted from outside": ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT),
    "terminated": ("import os, signal; print('x', flush=True); os.kill(os.getpid(), 15)", -signal.SIGTERM),
    "killed": ("import os; os.kill(os.getpid(), 9)", -signal.SIGKILL),
    "aborted": ("import os; os.abort()", -signal.SIGABRT),
    "left at once": ("import os; print('x', flush=True); os._exit(5)", 5),
    "closed output": ("import sys; sys.stdout.close()", 0),
    "syntax error": ("x = 1\ny = = 2", 1),
    "indentation error": ("if True:\nx = 1", 1),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_program_ends_as_it_would(tmp_path: Path, mode: str, ending: str) -> None:
    source, status = ENDINGS[ending]

    assert same(tmp_path, mode, source).status == status


BEHAVIOURS = {
    "main module": """
        import sys
        main = sys.modules["__main__"]
        assert vars(main) is globals()
        print(sorted(globals()), __name__, __file__, __cached__, __package__, __doc__, __annotations__)
        print(type(__loader__), __loader__.name, __builtins__, __spec__ and (__spec__.name, __spec__.origin))
        print(sys.argv, sys.path, sys.flags, sys.excepthook is sys.__excepthook__)
        """,
    "future imports of the launcher are not inherited": """
        def f(x: 1 + 1): pass
        print(f.__annotations__)
        """,
    "guard": """
        if __name__ == "__main__":
            print("main")
        """,
    "relative paths and the working directory": """
        import os
        open("made.txt", "w").write("x")
        print(os.getcwd(), sorted(os.listdir(".")) and open("made.txt").read())
        """,
    "source of what it defines": """
        import inspect
        class Net:
            size = 3
        def f():
            return Net
        print(inspect.getsource(Net), inspect.getsource(f), inspect.getsourcefile(Net), inspect.getmodule(f))
        """,
    "pickled classes": """
        import pickle
        class Net:
            pass
        data = pickle.dumps([Net(), Net])
        print(b"__main__" in data, type(pickle.loads(data)[0]) is Net)
        """,
    "warnings": """
        import warnings
        def old():
            warnings.warn("old one", DeprecationWarning, stacklevel=2)
        old()
        warnings.warn("mine")
        old()
        """,
    "warnings made errors": """
        import warnings
        warnings.simplefilter("error")
        warnings.warn("mine")
        """,
    "doctests": '''
        def double(x):
            """
            >>> double(2)
            5
            """
            return 2 * x
        import doctest
        print(doctest.testmod())
        ''',
    "unit tests": """
        import unittest
        class T(unittest.TestCase):
            def test(self):
                pass
        print(unittest.main(exit=False, argv=["x"], verbosity=0, testRunner=unittest.TextTestRunner(
            stream=__import__("io").StringIO())).result)
        """,
    "exit functions": """
        import atexit, logging, sys, weakref
        class Thing: pass
        thing = Thing()
        for number in range(3):
            atexit.register(print, "exit", number)
        weakref.finalize(thing, print, "finalised")
        class Last:
            def __del__(self):
                print("deleted")
        last = Last()
        print("end")
        """,
    "exit function that fails": """
        import atexit
        atexit.register(print, "still called")
        @atexit.register
        def fail():
            raise ValueError("late")
        """,
    "exit functions after an exception": """
        import atexit, sys
        def show():
            trace = sys.last_traceback
            while trace.tb_next:
                trace = trace.tb_next
            print("exit", sys.last_type, sys.last_value, trace.tb_lineno)
        atexit.register(show)
        1 / 0
        """,
    "own hook for exceptions": """
        import sys, traceback
        def hook(kind, value, trace):
            print(kind, value, [frame for frame in traceback.extract_tb(trace) if "frozen" not in frame.filename])
            print(value.__traceback__ is trace, sys.excepthook is hook)
        sys.excepthook = hook
        1 / 0
        """,
    "hook for exceptions that exits": """
        import sys
        def hook(kind, value, trace):
            sys.exit(7)
        sys.excepthook = hook
        1 / 0
        """,
    "threads that outlive the main one": """
        import threading, time
        def work():
            time.sleep(0.2)
            print("thread", threading.main_thread().is_alive())
        threading.Thread(target=work).start()
        print("main", threading.current_thread() is threading.main_thread())
        """,
    "exception in a thread": """
        import threading
        def work():
            raise ValueError("in thread")
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        print(threading.active_count())
        """,
    "pool that is never shut down": """
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        print(pool.submit(lambda: 4).result())
        """,
    "forked child that ends by itself": """
        import os, sys
        child = os.fork()
        if child == 0:
            print("child")
            sys.exit(4)
        print("parent", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        """,
    "output that is redirected": """
        import contextlib, io, sys
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            print("inside")
        sys.stdout = open("log.txt", "w")
        print("log")
        """,
    "handlers of signals": """
        import signal, os
        signal.signal(signal.SIGTERM, lambda number, frame: print("handled", number))
        os.kill(os.getpid(), signal.SIGTERM)
        print(signal.getsignal(signal.SIGINT))
        """,
    "file descriptors": """
        import os
        print(os.open("prog.py", os.O_RDONLY))
        """,
    "random numbers": """
        import random
        random.seed(3)
        print(random.random())
        """,
    "modules that are not there": "import nonexistent_thing",
    "modules beside it": """
        from pathlib import Path
        Path("beside.py").write_text("print(__name__, __file__)")
        import beside
        """,
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_the_program_cannot_tell(tmp_path: Path, mode: str, behaviour: str) -> None:
    same(tmp_path, mode, BEHAVIOURS[behaviour], "--epochs", "3", "--", "-q", "--journal")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_find_what_the_program_defines(tmp_path: Path, mode: str, method: str) -> None:
    source = f"""
        import multiprocessing, sys
        class Item:
            def __init__(self, value):
                self.value = value
        def work(inbox, outbox):
            outbox.put((Item(inbox.get().value + 1), __name__, sys.argv[1:]))
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            inbox, outbox = context.Queue(), context.Queue()
            child = context.Process(target=work, args=(inbox, outbox))
            child.start()
            inbox.put(Item(1))
            item, name, arguments = outbox.get()
            child.join()
            print(type(item) is Item, item.value, name, arguments, child.exitcode)
            with context.Pool(2) as pool:
                print(pool.map(Item, [1, 2])[1].value)
        """

    assert same(tmp_path, mode, source, "-x", "y").status == 0


def test_the_output_of_a_program_in_c_or_below_keeps_its_order(tmp_path: Path) -> None:
    same(tmp_path, "script", "import os; print('a', flush=True); os.write(1, b'b\\n'); print('c')")


ENTRIES = {
    "with a dot": ("./prog.py",),
    "in a folder": ("sub/prog.py",),
    "through a folder and back": ("sub/../prog.py",),
    "by a link": ("link.py",),
    "a folder": ("app",),
    "a folder with a slash": ("./app/",),
    "an archive": ("app.zip",),
    "a package": ("-m", "package"),
    "a module in a package": ("-m", "package.inner"),
    "a module that its package imports": ("-m", "package.known"),
    "the short spelling of -m": ("-mpackage",),
    "a script without the usual ending": ("prog",),
    "a compiled script": ("prog.pyc",),
}


@pytest.mark.parametrize("safe", ["", "1"], ids=["", "safe path"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_every_way_to_name_a_program(tmp_path: Path, entry: str, safe: str) -> None:
    show = "import sys\nprint(sys.argv, sys.path, __name__, __file__, __package__, __spec__ and __spec__.name)\n"
    show += "print(__cached__, type(__loader__))\n"
    for folder in ("sub", "app", "package"):
        (tmp_path / folder).mkdir()
    for name in ("prog.py", "prog", "sub/prog.py", "app/__main__.py", "package/__main__.py", "package/inner.py"):
        (tmp_path / name).write_text(show)
    (tmp_path / "package/known.py").write_text("print(__name__)")
    (tmp_path / "package/__init__.py").write_text("import sys\nprint(sys.argv, __name__)\nfrom . import known")
    (tmp_path / "link.py").symlink_to("sub/prog.py")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.writestr("__main__.py", show)
    compiled = f"import py_compile; py_compile.compile({str(tmp_path / 'prog.py')!r}, 'prog.pyc')"
    python(tmp_path, "-c", compiled)
    environment = {"PYTHONSAFEPATH": safe, "PYTHONPATH": str(tmp_path) if safe else ""}

    plain = python(tmp_path, *ENTRIES[entry], "a", **environment)
    probed = python(tmp_path, *PROBE, *ENTRIES[entry], "a", **environment)

    assert plain.status == 0
    assert probed == plain


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.py"], "missing.py: no such file"),
        (["empty"], "empty: has no __main__.py"),
        (["-m", "missing"], "no module named 'missing'"),
        (["-m", "plain.missing"], "No module named plain.missing"),
        (["-m", "plain"], "No module named plain.__main__; 'plain' is a package and cannot be directly executed"),
        (["-m", "sys"], "No code object available for sys"),
    ],
)
def test_a_program_that_is_not_there_is_told_in_one_line(tmp_path: Path, arguments: list[str], told: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/__init__.py").touch()

    assert python(tmp_path, *PROBE, *arguments) == Ended(2, "", f"dnnlint: error: {told}\n")


def test_a_package_that_fails_on_import_fails_as_it_would(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/__init__.py").write_text("1 / 0")
    (tmp_path / "broken/inner.py").touch()

    assert python(tmp_path, *PROBE, "-m", "broken.inner") == python(tmp_path, "-m", "broken.inner")


def test_a_program_named_by_a_signal_dies_by_it_from_the_installed_command_too(tmp_path: Path) -> None:
    (tmp_path / "prog.py").write_text("import atexit; atexit.register(print, 'exit'); raise KeyboardInterrupt")
    (tmp_path / "command.py").write_text("import sys\nfrom dnnlint.cli import main\nsys.exit(main())\n")

    probed = python(tmp_path, "command.py", *PROBE[2:], "prog.py")

    assert probed == python(tmp_path, "prog.py")
    assert probed.status == -signal.SIGINT
