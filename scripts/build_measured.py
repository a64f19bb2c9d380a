"""Build src/interscreen/data/measured.csv and anchors.csv: measured energies, and what they anchor.

Two files of the Python index hold the tables; nothing is installed::

    pip download --no-deps --ignore-requires-python -d FOLDER janaf==1.4.0 reaction-network==8.3.0
    python scripts/build_measured.py FOLDER            # writes both files
    python scripts/build_measured.py FOLDER --check    # says whether those in place are the same

Three compilations are held against each other: NIST-JANAF (M. W. Chase, NIST-JANAF Thermochemical
Tables, 4th ed., 1998), the Gibbs energies of the U.S. Bureau of Mines (FREED), and the enthalpies
that pymatgen ships (Kubaschewski, Rzyman, NIST and others; A. Wang et al., Sci. Rep. 11, 15496
(2021)).  A Gibbs energy counts where it agrees with enthalpy and entropy to ``AGREE``; else the
enthalpy counts, with an entropy that is the sum of its elements' (fitted to all others).  Choices
made by hand stand with their reasons in scripts/measured/.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from math import isfinite, log
from pathlib import Path
from statistics import mean, median

import numpy as np
from pymatgen.core import Element

HERE = Path(__file__).parent
DATA = HERE.parent / "src" / "interscreen" / "data"
EV = 96.48533212  # kJ/mol in one eV
ROOM = 298.15
GRID = [ROOM, *(float(t) for t in range(400, 2001, 100))]
AGREE = {"NIST-JANAF": 0.040, "FREED": 0.030}  # with enthalpy and entropy [eV/atom]
SOLID_CP = 25.0  # heat capacity of an atom in a solid [J/(K mol)]
ANIONS = ("F", "O", "Cl", "N", "Br", "I", "S", "Se", "P", "H")
NONMETALS = {*ANIONS, "C", "He", "Ne", "Ar", "Kr", "Xe"}
MOLECULES = {  # enthalpies of formation of gases [kJ/mol], Wagman et al. 1982
    "NH3": -45.94, "HF": -273.30, "HCl": -92.31, "HBr": -36.29, "HI": 26.50, "H2S": -20.60,
    "CO2": -393.51, "SO2": -296.81, "SO3": -395.77, "NO2": 33.10, "N2O5": 11.30, "Cl2O7": 272.0,
    "BF3": -1136.0, "SiF4": -1615.0, "PF5": -1594.4,
}  # fmt: skip
GASES = (
    "H2O CO CO2 CH4 NH3 N2O NO NO2 HF HCl HBr HI H2S SO2 SO3 COS CS2 S2 Br2 I2 P4O10 PH3 PF3 PF5 "
    "POF3 PCl3 POCl3 BF3 BCl3 SiF4 SiCl4 SiH4 TiCl4 SF6 NF3 CF4 CCl4 HCN C2N2 MoF6 WF6 AlCl3 P4 "
    "Li K Na Zn HNO3 P2"
).split()
PEROXIDES = {"Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Zn", "Cd"}
PERCHLORATE = -5.6  # height of Cl2O7, deep enough for perchlorates against chlorides and O2 [eV]
METAL = 1.0  # height of metals [eV/atom]: no metal is an anchor where its compounds can be
BEND = 0.1  # curvature that makes every anchor of a system a corner [eV/atom]
GUESSED = 0.5  # height of a compound that nobody measured, of the median of its anion


@dataclass
class Figures:
    """What the compilations say of one compound, energies in eV per formula unit."""

    amounts: dict[str, float]
    enthalpy: float | None = None
    uncertainty: float | None = None
    gibbs: dict[str, dict[float, float]] = field(default_factory=dict)  # by compilation and T
    enthalpies: dict[str, float] = field(default_factory=dict)  # by compilation, where it says so
    entropies: dict[str, float] = field(default_factory=dict)  # of the compound [J/(K mol)]

    @property
    def atoms(self) -> float:
        """Atoms per formula unit."""
        return sum(self.amounts.values())


def composition(text: str) -> tuple[str, dict[str, float], float] | None:
    """Reduced formula, its atoms, and how many of it the text holds; None for no formula."""
    from pymatgen.core import Composition

    try:
        whole = Composition(text)
        reduced, factor = whole.get_reduced_formula_and_factor()
    except (ValueError, KeyError, TypeError):
        return None
    isotopes = {"D", "T"} & {str(species) for species in whole}
    if isotopes or any(getattr(species, "Z", None) is None for species in whole) or not reduced:
        return None
    atoms = {str(s): float(n) for s, n in Composition(reduced).items()}
    known = all(s in ELEMENTS[300] and n == int(n) < 100 for s, n in atoms.items())
    return (reduced, atoms, float(factor)) if known else None


def read_elements() -> dict[int, dict[str, float]]:
    """Read G(T) - H(298 K) of the elements by temperature [eV/atom]."""
    path = files("pymatgen.core") / "data" / "g_els.json"
    return {int(t): row for t, row in json.loads(path.read_text(encoding="utf-8")).items()}


ELEMENTS = read_elements()  # G(T) - H(298) of the elements [eV/atom]


def element_gibbs(symbol: str, temperature: float) -> float:
    """G(T) - H(298) [eV/atom]; below 300 K by its slope there."""
    if temperature < 300:
        slope = (ELEMENTS[400][symbol] - ELEMENTS[300][symbol]) / 100
        return ELEMENTS[300][symbol] + (temperature - 300) * slope
    return ELEMENTS[int(temperature)][symbol]


def read_janaf(path: Path) -> tuple[dict[str, Figures], dict[str, dict[float, float]]]:
    """Solids and liquids, and gases by their own formula."""
    solids: dict[str, Figures] = {}
    gases: dict[str, dict[float, float]] = {}
    best: dict[str, tuple[float, bool]] = {}
    with zipfile.ZipFile(path) as wheel:
        names = sorted(n for n in wheel.namelist() if n.startswith("janaf/data/"))
        for name in names:
            lines = wheel.read(name).decode("utf-8").split("\n")
            formula, _, phase = lines[0].split("\t")[1].strip().rpartition("(")
            phase = phase.rstrip(")")
            found = composition(formula) if formula and "+" not in formula else None
            rows = {}
            for line in lines[2:]:
                cells = line.split("\t")
                try:
                    rows[float(cells[0])] = tuple(float(cells[i]) for i in (2, 5, 6))
                except (ValueError, IndexError):
                    continue
            if found is None or ROOM not in rows or "-" in formula:
                continue
            reduced, atoms, factor = found
            curve = {t: rows[t][2] / EV for t in GRID if t in rows}
            if phase == "g":
                gases[formula] = curve
                continue
            if phase not in ("cr", "l", "cr,l", "ref") or len(atoms) < 2:
                continue
            rank = (round(rows[ROOM][2] / factor, 1), phase != "cr,l")
            if reduced in best and best[reduced] <= rank:
                continue
            best[reduced] = rank
            entry = Figures(atoms)
            entry.gibbs["NIST-JANAF"] = {t: g / factor for t, g in curve.items()}
            entry.enthalpies["NIST-JANAF"] = rows[ROOM][1] / EV / factor
            entry.entropies["NIST-JANAF"] = rows[ROOM][0] / factor
            solids[reduced] = entry
    return solids, gases


def read_freed(path: Path, compounds: dict[str, Figures]) -> None:
    """Add the Gibbs energies of the Bureau of Mines."""
    with zipfile.ZipFile(path) as wheel:
        name = next(n for n in wheel.namelist() if "freed" in n and n.endswith(".json.gz"))
        table = json.loads(gzip.decompress(wheel.read(name)))
    for text, row in table.items():
        found = composition(text)
        if found is None or len(found[1]) < 2 or "300" not in row or "400" not in row:
            continue
        reduced, atoms, factor = found
        entry = compounds.setdefault(reduced, Figures(atoms))
        curve = {float(t): g / factor for t, g in row.items()}
        slope = (curve[400.0] - curve[300.0]) / 100
        curve[ROOM] = curve[300.0] + (ROOM - 300.0) * slope
        entry.gibbs["FREED"] = {t: curve[t] for t in GRID if t in curve}
        change = sum(
            n * (ELEMENTS[400][s] - ELEMENTS[300][s]) / 100 for s, n in atoms.items()
        )  # entropy of the elements near 350 K, with the other sign [eV/K]
        middle = -(slope + change) * EV * 1000
        entry.entropies["FREED"] = middle - SOLID_CP * entry.atoms * log(350 / ROOM)


def read_enthalpies(compounds: dict[str, Figures]) -> None:
    """Add the enthalpies that pymatgen ships."""
    path = files("pymatgen.analysis.compatibility") / "exp_compounds.json.gz"
    for row in json.loads(gzip.decompress(path.read_bytes())):
        found = composition(row["formula"])
        if found is None or len(found[1]) < 2:
            continue
        reduced, atoms, factor = found
        entry = compounds.setdefault(reduced, Figures(atoms))
        entry.enthalpy = row["exp energy"] / factor
        stated = row["uncertainty"]
        entry.uncertainty = stated / factor if stated and isfinite(stated) else None


def fit_entropies(compounds: Mapping[str, Figures]) -> dict[str, float]:
    """Entropy of each element in solids at 298 K [J/(K mol)]; robust least squares."""
    rows = [
        (c.amounts, c.entropies.get("NIST-JANAF", c.entropies.get("FREED")))
        for c in compounds.values()
        if c.entropies and ("NIST-JANAF" in c.entropies or c.enthalpy is not None)
    ]
    symbols = sorted({s for amounts, _ in rows for s in amounts})
    matrix = np.array([[amounts.get(s, 0.0) for s in symbols] for amounts, _ in rows])
    atoms = matrix.sum(axis=1)
    matrix, goal = matrix / atoms[:, None], np.array([s for _, s in rows]) / atoms
    weights = np.ones(len(rows))
    for _ in range(40):
        normal = (matrix * weights[:, None]).T @ matrix + 0.02 * np.eye(len(symbols))
        right = (matrix * weights[:, None]).T @ goal + 0.02 * 27.0
        each = np.linalg.solve(normal, right)
        weights = 1.0 / np.maximum(1.0, np.abs(goal - matrix @ each) / 2.0)
    return dict(zip(symbols, each.tolist(), strict=True))


def estimated(amounts: Mapping[str, float], enthalpy: float, entropy: float) -> dict[float, float]:
    """Gibbs energy of formation from enthalpy and entropy at 298 K [eV per formula unit]."""
    atoms = sum(amounts.values())
    curve = {}
    for t in GRID:
        heat = SOLID_CP * atoms * (t * log(t / ROOM) - (t - ROOM))
        own = enthalpy - (t * entropy + heat) / 1000 / EV
        curve[t] = own - sum(n * element_gibbs(s, t) for s, n in amounts.items())
    return curve


def choose(compounds: Mapping[str, Figures], each: Mapping[str, float]) -> list[dict[str, str]]:
    """One row for every compound whose figures hold."""
    with (HERE / "measured" / "choices.csv").open(encoding="utf-8") as file:
        by_hand = {composition(row["formula"])[0]: row for row in csv.DictReader(file)}
    rows = []
    for formula in sorted({*compounds, *by_hand}):
        found = composition(formula)
        assert found is not None
        figures = compounds.get(formula, Figures(found[1]))
        hand = by_hand.get(formula, {})
        fitted = sum(n * each.get(s, 30.0) for s, n in figures.amounts.items())
        enthalpy, source = figures.enthalpy, hand.get("source", "")
        if hand.get("enthalpy_kJ_per_mol"):
            enthalpy = float(hand["enthalpy_kJ_per_mol"]) / EV
        if hand.get("entropy_J_per_K_mol"):
            fitted = float(hand["entropy_J_per_K_mol"])
        guess = None if enthalpy is None else estimated(figures.amounts, enthalpy, fitted)
        if not source:
            for name, limit in AGREE.items():
                curve = figures.gibbs.get(name)
                if curve is None:
                    continue
                solid = abs(figures.entropies[name] - fitted) / figures.atoms < 9.0
                near = guess is None or abs(curve[ROOM] - guess[ROOM]) / figures.atoms < limit
                alone = name == "NIST-JANAF" or (solid and len(figures.amounts) == 2)
                if near and (guess is not None or alone):
                    source = name
                    break
            else:
                source = "enthalpy" if guess is not None else "none"
        curve = guess if source in ("hand", "enthalpy") else figures.gibbs.get(source)
        if source == "none" or curve is None or not set(figures.amounts) & {*ANIONS}:
            continue
        if source == "enthalpy" and len(figures.amounts) > 2:
            curve = {ROOM: curve[ROOM]}
        heat = figures.enthalpies.get(source, enthalpy)
        if heat is None or (
            source == "FREED"
            and (
                enthalpy is None or abs(curve[ROOM] - guess[ROOM]) / figures.atoms > AGREE["FREED"]
            )
        ):
            # enthalpy that goes with the Gibbs energy and its entropy
            entropy = figures.entropies[source] / 1000 / EV
            parts = sum(n * element_gibbs(s, ROOM) for s, n in figures.amounts.items())
            heat = curve[ROOM] + ROOM * entropy + parts
        rows.append(row_of(formula, "s", heat, figures.uncertainty, source, curve))
    return rows


def row_of(
    formula: str,
    phase: str,
    enthalpy: float | None,
    uncertainty: float | None,
    source: str,
    curve: Mapping[float, float],
) -> dict[str, str]:
    """Return a row of measured.csv from energies in eV."""

    def kj(value: float | None) -> str:
        return "" if value is None else f"{value * EV:.1f}"

    named = {"hand": "by hand", "enthalpy": "enthalpy"}.get(source, source)
    return {
        "formula": formula,
        "phase": phase,
        "source": named,
        "enthalpy": kj(enthalpy),
        "uncertainty": kj(uncertainty),
        **{f"{t:g}": kj(curve.get(t)) for t in GRID},
    }


# -- heights --------------------------------------------------------------------------------------


def anion_of(amounts: Mapping[str, float]) -> str | None:
    """Return what makes a binary compound an anchor."""
    return next((a for a in ANIONS if a in amounts), None)


def anchors(rows: list[dict[str, str]], each: Mapping[str, float]) -> list[dict[str, str]]:
    """Binary compounds that fix the scale, with heights that make each of them a corner."""
    columns: dict[str, tuple[dict[str, float], float, str]] = {}
    for row in rows:
        found = composition(row["formula"])
        assert found is not None
        amounts = found[1]
        if row["phase"] == "s" and len(amounts) == 2 and anion_of(amounts):
            columns[row["formula"]] = (amounts, float(row["298.15"]) / EV, "measured")
    for text, heat in MOLECULES.items():
        reduced, amounts, factor = composition(text)  # type: ignore[misc]
        entropy = sum(n * each[s] for s, n in amounts.items())
        curve = estimated(amounts, heat / EV / factor, entropy)
        columns[reduced] = (amounts, curve[ROOM], "molecule")
        rows.append(row_of(reduced, "molecule", heat / EV / factor, None, "by hand", curve))
    charges: dict[tuple[str, str], set[float]] = {}
    levels: dict[str, list[float]] = {anion: [] for anion in ANIONS}
    for amounts, height, _ in columns.values():
        anion = anion_of(amounts)
        assert anion is not None
        levels[anion].append(height / amounts[anion])
        metal = next(s for s in amounts if s != anion)
        charge = amounts[anion] * valence(anion) / amounts[metal]
        charges.setdefault((metal, anion), set()).add(charge)
    for symbol in sorted(ELEMENTS[300]):
        if symbol in NONMETALS:
            continue
        for anion in ANIONS:
            if anion == "H":
                continue
            known = charges.get((symbol, anion), set())
            for charge in Element(symbol).common_oxidation_states:
                inside = known and min(known) - 0.01 <= charge <= max(known) + 0.01
                if charge <= 0 or inside:
                    continue
                text = f"{symbol}{valence(anion)}{anion}{charge}"
                reduced, amounts, _ = composition(text)  # type: ignore[misc]
                guess = GUESSED * median(levels[anion]) * amounts[anion]
                columns.setdefault(reduced, (amounts, min(guess, 0.0), "estimated"))
    heights = {name: height for name, (_, height, _) in columns.items()}
    systems: dict[tuple[str, ...], list[str]] = {}
    for name, (amounts, _, _) in columns.items():
        systems.setdefault(tuple(sorted(amounts)), []).append(name)
    for (a, b), names in systems.items():
        lower(a, b, names, columns, heights)
    return [
        {
            "formula": name,
            "kind": kind,
            "height": f"{heights[name]:.5f}",
            "oxygen": "",
            "members": "",
        }
        for name, (_, _, kind) in sorted(columns.items())
    ] + groups({row["formula"]: row for row in rows if row["phase"] == "s"})


def groups(measured: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """Acid oxides of oxyanions, each the mean of some salts less their base oxides."""
    with (HERE / "measured" / "groups.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    found = []
    for row in listed:
        _, acid, _ = composition(row["acid"])  # type: ignore[misc]
        central = next(s for s in acid if s != "O")
        heights, members = [], []
        for pair in row["members"].split():
            salt, base = (composition(text) for text in pair.split(":"))
            assert salt is not None
            assert base is not None
            units = salt[1][central] / acid[central]
            metal = next(s for s in base[1] if s != "O")
            bases = salt[1][metal] / base[1][metal]
            energy = float(measured[salt[0]]["298.15"]) - bases * float(measured[base[0]]["298.15"])
            heights.append(energy / EV / units)
            members.append(f"{salt[0]}:{base[0]}")
        height = mean(heights) - float(row["calm"]) * float(row["base_oxygen"])
        found.append(
            {
                "formula": row["acid"],
                "kind": "group",
                "height": f"{PERCHLORATE if row['acid'] == 'Cl2O7' else height:.5f}",
                "oxygen": row["base_oxygen"],
                "members": " ".join(members),
            }
        )
    return found


def valence(anion: str) -> int:
    """Charge of an anion."""
    return {"O": 2, "S": 2, "Se": 2, "N": 3, "P": 3}.get(anion, 1)


def lower(
    a: str,
    b: str,
    names: list[str],
    columns: dict[str, tuple[dict[str, float], float, str]],
    heights: dict[str, float],
) -> None:
    """Bend the hull of one system, so that each of its compounds is a corner of the heights.

    A convex function plus a parabola is strictly convex.
    """
    atoms = {n: sum(columns[n][0].values()) for n in names}
    place = {n: columns[n][0].get(b, 0.0) / atoms[n] for n in names}
    level = {n: heights[n] / atoms[n] for n in names}
    ends = [(x, 0.0 if s in NONMETALS else METAL) for x, s in ((0.0, a), (1.0, b))]
    for name in names:
        amounts = columns[name][0]
        metal = next((s for s in amounts if s != "O"), "")
        if "O" in amounts and metal in PEROXIDES and len(names) > 1:
            lowest = min(columns[n][0]["O"] / columns[n][0][metal] for n in names)
            if amounts["O"] / amounts[metal] > lowest + 0.01:
                level[name] = 9.0  # an oxide and O2 before a peroxide
                columns[name] = (amounts, 0.0, "peroxide")
    points = ends + [(place[n], level[n]) for n in names]
    for name in names:
        x = place[name]
        hull = min(
            p[1] + (q[1] - p[1]) * (x - p[0]) / (q[0] - p[0])
            for p in points
            for q in points
            if p[0] <= x <= q[0] and p[0] < q[0]
        )
        heights[name] = (hull - BEND * x * (1.0 - x)) * atoms[name]


def _molecule(text: str) -> tuple[str, float]:
    found = composition(text)
    return (text, 0.0) if found is None else (found[0], found[2])


def text_of(rows: list[dict[str, str]], head: str) -> str:
    """Write rows as CSV below a head."""
    out = io.StringIO()
    out.write(head)
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


MEASURED_HEAD = """\
# Measured energies of formation, kJ/mol per formula unit, from the elements in their stable
# states at each temperature and 1 bar:
# enthalpy at 298.15 K, its uncertainty where stated, and Gibbs energies at 298.15 to 2000 K.
# Made by scripts/build_measured.py.
# phase: s what is stable in the condensed state, g gas, molecule a gas without its entropy (an
# anchor of solids that hold it).
# source: NIST-JANAF: M. W. Chase, NIST-JANAF Thermochemical Tables, 4th ed., J. Phys. Chem.
# Ref. Data Monograph 9 (1998);
# FREED: Gibbs energies of the U.S. Bureau of Mines (Bulletins 672 to 696), as packed in
# reaction-network 8.3.0; enthalpy: enthalpies that pymatgen
# ships (A. Wang et al., Sci. Rep. 11, 15496 (2021)) with entropies summed over elements; by
# hand: see scripts/measured/choices.csv.
"""
ANCHORS_HEAD = """\
# Binary compounds that fix the scale of anchored energies. Made by scripts/build_measured.py;
# see docs/anchored.md.
# kind: measured, molecule, or estimated (nobody measured it: the mean error of its anion
# counts). height [eV per formula unit]: what the
# division of a composition into anchors minimises; near the measured Gibbs energy, lowered
# where an anchor would be no corner.
"""


def main() -> int:
    """Build or compare both files."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path, help="with the two downloaded files")
    parser.add_argument("--check", action="store_true", help="compare, do not write")
    asked = parser.parse_args()
    compounds, gases = read_janaf(next(asked.folder.glob("janaf-*.whl")))
    read_freed(next(asked.folder.glob("reaction_network-*.whl")), compounds)
    read_enthalpies(compounds)
    each = fit_entropies(compounds)
    rows = choose(compounds, each)
    corners = anchors(rows, each)
    of_molecule = {_molecule(formula): curve for formula, curve in gases.items()}
    for name in GASES:
        rows.append(row_of(name, "g", None, None, "NIST-JANAF", of_molecule[_molecule(name)]))
    done = True
    for name, table, head in (
        ("measured.csv", rows, MEASURED_HEAD),
        ("anchors.csv", corners, ANCHORS_HEAD),
    ):
        text, path = text_of(table, head), DATA / name
        if not asked.check:
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{name}: {len(table)} rows")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{name}: differs from what the tables give", file=sys.stderr)
            done = False
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
