"""Temperatures at which solids give off gas, against those that are measured."""

import pytest

import interscreen as si
from interscreen.errors import InputError
from interscreen.phases.formula import parse_formula
from interscreen.report.text.answers import decomposition_text

AIR = {"O2": 0.21}


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


@pytest.mark.parametrize(
    ("material", "gases", "pressure", "kelvin", "within", "products"),
    [
        # NIST-JANAF (M. W. Chase 1998), but for what stands beside
        ("CaCO3", {}, "1bar", 1165, 40, {"CaO", "CO2(g)"}),  # U.S. Bureau of Mines (FREED)
        ("MgCO3", {}, "1bar", 680, 60, {"MgO", "CO2(g)"}),
        ("Li2CO3", {"CO2": "400ppm"}, None, 1050, 60, {"Li2O", "CO2(g)"}),
        ("Ca(OH)2", {}, "1bar", 795, 30, {"CaO", "H2O(g)"}),
        ("Mg(OH)2", {}, "1bar", 545, 30, {"MgO", "H2O(g)"}),
        ("CuO", AIR, None, 1300, 40, {"Cu2O", "O2(g)"}),  # seen at 1303 K
        ("Co3O4", AIR, None, 1180, 60, {"CoO", "O2(g)"}),  # seen at 1190 K
        ("MnO2", AIR, None, 750, 60, {"Mn2O3", "O2(g)"}),  # Robie, Hemingway 1995
        ("Mn2O3", AIR, None, 1160, 80, {"Mn3O4", "O2(g)"}),  # Hahn, Muan 1960: 1157 K
        ("Li2O2", {}, "1bar", 430, 60, {"Li2O", "O2(g)"}),
        ("C", {"CO2": "1bar"}, "1bar", 975, 20, {"CO(g)"}),  # Boudouard
    ],
)
def test_gas_leaves_at_the_temperature_that_is_measured(
    db, material, gases, pressure, kelvin, within, products
):
    found = db.decompose(material, gases, pressure=pressure)
    assert found.onset_temperature_K == pytest.approx(kelvin, abs=within)
    assert set(found.products) == products


def test_the_onset_is_where_the_driving_force_is_zero(db):
    found = db.decompose("CaCO3", pressure="1bar")
    onset = found.onset_temperature_K
    below, above = (
        db.at(onset + more, closed_gas=True).reaction("CaCO3", "CaO").kinks[-1] for more in (-1, 1)
    )
    assert below.equation == "CaCO3 -> CaCO3"
    assert above.equation == "CaCO3 -> CO2(g) + CaO"
    assert -4e-4 < above.total_energy_eV_per_atom < 0.0
    assert found.conditions["temperature_K"] is None
    assert found.conditions["closed_gas"] is True


def test_carbon_dioxide_leaves_later_where_there_is_some(db):
    onsets = [
        db.decompose("Li2CO3", {"CO2": share}).onset_temperature_K
        for share in ("1ppm", "400ppm", "10%")
    ]
    assert onsets == sorted(onsets)
    assert onsets[0] < 900 < onsets[1]


def zero(db, temperatures, pressure, terms, gas="CO2"):
    """Temperature at which a reaction with a gas has no driving force."""
    from scipy.optimize import brentq

    def energy(kelvin):
        table = db.at(kelvin, {gas: pressure}).table
        total = 0.0
        for name, count in terms.items():
            row = table.find(name)
            total += count * float(table.energies[row]) * float(parse_formula(name).n_atoms)
        return total

    return brentq(energy, *temperatures, xtol=0.5)


@pytest.mark.parametrize(("pressure", "kelvin"), [("400ppm", 950), ("1ppm", 765)])
def test_garnet_is_clean_of_carbonate_above(db, pressure, kelvin):
    """The paper regenerated LLZO in O2 at 500 C = 773 K."""
    terms = {
        "Li7La3Zr2O12": -1.0, "CO2": -3.5, "Li2CO3": 3.5, "La2Zr2O7": 1.0, "La2O3": 0.5,
    }  # fmt: skip
    assert zero(db, (500.0, 1300.0), pressure, terms) == pytest.approx(kelvin, abs=60)


def test_hydroxide_forms_from_oxide_and_moisture_below(db):
    found = db.decompose("LiOH", {"H2O": "20mbar"})
    assert found.products.keys() == {"Li2O", "H2O(g)"}


def test_what_never_gives_off_gas_says_so(db):
    found = db.decompose("CaO", AIR)
    assert found.onset_temperature_K is None
    assert found.equation is None
    assert found.known_to_K == 2000.0


def test_a_phase_whose_table_ends_is_followed_no_further(db):
    found = db.decompose("NbF5", pressure="1bar")
    assert found.onset_temperature_K is None
    assert found.known_to_K < 2000.0


def test_bad_gases_are_refused(db):
    with pytest.raises(InputError, match="Xy is not an element"):
        db.decompose("CaO", {"Xy": 1.0})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "gases leave at 1e-06 bar"),
        ({"gases": {"CO2": "400ppm"}}, "CO2 0.0004 bar; other gases leave at 1e-06 bar"),
        ({"pressure": "1bar"}, "gases leave when they reach 1 bar (closed)"),
    ],
)
def test_the_text_says_beside_which_gases(db, asked, said):
    gases = asked.pop("gases", None)
    lines = decomposition_text(db.decompose("Li2CO3", gases, **asked)).splitlines()
    assert lines[3] == f"  {said}"
    assert "CO2(g)" in lines[2]
