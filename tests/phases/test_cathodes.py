"""Cathodes with both of their states, by name, by formula and as written out."""

from __future__ import annotations

import pytest

from interscreen.errors import InputError
from interscreen.phases.cathodes import find_cathode, known_cathodes
from interscreen.phases.material import resolve


@pytest.mark.parametrize(
    ("name", "discharged", "charged"),
    [
        ("LCO", "LiCoO2", "Li0.5CoO2"),
        ("LiCoO2", "LiCoO2", "Li0.5CoO2"),
        ("Li2Co2O4", "LiCoO2", "Li0.5CoO2"),  # another unit of it
        ("NCM811", "LiNi0.8Co0.1Mn0.1O2", "Li0.26Ni0.8Co0.1Mn0.1O2"),
        ("NMC811", "LiNi0.8Co0.1Mn0.1O2", "Li0.26Ni0.8Co0.1Mn0.1O2"),
        ("NCM111", "Li3NiCoMnO6", "Li1.23NiCoMnO6"),
        ("FePO4", "LiFePO4", "FePO4"),  # by its charged state
        ("LMO", "LiMn2O4", "Mn2O4"),
        ("LNMO", "LiNi0.5Mn1.5O4", "Ni0.5Mn1.5O4"),
        ("S", "Li2S", "S"),
    ],
)
def test_a_cathode_is_known_by_its_names_and_by_its_states(name, discharged, charged):
    found = find_cathode(name)
    assert (found.discharged.formula, found.charged.formula) == (discharged, charged)
    assert found.name == name
    assert found.reference


def test_every_known_cathode_has_a_doi_and_gives_off_lithium_within_its_potentials():
    for formula, cathode in known_cathodes().items():
        assert "doi:10." in cathode.reference
        assert 0.0 < cathode.discharge_V < cathode.charge_V < 5.0
        full, less = (resolve(state)[1] for state in cathode.states)
        assert full.text == resolve(formula)[1].text
        assert less.amount("Li") < full.amount("Li")


def test_a_cathode_may_be_written_out():
    found = find_cathode("Li3V2(PO4)3 / LiV2(PO4)3 @ 3.0V-4.3 V")
    assert found.potentials == (3.0, 4.3)
    assert [state.formula for state in found.states] == ["Li3V2(PO4)3", "LiV2(PO4)3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("V2O5", "not known; write another one as LiCoO2/Li0.5CoO2@3.0-4.2V"),
        ("LiCoO2/Li0.5CoO2", "cannot be read; write another one as"),
        ("LiCoO2/Li0.5CoO2@4.2-3V", "give the lower one first"),
        ("Li0.5CoO2/LiCoO2@3-4.2V", "LiCoO2 is not Li0.5CoO2 with less Li"),
        ("LiCoO2/Li0.5NiO2@3-4.2V", "Li0.5NiO2 is not LiCoO2 with less Li"),
        ("Li2S/Li2S@1-2V", "Li2S is not Li2S with less Li"),
        ("Li/S@1-2V", "S is not Li with less Li"),
        ("LiCoO/x@3-4V", "x"),
    ],
)
def test_a_cathode_that_is_none_is_refused_in_one_line(text, said):
    with pytest.raises(InputError) as caught:
        find_cathode(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
