"""The converted layer in numbers, against cases that are worked by hand."""

import pytest

from interscreen import lithiate
from interscreen.answers.layer import (
    PERCOLATION_THRESHOLD_PERCENT,
    LayerMetrics,
    layer_columns,
    layer_metrics,
)
from interscreen.answers.stacks import stacks
from interscreen.phases.columns import columns_of
from interscreen.phases.solids import figures_of

FARADAY = 96485.33212  # C/mol
CAPACITY = FARADAY / 3.6  # mAh per mole of Li


def test_copper_fluoride_by_hand(reference):
    # CuF2 + 2 Li -> Cu + 2 LiF
    copper = 63.546 / 8.96  # 7.09 cm3/mol
    fluoride = 2 * 25.94 / 2.635  # 2 x 9.84 cm3/mol
    deposited = 101.54 / 4.89  # 20.76 cm3/mol
    found = layer_metrics(reference, "CuF2")
    assert found.metal_volume_percent == pytest.approx(26, abs=0.6)
    assert found.salt_volume_percent == pytest.approx(74, abs=0.6)
    assert found.metal_volume_percent == pytest.approx(
        100 * copper / (copper + fluoride), abs=0.2
    )  # 26.5
    assert found.salt_volume_percent == pytest.approx(
        100 * fluoride / (copper + fluoride), abs=0.2
    )  # 73.5
    assert found.volume_change_percent == pytest.approx(
        100 * ((copper + fluoride) / deposited - 1), abs=0.5
    )  # +29
    # 2 x 26,801 mAh/mol / 20.76 cm3/mol = 2,582 mAh/cm3, times 1e-4 cm
    assert found.li_capacity_mAh_per_cm2_um == pytest.approx(0.258, abs=0.001)
    assert found.metal_percolates is True
    assert found.insulating_products == ("LiF",)
    assert found.electron_blocking == "partly"
    assert found.volume_data == "measured"


def test_copper_sulfide_by_hand(reference):
    # CuS + 2 Li -> Cu + Li2S: 95.61 / 4.68 = 20.43; 7.09 + 45.94 / 1.64 (28.01) = 35.10 cm3/mol
    found = layer_metrics(reference, "CuS")
    assert found.volume_change_percent == pytest.approx(100 * (35.10 / 20.43 - 1), abs=0.2)
    assert found.metal_volume_percent == pytest.approx(100 * 7.09 / 35.10, abs=0.1)  # 20.2
    assert found.li_capacity_mAh_per_cm2_um == pytest.approx(2 * CAPACITY / 20.43 * 1e-4, abs=0.001)
    assert found.insulating_products == ("Li2S",)
    assert found.electron_blocking == "partly"


def test_copper_nitride_by_hand(reference):
    # Cu3N + 3 Li -> 3 Cu + Li3N: 204.65 / 6.10 = 33.55; 21.28 + 34.83 / 1.30 (26.79) = 48.07
    found = layer_metrics(reference, "Cu3N")
    assert found.volume_change_percent == pytest.approx(100 * (48.07 / 33.55 - 1), abs=0.2)
    assert found.metal_volume_percent == pytest.approx(100 * 21.28 / 48.07, abs=0.1)  # 44.3
    assert found.insulating_products == ()  # Li3N: 1.8 to 2.2 eV
    assert found.electron_blocking == "no"


def test_aluminium_fluoride_by_hand(reference):
    # AlF3 + 5.25 Li -> 3 LiF + 1/4 Li9Al4
    deposited = 83.98 / 3.19  # 26.33 cm3/mol
    alloy = (9 * 6.94 + 4 * 26.98) / 1.27 / 4  # 33.5 cm3 per mole of Al
    salt = 3 * 25.94 / 2.64  # 29.5
    found = layer_metrics(reference, "AlF3")
    assert found.li_capacity_mAh_per_cm2_um == pytest.approx(
        5.25 * CAPACITY / deposited * 1e-4, rel=2e-3
    )
    assert found.volume_change_percent == pytest.approx(
        100 * ((alloy + salt) / deposited - 1), abs=0.5
    )  # +139
    assert found.metal_volume_percent == pytest.approx(100 * alloy / (alloy + salt), abs=0.2)
    assert found.electron_blocking == "partly"


def test_aluminium_and_silver_become_metal_through_and_through(reference):
    aluminium = layer_metrics(reference, "Al")
    # Al 26.98 / 2.70 = 9.99; a quarter of Li9Al4 33.5 cm3/mol; LiAl alone would be +95 %
    assert aluminium.volume_change_percent == pytest.approx(100 * (33.5 / 9.99 - 1), abs=1.5)
    assert (aluminium.metal_volume_percent, aluminium.salt_volume_percent) == (100.0, 0.0)
    assert aluminium.electron_blocking == "no"
    silver = layer_metrics(reference, "Ag")  # Li3Ag is a computed ordering: it has no measured cell
    assert silver.volume_change_percent is None
    assert silver.volume_data == "no volume of Li3Ag"
    # 3 Li / (107.87 / 10.5 = 10.27 cm3/mol)
    assert silver.li_capacity_mAh_per_cm2_um == pytest.approx(3 * CAPACITY / 10.27 * 1e-4, rel=1e-3)
    assert (silver.metal_volume_percent, silver.metal_percolates) == (100.0, True)
    assert silver.electron_blocking == "no"


