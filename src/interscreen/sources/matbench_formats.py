"""The forms the Matbench file comes in: a gigabyte of JSON, read piece by piece, or a CSV."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import zlib
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..phases.formula import (
    atomic_mass,
    atomic_number,
    read_amounts,
    reduced_text,
    whole_numbers,
)
from ..phases.units import is_number
from .download import Progress
from .tables import ENERGY_COLUMNS, FORMULA_COLUMNS

if TYPE_CHECKING:
    import pyarrow as pa

FORMULA, _ENERGY = "formula", "formation_energy_eV_per_atom"
_VOLUME, _DENSITY = "volume_A3_per_atom", "density_g_per_cm3"
_CHUNK = 1 << 18
_LONGEST_HELD = 1 << 22  # [bytes] without a comma: not the published table anyway
_U_PER_A3 = 1.66053906660  # atomic mass unit per cubic angstrom [g/cm3] (CODATA 2018)
_ELEMENT_TOLERANCE = 1e-6
_DENOMINATOR = 1_000_000
# Python writes these where JSON has nothing; no other token of JSON looks like them
_NOT_FINITE = re.compile(rb"(?<=[\s:,\[])(?:NaN|-?Infinity)(?=[\s,\]}]|\Z)")


@dataclass
class MatbenchRows:
    """Columns as they grow; arrays of floats, so that 132,752 rows stay small."""

    formulas: list[str] = field(default_factory=list)
    energies: array[float] = field(default_factory=lambda: array("d"))
    volumes: array[float] = field(default_factory=lambda: array("d"))
    densities: array[float] = field(default_factory=lambda: array("d"))

    def table(self) -> pa.Table:
        """Return the columns as they are stored; no volumes where the file has none."""
        import pyarrow as pa

        columns: dict[str, Any] = {FORMULA: self.formulas, _ENERGY: pa.array(self.energies)}
        if self.volumes:
            columns |= {_VOLUME: pa.array(self.volumes), _DENSITY: pa.array(self.densities)}
        return pa.table(columns)


def read_matbench(file: Path, name: str, progress: Progress | None) -> MatbenchRows:
    """Read either format, told apart by content: an address need not end in .json.gz."""
    start = next(_chunks(file, name, None), b"").removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise InputError(f"{name}: the file is empty; give the Matbench file matbench_mp_e_form")
    read = _read_json if start[:1] in (b"{", b"[") else _read_csv
    rows = read(file, name, progress)
    if not rows.formulas:
        raise InputError(f"{name}: no rows in it; give the Matbench file matbench_mp_e_form")
    return rows


def _chunks(file: Path, name: str, progress: Progress | None) -> Iterator[bytes]:
    """Yield the content, unpacked if it is gzipped."""
    try:
        size = file.stat().st_size
        with open(file, "rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if packed else raw
            while chunk := stream.read(_CHUNK):
                if progress is not None:
                    progress(raw.tell(), size)
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{name}: cannot be read to its end ({error}); get it again") from None


def _read_json(file: Path, name: str, progress: Progress | None) -> MatbenchRows:
    columns = next(_items(file, "columns", name, progress), None)
    if not isinstance(columns, list) or not {"structure", "e_form"} <= set(map(str, columns)):
        raise InputError(
            f"{name}: JSON of another shape; expected a table with the keys columns, index and "
            "data, and the columns structure and e_form (the Matbench file matbench_mp_e_form)"
        )
    where, which = columns.index("structure"), columns.index("e_form")
    rows = MatbenchRows()
    for number, row in enumerate(_items(file, "data.item", name, progress), start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            raise InputError(f"{name}, row {number}: not {len(columns)} values; get the file again")
        try:
            formula, volume, density = _structure(row[where])
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0][:120]
            raise InputError(
                f"{name}, row {number}: not a pymatgen structure ({reason}); correct or remove it"
            ) from None
        rows.formulas.append(formula)
        rows.energies.append(_energy(row[which], formula, f"{name}, row {number}"))
        rows.volumes.append(volume)
        rows.densities.append(density)
    return rows


def _items(file: Path, prefix: str, name: str, progress: Progress | None) -> Iterator[Any]:
    """Yield the values under a prefix one after the other; the file is larger than memory."""
    import ijson

    found = ijson.sendable_list()
    parser = ijson.items_coro(found, prefix, use_float=True)
    count = 0
    try:
        for chunk in _without_nan(_chunks(file, name, progress)):
            problem = None
            try:
                parser.send(chunk)
            except ijson.JSONError as error:
                problem = error
            count += len(found)
            yield from found
            found.clear()
            if problem is not None:
                raise problem
        parser.close()
    except ijson.JSONError as error:
        reason = str(error).partition("\n")[0].partition("\\n")[0].strip()
        after = f" after row {count}" if count else ""
        raise InputError(f"{name}: not readable as JSON{after} ({reason}); get it again") from None
    finally:
        with suppress(ijson.JSONError):
            parser.close()


def _without_nan(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Turn NaN and Infinity, which Python writes but JSON does not know, into null."""
    held = b""
    for chunk in chunks:
        held += chunk
        cut = held.rfind(b",")  # no such word reaches across a comma
        if cut <= 0 and len(held) > _LONGEST_HELD:
            cut = len(held)
        if cut > 0:
            yield _nan_to_null(held[:cut])
            held = held[cut:]
    if held:
        yield _nan_to_null(held)


