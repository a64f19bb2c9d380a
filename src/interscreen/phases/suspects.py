"""Which phases of a table are suspect, and why: the answers that rest on them deserve a look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import EMBEDDED_FILE, data_parquet
from .artefacts import known_artefacts, wrong_energies
from .formula import nearest
from .hull import stability
from .table import PhaseTable

MARGIN_EV = 0.005
"""Phases that lower the hull by less than this are barely stable [eV/atom].

Energies of similar compounds differ in error by about 24 meV/atom (Hautier et al., Phys. Rev. B 85,
155208 (2012), doi:10.1103/PhysRevB.85.155208): a phase below this limit is as likely off the hull
as on it.  That error itself is no useful limit: 46 % of the phases on the hull of the Materials
Project have a smaller margin, 13 % one below 5 meV/atom.
"""

ATOMS = 40
"""Reduced formulas with more atoms than this are huge.

98 % of the phases on the hull of the Materials Project have no more; the most complex electrolytes
(Li10Ge(PS6)2 25, Li7La3Zr2O12 24) stay well below, ordered stand-ins for solid solutions
(Li7Ti11O24 42, Mg149Zr 150) do not.
"""

ARTEFACT = "known artefact"
NEVER_OBSERVED = "never observed"
THEORETICAL = "theoretical only"
HUGE = "huge formula unit"
BARELY_STABLE = "barely stable"
MADE_BARELY_STABLE = "made, but barely stable"
THEORETICAL_GROUND_STATE = "theoretical ground state"
UNKNOWN = "observation unknown"
BY_CHOICE = "left out by choice"

WEAK = (MADE_BARELY_STABLE, THEORETICAL_GROUND_STATE, UNKNOWN)
"""Reasons to try an answer without the phase, but not to do without it for good."""


def suspect_reasons(
    table: PhaseTable, phase: str | int, *, margin: float = MARGIN_EV, atoms: int = ATOMS
) -> tuple[str, ...]:
    """Return why an answer that rests on a phase deserves a second look; see ``suspects``.

    Parameters
    ----------
    phase : str or int
        A formula, or a row of the table.
    margin : float
        A phase on the hull that lowers it by less is barely stable [eV/atom].
    atoms : int
        A reduced formula with more atoms is huge.

    Returns
    -------
    tuple of str
        Empty for a phase that nothing speaks against, that is not counted, or that is an element.

    Raises
    ------
    InputError
        For a phase that the table does not have, or a limit that is none.
    """
    row = table.find(phase) if isinstance(phase, str) else int(phase)
    if row is None:
        close = nearest(str(phase), [str(formula) for formula in table.formulas], 1)
        raise InputError(f"{phase}: the source {table.source.name} has no such phase{close}")
    return suspects(table, [row], margin=margin, atoms=atoms).get(row, ())


def suspects(
    table: PhaseTable,
    rows: Iterable[int],
    *,
    margin: float = MARGIN_EV,
    atoms: int = ATOMS,
    unknown: bool | None = None,
) -> dict[int, tuple[str, ...]]:
    """Return the suspects among some rows of a table, with their reasons.

    - ``known artefact``: data/artefacts.csv says that nobody made it or that its tabulated energy
      contradicts experiment.
    - ``never observed``: the table says so, and counts it nevertheless.
    - ``theoretical only``: the only structure of this formula in the source is theoretical.
    - ``theoretical ground state``: the lowest of several structures is; another one may have been
      made, a little higher in energy.
    - ``huge formula unit``: more than ``atoms`` atoms.
    - ``barely stable``: on the hull of the counted phases, but lowers it by less than ``margin``.
    - ``observation unknown``: the table says of most of its phases whether they were made, but not
      of this one.

    A phase that was made (the table says so, or leaves it open and the embedded one says so) can
    only be ``made, but barely stable``: its place on the hull is in doubt, not its existence.
    That, ``theoretical ground state`` and ``observation unknown`` are weak reasons (``WEAK``).

    ``unknown`` says whether ``observation unknown`` is a reason; by default the table decides
    (``tells_observed``).  Limits and errors: see ``suspect_reasons``.
    """
    check_limits(margin, atoms)
    asked = np.unique(np.fromiter(rows, dtype=np.int64))
    stable_by = stability(table, asked).margin if len(asked) else np.empty(0)
    said = tells_observed(table) if unknown is None else unknown
    found = {}
    for row, lowers in zip(asked.tolist(), stable_by.tolist(), strict=True):
        amounts = table.composition(row)
        if not table.counted[row] or len(amounts) == 1:
            continue
        doubts = _doubts(table, row, said)
        made, reasons = doubts is None, doubts or []
        size = sum(amounts.values())
        if size > atoms and not made:
            reasons.append(f"{HUGE} ({size} atoms)")
        if 0.0 <= lowers < margin:
            name = MADE_BARELY_STABLE if made else BARELY_STABLE
            reasons.append(f"{name} ({1000 * lowers:.1f} meV/atom)")
        if reasons:
            found[row] = tuple(reasons)
    return found


def left_out_reason(table: PhaseTable, row: int) -> str:
    """Return why a row of a table does not count."""
    return next(iter(_doubts(table, row, unknown=False) or ()), BY_CHOICE)


def tells_observed(table: PhaseTable) -> bool:
    """Whether the table says of most of its compounds if they were made."""
    compounds = np.diff(table.indptr) > 1
    return bool(compounds.any()) and bool((table.observed[compounds] >= 0).mean() > 0.5)


def is_firm(reasons: Iterable[str]) -> bool:
    """Whether one of the reasons is more than a weak one (see ``WEAK``)."""
    return any(not reason.startswith(WEAK) for reason in reasons)


def check_limits(margin: float, atoms: int) -> None:
    """Refuse limits that are none."""
    if not (isfinite(margin) and 0.0 <= margin < 1.0):
        raise InputError(
            f"margin of barely stable phases: {margin} eV/atom; give 0 to 1 eV/atom (0.005 is "
            "5 meV/atom)"
        )
    if isinstance(atoms, bool) or int(atoms) != atoms or atoms < 1:
        raise InputError(f"atoms of a huge formula unit: {atoms}; give a whole number from 1 up")


@cache
def evidence() -> Mapping[str, str]:
    """Compounds that somebody made, by reduced formula, and what says so (embedded table).

    A measured band gap, calorimetry, or the package's own list with its remark.
    """
    with data_parquet(EMBEDDED_FILE) as file:
        table = file.read(columns=["formula", "observed", "observed_evidence"], use_threads=False)
    columns = (table[name].to_pylist() for name in table.column_names)
    return {formula: why for formula, seen, why in zip(*columns, strict=True) if seen == "yes"}


def observations(table: PhaseTable, rows: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return whether somebody made some phases of a table: 1 yes, 0 no, -1 unknown; (k,).

    What the table says counts.  Where it says nothing, a known artefact was not made; a structure
    that is not theoretical was (it comes from an experiment: Materials Project), and so was what
    the embedded table has evidence of.
    """
    found: NDArray[np.int64] = table.observed[rows].astype(np.int64)
    column = table.properties.get("theoretical")
    for place in np.flatnonzero(found < 0).tolist():
        formula = str(table.formulas[rows[place]])
        if formula in known_artefacts():
            found[place] = 0
        elif formula in evidence() or (column is not None and column[rows[place]] == 0):
            found[place] = 1
    return found


def _doubts(table: PhaseTable, row: int, unknown: bool) -> list[str] | None:
    """Reasons to doubt that the phase exists; None if somebody made it."""
    observed = int(observations(table, np.array([row]))[0])
    column = table.properties.get("theoretical")
    theoretical = -1 if column is None else int(column[row])
    formula = str(table.formulas[row])
    if formula in wrong_energies():
        return [ARTEFACT]
    if observed == 1:
        return None
    if formula in known_artefacts():
        return [ARTEFACT]
    if observed == 0:
        return [NEVER_OBSERVED]
    if theoretical == 1:
        several = int(table.structures[row])
        return [THEORETICAL if several == 1 else f"{THEORETICAL_GROUND_STATE} (of {several})"]
    return [UNKNOWN] if unknown else []
