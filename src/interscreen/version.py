"""Version of the installed package."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def version() -> str:
    """Version of the installed package."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("interscreen")
    except PackageNotFoundError:
        return "0+unknown"
