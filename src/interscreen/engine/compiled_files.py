"""Compiled code on disk with its checksum: a damaged file is compiled anew, not executed."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_SIZE = hashlib.sha256().digest_size


@lru_cache(maxsize=1)
def checked_file() -> type:
    """Return numba's pair of cache files, but with a checksum behind the compiled code."""
    from numba.core import caching

    plain: Any = caching.IndexDataCacheFile

    class CheckedFile(plain):  # type: ignore[misc]
        def _load_index(self) -> Any:
            try:
                return super()._load_index()
            except Exception:  # whatever is wrong with it, it is written anew
                return {}

        def _load_data(self, name: str) -> Any:
            with open(self._data_path(name), "rb") as file:
                stored = file.read()
            content, digest = stored[:-_SIZE], stored[-_SIZE:]
            if hashlib.sha256(content).digest() != digest:
                raise OSError(f"{name}: its checksum is wrong")  # numba compiles anew
            return pickle.loads(content)

        def _save_data(self, name: str, data: Any) -> None:
            content = self._dump(data)
            with self._open_for_write(self._data_path(name)) as file:
                file.write(content + hashlib.sha256(content).digest())

    return CheckedFile


def check_files(function: Callable[..., Any]) -> None:
    """Make a compiled function check the files of its cache."""
    cache: Any = getattr(function, "_cache", None)
    if hasattr(cache, "_cache_file"):  # numba may come to do it in another way
        cache._cache_file.__class__ = checked_file()
