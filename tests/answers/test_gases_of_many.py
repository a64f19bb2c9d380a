"""Gases of endless amount in stacks, screens and maps: the loops over many compositions."""

import re

import numpy as np
import pytest
from pymatgen.analysis.phase_diagram import GrandPotentialPhaseDiagram, PDEntry
from pymatgen.core import Composition, Element

import interscreen as si
from interscreen.errors import InputError

CONDITIONS = [
    ("700C", {"O2": 0.21}),
    ("500C", {"CO2": "400ppm", "O2": 0.21}),
    ("700K", {"CO2": "1bar"}),
    ("600K", {"N2": 1.0}),
]
CANDIDATES = ["CuF2", "Al2O3", "LiOH", "Cu3N", "Al"]


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def close(found, expected):
    return found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("temperature", "gases"), CONDITIONS, ids=str)
def test_stacks_are_made_of_single_answers(db, temperature, gases):
    """Every contact and layer, beside a gas as in ``reaction`` and ``lithiate``."""
    warm = db.at(temperature, gases)
    for candidate, electrolyte in zip(CANDIDATES, ["LATP", "LLZO"] * 3, strict=False):
        found = warm.stack(candidate, electrolyte)
        for contact in found.contacts:
            first, second = (
                side if isinstance(side, str) else side.formula for side in contact.sides
            )
            alone = warm.reaction(first, second)
            assert close(contact.energy, alone.min_mutual_energy_eV_per_atom), contact.label
        names = {product.first for product in found.products}
        assert names == {n for n in found.lithiation.final_products if not n.endswith("(g)")}
        assert found.lithiation.end in found.warnings[-1]
        assert found.conditions["gases"]


@pytest.mark.proof
def test_numbers_of_a_screen_beside_a_gas_are_single_answers(db, tmp_path):
    gases = {"O2": 0.21, "CO2": "400ppm"}
    study = si.Study(
        name="hot", candidates=CANDIDATES, electrolytes=["LLZO", "LATP"], sensitivity=True,
        conditions={"temperature": "500C", "gases": gases}, uncertainty={"samples": 20},
    )  # fmt: skip
    run = db.run(study, out=tmp_path / "hot")
    assert run.failed == 0
    warm = db.at("500C", gases)
    for row in run.results.to_dict("records"):
        name = row["candidate"]
        with_li = warm.reaction("Li", name)
        window, path = warm.window(name), warm.lithiation(name)
        assert close(row["lithium_mutual_eV_per_atom"], with_li.min_mutual_energy_eV_per_atom)
        if with_li.best:
            assert close(row["lithium_total_eV_per_atom"], with_li.total_energy_eV_per_atom)
            assert close(row["lithium_mixing_fraction"], with_li.mixing_fraction)
        assert close(row["reduction_limit_V"], window.assemblage_window_V[0])
        if path.steps:
            assert close(row["average_voltage_V"], path.average_voltage_V)
            taken = path.steps[-1].li_per_formula_end - path.steps[0].li_per_formula_start
            assert close(row["li_uptake_per_formula"], taken)
        deposited = warm.reaction(name, row["electrolyte"])
        assert close(row["deposited_mutual_eV_per_atom"], deposited.min_mutual_energy_eV_per_atom)
    assert "takes up Li without end: layers are what forms above" in run.warnings[0]
    assert not any("no sensitivity" in line for line in run.warnings)
    (alone,) = {
        line for text in run.results["warnings"] for line in text.split("; ") if "Cu3N" in line
    }
    assert "alone turns into something else in O2 and CO2" in alone
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]+>", "", page)
    asked = words[words.index("Which of") :].partition("?")[0]
    assert "at 773 K (500 °C) in O2 (0.21 bar) and CO2 (400 ppm)" in asked
    assert alone in words.replace("−", "-")
    spread = run.uncertainty
    assert (spread["samples_counted"] > 0).any()
    kept = spread[spread["quantity"] == "deposited_mutual_eV_per_atom"]
    assert (kept["standard_deviation"] > 0.0).any()