def test_a_coating_that_takes_no_lithium_stays_as_it_is(reference):
    found = layer_metrics(reference, "LiF")
    assert found == LayerMetrics(
        li_capacity_mAh_per_cm2_um=0.0,
        volume_change_percent=0.0,
        metal_volume_percent=0.0,
        salt_volume_percent=100.0,
        metal_percolates=False,
        insulating_products=("LiF",),
        electron_blocking="yes",
        volume_data="measured",
    )
    assert layer_metrics(reference, "Li3N").electron_blocking == "no"


def test_lithium_itself_is_the_scale(reference):
    # 26,801 mAh/mol / 13.0 cm3/mol: one micrometre of Li metal is 0.206 mAh/cm2
    scale = CAPACITY / figures_of("Li")[0] * 1e-4
    assert scale == pytest.approx(0.206, abs=0.001)
    # 1 um of CuF2 takes 1.25 um of Li
    assert layer_metrics(reference, "CuF2").li_capacity_mAh_per_cm2_um / scale == pytest.approx(
        1.25, abs=0.01
    )


def test_capacity_agrees_with_the_one_per_gram(reference):
    for candidate, density in (("CuF2", 4.89), ("SnS", 5.17), ("MoS2", 5.00), ("Al2O3", 3.99)):
        per_gram = lithiate(reference, candidate).steps[-1].capacity_mAh_per_g
        assert layer_metrics(reference, candidate).li_capacity_mAh_per_cm2_um == pytest.approx(
            per_gram * density * 1e-4, rel=1e-9
        )


def test_a_mixture_holds_the_volumes_of_its_components(reference):
    mixed, converted = layer_metrics(reference, "Cu + 2 LiF"), layer_metrics(reference, "CuF2")
    assert mixed.li_capacity_mAh_per_cm2_um == 0.0
    assert mixed.volume_change_percent == 0.0
    assert mixed.metal_volume_percent == pytest.approx(converted.metal_volume_percent, rel=1e-12)
    assert mixed.electron_blocking == "partly"
    # CuF2 + Cu: two Li in the volume of both
    both = layer_metrics(reference, "CuF2 + Cu")
    assert both.li_capacity_mAh_per_cm2_um == pytest.approx(
        2 * CAPACITY / (20.76 + 7.09) * 1e-4, rel=2e-3
    )


def test_metal_below_the_threshold_leaves_the_layer_blocking(reference):
    found = layer_metrics(reference, "MoS2")  # Mo 9.41, 2 Li2S 56.0 cm3/mol: 14.4 % metal
    assert found.metal_volume_percent == pytest.approx(14.4, abs=0.1)
    assert found.metal_volume_percent < PERCOLATION_THRESHOLD_PERCENT
    assert found.metal_percolates is False
    assert found.electron_blocking == "yes"


def test_shares_are_percentages_and_never_exceed_the_whole(reference):
    for candidate in ("CuF2", "ZnF2", "SnS", "Nb2O5", "LaF3", "LiAlO2", "Si", "SiO2"):
        found = layer_metrics(reference, candidate)
        total = found.metal_volume_percent + found.salt_volume_percent
        assert 0.0 < total <= 100.0 + 1e-9, candidate


# -- missing figures ------------------------


def test_what_is_unknown_is_none_and_never_zero(make_table):
    # a candidate without a measured density, whose products have one
    table = make_table({"LiF": -3.2, "YbHf2F11": -3.3})
    found = layer_metrics(table, "YbHf2F11")
    assert found.li_capacity_mAh_per_cm2_um is None
    assert found.volume_change_percent is None
    # Yb 173.05 / 6.90 + 2 Hf 178.49 / 13.3 = 51.9; 11 LiF x 25.94 / 2.64 = 108.1 cm3/mol
    assert found.metal_volume_percent == pytest.approx(100 * 51.9 / (51.9 + 108.1), abs=0.1)
    assert found.volume_data == "no volume of YbHf2F11"


def test_an_unknown_gap_matters_only_where_it_can_turn_the_answer(make_table):
    salt = "Li8SiO6"  # no measured gap in the package
    alone = make_table({salt: -2.4})
    assert layer_metrics(alone, salt).electron_blocking is None
    assert layer_metrics(alone, salt).insulating_products == ()
    assert layer_metrics(alone, salt).metal_volume_percent == 0.0  # no gap known, but no metal
    beside = make_table({salt: -2.446, "LiF": -3.181, "Li4SiO4": -2.0})
    found = layer_metrics(beside, f"LiF + {salt}")
    assert found.insulating_products == ("LiF",)
    assert found.electron_blocking == "yes"


