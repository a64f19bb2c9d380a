"""Densities and band gaps: the package's own table, and which figure of which origin counts."""

import csv
import gzip
import json
import math
import re
import subprocess
import sys
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Composition, Element

from interscreen.phases.formula import parse_formula
from interscreen.phases.solids import (
    INSULATING_PBE_GAP_EV,
    figures_of,
    row_conduction,
    row_volumes,
    solid_of,
    solids,
)

FIGURES = Path(__file__).parents[2] / "scripts" / "embedded" / "figures.csv"
PACKAGED = Path(str(files("interscreen") / "data" / "solids.csv"))
INSULATING_GAP_EV = 3.0  # measured gaps, the rule of the column ``conduction``
AVOGADRO = 6.02214076e23


def molar_volumes(table, formula):
    """Volume of the formula unit [cm3/mol], by origin, as far as it is known."""
    row = table.find(formula)
    if row is None:
        found = {"measured": figures_of(formula)[0]}
    else:
        found = {origin: v[0] for origin, v in row_volumes(table, np.array([row])).items()}
    atoms = float(parse_formula(formula).n_atoms)
    return {origin: atoms * volume for origin, volume in found.items() if not np.isnan(volume)}


def conduction(table, formula):
    row = table.find(formula)
    kind = figures_of(formula)[1] if row is None else row_conduction(table, np.array([row]))[0]
    return kind or None


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    header = "\n".join(line for line in lines if line.startswith("#"))
    return list(csv.DictReader(line for line in lines if not line.startswith("#"))), header


@pytest.fixture(scope="module")
def rows():
    return [row for row in read(FIGURES)[0] if row["density_g_per_cm3"] or row["conduction"]]


# -- the file ------------------------


def test_no_phase_stands_twice_and_formulas_are_reduced(rows):
    formulas = [row["formula"] for row in rows]
    assert len(formulas) == len(set(formulas))
    assert formulas == [Composition(formula).reduced_formula for formula in formulas]


def test_figures_have_a_source_and_follow_the_rule(rows):
    for row in rows:
        name = row["formula"]
        assert bool(row["density_g_per_cm3"]) == bool(row["density_source"]), name
        assert bool(row["conduction"]) == bool(row["conduction_source"]), name
        assert row["density_g_per_cm3"] or row["conduction"], f"{name} says nothing"
        assert row["conduction"] in {"", "metal", "semiconductor", "insulator"}, name
        if row["band_gap_eV"]:
            wide = float(row["band_gap_eV"]) >= INSULATING_GAP_EV
            assert row["conduction"] == ("insulator" if wide else "semiconductor"), name
        computed = re.fullmatch(r"PBE \((\d\.\d\d) eV\)", row["conduction_source"])
        if row["conduction_source"].startswith("PBE"):
            assert computed, name
            assert not row["band_gap_eV"], f"{name}: a computed gap is no measured one"
            gap = float(computed[1])
            kind = "insulator" if gap >= INSULATING_PBE_GAP_EV else "semiconductor"
            assert row["conduction"] == (kind if gap else "metal"), name


def test_every_source_is_explained_and_cited():
    rows, header = read(FIGURES)
    known = set(re.findall(r"^# ([A-Z][A-Za-z]+\d+|X-ray|PBE): ", header, flags=re.MULTILINE))
    used = {
        re.split(r"[ ,(]", row[column])[0]
        for row in rows
        for column in ("density_source", "conduction_source")
        if row[column]
    }
    assert used == known


def test_densities_follow_from_the_lattice_parameters_beside_them():
    checked = 0
    for row in read(FIGURES)[0] + read(PACKAGED)[0]:
        source = row["density_source"]
        if not source.startswith("X-ray"):
            continue
        group, *_ = re.findall(r"X-ray(?: \([^,]*?\))?, (?:L1_0 )?(\S+?)[, ]", source)
        cell = {key: float(value) for key, value in re.findall(r"(\w+) = ([\d.]+)", source)}
        units = Fraction(re.search(r"Z = (\d+(?:/\d+)?)", source)[1])
        a = cell["a"]
        volume = a * cell.get("b", a) * cell.get("c", a)
        volume *= math.sin(math.radians(cell.get("beta", 90.0)))
        if re.match(r"[PR]-?[36]", group):
            volume *= math.sin(math.radians(120.0))
        mass = float(Composition(row["formula"]).weight) * float(units)
        if row["formula"] in ("LiC",):
            mass *= 2  # the cell holds Li2C2 twice
        assert float(row["density_g_per_cm3"]) == pytest.approx(
            mass / (volume * 1e-24 * AVOGADRO), rel=0.008
        ), row["formula"]
        checked += 1
    assert checked > 50


