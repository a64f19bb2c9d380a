"""Sampled errors of the energies: sizes, correlations, seeds."""

import json

import numpy as np
import pytest

from interscreen.energies.sampling import (
    BLOCK,
    EnergyModel,
    EnergySamples,
    correction_shares,
    corrections,
)

MANY = BLOCK


def rows_of(table, *formulas):
    return np.array([list(table.formulas).index(formula) for formula in formulas])


def shares_of(table, formula):
    found = correction_shares(table, rows_of(table, formula))[0]
    return {
        c.name: pytest.approx(value, abs=1e-12)
        for c, value in zip(corrections(), found, strict=True)
        if value
    }


def test_the_corrections_are_those_that_pymatgen_ships():
    from importlib.resources import files

    from ruamel.yaml import YAML

    text = (files("pymatgen.analysis.compatibility") / "MP2020Compatibility.yaml").read_text()
    published = YAML(typ="safe").load(text)["Uncertainties"]
    names = {
        "S": "sulfide", "F": "fluoride", "Cl": "chloride", "Br": "bromide", "I": "iodide",
        "N": "nitride", "Se": "selenide", "Si": "silicide", "Sb": "antimonide",
        "Te": "telluride", "H": "hydride",
    }  # fmt: skip
    expected = {
        names.get(key, key): value
        for key, value in published["CompositionCorrections"].items()
        if key != "ozonide"
    }
    for anion, words in (("O", "oxides"), ("F", "fluorides")):
        for metal, value in published["GGAUMixingCorrections"][anion].items():
            expected[f"{metal} in {words}"] = value
    assert {c.name: c.standard_deviation_eV for c in corrections()} == expected


def test_corrections_are_counted_by_the_atoms_that_carry_them(make_table):
    phases = ["Li2O", "Li2O2", "LiO2", "LiFePO4", "FeF2", "Li6PS5Cl", "Li2SO4", "LiFeOF", "Li3N"]
    table = make_table(dict.fromkeys([*phases, "FeS", "LiNO3", "BaO2", "Al2Cu"], -1.0))
    assert shares_of(table, "Li2O") == {"oxide": 1 / 3}
    assert shares_of(table, "Li2O2") == {"peroxide": 1 / 2}
    assert shares_of(table, "BaO2") == {"peroxide": 2 / 3}
    assert shares_of(table, "LiO2") == {"superoxide": 2 / 3}
    assert shares_of(table, "LiFePO4") == {"oxide": 4 / 7, "Fe in oxides": 1 / 7}
    assert shares_of(table, "FeF2") == {"fluoride": 2 / 3, "Fe in fluorides": 1 / 3}
    assert shares_of(table, "Li6PS5Cl") == {"sulfide": 5 / 13, "chloride": 1 / 13}
    assert shares_of(table, "Li2SO4") == {"oxide": 4 / 7}  # sulfur is no anion here
    assert shares_of(table, "LiNO3") == {"oxide": 3 / 5}
    assert shares_of(table, "LiFeOF") == {
        "oxide": 1 / 4, "fluoride": 1 / 4, "Fe in oxides": 1 / 4,
    }  # fmt: skip
    assert shares_of(table, "FeS") == {"sulfide": 1 / 2}  # no +U in sulfides
    assert shares_of(table, "Al2Cu") == {}


def test_the_correlated_part_is_that_of_real_entries(shared):
    """943 entries of the Materials Project state the uncertainty of their corrections."""
    import gzip

    from monty.serialization import MontyDecoder

    from interscreen import PhaseTable

    path = shared / "data" / "mp_entries_Fe-Li-O-P.json.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with gzip.open(path, "rt") as file:
        entries = MontyDecoder().process_decoded(json.load(file))
    table = PhaseTable.from_entries(entries)
    stated = {}
    for entry in entries:
        formula = entry.composition.reduced_formula
        stated.setdefault(formula, set()).add(
            round(float(np.nan_to_num(entry.correction_uncertainty_per_atom)), 5)
        )
    size = np.array([c.standard_deviation_eV for c in corrections()])
    compounds = np.flatnonzero(np.diff(table.indptr) > 1)
    guess = np.sqrt(((correction_shares(table, compounds) * size) ** 2).sum(axis=1))
    from pymatgen.core import Composition

    good = 0
    for row, value in zip(compounds, guess, strict=True):
        known = stated[Composition(str(table.formulas[row])).reduced_formula]
        good += any(abs(value - other) < 2e-5 for other in known)
    # the rest are peroxides by structure, which a composition does not tell
    assert good / len(compounds) > 0.9


