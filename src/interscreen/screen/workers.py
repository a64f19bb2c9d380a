"""Chunks on one process, on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from ..errors import InputError, InterscreenError, OutputError, SourceError
from .chunk import Chunk, screen_chunk
from .plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa

_FEW = 4  # chunks
_PATIENCE = 60.0  # s to wait for a scheduler and its first worker


@dataclass(frozen=True, kw_only=True)
class Workers:
    """Who computes.

    Attributes
    ----------
    jobs : int
        Processes of this machine; 1 starts none.
    backend : local or dask
    scheduler : str
        Address of the Dask scheduler (``tcp://...``).
    """

    jobs: int = 1
    backend: Literal["local", "dask"] = "local"
    scheduler: str = ""

    def __post_init__(self) -> None:
        if self.backend == "dask" and not self.scheduler:
            raise InputError("--backend dask: name its scheduler with --scheduler tcp://HOST:PORT")
        if self.backend == "local" and self.scheduler:
            raise InputError(f"--scheduler {self.scheduler}: only with --backend dask")


def count_of(jobs: int | None, chunks: int) -> int:
    """Return how many processes ``jobs`` means here; None is one per core, or one for few chunks.

    Starting workers takes as long as a few chunks.
    """
    cores = os.cpu_count() or 1
    if jobs == 0:
        raise InputError("jobs: 0 worker processes; use 1 or more, or -1 for one per core")
    wanted = (1 if chunks <= _FEW else cores) if jobs is None else jobs
    if wanted < 0:
        wanted = max(1, cores + 1 + wanted)
    return max(1, min(wanted, chunks))


def computed(
    plan: Plan,
    chunks: Iterable[Chunk],
    workers: Workers,
    folder: Path,
    *,
    check: Callable[[], None] = lambda: None,
) -> Iterator[tuple[int, pa.Table]]:
    """Compute chunks; yield them as they finish, in any order.

    Parameters
    ----------
    plan : Plan
        Written to ``folder`` once; workers map it into memory.
    chunks : iterable of Chunk
    workers : Workers
    folder : Path
        A folder that all workers see.
    check : callable
        Called between chunks; may raise KeyboardInterrupt.

    Raises
    ------
    SourceError
        When the Dask scheduler does not answer.
    OutputError
        When the plan cannot be written, or a worker cannot read it.
    InterscreenError
        When a process of this machine dies.
    """
    if workers.backend == "local" and workers.jobs == 1:
        for chunk in chunks:
            check()
            yield chunk.number, screen_chunk(plan, chunk)
        return
    # workers may live on from an earlier run, with its plan in memory and another folder as theirs
    file = folder.resolve() / f"plan-{uuid4().hex}.joblib"
    try:
        _write(plan, file)
        with closing(_parallel(str(file), chunks, workers)) as results:
            for result in results:
                check()
                yield result
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _write(plan: Plan, file: Path) -> None:
    from joblib import dump

    try:
        for leftover in file.parent.glob("plan-*.joblib"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
        dump(plan, file)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}); make room or mend that, and run the "
            "same command again"
        ) from None


def _parallel(
    plan: str, chunks: Iterable[Chunk], workers: Workers
) -> Generator[tuple[int, pa.Table], None, None]:
    from joblib import Parallel, delayed, parallel_config

    options: dict[str, Any] = {"return_as": "generator_unordered", "pre_dispatch": "3*n_jobs"}
    tasks = (delayed(_one)(plan, chunk) for chunk in chunks)
    if workers.backend == "dask":
        with _dask(workers.scheduler) as client, parallel_config(backend="dask"):
            threads = sum(client.nthreads().values())
            yield from Parallel(n_jobs=max(threads, 1), **options)(tasks)
        return
    # one thread each for BLAS and the like: the processes are the parallelism
    with parallel_config(backend="loky", inner_max_num_threads=1):
        try:
            yield from Parallel(n_jobs=workers.jobs, **options)(tasks)
        except BrokenProcessPool:
            raise InterscreenError(
                "a worker process was killed (out of memory?); run the same command again, with "
                "fewer processes (--jobs): what is finished is kept"
            ) from None


def _one(plan: str, chunk: Chunk) -> tuple[int, pa.Table]:
    return chunk.number, screen_chunk(_loaded(plan), chunk)


@lru_cache(maxsize=1)
def _loaded(file: str) -> Plan:
    """Map the plan into memory, once per worker."""
    from joblib import load

    try:
        plan: Plan = load(file, mmap_mode="r")
    except OSError as error:
        raise OutputError(
            f"{file}: a worker cannot read it ({error.strerror}); put the output folder where all "
            "workers see it (--out)"
        ) from None
    return plan


def _dask(scheduler: str) -> Any:
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(
            "--backend dask needs the package distributed: pip install 'interscreen[dask]'"
        ) from None

    class Closed(Client):
        """A client that we close.

        The garbage collector would close one whose constructor failed, perhaps in the middle of
        the start of another one (a second run in one process), and wait for ever.
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