def test_densities_of_elements_agree_with_an_independent_table(rows):
    # pymatgen's come from another compilation; polymorph (B) and spread of sources (Ba, Yb) 6 %;
    # its phosphorus is white, ours black
    checked = 0
    for row in rows:
        composition = Composition(row["formula"])
        if len(composition) > 1 or row["formula"] in ("Hg", "P"):
            continue
        other = float(Element(composition.elements[0].symbol).density_of_solid) / 1000.0
        assert float(row["density_g_per_cm3"]) == pytest.approx(other, rel=0.06), row["formula"]
        checked += 1
    assert checked > 45


def test_every_metal_that_is_solid_at_room_temperature_has_a_density():
    for number in range(3, 84):
        element = Element.from_Z(number)
        if element.is_metal and element.symbol not in ("Hg", "Tc", "Pm"):
            assert solid_of(element.symbol), element.symbol
            assert solid_of(element.symbol).density_g_per_cm3, element.symbol


def test_measured_volumes_are_those_of_computed_cells_within_a_few_per_cent(shared):
    path = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    computed = {}
    for entry in json.loads(gzip.decompress(path.read_bytes())):
        atoms = Composition(entry["composition"])
        volume = entry["structure"]["lattice"]["volume"] / atoms.num_atoms
        computed.setdefault(atoms.reduced_formula, []).append(volume)
    compared = []
    for formula, volumes in computed.items():
        known = solid_of(formula)
        if formula == "P" or not known or not known.density_g_per_cm3:
            continue  # P: layered, bound by forces that PBE lacks
        atoms = Composition(formula)
        measured = float(atoms.weight) / known.density_g_per_cm3 / atoms.num_atoms / 0.602214076
        nearest = min(volumes, key=lambda volume: abs(volume - measured))
        assert nearest == pytest.approx(measured, rel=0.07), formula
        compared.append(formula)
    assert {"Li", "Fe", "Li2O", "Li3P", "Li3PO4", "LiPO3", "Fe2O3"} <= set(compared)


# -- look-up ------------------------


def test_a_formula_is_found_however_it_is_written(reference):
    for one, other in (("FLi", "LiF"), ("Li2C2", "LiC")):
        assert conduction(reference, one) == conduction(reference, other)
        assert molar_volumes(reference, one).keys() == molar_volumes(reference, other).keys()
    assert solid_of("LiH2PO4").density_g_per_cm3 == pytest.approx(2.10)
    assert solid_of("Li47Cu7N18") is None


def test_the_embedded_table_holds_the_figures_and_the_measured_gaps(rows):
    for row in rows + read(PACKAGED)[0]:
        known = solid_of(row["formula"])
        assert (known.density_g_per_cm3 or "") == (
            pytest.approx(float(row["density_g_per_cm3"])) if row["density_g_per_cm3"] else ""
        )
        assert not row["conduction"] or known.conduction == row["conduction"]
    gallium_nitride = solid_of("Li3Bi")  # a gap of Zhuo 2018 only
    assert gallium_nitride.conduction == "semiconductor"
    assert gallium_nitride.conduction_source == "Zhuo2018"
    assert len(solids()) > 1400


def test_molar_volume_of_lithium_and_copper(reference):
    # Li 6.94 g/mol / 0.534 g/cm3; Cu 63.546 g/mol / 8.96 g/cm3
    assert molar_volumes(reference, "Li")["measured"] == pytest.approx(13.0, abs=0.01)
    assert molar_volumes(reference, "Cu")["measured"] == pytest.approx(7.09, abs=0.01)