def test_a_phase_that_may_be_metal_leaves_bounds(make_table):
    gaps = {"volume_A3_per_atom": [10.0, 10.0, 10.0]}
    table = make_table({"LiTiO2": -3.0, "LiF": -3.2, "Cu3N": 0.2}, properties=gaps)
    little = layer_metrics(table, "20 LiF + LiTiO2")  # 4 of 44 atoms: 9 % at most
    assert little.metal_volume_percent is None
    assert little.metal_percolates is False
    assert little.electron_blocking == "yes"
    much = layer_metrics(table, "2 LiF + LiTiO2")  # 4 of 8 atoms: 0 or 50 %
    assert much.metal_percolates is None
    assert much.electron_blocking is None
    certain = layer_metrics(table, "2 LiF + LiTiO2 + 3 Cu")
    assert certain.metal_percolates is True
    assert certain.electron_blocking == "partly"


# -- where the volumes come from ------------------------


def test_volumes_have_one_origin_where_that_is_possible(make_table):
    # Ag is measured, Li3Ag is not: both from the source, 4 x 16.0 over 17.0 A3
    every = make_table({"Ag": 0.0, "Li3Ag": -0.2}, properties={"volume_A3_per_atom": [17.0, 16.0]})
    found = layer_metrics(every, "Ag")
    assert found.volume_data == "source"
    assert found.volume_change_percent == pytest.approx(100 * (64.0 / 17.0 - 1), rel=1e-9)
    # everything measured goes before everything computed
    energies = {"CuF2": -1.8, "LiF": -3.2, "Cu": 0.0}
    both = make_table(energies, properties={"volume_A3_per_atom": [12.0, 8.5, 12.0]})
    assert layer_metrics(both, "CuF2").volume_data == "measured"
    assert layer_metrics(both, "CuF2").volume_change_percent == pytest.approx(29, abs=0.5)


def test_computed_and_measured_volumes_together_are_called_mixed(make_table):
    # YbHf2F11 is in no measured table, Yb and Hf are not in the source
    table = make_table(
        {"YbHf2F11": -3.3, "LiF": -3.2},
        properties={"volume_A3_per_atom": [14.0, 8.5]},
    )
    found = layer_metrics(table, "YbHf2F11")
    assert found.volume_data == "mixed"
    # Yb 173.05/6.90 + 2 Hf 178.49/13.3 = 51.9; 11 LiF x 2 x 8.5 A3 x 0.6022 = 112.6 cm3/mol
    assert found.metal_volume_percent == pytest.approx(100 * 51.9 / (51.9 + 112.6), abs=0.1)


# -- the row ------------------------


def test_many_layers_at_once_have_the_metrics_of_each_in_the_words_of_results(reference):
    candidates = ["CuF2", "MgF2", "LiF", "Cu + 2 LiF", "AlF3"]
    numbers = stacks(reference, candidates, ["LLZO"])
    columns = layer_columns(numbers.common, numbers.candidates, numbers.lithium)
    assert set(columns) <= set(columns_of("results"))
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for candidate, row in zip(candidates, rows, strict=True):
        alone = layer_metrics(reference, candidate)
        for key, value in row.items():
            expected = getattr(alone, key)
            if isinstance(value, float):
                expected = float("nan") if expected is None else expected
                assert value == pytest.approx(expected, rel=1e-12, nan_ok=True)
            elif isinstance(expected, bool):
                assert value == ("yes" if expected else "no")
            else:
                assert (value or None) == (
                    (" + ".join(expected) if isinstance(expected, tuple) else expected) or None
                )
    assert (rows[0]["metal_percolates"], rows[0]["insulating_products"]) == ("yes", "LiF")
    assert (rows[1]["metal_percolates"], rows[1]["electron_blocking"]) == (None, None)
    assert layer_metrics(reference, "CuF2").to_dict()["insulating_products"] == ["LiF"]


# -- the interlayers of the literature ------------------------

PRODUCTS_WITHOUT_CELL = {"Li5Mg", "Li3Ag", "LiCu3", "Zr4O", "Li15Au4"}


@pytest.mark.parametrize(
    "candidate",
    "CuF2 CuS Cu3N AlF3 AlN MgF2 SnF2 ZnF2 AgF InF3 LaF3 ZnO SnO2 In2O3 Al2O3 Ta2O5 Nb2O5 SnS SnS2 "
    "MoS2 Mg3N2 Si3N4 BN AgI ZnI2 CuCl Al Si Ge Sn Zn Mg Ag Au In Sb C Cu6Sn5 LiF Li3N Li2O Li2S "
    "LiCl LiI Li3PO4 LiPO3 LiAlO2 LiNbO3 LiTaO3 Li3BO3 Li2SiO3 Li2ZrO3 Li2TiO3 Li4Ti5O12 "
    "LiTi2(PO4)3 LiH2PO4 Li2CO3".split(),
)
def test_only_stand_ins_for_solid_solutions_lack_a_volume(full_table, candidate):
    found = layer_metrics(full_table, candidate)
    assert found.li_capacity_mAh_per_cm2_um is not None
    if found.volume_data != "measured":
        missing = set(found.volume_data.removeprefix("no volume of ").split(", "))
        assert missing <= PRODUCTS_WITHOUT_CELL
    else:
        # nothing shrinks: the Li that comes in takes room
        assert found.volume_change_percent >= 0.0
