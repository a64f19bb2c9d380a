"""A table in memory -> rows: which column holds what, in which unit, for which run family."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..phases.energy_units import PER_ATOM, factors, read_energy, read_unit, split_column
from ..phases.filters import THEORETICAL
from ..phases.formula import nearest, read_amounts
from ..phases.source import Source, run_family
from ..phases.table import OBSERVED
from .families import FAMILY_KEYS, one_family
from .rows import FORMULA_COLUMNS, NUMBERS, TEXTS, Rows
from .scale import check_scale

if TYPE_CHECKING:
    import pandas as pd

ENERGY_COLUMN = "formation_energy_eV_per_atom"
# how columns of formation energies are called, without their unit
_ENERGIES = (
    "formation_energy", "energy_formation", "e_form", "eform", "formation_enthalpy",
    "enthalpy_formation", "heat_formation", "hform", "dhf", "delta_hf", "delta_e",
)  # fmt: skip
_TOTALS = ("energy", "total_energy", "final_energy", "uncorrected_energy", "corrected_energy")
ID_COLUMNS = ("id", "material_id", "entry_id", "mpid", "mp_id")
OBSERVED_COLUMN = "observed"
THEORETICAL_COLUMN = "theoretical"
LICENCE_COLUMNS = ("licence", "license")
_COLUMNS = (
    *ID_COLUMNS, *FAMILY_KEYS, *LICENCE_COLUMNS, OBSERVED_COLUMN, THEORETICAL_COLUMN,
    *(name.lower() for name in (*NUMBERS, *TEXTS)),
)  # fmt: skip


_CHARGE = re.compile(r"(?<=[A-Za-z])\d*\.?\d*[+-].*")

Refuse: TypeAlias = Callable[[int, str], NoReturn]


@dataclass(frozen=True)
class Reading:
    """How a user says that a file is to be read.

    Attributes
    ----------
    formula_column, energy_column : str, optional
        Columns of a table.
    energy_unit : str, optional
        Unit of energies whose column states none; eV/atom (of entries: eV) by default.
    family : str
        Of several run families the one that counts.
    """

    formula_column: str | None = None
    energy_column: str | None = None
    energy_unit: str | None = None
    family: str = ""


def records(items: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return documents as a table; of nested values only a composition is kept, as a formula."""
    import pandas as pd

    def flat(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        # charges and isotopes belong to the element: those of Fe2+ and Fe3+ add up
        return "".join(f"{_CHARGE.sub('', str(key))}{amount}" for key, amount in value.items())

    rows = [
        {
            str(key): flat(value)
            for key, value in item.items()
            if not isinstance(value, Mapping | list) or str(key).lower() in FORMULA_COLUMNS
        }
        for item in items
    ]
    return pd.DataFrame(rows, dtype=object)


def frame_rows(
    frame: pd.DataFrame,
    first_row: int,
    source: Source,
    reading: Reading,
    taken: Sequence[str] = (),
) -> tuple[Rows, Source]:
    """Return the rows of a table in memory, and the source with its run family.

    ``taken`` says how the table was read, where that is worth a note.
    """
    where = "line" if first_row > 1 else "row"
    numbers = first_row + np.arange(len(frame))

    def refuse(row: int, problem: str) -> NoReturn:
        raise InputError(f"{source.name}, {where} {numbers[row]}: {problem}")

    formula_name = _formula_column(frame, reading.formula_column, source.name)
    energy_name, unit = _energy_column(frame, reading, source.name)
    if frame.empty:
        raise InputError(f"{source.name}: the table is empty; it needs at least one row")
    formula, energy = formula_name.strip().lower(), energy_name.strip().lower()
    columns = _used_columns(frame, {formula, energy, *_COLUMNS}, source.name)
    blank = (frame.isna() | (frame.astype(str) == "")).all(axis=1).to_numpy()
    kept = np.flatnonzero(~blank)
    if len(kept) < len(frame) and len(kept) and kept[-1] != len(kept) - 1:
        refuse(int(np.argmax(blank)), "empty line")
    stated = _families(columns, len(frame))
    families = [stated[i] for i in kept]
    chosen, family, silent = one_family(families, source.name, "rows", reading.family)
    numbers = numbers[kept[chosen]]
    columns = {name: column.iloc[kept[chosen]] for name, column in columns.items()}
    formulas = _formulas(columns[formula], refuse)
    energies, commas = _energies(columns[energy], formulas, refuse)
    ids, licences = (
        next((columns[name] for name in names if name in columns), None)
        for names in (ID_COLUMNS, LICENCE_COLUMNS)
    )
    rows = Rows(
        formulas=formulas,
        energies=energies,
        ids=None if ids is None else ids.astype(str).tolist(),
        observed=_words(columns, OBSERVED_COLUMN, OBSERVED, refuse),
        theoretical=_words(columns, THEORETICAL_COLUMN, THEORETICAL, refuse),
        licences=None if licences is None else _property(licences, "licence"),
        properties={
            name: _property(columns[name.lower()], name)
            for name in (*NUMBERS, *TEXTS)
            if name.lower() in columns
        },
        where=where,
        first_row=first_row,
        numbers=numbers,
    )
    sure = bool(reading.energy_unit) and read_unit(str(reading.energy_unit)) == PER_ATOM
    rows, doubts = check_scale(_in_eV_per_atom(rows, source, unit), source, unit, sure=sure)
    said = [*taken, *(["decimal commas"] if commas else [])]
    if unit not in ("", PER_ATOM):
        said.append(f"energies of {energy_name} in {unit}")
    notes = (f"{source.name}: read with {', '.join(said)}",) if said else ()
    return rows, replace(
        source,
        thermo_type=family or source.thermo_type,
        notes=(*source.notes, *notes, *silent, *doubts),
    )


def _used_columns(frame: pd.DataFrame, used: set[str], source: str) -> dict[str, pd.Series[Any]]:
    """Columns that count, by their names in small letters; InputError for two of one name."""
    columns: dict[str, pd.Series[Any]] = {}
    for place, column in enumerate(frame.columns):
        name = str(column).strip().lower()
        if name in columns:
            raise InputError(f"{source}: two columns are called {name}; rename one of them")
        if name in used:
            columns[name] = frame.iloc[:, place]
    return columns


def _formulas(values: pd.Series[Any], refuse: Refuse) -> list[str]:
    """Formulas of a column; one that is no text is refused."""
    formulas: list[str] = values.tolist()
    for row, value in enumerate(formulas):
        if not isinstance(value, str) or not value.strip():
            found = "empty" if value == "" else repr(value)
            remedy = "was NaN, sodium nitride, read as a missing value? store the column as text"
            refuse(row, f"the formula is {found}, not text ({remedy})")
    return formulas


def _energies(
    values: pd.Series[Any], formulas: Sequence[str], refuse: Refuse
) -> tuple[NDArray[np.float64], bool]:
    """Energies of a column, and whether they have decimal commas; what is none is refused."""
    energies, commas = _numbers(values)
    if len(bad := np.flatnonzero(~np.isfinite(energies))):
        first = int(bad[0])
        value = str(values.iloc[first])[:60]
        more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
        remedy = "correct or remove it"
        with suppress(InputError):
            if unit := read_energy(value)[1]:
                remedy = f"write the number alone and its unit into the head, as 'e_form ({unit})'"
        refuse(
            first,
            f"the formation energy of {formulas[first]} is {value!r}, not a finite number{more}; "
            f"{remedy}",
        )
    return energies, commas


def _families(columns: Mapping[str, pd.Series[Any]], length: int) -> list[str]:
    """Run family that each row states, empty without one: its thermo type, else its run type."""
    stated = [""] * length
    for name in FAMILY_KEYS:
        if name in columns:
            texts = [str(value).strip() for value in columns[name]]
            texts = ["" if text.lower() in ("nan", "none", "<na>") else text for text in texts]
            stated = [
                before or run_family(text) for before, text in zip(stated, texts, strict=True)
            ]
    return stated


def _numbers(values: pd.Series[Any]) -> tuple[NDArray[np.float64], bool]:
    """Numbers of a column, NaN for what is none; also whether it has decimal commas.

    A column has decimal commas where some of its values have a comma and none has a point.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.to_numpy(dtype=np.float64, na_value=np.nan), False
    # a timestamp is a number to NumPy, but no energy
    texts = ["" if _no_number(value) else str(value).strip() for value in values]
    commas = any("," in text for text in texts) and not any("." in text for text in texts)
    signs = {ord("\N{MINUS SIGN}"): "-"} | ({ord(","): "."} if commas else {})
    plain = pd.Series([text.translate(signs) for text in texts], dtype=object)
    return pd.to_numeric(plain, errors="coerce").to_numpy(dtype=np.float64), commas


def _no_number(value: Any) -> bool:
    return not isinstance(value, str | int | float | Decimal | np.number) or isinstance(value, bool)


def _in_eV_per_atom(rows: Rows, source: Source, unit: str) -> Rows:
    """Convert energies of a stated unit; those per formula count its atoms as written."""
    if unit in ("", PER_ATOM):
        return rows
    n_atoms = np.ones(len(rows))
    if "atom" not in unit:
        for row, text in enumerate(rows.formulas):
            with suppress(InputError):  # whoever reduces the formulas names it
                n_atoms[row] = float(sum(read_amounts(text).values()))
    try:
        energies = rows.energies * factors(unit, n_atoms)
    except InputError as error:
        raise InputError(f"{source.name}: {error}") from None
    return replace(rows, energies=energies)


def _formula_column(frame: pd.DataFrame, named: str | None, source: str) -> str:
    """Name of the column with formulas: the one the user named, or a known one."""
    columns = [str(column) for column in frame.columns]
    if named is not None:
        return _named_column(columns, named, "formula", source)
    lower = {column.strip().lower(): column for column in columns}
    for name in FORMULA_COLUMNS:
        if name in lower:
            return lower[name]
    raise InputError(
        f"{source}: no formula column found among {_listed(columns)}; call it "
        f"{FORMULA_COLUMNS[0]} or name it with --formula-column"
    )


def _energy_column(frame: pd.DataFrame, reading: Reading, source: str) -> tuple[str, str]:
    """Name of the column with formation energies, and the unit that it or the user states."""
    columns = [str(column) for column in frame.columns]
    otherwise = read_unit(reading.energy_unit) if reading.energy_unit else ""
    if reading.energy_column is not None:
        named = _named_column(columns, reading.energy_column, "formation-energy", source)
        return named, split_column(named)[1] or otherwise
    found = []
    for place, column in enumerate(columns):
        what, unit = split_column(column)
        if what in _ENERGIES:
            found.append((unit not in ("", PER_ATOM), _ENERGIES.index(what), place, column, unit))
    if found:
        *_, column, unit = min(found)
        return column, unit or otherwise
    totals = [column for column in columns if split_column(column)[0] in _TOTALS]
    missing = f"{source}: no formation-energy column found among {_listed(columns)}"
    if totals:
        raise InputError(
            f"{missing} ({', '.join(totals)}: total energies); subtract the energies of the "
            "elements, or hand in the pymatgen entries (JSON) with one of each element; a column "
            "that has formation energies all the same is named with --energy-column"
        )
    raise InputError(f"{missing}; call it {ENERGY_COLUMN} or name it with --energy-column")


def _named_column(columns: list[str], named: str, what: str, source: str) -> str:
    if named in columns:
        return named
    raise InputError(
        f"{source}: no column {named!r} for the {what}{nearest(named, columns, 1)}"
        f" (columns: {_listed(columns)})"
    )


def _listed(columns: Sequence[str], most: int = 30) -> str:
    shown = ", ".join(column[:60] for column in columns[:most]) or "no columns"
    return shown if len(columns) <= most else f"{shown}, ..."


def _words(
    columns: Mapping[str, pd.Series[Any]],
    name: str,
    meanings: dict[str, int],
    refuse: Refuse,
) -> NDArray[np.int64] | None:
    """Codes of a column of words (yes, no, unknown); None where there is no such column."""
    if name not in columns:
        return None
    import pandas as pd

    # a Parquet or spreadsheet round trip turns yes and no into truth values
    same = {"true": "yes", "false": "no", "nan": "", "none": "", "<na>": ""}
    words = ["" if pd.isna(value) else str(value).strip().lower() for value in columns[name]]
    words = [same.get(word, word) for word in words]
    for row, word in enumerate(words):
        if word not in meanings:
            refuse(row, f"{name} is {word!r}; write yes, no or unknown")
    return np.array([meanings[word] for word in words], dtype=np.int64)


def _property(values: pd.Series[Any], name: str) -> list[Any]:
    if name in NUMBERS:
        return list(_numbers(values)[0].tolist())
    return ["" if value is None else str(value) for value in values]
