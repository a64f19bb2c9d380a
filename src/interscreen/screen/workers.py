"""Chunks in threads of this machine, or on a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from ..errors import InputError, OutputError, SourceError

Work = Callable[[Any, Any], tuple[int, Any]]

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
        written to ``folder`` once, and its workers map it into memory.
    chunks : iterable
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
    """
    from joblib import delayed, parallel_config

    if workers.backend == "local":
        tasks = (delayed(work)(plan, chunk) for chunk in chunks)
        # threads: the compiled loops hold no lock, and all share the arrays
        options = {"backend": "threading", "pre_dispatch": "2*n_jobs"}
        yield from _checked(tasks, check, n_jobs=workers.jobs, **options)
        return
    # workers may live on from an earlier run, with its plan in memory and another folder as theirs
    file = folder.resolve() / f"plan-{uuid4().hex}.joblib"
    try:
        _write(plan, file)
        with _dask(workers.scheduler) as client, parallel_config(backend="dask"):
            threads = max(1, sum(client.nthreads().values()))
            tasks = (delayed(_one)(work, str(file), chunk) for chunk in chunks)
            yield from _checked(tasks, check, n_jobs=threads, pre_dispatch="3*n_jobs")
    finally:
        with suppress(OSError):
            file.unlink(missing_ok=True)


def _checked(
    tasks: Iterable[Any], check: Callable[[], None], **options: Any
) -> Iterator[tuple[int, Any]]:
    from joblib import Parallel

    with closing(Parallel(return_as="generator_unordered", **options)(tasks)) as results:
        for result in results:
            check()
            yield result


def _write(plan: Any, file: Path) -> None:
    from joblib import dump

    try:
        dump(plan, file)
    except OSError as error:
        raise OutputError(
            f"{file}: cannot be written ({error.strerror}); make room or mend that, and run the "
            "same command again"
        ) from None


def _one(work: Work, plan: str, chunk: Any) -> tuple[int, Any]:
    return work(_loaded(plan), chunk)


@lru_cache(maxsize=1)
def _loaded(file: str) -> Any:
    """Map the plan into memory, once per worker."""
    from joblib import load

    try:
        return load(file, mmap_mode="c")
    except OSError as error:
        raise OutputError(
            f"{file}: a worker cannot read it ({error.strerror}); put the output folder where all "
            "workers see it (--out)"
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