def test_the_volume_is_that_of_the_unit_as_shown(reference):
    one, twelve = (molar_volumes(reference, formula)["measured"] for formula in ("LiC6", "LiC12"))
    carbon = molar_volumes(reference, "C")["measured"]
    assert one - 6 * carbon == pytest.approx(twelve - 12 * carbon, abs=1.5)  # both hold one Li


@pytest.mark.parametrize(
    ("host", "amount", "lithiated", "expansion_percent", "within"),
    [
        # Obrovac, Krause, J. Electrochem. Soc. 154, A103 (2007): 280 % for Si -> Li15Si4
        ("Si", 4, "Li15Si4", 280, 5),
        ("Al", 1, "LiAl", 96, 3),  # 95 to 97 %
        ("C", 6, "LiC6", 12, 2),  # graphite swells by 10 to 13 %
        ("Sn", 4, "Li17Sn4", 255, 10),  # 260 % for Li4.4Sn
    ],
)
def test_alloys_swell_as_the_literature_says(
    reference, host, amount, lithiated, expansion_percent, within
):
    before = amount * molar_volumes(reference, host)["measured"]
    after = molar_volumes(reference, lithiated)["measured"]
    assert 100 * (after / before - 1) == pytest.approx(expansion_percent, abs=within)


def test_gases_have_no_volume(make_table):
    table = make_table({"N2": 0.0, "Li3N": -0.46}, properties={"density_g_per_cm3": [1.0, 1.3]})
    assert molar_volumes(table, "N2") == {}
    assert molar_volumes(table, "Li3N")


def test_a_density_with_a_reference_counts_as_measured_and_a_volume_as_the_sources(make_table):
    table = make_table(
        {"LiF": -3.2, "Li2O": -2.0},
        properties={
            "density_g_per_cm3": [2.60, 2.00],
            "density_source": ["pycnometer", ""],
            "volume_A3_per_atom": [float("nan"), 8.0],
        },
    )
    lithium_fluoride = molar_volumes(table, "LiF")
    assert lithium_fluoride == {"measured": pytest.approx(25.94 / 2.60, rel=1e-3)}
    oxide = molar_volumes(table, "Li2O")
    # 3 atoms of 8.0 A3: 24 A3 x 0.6022 = 14.45 cm3/mol; the package: 29.88 / 2.01 = 14.87
    assert oxide == {
        "source": pytest.approx(14.45, abs=0.01),
        "measured": pytest.approx(14.87, abs=0.01),
    }


def test_elements_that_the_source_lacks_are_no_obstacle(make_table):
    table = make_table({"LiF": -3.2})
    assert set(molar_volumes(table, "Ta")) == {"measured"}
    assert conduction(table, "Ta") == "metal"


def test_cells_that_a_file_left_empty_say_nothing(make_table):
    table = make_table(
        {"LiTiO2": -3.0, "ZnP2": -0.2},
        properties={
            "density_g_per_cm3": [4.0, float("nan")],
            "density_source": ["None", "nan"],
            "conduction": ["nan", "None"],
            "is_metal": ["", "<NA>"],
        },
    )
    assert set(molar_volumes(table, "LiTiO2")) == {"source"}
    assert conduction(table, "LiTiO2") is None
    assert conduction(table, "ZnP2") is None


def test_unknown_phases_have_nothing(reference):
    assert molar_volumes(reference, "Li3Ag") == {}
    assert conduction(reference, "Cu2P2O7") is None


# -- conduction ------------------------


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("Cu", "metal"),
        ("Li9Al4", "metal"),
        ("Li17Sn4", "metal"),  # metals only: no entry needed
        ("Li21Si5", "metal"),
        ("Li3Ag", "metal"),
        ("LiC12", "metal"),
        ("Si", "semiconductor"),
        ("Mg2Ge", "semiconductor"),
        ("Li3Sb", "semiconductor"),
        ("Li3N", "semiconductor"),  # measured 1.8 to 2.2 eV
        ("Li3P", "semiconductor"),
        ("LiF", "insulator"),
        ("Li2O", "insulator"),
        ("Li2S", "insulator"),
        ("LiMgN", "insulator"),
        ("ZnO", "insulator"),  # 3.37 eV, by the rule of the column
        ("Li8SiO6", "nonmetal"),  # closed shells, no figure
        ("LiTiO2", None),  # d electrons: may be either
        ("TiP2", None),
        ("ZnP2", None),
    ],
)
def test_conduction_of_phases_that_we_know(reference, formula, kind):
    assert conduction(reference, formula) == kind


