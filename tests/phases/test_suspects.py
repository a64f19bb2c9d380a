"""Which phases are suspect, and why."""

import dataclasses

import numpy as np
import pytest

from interscreen.errors import InputError
from interscreen.phases.artefacts import known_artefacts
from interscreen.phases.hull import stability
from interscreen.phases.suspects import (
    ATOMS,
    MARGIN_EV,
    is_firm,
    suspect_reasons,
    suspects,
    tells_observed,
)


def everyone(table):
    found = suspects(table, range(len(table)))
    return {str(table.formulas[row]): reasons for row, reasons in found.items()}


def with_property(table, **columns):
    properties = {key: np.array(values) for key, values in columns.items()}
    return dataclasses.replace(table, properties=properties)


def test_what_nobody_made_is_suspect_once_it_is_counted(reference, reference_all):
    there = known_artefacts().intersection(reference.formulas.tolist())
    assert {"LiCu3", "LiS4", "Zr4O"} <= there
    for formula in there:
        assert suspect_reasons(reference, formula) == ()  # left out already
        assert "known artefact" in suspect_reasons(reference_all, formula)


def test_known_artefacts_are_suspect_in_a_table_that_does_not_say_so(make_table):
    table = make_table({"LiCu3": -0.034, "LiF": -3.0}, all_phases=True)
    assert suspect_reasons(table, "Cu3Li") == ("known artefact",)
    assert suspect_reasons(table, "LiF") == ()


def test_a_table_that_says_an_artefact_was_made_is_believed(make_table):
    table = make_table({"LiCu3": -0.034, "LiF": -3.0}, observed=np.array([1, 1]))
    assert suspect_reasons(table, "LiCu3") == ()


def test_never_observed_in_a_table_of_the_users_own(make_table):
    phases = {"NaF": -3.0, "Na2F": -2.5}
    observed = np.array([1, 0])
    counted = make_table(phases, observed=observed, all_phases=True)
    assert suspect_reasons(counted, "Na2F") == ("never observed",)
    assert suspect_reasons(make_table(phases, observed=observed), "Na2F") == ()


def test_barely_stable_is_what_lowers_the_hull_by_less_than_the_limit(make_table):
    # NaF and Na3F: on the tie line between them Na2F has (2 * -3.0 + 4 * -1.9) / 6 = -2.2667
    phases = {"NaF": -3.0, "Na3F": -1.9}
    for energy, reasons in (
        (-2.2700, ("barely stable (3.3 meV/atom)",)),
        (-2.2734, ()),  # 6.7 meV/atom
        (-2.2600, ()),  # above the hull, so it decides nothing
    ):
        assert suspect_reasons(make_table({**phases, "Na2F": energy}), "Na2F") == reasons
    table = make_table({**phases, "Na2F": -2.27})
    assert suspect_reasons(table, "Na2F", margin=0.003) == ()


def test_what_was_made_can_only_be_barely_stable_and_only_weakly_so(reference, make_table):
    (reason,) = suspect_reasons(reference, "LiTiPO5")
    assert reason.startswith("made, but barely stable")
    assert not is_firm([reason])
    # the embedded table knows the phase, so the same holds in a table that says nothing
    rows = reference.rows_within(["Li", "Ti", "P", "O"])
    silent = make_table(dict(zip(reference.formulas[rows], reference.energies[rows], strict=True)))
    assert suspect_reasons(silent, "LiTiPO5") == (reason,)


def test_theoretical_structures(make_table):
    plain = make_table({"Na3As": -0.5, "NaAs": -0.4, "K3As": -0.5, "KAs": -0.4})
    table = with_property(plain, theoretical=[1, 0, -1, 1])
    assert suspect_reasons(table, "Na3As") == ("theoretical only",)
    assert suspect_reasons(table, "NaAs") == suspect_reasons(table, "K3As") == ()
    several = dataclasses.replace(table, structures=np.array([1, 1, 1, 3]))
    (reason,) = suspect_reasons(several, "KAs")
    assert reason == "theoretical ground state (of 3)"
    assert not is_firm([reason])


def test_an_artefact_stays_one_though_its_structure_is_not_theoretical(make_table):
    table = with_property(make_table({"LiCu3": -0.034}, all_phases=True), theoretical=[0])
    assert suspect_reasons(table, "LiCu3") == ("known artefact",)


def test_an_energy_that_contradicts_experiment_does_so_though_the_phase_was_made(make_table):
    table = make_table({"LiN3": -0.417}, all_phases=True, observed=np.array([1]))
    assert suspect_reasons(table, "LiN3") == ("known artefact",)