def test_the_independent_part_has_the_size_that_was_asked_for(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8, "Li2O": -2.0})
    model = EnergyModel(0.020, correlated=False)
    errors = EnergySamples(model, table, np.arange(3), 0, MANY).of_rows(np.arange(3))
    assert errors.shape == (3, MANY)
    assert np.std(errors, axis=1) == pytest.approx(0.020, rel=0.1)
    assert np.mean(errors, axis=1) == pytest.approx(0.0, abs=4 * 0.020 / MANY**0.5)
    assert abs(np.corrcoef(errors)[0, 1]) < 4 / MANY**0.5


def test_phases_share_the_errors_of_their_corrections(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8, "Li2S": -1.5})
    errors = EnergySamples(EnergyModel(0.0), table, np.arange(3), 0, MANY).of_rows(
        rows_of(table, "LiF", "CuF2", "Li2S")
    )
    # per atom of F the same
    assert errors[0] * 2 == pytest.approx(errors[1] * 1.5, abs=1e-15)
    assert np.std(errors[0]) == pytest.approx(0.0026 / 2, rel=0.1)
    assert abs(np.corrcoef(errors)[0, 2]) < 4 / MANY**0.5


def test_elements_have_no_error(make_table):
    table = make_table({"LiF": -3.0, "Li": 0.0})
    samples = EnergySamples(EnergyModel(), table, np.arange(len(table)), 0, 50)
    assert not samples.of_rows(np.array([-1, -1])).any()
    lithium = [row for row in range(len(table)) if table.formulas[row] == "Li"]
    assert not samples.of_rows(np.array(lithium, dtype=int)).any()


def test_what_the_source_states_scales_the_correlated_part(make_table):
    from dataclasses import replace

    table = make_table({"LiF": -3.0, "Al2Cu": -0.2, "Li2S": -1.5})
    order = list(table.formulas)
    stated = np.zeros(3)
    stated[order.index("LiF")] = 0.010  # in place of 0.0026 / 2
    stated[order.index("Al2Cu")] = 0.004  # the composition gives no correction
    stated[order.index("Li2S")] = np.nan  # not stated
    table = replace(table, properties={"energy_uncertainty_eV_per_atom": stated})
    errors = EnergySamples(EnergyModel(0.0), table, np.arange(3), 0, MANY).of_rows(np.arange(3))
    size = {name: float(np.std(errors[row])) for row, name in enumerate(order)}
    assert size["LiF"] == pytest.approx(0.010, rel=0.1)
    assert size["Al2Cu"] == pytest.approx(0.004, rel=0.1)
    assert size["Li2S"] == pytest.approx(0.0093 / 3, rel=0.1)


def test_a_sample_depends_on_the_seed_and_the_formula_alone(make_table):
    small = make_table({"LiF": -3.0, "CuF2": -1.8})
    large = make_table({"Li2O": -2.0, "LiF": -2.9, "CuF2": -1.7, "CuO": -0.8})

    def errors(table, seed=1, block=0, count=60):
        model = EnergyModel(seed=seed)
        samples = EnergySamples(model, table, np.arange(len(table)), block, count)
        return samples.of_rows(rows_of(table, "LiF", "CuF2"))

    assert np.array_equal(errors(small), errors(large))
    assert np.array_equal(errors(small), errors(small, count=MANY)[:, :60])
    assert not np.array_equal(errors(small), errors(small, seed=2))
    assert not np.array_equal(errors(small), errors(small, block=1))


def test_a_phase_that_was_not_announced_is_an_error(make_table):
    table = make_table({"LiF": -3.0, "CuF2": -1.8})
    samples = EnergySamples(EnergyModel(), table, np.array([0]), 0, 20)
    with pytest.raises(IndexError):
        samples.of_rows(np.array([1]))
