"""stability_window: limits, products and the energy at 0 V, on cases worked out by hand."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

import interscreen as si
from interscreen import Material, stability_window
from interscreen.answers.lithium import lithium_line
from interscreen.errors import InputError
from interscreen.report.text.answers import window_text

KEYS = {
    "material", "assemblage_window_V", "phase_window_V", "energy_above_hull_eV_per_atom",
    "decomposition_energy_0V_eV_per_atom", "reduction_products", "oxidation_products", "provenance",
}  # fmt: skip


@pytest.fixture(scope="module")
def oxide(make_table):
    """Li2O (-2 eV/atom), Li2O2 (-1.6), LiO2 5 meV/atom above the hull, CuO and Li2CuO2."""
    return make_table(
        {
            "Li": 0.0, "Cu": 0.0, "O2": 0.0, "Li2O": -2.0, "Li2O2": -1.6,
            "LiO2": -3.2 / 3 + 0.005, "CuO": -0.9, "Li2CuO2": -1.7,
        }
    )  # fmt: skip


def test_a_window_has_the_agreed_keys_and_is_plain_json(reference):
    window = stability_window(reference, "LLZO")
    data = window.to_dict()
    assert set(data) >= KEYS
    assert json.loads(json.dumps(data)) == data
    assert len(data["assemblage_window_V"]) == 2
    assert data["material"] == "Li7La3Zr2O12"
    for key in KEYS:
        assert hasattr(window, key)
    with pytest.raises(dataclasses.FrozenInstanceError):
        window.material = "LATP"
    assert len(window.to_frame()) == 1


def test_limits_are_the_slopes_on_either_side(oxide):
    # Li2O -> Li2O2 + Li: per Li 2 * 3 * 2.0 - 4 * 1.6 = 5.6 eV over 2 Li
    window = stability_window(oxide, "Li2O")
    assert window.assemblage_window_V == pytest.approx((0.0, 2.8), abs=1e-12)
    assert window.phase_window_V == window.assemblage_window_V
    assert window.reduction_products == ()
    assert window.oxidation_products == ("Li2O2",)
    # Li2O2 + 2 Li -> 2 Li2O at 2.8 V; Li2O2 -> 2 Li + O2 at 3.2 V
    window = stability_window(oxide, "Li2O2")
    assert window.assemblage_window_V == pytest.approx((2.8, 3.2), abs=1e-12)
    assert window.reduction_products == ("Li2O",)
    assert window.oxidation_products == ("O2",)


def test_a_material_without_lithium_has_no_upper_limit(oxide):
    window = stability_window(oxide, "CuO")
    # CuO + 2 Li -> Cu + Li2O would be at 2.1 V, but 2 CuO + 2 Li -> Li2CuO2 + Cu comes first
    assert window.assemblage_window_V[0] == pytest.approx((5 * 1.7 - 2 * 2 * 0.9) / 2, abs=1e-12)
    assert window.assemblage_window_V[1] is None
    assert window.reduction_products == ("Cu", "Li2CuO2")
    assert window.oxidation_products == ()
    assert window.to_dict()["assemblage_window_V"][1] is None


def test_a_reduction_limit_below_zero_is_zero(oxide):
    for stable in ("Li2O", "Li"):
        window = stability_window(oxide, stable)
        assert window.assemblage_window_V[0] == 0.0
        assert window.reduction_products == ()
        assert window.decomposition_energy_0V_eV_per_atom == 0.0


def test_a_phase_above_the_hull_has_no_window_but_its_assemblage_has(oxide):
    window = stability_window(oxide, "LiO2")
    assert window.energy_above_hull_eV_per_atom == pytest.approx(0.005, abs=1e-12)
    assert window.phase_window_V is None
    assert "5.0 meV/atom above the hull" in window.phase_window_reason
    # the assemblage is Li2O2 + O2: any Li given or taken at 3.2 V
    assert window.assemblage_window_V == pytest.approx((3.2, 3.2), abs=1e-12)


def test_without_an_own_energy_there_is_no_window_of_the_phase_and_the_reason_says_so(reference):
    window = stability_window(reference, "LATP")
    assert window.phase_window_V is None
    assert "hull" in window.phase_window_reason
    assert window.energy_source == "hull"


def test_the_energy_at_0_v_is_that_of_the_whole_conversion(oxide):
    # CuO + 2 Li -> Cu + Li2O: (-6.0 + 1.8) eV over two atoms of CuO
    window = stability_window(oxide, "CuO")
    assert window.decomposition_energy_0V_eV_per_atom == pytest.approx(-2.1, abs=1e-12)
    # LiO2 + 3 Li -> 2 Li2O
    window = stability_window(oxide, "LiO2")
    own = -3.2 / 3 + 0.005
    assert window.decomposition_energy_0V_eV_per_atom == pytest.approx(-12 / 3 - own, abs=1e-12)


def test_the_energy_at_0_v_is_relative_to_the_materials_own_energy(reference):
    plain = stability_window(reference, "LATP")
    lifted = stability_window(reference, Material("LATP", energy_above_hull_eV_per_atom=0.029))
    assert lifted.decomposition_energy_0V_eV_per_atom == pytest.approx(
        plain.decomposition_energy_0V_eV_per_atom - 0.029, abs=1e-12
    )
    assert lifted.assemblage_window_V == plain.assemblage_window_V
    assert lifted.phase_window_V is None
    assert lifted.energy_above_hull_eV_per_atom == pytest.approx(0.029, abs=1e-12)


def test_a_given_energy_on_the_hull_opens_a_window_of_the_phase(reference):
    window = stability_window(reference, Material("LAGP", energy_above_hull_eV_per_atom=0.0))
    assert window.phase_window_V == window.assemblage_window_V
    # far below the hull the phase is more stable than its assemblage was
    deep = stability_window(reference, Material("LAGP", energy_eV_per_atom=-2.9))
    assert deep.phase_window_V[0] < window.phase_window_V[0]
    assert deep.phase_window_V[1] > window.phase_window_V[1]
    assert deep.energy_source == "given"


def test_a_left_out_phase_has_a_window_when_asked_for(reference):
    window = stability_window(reference, "LiCu3")
    assert window.phase_window_V is not None
    assert window.assemblage_window_V[0] == 0.0
    assert window.assemblage_window_V[1] == pytest.approx(0.136, abs=2e-3)
    assert window.oxidation_products == ("Cu",)
    assert stability_window(reference, "Cu").assemblage_window_V[0] == 0.0


def test_the_window_of_a_mixture_is_that_of_its_parts_together(reference):
    window = stability_window(reference, "Cu + 2 LiF")
    assert window.assemblage_window_V == pytest.approx((0.0, 3.639), abs=2e-3)
    assert window.oxidation_products == ("CuF2",)


def test_a_source_without_lithium_is_refused(make_table):
    with pytest.raises(InputError, match="no phase with Li"):
        stability_window(make_table({"CuF2": -1.8, "Cu": 0.0}), "CuF2")


@pytest.mark.parametrize("material", ["cuf2", "Xe2", "CuF-2", False])
def test_materials_that_cannot_be_read_are_refused(reference, material):
    with pytest.raises(InputError):
        stability_window(reference, material)


@pytest.mark.parametrize("symbol", ["Li", "Cu"])
def test_an_element_below_its_own_reference_is_refused(reference, symbol):
    """Voltages count from Li metal at zero; no given energy may move an element below it."""
    with pytest.raises(InputError, match=symbol):
        stability_window(reference, Material(symbol, energy_eV_per_atom=-0.5))


def test_the_window_within_tolerance_by_hand(oxide):
    # Li2O gives off Li at 2.8 V, 1/3 Li per atom until Li2O2 (2 Li2O -> Li2O2 + 2 Li: 2/6):
    # 10 meV/atom are gained at 2.8 + 0.010 / (1/3)
    window = stability_window(oxide, "Li2O")
    assert window.tolerance_meV_per_atom == 10.0
    assert window.tolerance_window_V == pytest.approx((0.0, 2.8 + 0.010 / (1 / 3)))
    # Li2O2 takes up 2 Li per 4 atoms at 2.8 V
    low, _ = stability_window(oxide, "Li2O2").tolerance_window_V
    assert low == pytest.approx(2.8 - 0.010 / 0.5)
    wide = stability_window(oxide, "Li2O2", tolerance_meV_per_atom=100.0)
    assert wide.tolerance_window_V[0] == pytest.approx(2.8 - 0.100 / 0.5)
    assert wide.assemblage_window_V == pytest.approx((2.8, 3.2))


def test_a_trace_does_not_count_and_little_in_proportion(oxide):
    # 0.069 Li2O2 beside Li2O take up 0.138 Li per 3.069 atoms, which is between 0.025 and 0.075
    few = lithium_line(oxide, "Li2O + 0.0345 O2")
    counted = 1.5 * (0.138 / 3.069 - 0.025)
    assert few.tolerance_window(0.010)[0] == pytest.approx(2.8 - 0.010 / counted, abs=1e-6)
    trace = lithium_line(oxide, "Li2O + 0.015 O2")  # 0.06 Li per 3.03 atoms
    assert trace.voltage(trace.walk.start) == pytest.approx(2.8)
    assert trace.tolerance_window(0.010)[0] == 0.0


def test_steps_say_what_has_reacted(embedded):
    # 0.6 Li3TaO4 -> 0.2 Li5TaO5 + 0.4 Ta + ...: two thirds of the Ta at 0.544 V, all at 0.348 V
    steps = stability_window(embedded, "LLZTO").steps
    assert [round(step.voltage_V, 3) for step in steps[:2]] == [0.544, 0.348]
    assert [step.reacted_elements["Ta"] for step in steps[:2]] == pytest.approx([2 / 3, 1.0])
    assert steps[0].reacted_elements["La"] == steps[0].reacted_elements["Zr"] == 0.0
    # 0.4 Ta and 1.6 O of 17 atoms beside Li
    assert steps[0].reacted_fraction == pytest.approx(2.0 / 17.0)


def test_the_text_lists_the_steps_with_what_they_give(embedded):
    found = stability_window(embedded, "Li3InCl6")
    lines = [line.split() for line in window_text(found).splitlines()]
    for step in found.steps:
        volts, share, made = (
            f"{step.voltage_V:.3f}",
            f"{100 * step.reacted_fraction:.1f}",
            " + ".join(step.products),
        )
        assert any(
            line[:3] == [volts, share, "%"] and " ".join(line).endswith(made) for line in lines
        )


def test_a_tolerance_of_nothing_is_refused(oxide):
    with pytest.raises(InputError, match="tolerance 0 meV/atom: use more than 0"):
        stability_window(oxide, "Li2O", tolerance_meV_per_atom=0.0)


FORMULAS = (
    "Li6.4La3Zr1.4Ta0.6O12", "Li6.25Al0.25La3Zr2O12", "Li6.75La3Zr1.75Nb0.25O12",
    "Li1.30Al0.30Ti1.70P3O12", "Li1.50Al0.50Ge1.50P3O12", "Li0.350La0.550TiO3",
    "Li3.25Ge0.25P0.75S4", "Li9.54Si1.74P1.44S11.7Cl0.3", "Li5.5PS4.5Cl1.5", "Li2.60Y0.60Zr0.40Cl6",
)  # fmt: skip


def moved_by_a_last_place(formula):
    """The formula with one printed digit after another a last place lower and higher."""
    for found in re.finditer(r"\d+\.(\d+)", formula):
        for sign in (-1, 1):
            digits = len(found[1])
            amount = f"{float(found[0]) + sign * 10.0**-digits:.{digits}f}"
            yield formula[: found.start()] + amount + formula[found.end() :]


@pytest.mark.parametrize("scale", ["source", "anchored"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_last_printed_place_moves_the_window_within_tolerance_little(scale, formula):
    table = si.load(energies=scale).table
    limits = stability_window(table, formula).tolerance_window_V
    for other in moved_by_a_last_place(formula):
        moved = stability_window(table, other).tolerance_window_V
        assert moved == pytest.approx(limits, abs=0.02), other


def test_coarse_digits_move_it_by_what_they_are_worth(embedded):
    """One of Ti1.7 is 0.4 Li in 21.3 atoms, a third of what LATP has to give off (docs/method.md).

    10 meV/atom are gained over W volts by u Li per atom, W = 0.010 / u; so even where all Li counts
    in full a change by d moves the limit by W d / u.
    """
    latp, poor = "Li1.3Al0.3Ti1.7(PO4)3", "Li1.3Al0.3Ti1.6(PO4)3"
    high, moved = (stability_window(embedded, one).tolerance_window_V[1] for one in (latp, poor))
    u, d = 1.3 / 21.3, 0.4 / 21.3
    assert 0.010 / u * d / u == pytest.approx(0.05, abs=0.005)
    assert abs(moved - high) == pytest.approx(0.08, abs=0.005)


def test_error_bars_of_the_limits_within_tolerance_are_printed(capsys):
    from interscreen.cli import main as cli

    assert cli.main(["window", "LLZO", "--samples", "40", "--quiet"]) == 0
    assert "reduction limit within tolerance ±" in capsys.readouterr().out
