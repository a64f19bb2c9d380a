"""The table embedded in the package: Matbench v0.1, every formula, no key and no download.

scripts/build_embedded.py makes data/embedded.parquet, whose metadata hold sources and references.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..files import EMBEDDED_FILE, data_parquet
from ..phases.source import GGA, Source
from ..phases.table import OBSERVED, PhaseTable
from . import EMBEDDED
from .rows import Rows, Units

if TYPE_CHECKING:
    import pyarrow.parquet as pq

SOURCE = Source(
    name=EMBEDDED,
    version="Matbench v0.1, Materials Project 2018",
    thermo_type=GGA,
    statement=(
        "formation energies of the Materials Project as published in Matbench v0.1 (CC BY 4.0), "
        "lowest energy per formula"
    ),
    citation=(
        "A. Dunn et al., npj Comput. Mater. 6, 138 (2020), doi:10.1038/s41524-020-00406-3; "
        "A. Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323"
    ),
)

# columns of the file and how the questions call them; phases.solids reads the measured figures
_NUMBERS = {
    "volume_A3_per_atom": "volume_A3_per_atom",
    "pbe_band_gap_eV": "band_gap_eV",
}
_DIGITS = 6  # what the single precision of the file holds


@lru_cache(maxsize=2)
def embedded_table(*, all_phases: bool = False) -> PhaseTable:
    """Return the embedded table; ``all_phases`` counts the known artefacts, too."""
    if all_phases:
        table = embedded_table()
        return replace(table, counted=np.ones(len(table), dtype=bool))
    with data_parquet(EMBEDDED_FILE) as file:
        return table_of(file)


def table_of(file: pq.ParquetFile) -> PhaseTable:
    """Return the table of a file that scripts/build_embedded.py made."""
    about = {key.decode(): value.decode() for key, value in file.metadata.metadata.items()}

    def column(name: str) -> Any:
        return file.read(columns=[name], use_threads=False)[name].combine_chunks()

    words = column("observed")
    codes = np.array([OBSERVED[word] for word in words.dictionary.to_pylist()], dtype=np.int64)
    observed = codes[_numbers(words.indices, np.int16)]
    atoms = column("element_index")
    n = len(atoms)
    return PhaseTable(
        formulas=_strings(column("formula")),
        elements=tuple(about["elements"].split()),
        indptr=_numbers(atoms.offsets, np.int32).astype(np.int64),
        element_index=_numbers(atoms.values, np.uint8).astype(np.int64),
        counts=_numbers(column("counts").values, np.uint16).astype(np.int64),
        energies=_decimals(column("formation_energy_eV_per_atom")),
        ids=np.full(n, ""),
        structures=_numbers(column("structures"), np.int16).astype(np.int64),
        observed=observed,
        counted=observed != OBSERVED["no"],
        source=replace(SOURCE, n_rows=int(about["structures"]), n_phases=n),
        properties={key: _decimals(column(name)) for name, key in _NUMBERS.items()},
    )


def embedded_rows() -> tuple[Rows, Source]:
    """Return the rows of the embedded table, to filter or to join with the user's own."""
    table = embedded_table()
    symbols = np.array(table.elements)[table.element_index].tolist()
    counts = table.counts.tolist()
    parts = [slice(*ends) for ends in zip(table.indptr[:-1], table.indptr[1:], strict=True)]
    formulas = table.formulas.tolist()
    units = Units(
        np.arange(len(table)),
        formulas,
        [tuple(symbols[part]) for part in parts],
        [tuple(counts[part]) for part in parts],
    )
    rows = Rows(
        formulas=formulas,
        energies=table.energies,
        observed=table.observed,
        structures=table.structures,
        properties=table.properties,  # type: ignore[arg-type]
        units=units,
    )
    return rows, SOURCE


def _numbers(column: Any, kind: type[np.generic]) -> NDArray[Any]:
    """Return the numbers of a column, anything in its gaps; Arrow's own way would load pandas."""
    return np.frombuffer(column.buffers()[-1], dtype=kind, count=len(column))


def _there(column: Any) -> NDArray[np.bool_]:
    """Return where a column has no gaps."""
    bits = column.buffers()[0]
    if bits is None:
        return np.ones(len(column), dtype=bool)
    flags = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little", count=len(column))
    return flags.astype(bool)


def _decimals(column: Any) -> NDArray[np.float64]:
    """Return a column of numbers in double precision; NaN where it has none."""
    values = _numbers(column, np.float32).astype(np.float64)
    values[~_there(column)] = np.nan
    return values.round(_DIGITS)


def _strings(column: Any) -> NDArray[np.str_]:
    """Return a column of ASCII texts."""
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32)
    lengths = np.diff(offsets)
    text = np.frombuffer(column.buffers()[2], dtype=np.uint8)
    letters = np.zeros((len(lengths), int(lengths.max())), dtype=np.uint32)
    for place in range(letters.shape[1]):
        rows = np.flatnonzero(lengths > place)
        letters[rows, place] = text[offsets[rows] + place]
    return letters.view(f"U{letters.shape[1]}")[:, 0]
