"""Chemical systems: all of some elements, and lists of them that fit into a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from ...errors import InputError
from ...phases.formula import nearest

_CHARACTERS = 2000  # of the list of systems in one request, as it is sent; the limit is 8000
_SYSTEMS = 100  # in one request


def subsystems(elements: Iterable[str]) -> Iterator[str]:
    """Every chemical system of some elements, smallest first, as ``Li-O``."""
    symbols = sorted(set(elements))
    for count in range(1, len(symbols) + 1):
        for chosen in combinations(symbols, count):
            yield "-".join(chosen)


def batches_of(systems: Iterable[str]) -> Iterator[list[str]]:
    """Split systems into lists that each fit into one request with room to spare."""
    batch: list[str] = []
    length = 0
    for system in systems:
        size = len(system) + 3  # a comma is sent as three characters
        if batch and (len(batch) == _SYSTEMS or length + size > _CHARACTERS):
            yield batch
            batch, length = [], 0
        batch.append(system)
        length += size
    if batch:
        yield batch


def check_elements(symbols: Iterable[str]) -> frozenset[str]:
    """Check element symbols of a command line.

    Raises
    ------
    InputError
        For something that is no element.
    """
    from pymatgen.core import Element

    chosen = frozenset(symbol.strip() for symbol in symbols) - {""}
    if not chosen:
        raise InputError("elements: none given; write symbols with commas, as in Li,La,Zr,O")
    for symbol in sorted(chosen):
        if not Element.is_valid_symbol(symbol):
            known = [element.symbol for element in Element]
            raise InputError(f"elements: {symbol!r} is no element{nearest(symbol, known, 1)}")
    return chosen
