"""What ``discover`` found, as text for the terminal: what was sorted out, and whom to try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...phases.electrode import Electrode
from ...phases.units import is_number
from ...screen.discover import rule_words
from ...screen.verdict import LIMIT_MEV, NO_GAIN, NO_PATH, REACTS
from ..cells import SHORT_ROLES, Row
from ..markup import rounded
from ..page.data import OTHER, Run, read_run
from ..page.verdicts import MEANINGS, NOTHING_TO_GAIN, Said, flags, said
from .layout import page_width, table, wrapped

SHOWN = 4  # candidates of a role for each electrolyte
NO_CELL, ELSEWHERE = "no cell known", "elsewhere"


def discovered(folder: Path) -> dict[str, Any]:
    """Return what a run of ``discover`` found, for JSON.

    Returns
    -------
    dict
        ``folder``, ``counts`` (compounds left by each rule, in order), ``hidden``, and by
        electrolyte ``candidates`` in the order of the ranking: name, verdict, role, layer, the
        number that decides and its 90 % interval [meV/atom], and what was measured.
    """
    run = read_run(folder)
    found: dict[str, Any] = {}
    for name, rows in run.blocks().items():
        if name in run.electrolytes:
            pairs = [{**run.pairs.get((row["candidate"], name), {}), **row} for row in rows]
            found[name] = [_one(run, row, said(run, row)) for row in pairs if _known(run, row)]
    return {
        "folder": str(folder),
        "counts": run.manifest.get("query") or {},
        **run.electrode.to_dict(),
        "bare_meV_per_atom": {name: _bare(run, name) for name in run.electrolytes},
        "candidates": found,
    }


def _known(run: Run, row: Row) -> bool:
    """Whether a candidate has error bars with this electrolyte."""
    return (row["candidate"], row["electrolyte"], "layer_mutual_eV_per_atom") in run.spreads


def _bare(run: Run, electrolyte: str) -> float | None:
    rows = (row for row in run.results if row["electrolyte"] == electrolyte)
    return next((said(run, row).bare for row in rows), None)


def _one(run: Run, row: Row, found: Said) -> dict[str, Any]:
    cells = run.measured.get(row["candidate"], [])
    own = [cell for cell in cells if cell["electrolyte_match"].get(row["electrolyte"]) != OTHER]
    measured = f"on {own[0]['electrolyte']}" if own else ELSEWHERE if cells else NO_CELL
    return {
        "candidate": row["candidate"],
        "verdict": found.verdict,
        "gain": found.gain,
        "role": row.get("role"),
        "layer": row.get("layer"),
        "energy_meV_per_atom": found.energy,
        "low_meV_per_atom": found.low,
        "high_meV_per_atom": found.high,
        "measured": measured,
        "references": sorted({str(cell["reference"]) for cell in own}),
        "flags": flags(row, run.electrode.ion.symbol),
    }


def _first(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the first of each role, in the order of the ranking, and a line on each other role.

    A role has others when none of its candidates is to be tried or unsure.
    """
    roles: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        roles.setdefault(row["role"], []).append(row)
    kept, others = [], []
    for role, mine in roles.items():
        hopeful = [row for row in mine if row["verdict"] not in (NO_GAIN, REACTS, NO_PATH)]
        kept += hopeful[:SHOWN]
        if not hopeful:
            best = max(mine, key=lambda row: row["energy_meV_per_atom"])
            others.append(
                f"{role}: none to try; {best['candidate']}, with "
                f"{rounded(best['energy_meV_per_atom'])} meV/atom: {MEANINGS[best['verdict']]}"
            )
    return sorted(kept, key=rows.index), others


def discover_text(found: dict[str, Any]) -> str:
    """Write what was found: counts by rule, then the first of each electrolyte."""
    electrode, rules = Electrode.of(found), found["counts"].items()
    lines = [f"  {count:>7,}  {rule_words(rule)}" for rule, count in rules]
    for electrolyte, rows in found["candidates"].items():
        bare = found["bare_meV_per_atom"].get(electrolyte)
        head = electrolyte
        if is_number(bare):
            head += f": bare {electrode.label} {rounded(bare)} meV/atom"
            head += f". {electrode.words(NOTHING_TO_GAIN)}" if bare > -LIMIT_MEV else ""
        lines += ["", *wrapped(head)]
        first, others = _first(rows)
        shown = [["candidate", "role", electrode.words("layer after Li"), "meV/atom", "90 %"]]
        shown[0] += ["measured", "verdict"]
        for row in first:
            ends = row["low_meV_per_atom"], row["high_meV_per_atom"]
            energy = row["energy_meV_per_atom"]
            verdict = MEANINGS.get(row["verdict"], "" if row["gain"] else "no gain")
            verdict = electrode.words(verdict)
            shown.append(
                [
                    row["candidate"],
                    SHORT_ROLES.get(row["role"], str(row["role"] or "")),
                    str(row["layer"] or ""),
                    rounded(energy) if is_number(energy) else "-",
                    " to ".join(map(rounded, ends)) if None not in ends else "-",
                    row["measured"],
                    "; ".join([verdict, *row["flags"]]),
                ]
            )
        if first:
            fitted = table(shown, left=(0, 1, 2, 5, 6), limit=page_width() - 2)
            lines += ["  " + line for line in fitted]
        lines += [part for line in others for part in wrapped(f"  {line}", "    ")]
    lines += [
        "",
        *wrapped(
            f"meV/atom: reaction of the layer after {electrode.ion.symbol} with the electrolyte, "
            "0 is best; measured: in the cells we know of (elsewhere: with another electrolyte). "
            "Thermodynamics sorts out what reacts; it did not predict resistance or critical "
            "current density of measured cells.",
            "",
        ),
    ]
    return "\n".join(lines)