def test_huge_formula_units(make_table):
    table = make_table({"Na150As": -0.02, "Na14As27": -0.1, "Na13As27": -0.1})
    assert suspect_reasons(table, "Na150As")[0] == "huge formula unit (151 atoms)"
    assert suspect_reasons(table, "Na14As27")[0] == "huge formula unit (41 atoms)"
    assert not any("huge" in reason for reason in suspect_reasons(table, "Na13As27"))
    assert "huge formula unit (40 atoms)" in suspect_reasons(table, "Na13As27", atoms=39)


@pytest.mark.proof
@pytest.mark.parametrize(
    "formula", ["Li7La3Zr2O12", "Li6PS5Cl", "Li10Ge(PS6)2", "Li3PS4", "LiTi2(PO4)3", "Li9Al4"]
)
def test_electrolytes_and_alloys_that_people_make_are_not_suspect(full_table, formula):
    assert not any(is_firm([reason]) for reason in suspect_reasons(full_table, formula))


@pytest.mark.proof
@pytest.mark.parametrize("formula", ["Li47Cu7N18", "Mg149Zr", "Li7Ti11O24", "Mg11Ti25O60"])
def test_ordered_stand_ins_for_solutions_are_huge(full_table, formula):
    assert any("huge formula unit" in reason for reason in suspect_reasons(full_table, formula))


@pytest.mark.proof
def test_limits_leave_most_of_the_hull_in_peace(full_table):
    """The shares that docs/sensitivity.md and the docstrings of the limits quote."""
    measured = stability(full_table)
    compounds = (measured.margin >= 0.0) & (np.diff(full_table.indptr) > 1)
    margin = measured.margin[compounds]
    atoms = np.add.reduceat(full_table.counts, full_table.indptr[:-1])[compounds]
    assert compounds.sum() == 35_324
    assert (margin < MARGIN_EV).mean() == pytest.approx(0.126, abs=5e-4)
    assert (margin < 0.024).mean() == pytest.approx(0.462, abs=5e-4)
    assert (atoms > ATOMS).mean() == pytest.approx(0.023, abs=5e-4)


@pytest.mark.proof
def test_observation_unknown_counts_where_the_table_settles_most_others(reference, full_table):
    assert tells_observed(reference)
    assert not tells_observed(full_table)
    found = everyone(reference)
    unknown = {formula for formula, reasons in found.items() if "observation unknown" in reasons}
    assert {"LiTi2N3", "Li5Mg"} <= unknown
    assert len(unknown) == 26  # the embedded table knows a report of CuF
    assert not any("unknown" in r for r in suspect_reasons(full_table, "LiTi2N3"))


def test_elements_are_never_suspect(reference):
    for formula in ("Li", "Cu", "O2"):
        assert suspect_reasons(reference, formula) == ()


def test_many_at_once_are_as_one_by_one(reference_all):
    found = everyone(reference_all)
    for formula in ("LiCu3", "Li5Mg", "LiTiPO5", "LiF", "Mg149Al"):
        assert found.get(formula, ()) == suspect_reasons(reference_all, formula)


def test_parts_of_a_table_may_be_asked(reference_all):
    row = int(np.flatnonzero(reference_all.formulas == "LiCu3")[0])
    assert suspect_reasons(reference_all, row) == ("known artefact",)
    assert suspects(reference_all, []) == {}


@pytest.mark.parametrize(
    ("phase", "limits", "message"),
    [
        ("Li5F", {}, "Li5F: the source small set"),
        ("XeF2", {}, "XeF2: the source small set"),
        (10_000, {}, "10000 is no row"),
        ("LiF", {"margin": -0.001}, "margin of barely stable phases: -0.001"),
        ("LiF", {"margin": float("nan")}, "margin of barely stable phases: nan"),
        ("LiF", {"margin": 5.0}, "0.005 is 5 meV/atom"),
        ("LiF", {"atoms": 0}, "atoms of a huge formula unit: 0"),
        ("LiF", {"atoms": 2.5}, "atoms of a huge formula unit: 2.5"),
    ],
)
def test_mistakes_are_named(reference, phase, limits, message):
    with pytest.raises(InputError, match=message) as error:
        suspect_reasons(reference, phase, **limits)
    assert "\n" not in str(error.value)


def test_tables_without_compounds_say_nothing(make_table):
    assert not tells_observed(make_table({"Li": 0.0}))
