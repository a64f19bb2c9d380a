"""A contact over temperature and over the pressure of a gas."""

import pytest

import interscreen as si
from interscreen.errors import InputError
from interscreen.phases.columns import columns_of


@pytest.fixture(scope="module")
def db(embedded):
    return si.Database(embedded)


def test_changes_are_those_of_decomposition_and_no_grid(db):
    gases = {"CO2": "400ppm", "O2": 0.21}
    found = db.scan("Li2CO3", "Co3O4", start="25C", end="1000C", gases=gases)
    onsets = [db.decompose(material, gases).onset_temperature_K for material in ("Li2CO3", "Co3O4")]
    changes = [first.at for first, _ in found.segments[1:]]
    assert changes[1:] == pytest.approx(onsets, abs=0.2)
    first = found.segments[1][0]
    assert first.equation == "6 Li2CO3 + 4 Co3O4 + O2(g) -> 12 LiCoO2 + 6 CO2(g)"
    assert first.mutual_eV_per_atom == pytest.approx(0.0, abs=1e-4), "it begins with nothing"


def test_every_point_is_the_answer_there(db):
    found = db.scan("Li2O", "CaO", start="500K", end="900K", gases={"CO2": "400ppm"})
    for point in found.points[::3]:
        there = db.at(point.at, {"CO2": "400ppm"}).reaction("Li2O", "CaO")
        assert there.self_decomposition[0].energy_eV_per_atom == pytest.approx(
            point.self_a_eV_per_atom, abs=1e-8
        )
        assert there.self_decomposition[1].equation == point.self_b_equation


def test_a_pressure_is_followed_in_decades(db):
    found = db.scan(
        "CaCO3", "CaO", "CO2", "1e-4bar", "10bar", temperature_K=1100.0, closed_gas=True
    )
    (change,) = [first.at for first, _ in found.segments[1:]]
    table = db.at(1100.0, {"CO2": "1bar"}).table
    energies = {n: table.energies[table.find(n)] for n in ("CaCO3", "CaO", "CO2")}
    energy = 2 * energies["CaO"] + 3 * energies["CO2"] - 5 * energies["CaCO3"]
    expected = 2.718281828 ** (-energy / (8.617333e-5 * 1100.0))
    assert change == pytest.approx(expected, rel=2e-3)
    assert found.unit == "bar"


def test_tables_have_registered_columns(db):
    found = db.scan("CaCO3", "CaO", start="1000K", end="1200K", gases={"CO2": "1bar"})
    assert set(found.to_frame().columns) <= set(columns_of("profile"))
    assert found.to_dict()["points"][0]["at"] == 1000.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("temperature", "900K", "500K"), "does not rise"),
        (("temperature", "500", "900"), "with its unit"),
        (("Xe2", "1e-6bar", "1bar"), "gas Xe2: no measured energies"),
    ],
)
def test_bad_ranges_are_refused(db, arguments, words):
    with pytest.raises(InputError, match=words):
        db.scan("CaCO3", "CaO", *arguments)