@pytest.mark.parametrize(
    ("first", "second"), [("CuF2", "LLZO"), ("Al", "LATP"), ("Li2S", "LLZO"), ("AlN", "LATP")]
)
def test_contacts_in_oxygen_agree_with_pymatgen(db, first, second):
    """Grand potential diagram with O open, on the same energies (from O2 at its pressure)."""
    from interscreen.answers.stacks import stacks

    warm = db.at(900.0, {"O2": 0.21})
    numbers = stacks(warm.table, [first], [second])
    units = [warm.reaction(m, "LiF").sides[0].composition for m in (first, second)]
    elements = {s for unit in units for s in unit.elements} | {"O"}
    system = warm.table.within(elements)
    entries = [PDEntry(Composition({s: 1.0}), 0.0) for s in system.elements]
    for column in range(len(system.elements), len(system.energies)):
        atoms = dict(zip(system.elements, system.columns[:, column].tolist(), strict=True))
        entries.append(PDEntry(Composition(atoms), float(system.energies[column])))
    grand = GrandPotentialPhaseDiagram(entries, {Element("O"): 0.0})

    def hull(x):
        shares = [
            x * system.fractions(units[0].amounts),
            (1.0 - x) * system.fractions(units[1].amounts),
        ]
        atoms = dict(zip(system.elements, sum(shares).tolist(), strict=True))
        rest = Composition({s: n for s, n in atoms.items() if s != "O" and n > 0.0})
        return grand.get_hull_energy(rest)

    ends = hull(1.0), hull(0.0)
    mutual = [hull(x) - x * ends[0] - (1.0 - x) * ends[1] for x in np.linspace(0.0, 1.0, 41)]
    found = float(numbers.deposited[0, 0, 0])
    assert min(mutual) >= found - 1e-6
    x = float(numbers.deposited_mixing[0, 0, 0])
    if found < 0.0:
        assert hull(x) - x * ends[0] - (1.0 - x) * ends[1] == pytest.approx(found, abs=1e-6)
    assert ends[0] == pytest.approx(float(numbers.lithium.hull[0, 0]), abs=1e-6)


def test_a_map_beside_a_gas_is_made_of_single_answers(db):
    warm = db.at("500C", {"CO2": "400ppm", "O2": 0.21})
    found = warm.map("Li-Al-O", "LLZO", divisions=6)
    for fractions, energy in zip(found.fractions, found.min_mutual_energy_eV_per_atom, strict=True):
        counts = np.rint(6 * fractions).astype(int)
        text = "".join(f"{s}{n}" for s, n in zip(found.elements, counts.tolist(), strict=True) if n)
        if set(text) - set("O0123456789"):
            alone = warm.reaction(text, "LLZO")
            assert close(energy, alone.min_mutual_energy_eV_per_atom), text
    names = {phase.formula for phase in found.phases}
    assert "Li2O" not in names  # a carbonate there
    assert "Li2O" in {phase.formula for phase in db.at("500C").map("Li-Al-O", "LLZO").phases}


def test_gases_that_react_are_refused_by_stacks_and_maps(db):
    warm = db.at(900.0, {"H2": 0.1, "O2": 0.1})
    for ask in (lambda: warm.stack("CuF2", "LLZO"), lambda: warm.map("Li-Al-O", "LLZO")):
        with pytest.raises(InputError, match="react with each other without end"):
            ask()


def test_what_leaves_as_a_gas_is_no_part_of_a_layer(db):
    """LiH gives off H2 at 900 K, which nobody named: the layer is Li2O."""
    found = db.at(900.0).stack("LiOH", "LATP")
    assert found.layer.first == "Li2O"
    alone = db.at(900.0).reaction("Li2O", "LATP").min_mutual_energy_eV_per_atom
    assert close(found.layer.energy, alone)


def test_the_window_within_tolerance_ends_where_the_gas_takes_up_lithium(db):
    found = db.at("700C", {"O2": 0.21}).window("LLZO")
    end = db.at("700C", {"O2": 0.21}).lithiation("LLZO").endless_V
    assert found.tolerance_window_V[0] == pytest.approx(end, abs=1e-9)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ({"temperature": "500"}, "write it with its unit"),
        ({"temperature": "500C", "gases": {"Xe": 0.1}}, "gas Xe: it reacts with nothing"),
        ({"temperature": "500C", "gases": {"O2": 0.9, "CO2": 0.2}}, "add up to 1.1"),
        ({"temperature": "500C", "gases": {"O2": 0}}, "above zero"),
        ({"temperature": "500C", "gases": {"O2": "1parsec"}}, "unit 'parsec' is unknown"),
        ({"temperature": "500C", "pressure": "3"}, "write it with its unit"),
        ({"temperature": "5000C"}, "use 250 to 2000 K"),
    ],
)
def test_conditions_of_a_study_are_read_with_care(conditions, words):
    with pytest.raises(ValueError, match=words):
        si.Study(name="x", candidates=["CuF2"], electrolytes=["LATP"], conditions=conditions)
