"""Chunks in threads or processes of this machine, or on a Dask cluster."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar

from ..errors import InputError, OutputError, SourceError
from ..files import checksum

T = TypeVar("T")
Work = Callable[[Any, Any], tuple[int, Any]]

log = logging.getLogger(__name__)

_PATIENCE = 60.0  # s to wait for a scheduler and its first worker


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Where the chunks of a screen are computed: in ``jobs`` threads here, or on a Dask cluster."""

    jobs: int = 1
    backend: Literal["local", "dask"] = "local"
    scheduler: str = ""  # tcp://HOST:PORT

    def __post_init__(self) -> None:
        if self.backend == "dask" and not self.scheduler:
            raise InputError("--backend dask: name its scheduler with --scheduler tcp://HOST:PORT")
        if self.backend == "local" and self.scheduler:
            raise InputError(f"--scheduler {self.scheduler}: only with --backend dask")


def count_of(jobs: int | None, most: int = 1_000_000) -> int:
    """Return how many workers ``jobs`` means here, at most so many; None is one per core."""
    cores = os.cpu_count() or 1
    if jobs == 0:
        raise InputError("jobs: 0 worker processes; use 1 or more, or -1 for one per core")
    wanted = cores if jobs is None else jobs
    if wanted < 0:
        wanted = max(1, cores + 1 + wanted)
    return max(1, min(wanted, most))


def computed(
    work: Work,
    plan: Any,
    chunks: Iterable[Any],
    workers: Workers,
    folder: Path,
    *,
    check: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, Any]]:
    """Compute chunks; yield their numbers and answers as they finish, in any order.

    Parameters
    ----------
    work : callable
        From the plan and a chunk to the number of the chunk and its answer.
    plan : object
        What all chunks have in common.  Threads of this machine share it; for a cluster it is
        written once, to a private folder in ``folder``, and its workers map it into memory.
    chunks : iterable
    workers : Workers
    folder : Path
        A folder that all workers see.
    check : callable
        Called between chunks; may raise KeyboardInterrupt.

    Raises
    ------
    SourceError
        When the Dask scheduler does not answer, or a chunk kills every worker that gets it.
    OutputError
        When the plan cannot be written, or a worker cannot read it.
    """
    from joblib import delayed

    if workers.backend == "local":
        tasks = (delayed(work)(plan, chunk) for chunk in chunks)
        # threads: the compiled loops hold no lock, and all share the arrays
        options = {"backend": "threading", "pre_dispatch": "2*n_jobs"}
        yield from _checked(tasks, check, n_jobs=workers.jobs, **options)
        return
    # workers may live on from an earlier run, with its plan in memory and another folder as theirs
    with _private_plan(plan, folder) as (file, digest), _dask(workers.scheduler) as client:

        def submit(chunk: Any) -> Any:
            return client.submit(_one, work, file, digest, chunk, pure=False)

        yield from _on_dask(client, submit, iter(chunks), check)


def _on_dask(
    client: Any, submit: Callable[[Any], Any], chunks: Iterator[Any], check: Callable[[], None]
) -> Iterator[tuple[int, Any]]:
    """Yield what a cluster computes, three chunks a thread ahead.

    A chunk whose worker dies is computed by another, as often as the scheduler allows (its setting
    ``allowed-failures``, 3 by default).
    """
    from dask import distributed

    threads = max(1, sum(client.nthreads().values()))
    running: Any = distributed.as_completed(  # type: ignore[no-untyped-call]
        [submit(chunk) for chunk in islice(chunks, 3 * threads)]
    )
    for future in running:
        check()
        try:
            result = future.result()
        except distributed.KilledWorker as error:
            raise SourceError(
                f"Dask: a chunk killed its worker {error.allowed_failures + 1} times, most likely "
                "for want of memory; finished chunks are kept: give the workers more memory, or "
                "fewer threads, and run the same command again"
            ) from None
        for chunk in islice(chunks, 1):
            running.add(submit(chunk))
        yield result


