"""Measured energies of the user's own."""

import pytest

import interscreen as si
from interscreen.energies.given import read_given, with_given
from interscreen.errors import InputError


@pytest.mark.parametrize(
    ("text", "energy"),
    [
        ("BiF3=-2.36eV/atom@298K", -2.36),
        ("BiF3 = -838 kJ/mol", -838 / 96.48533 / 4),
        ("BiF3=-8.69 eV/formula", -8.69 / 4),
        ("Bi2F6=-17.38 eV/fu", -17.38 / 8),  # of the formula as it is written
        ("BiF3=-2171 meV/atom", -2.171),
        ("LFP=-2.4eV/atom", -2.4),
    ],
)
def test_units(text, energy):
    assert read_given(text).energy_eV_per_atom == pytest.approx(energy, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("BiF3", "cannot be read"),
        ("BiF3=-2.36", "no unit"),
        ("BiF3=-2.36 furlongs", "unit 'furlongs'"),
        ("Li=-1eV/atom", "zero of energy"),
        ("PVDF=-1eV/atom", "polymers"),
        ("D2O=-1eV/atom", "isotope"),
        ("LiF + Cu=-1eV/atom", "a mixture"),
    ],
)
def test_bad_texts(text, words):
    with pytest.raises(InputError, match=words):
        read_given(text)


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("BiF3=-838eV/atom", r"-2\.17.. if it is in kJ/mol"),
        ("BiF3=-8.69eV/atom", r"-2\.17.. if it is in eV/formula"),
        ("BiF3=2.36eV/atom", "is the sign right"),
    ],
)
def test_slips_of_units_are_named(text, slip):
    with pytest.raises(InputError, match=slip):
        with_given(si.PhaseTable.reference(), [text])


def test_it_replaces_the_energy_in_every_equilibrium():
    """Higher than the source's: the phase is less stable, also as a product."""
    plain = si.load()
    ours = si.load(given=["CuF2=-1.70eV/atom"])
    assert ours.reaction("Li", "CuF2").min_mutual_energy_eV_per_atom < (
        plain.reaction("Li", "CuF2").min_mutual_energy_eV_per_atom
    )
    assert ours.lithiation("CuF2").average_voltage_V == pytest.approx(
        plain.lithiation("CuF2").average_voltage_V + 3 * 0.115 / 2, abs=0.002
    )
    assert ours.window("LiF").assemblage_window_V == plain.window("LiF").assemblage_window_V
    assert "CuF2=-1.70eV/atom" in ours.table.source.label


def test_a_banned_or_new_phase_counts_when_it_is_set():
    ours = si.load(ban=["CuF2"], given=["CuF2=-1.70eV/atom", "Li5CuF8=-2.5eV/atom"])
    table = ours.table
    assert table.counted[table.find("CuF2")]
    assert table.energies[table.find("CuF2")] == pytest.approx(-1.70)
    assert table.energies[table.find("Li5CuF8")] == pytest.approx(-2.5)


def test_twice_is_refused():
    with pytest.raises(InputError, match="sets BiF3 already"):
        with_given(si.PhaseTable.reference(), ["BiF3=-2.2eV/atom", "BiF3=-2.3eV/atom"])


def test_an_energy_of_a_candidate_is_that_of_the_phase():
    """CuF2 at -1.70 in place of -1.815 eV/atom: its voltage rises by 3 x 0.115 / 2 V."""
    db = si.load()
    ours = si.Material("CuF2", energy_eV_per_atom=-1.70)
    plain = db.lithiation("CuF2")
    rise = 3 * (1.814958 - 1.70) / 2
    run = db.screen([ours], ["LLZO"])
    voltage = run.results["average_voltage_V"][0]
    assert voltage == pytest.approx(plain.average_voltage_V + rise, abs=1e-6)
    assert any("stands for the source's -1.8150" in line for line in run.warnings)
