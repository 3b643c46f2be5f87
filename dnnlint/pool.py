"""Many files over several processes, each with a reader of its own."""

import os
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dnnlint.diagnostic import WHOLE_FILE, Place
from dnnlint.evidence.source import Unreadable
from dnnlint.examine import Examiner

if TYPE_CHECKING:
    from dnnlint.worker import Done, File, Recipe, Worker

_WORTH_A_PROCESS = 200_000  # bytes of source: about a second of work, against a tenth of one to start a process
_CHUNKS = 8  # a process, so that none waits long for the last one


class Spread(NamedTuple):
    """How many processes to use, and whom to tell how far the work is."""

    jobs: int | None = 1  # None: as many as are worth it
    progress: Callable[[int, int], object] = lambda done, total: None

    def processes(self, files: "Sequence[File]") -> int:
        """The number of processes for some files."""
        if self.jobs is not None:
            return min(self.jobs, len(files))
        if os.environ.get("PRE_COMMIT"):  # it starts processes itself
            return 1
        return min(processors(), len(files), sum(len(data) for _, data in files) // _WORTH_A_PROCESS)


ALONE = Spread()


def processors() -> int:
    """How many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    files: "Sequence[File]", examiner: Examiner, recipe: "Callable[[], Recipe]", spreading: Spread
) -> "Iterator[Done]":
    """Examine files, here or in processes; they come back in any order."""
    processes = spreading.processes(files)
    if processes > 1:
        done: Iterator[Done] = _in_processes(files, recipe(), processes)
    else:
        done = ((path, data, examiner.examine(path, data)) for path, data in files)
    for number, one in enumerate(done, 1):
        yield one
        spreading.progress(number, len(files))


def _in_processes(files: "Sequence[File]", recipe: "Recipe", processes: int) -> "Iterator[Done]":
    from multiprocessing.connection import wait

    import dnnlint.packs
    import dnnlint.script.entry
    import dnnlint.script.parse  # noqa: F401 - forked processes then need not import any of these
    from dnnlint.worker import Worker

    chunks = deque(_chunks(files, processes * _CHUNKS))
    idle = [Worker(recipe) for _ in range(processes)]
    busy: dict[object, Worker] = {}
    try:
        while chunks or busy:
            while chunks and idle:
                worker = idle.pop()
                busy[worker.connection] = worker
                worker.give(chunks.popleft())
            for connection in wait([worker.connection for worker in busy.values()]):
                worker = busy.pop(connection)
                answer = worker.answer()
                if answer is None:
                    answer = _after_death(worker, chunks, recipe)
                    worker.end()
                    worker = Worker(recipe)
                idle.append(worker)
                yield from answer
    finally:
        for worker in [*idle, *busy.values()]:
            worker.end()


def _after_death(worker: "Worker", chunks: "deque[list[File]]", recipe: "Recipe") -> "list[Done]":
    """Each file that a dead process was at gets a process that may die of it; the one that kills it twice is told."""
    if len(worker.task) == 1:
        return [_deadly(worker.task[0], recipe)]
    chunks.extendleft([file] for file in reversed(worker.task))
    return []


def _deadly(file: "File", recipe: "Recipe") -> "Done":
    path, data = file
    why = "dnnlint died on it, out of memory or of a bug; please report this if it happens again"
    examined = recipe.make().hear((Unreadable(Place(path, WHOLE_FILE), why),))
    return path, data, examined._replace(crash=f"{path}: the process that read it died\n")


def _chunks(files: "Sequence[File]", number: int) -> "Iterator[list[File]]":
    """Stretches of about the same size: neighbours import the same modules, so they stay together."""
    most = sum(len(data) for _, data in files) / number
    chunk: list[File] = []
    size = 0
    for path, data in files:
        if chunk and size + len(data) > most:
            yield chunk
            chunk, size = [], 0
        chunk.append((path, data))
        size += len(data)
    yield chunk