def _nan_to_null(text: bytes) -> bytes:
    # the plain search comes first: it is far faster than the pattern, and mostly finds nothing
    found = b"NaN" in text or b"Infinity" in text
    return _NOT_FINITE.sub(b"null", text) if found else text


def _structure(structure: Any) -> tuple[str, float, float]:
    """Reduced formula, volume [A3/atom] and density [g/cm3] of a pymatgen structure."""
    amounts: dict[str, float] = {}
    for site in structure["sites"]:
        for species in site["species"]:
            symbol = species["element"]
            amounts[symbol] = amounts.get(symbol, 0.0) + species["occu"]
    formula = _reduced({s: Fraction(n).limit_denominator(_DENOMINATOR) for s, n in amounts.items()})
    lattice = structure["lattice"]
    if "matrix" in lattice:
        (ax, ay, az), (bx, by, bz), (cx, cy, cz) = lattice["matrix"]
        volume = abs(ax * (by * cz - bz * cy) - ay * (bx * cz - bz * cx) + az * (bx * cy - by * cx))
    else:
        volume = float(lattice["volume"])
    if not (math.isfinite(volume) and volume > 0.0):
        raise ValueError(f"its volume is {volume}")
    mass = sum(n * atomic_mass(symbol) for symbol, n in amounts.items())
    return formula, volume / sum(amounts.values()), _U_PER_A3 * mass / volume


def _reduced(amounts: dict[str, Fraction]) -> str:
    if not amounts or min(amounts.values()) <= 0:
        raise ValueError("no atoms, or an amount that is not positive")
    symbols = sorted(amounts, key=atomic_number)
    counts = whole_numbers([amounts[symbol] for symbol in symbols])
    return reduced_text(dict(zip(symbols, counts, strict=True)))


def _energy(value: Any, formula: str, where: str) -> float:
    """Check one formation energy [eV/atom]."""
    number = math.nan
    if is_number(value):
        with suppress(OverflowError):
            number = float(value)
    if not math.isfinite(number):
        shown = "null (or NaN)" if value is None else repr(value)[:40]
        raise InputError(
            f"{where}: the formation energy of {formula} is {shown}, not a finite number; correct "
            "or remove it"
        )
    # one capital letter: an element
    if number < -_ELEMENT_TOLERANCE and sum(map(str.isupper, formula)) == 1:
        raise InputError(
            f"{where}: the element {formula} has the formation energy {number} eV/atom; energies "
            "must be relative to the elements (formation energies, not total energies)"
        )
    return number


def _read_csv(file: Path, name: str, progress: Progress | None) -> MatbenchRows:
    import pandas as pd

    first = next(_chunks(file, name, None)).decode("utf-8-sig", errors="replace")
    skipped, header = 0, ""
    for line in first.splitlines():
        if line.strip() and not line.startswith("#"):
            header = line
            break
        skipped += 1
    names = [cell.strip().lower() for cell in next(csv.reader([header]), [])]
    formula_at = next((names.index(n) for n in FORMULA_COLUMNS if n in names), None)
    energy_at = next((names.index(n.lower()) for n in ENERGY_COLUMNS if n.lower() in names), None)
    if formula_at is None or energy_at is None:
        raise InputError(
            f"{name}: neither the Matbench JSON nor a CSV with the columns formula and e_form (it "
            f"starts with {header[:60]!r}); give the file matbench_mp_e_form"
        )
    rows, reduced, energies, lines = MatbenchRows(), {}, [], []
    try:
        text = b"".join(_chunks(file, name, progress)).decode("utf-8-sig")
        stream = io.StringIO(text, newline="")
        for _ in range(skipped + 1):
            stream.readline()
        reader = csv.reader(stream, skipinitialspace=True)
        for cells in reader:
            number = skipped + 1 + reader.line_num
            if not any(cells):
                continue
            if len(cells) <= max(formula_at, energy_at):
                raise InputError(f"{name}, line {number}: fewer cells than the header has")
            if (written := cells[formula_at]) not in reduced:
                try:
                    reduced[written] = _reduced(read_amounts(written))
                except InputError as error:
                    raise InputError(f"{name}, line {number}: {error}") from None
            rows.formulas.append(reduced[written])
            energies.append(cells[energy_at])
            lines.append(number)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{name}: not a readable CSV file ({error})") from None
    # the same conversion as for tables of the user's own, down to the last digit
    values = pd.to_numeric(pd.Series(energies, dtype=object), errors="coerce").tolist()
    for value, written, formula, number in zip(values, energies, rows.formulas, lines, strict=True):
        shown = value if math.isfinite(value) else written
        rows.energies.append(_energy(shown, formula, f"{name}, line {number}"))
    return rows