def _checked(
    tasks: Iterable[Any], check: Callable[[], None], **options: Any
) -> Iterator[tuple[int, Any]]:
    from joblib import Parallel

    with closing(Parallel(return_as="generator_unordered", **options)(tasks)) as results:
        for result in results:
            check()
            yield result


def in_processes(
    work: Callable[..., T], tasks: Sequence[tuple[Any, ...]], jobs: int
) -> Generator[T]:
    """Call ``work`` with each of the tasks in worker processes, which begin at once.

    Yields the answers in any order; close it to stop them.  One process computes each when it is
    asked for.  The workers end when this process does, however it ends; what one leaves undone that
    was killed is computed here.
    """
    if jobs == 1:
        return (work(*task) for task in tasks)
    from joblib import Parallel, delayed, parallel_config

    with parallel_config("loky", initializer=_end_with, initargs=(os.getpid(),)):
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
        begun = parallel(delayed(_numbered)(n, work, task) for n, task in enumerate(tasks))
    answers: Generator[T] = _finished(begun, work, tasks)
    next(answers)  # from here on it can be closed
    return answers


def _finished(begun: Any, work: Callable[..., T], tasks: Sequence[tuple[Any, ...]]) -> Any:
    from joblib.externals.loky.process_executor import BrokenProcessPool

    left = dict(enumerate(tasks))
    try:
        with closing(begun):
            yield None
            for number, result in begun:
                del left[number]
                yield result
    except BrokenProcessPool:
        log.warning(
            "warning: a worker process was killed, most likely for want of memory; what is left "
            "is computed in one process (next time: --jobs 1)"
        )
        yield from (work(*task) for task in left.values())


def _numbered(number: int, work: Callable[..., T], task: tuple[Any, ...]) -> tuple[int, T]:
    return number, work(*task)


def _end_with(parent: int) -> None:
    """End this worker process soon after its parent has ended, even by a kill."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    if os.name == "posix":
        threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _private_plan(plan: Any, folder: Path) -> Iterator[tuple[str, str]]:
    """Write a plan where nobody else can write; yield its file and checksum.

    Whoever loads it executes what it says: so it lies in a folder of its own that only the user can
    enter, and workers check what they load.
    """
    from joblib import dump

    try:
        place = Path(tempfile.mkdtemp(prefix="plan-", dir=folder.resolve()))  # mode 0700
        file = place / "plan.joblib"
        dump(plan, file)
        digest = checksum(file)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); make room or mend that, and run the "
            "same command again"
        ) from None
    try:
        yield str(file), digest
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _one(work: Work, plan: str, digest: str, chunk: Any) -> tuple[int, Any]:
    return work(_loaded(plan, digest), chunk)


@lru_cache(maxsize=1)
def _loaded(file: str, digest: str) -> Any:
    """Map the plan into memory, once per worker."""
    from joblib import load

    try:
        if checksum(Path(file)) != digest:
            raise OutputError(f"{file}: was changed since it was written; run the command again")
        return load(file, mmap_mode="c")
    except OSError as error:
        raise OutputError(
            f"{file}: a worker cannot read it ({error.strerror}); put the output folder where all "
            "workers see it (--out), and let them run under the same user"
        ) from None


def _dask(scheduler: str) -> Any:
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(
            "--backend dask needs the package distributed: pip install 'interscreen[dask]'"
        ) from None

    class Closed(Client):
        """A client that only we close.

        The garbage collector would close one whose constructor failed, perhaps in the middle of
        the start of another one, and wait for ever.
        """

        def __del__(self) -> None:
            pass

    client: Any = None
    try:
        client = Closed(scheduler, timeout=_PATIENCE)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        if client is not None:
            client.close()
        raise SourceError(
            f"Dask scheduler {scheduler}: no answer or no worker within {_PATIENCE:.0f} s "
            f"({type(error).__name__}); check that it runs and has workers"
        ) from None
    return client
