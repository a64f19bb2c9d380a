"""Chunks on one process, on the cores of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import InputError, OutputError, SourceError
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
    """
    if workers.backend == "local" and workers.jobs == 1:
        for chunk in chunks:
            check()
            yield chunk.number, screen_chunk(plan, chunk)
        return
    from joblib import Parallel, delayed, dump, parallel_config

    file = folder / "plan.joblib"
    try:
        dump(plan, file)
    except OSError as error:
        raise OutputError(f"{file}: cannot be written ({error.strerror})") from None
    options: dict[str, Any] = {"return_as": "generator_unordered", "pre_dispatch": "3*n_jobs"}
    tasks = (delayed(_one)(str(file), chunk) for chunk in chunks)
    if workers.backend == "dask":
        with _dask(workers.scheduler) as client, parallel_config(backend="dask"):
            threads = sum(client.nthreads().values())
            for result in Parallel(n_jobs=max(threads, 1), **options)(tasks):
                check()
                yield result
        return
    # one thread each for BLAS and the like: the processes are the parallelism
    with parallel_config(backend="loky", inner_max_num_threads=1):
        for result in Parallel(n_jobs=workers.jobs, **options)(tasks):
            check()
            yield result


def _one(plan: str, chunk: Chunk) -> tuple[int, pa.Table]:
    return chunk.number, screen_chunk(_loaded(plan), chunk)


@lru_cache(maxsize=1)
def _loaded(file: str) -> Plan:
    """Map the plan into memory, once per worker."""
    from joblib import load

    plan: Plan = load(file, mmap_mode="r")
    return plan


def _dask(scheduler: str) -> Any:
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError(
            "--backend dask needs the package distributed: pip install 'interscreen[dask]'"
        ) from None
    try:
        client: Any = Client(scheduler, timeout=_PATIENCE)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise SourceError(
            f"Dask scheduler {scheduler}: no answer or no worker within {_PATIENCE:.0f} s "
            f"({type(error).__name__}); check that it runs and has workers"
        ) from None
    return client