def test_a_measured_gap_goes_before_a_computed_one(make_table):
    table = make_table(
        {"Li3N": -0.5, "ZnO": -1.8, "AgF": -1.2, "Li8SiO6": -2.4, "Li2ZrN2": -1.3, "LiTiO2": -3.0},
        properties={
            "band_gap_eV": [0.98, 0.73, 0.0, 4.45, 1.56, 0.0],
            "is_metal": ["no", "no", "yes", "no", "no", "yes"],
        },
    )
    assert conduction(table, "Li3N") == "semiconductor"
    assert conduction(table, "ZnO") == "insulator"  # PBE alone says semiconductor
    assert conduction(table, "AgF") == "semiconductor"  # PBE alone says metal
    assert conduction(table, "Li8SiO6") == "insulator"
    assert conduction(table, "Li2ZrN2") == "semiconductor"
    assert conduction(table, "LiTiO2") == "metal"


def test_a_word_of_the_source_goes_before_everything(make_table):
    table = make_table({"LiF": -3.2}, properties={"conduction": ["semiconductor"]})
    assert conduction(table, "LiF") == "semiconductor"


def test_no_metal_without_a_gap_is_no_insulator_yet(make_table):
    table = make_table(
        {"LiTiO2": -3.0}, properties={"is_metal": ["no"], "band_gap_eV": [float("nan")]}
    )
    assert conduction(table, "LiTiO2") == "nonmetal"


def test_two_electron_volts_computed_stand_for_three_measured(shared):
    """No other limit for PBE gaps puts fewer of our own measured phases on the wrong side.

    Over the gaps of Zhuo 2018, too, 2.25 eV would be better by 3 % of the phases (docs/layers.md).
    """
    path = shared / "data" / "mp_band_gaps.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there (PBE gaps of Matbench v0.1)")
    figures = {formula: s for formula, s in solids().items() if s.band_gap_eV}
    measured = {formula: s.band_gap_eV for formula, s in figures.items()}
    systems = {frozenset(re.findall("[A-Z][a-z]?", formula)) for formula in measured}
    gaps = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if frozenset(re.findall("[A-Z][a-z]?", row["formula"])) in systems:
                formula = Composition(row["formula"]).reduced_formula
                gaps.setdefault(formula, []).append(float(row["band_gap_eV"]))
    computed = {formula: sorted(found)[len(found) // 2] for formula, found in gaps.items()}
    pairs = [(computed[formula], gap) for formula, gap in measured.items() if formula in computed]
    ours = [
        (computed[formula], solid.band_gap_eV)
        for formula, solid in figures.items()
        if formula in computed and solid.conduction_source != "Zhuo2018"
    ]
    assert len(ours) == 49
    assert len(pairs) == 1218

    def wrong(limit, pairs):
        return sum((pbe >= limit) != (gap >= INSULATING_GAP_EV) for pbe, gap in pairs)

    best = min(wrong(limit, ours) for limit in (1.0, 1.5, 2.0, 2.5, 3.0))
    assert wrong(INSULATING_PBE_GAP_EV, ours) == best == 5
    assert wrong(INSULATING_GAP_EV, ours) > best  # 3 eV would miss LiH, GeO2, TiO2, ...
    assert [wrong(limit, pairs) for limit in (1.5, 2.0, 2.25, 3.0)] == [301, 178, 141, 174]


def test_the_table_is_read_late_and_pandas_not_at_all():
    code = (
        "import sys, interscreen.phases.solids as s, interscreen.answers.layer;"
        "assert s.solids.cache_info().currsize == 0;"
        "assert len(s.solids()) > 300;"
        "assert 'pandas' not in sys.modules, 'pandas'; assert 'pymatgen' not in sys.modules, 'pmg'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
