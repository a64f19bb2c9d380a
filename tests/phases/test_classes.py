"""Anion classes: well-known compounds, and the rule one composition at a time."""

import numpy as np
import pytest

from interscreen.phases.classes import ANION_CLASSES, anion_classes

pytestmark = pytest.mark.filterwarnings("ignore:No Pauling electronegativity")  # XeF2, NiAr


CLASSES = {
    "CuF2": "fluoride halide",
    "Li3PO4": "oxide phosphate",
    "LiPO3": "oxide phosphate",
    "Li2SO4": "oxide sulfate",
    "Na2SO3": "oxide",
    "Li2CO3": "oxide carbonate",
    "LiNO3": "oxide nitrate",
    "Li2SiO3": "oxide silicate",
    "LiBO2": "oxide borate",
    "Mn7SiO12": "oxide silicate",
    "Cr3PO7": "oxide phosphate",
    "SiO2": "oxide",
    "P2O5": "oxide",
    "Li2O2": "oxide",
    "Li7La3Zr2O12": "oxide",
    "LiMn2O4": "oxide",
    "LiPF6": "fluoride halide",
    "LiBF4": "fluoride halide",
    "LaOF": "oxide fluoride oxyfluoride oxyhalide halide",
    "Sn2OF2": "oxide fluoride oxyfluoride oxyhalide halide",
    "Li3OCl": "oxide chloride oxyhalide halide",
    "LiClO4": "oxide",
    "LiIO3": "oxide",
    "Ca5P3ClO12": "oxide chloride phosphate oxyhalide halide",
    "MoO2Cl2": "oxide chloride oxyhalide halide",
    "LiCl": "chloride halide",
    "CsPbBr3": "bromide halide",
    "CsICl2": "chloride halide",
    "Li6PS5Cl": "sulfide chloride thiophosphate halide chalcogenide",
    "Li6PS5I": "sulfide iodide thiophosphate halide chalcogenide",
    "Li3PS4": "sulfide thiophosphate chalcogenide",
    "Li10GeP2S12": "sulfide thiophosphate chalcogenide",
    "Li4GeS4": "sulfide chalcogenide",
    "P2S5": "sulfide chalcogenide",
    "FeS2": "sulfide chalcogenide",
    "TiSSe": "sulfide selenide chalcogenide",
    "Bi2Te3": "telluride chalcogenide",
    "La2O2S": "oxide sulfide oxysulfide chalcogenide",
    "Bi2O2Se": "oxide selenide chalcogenide",
    "Na2SeO4": "oxide",
    "Sr2CuGaO3S": "oxide sulfide oxysulfide chalcogenide",
    "Na2S2O3": "oxide",
    "Li3N": "nitride",
    "Cu3N": "nitride",
    "LiNH2": "nitride",
    "BN": "nitride",
    "Si2N2O": "oxide nitride oxynitride",
    "Li2PO2N": "oxide nitride oxynitride",
    "NH4Cl": "chloride halide",
    "N2H8SO4": "oxide sulfate",
    "NaCN": "nitride",
    "Mg3P2": "phosphide",
    "LaFePO": "oxide phosphide",
    "LaFeAsO": "oxide arsenide",
    "Na3SbO4": "oxide",
    "Li3Sb": "antimonide",
    "Mg2Si": "silicide",
    "Li15Ge4": "germanide",
    "TiB2": "boride",
    "LiC6": "carbide",
    "Ti3SiC2": "carbide silicide",
    "LiH": "hydride",
    "LiBH4": "hydride",
    "Li4B3H12I": "hydride iodide halide",
    "NaAlH4": "hydride",
    "LiOH": "oxide",
    "CrHO2": "oxide",
    "MnHO2": "oxide",
    "LaHO": "oxide hydride",
    "Ca2NH": "nitride hydride",
    "NaC2H3O2": "oxide",
    "LiAl": "intermetallic",
    "LiCu3": "intermetallic",
    "Ni3Sn": "intermetallic",
    "CsAu": "intermetallic",
    "XeF2": "fluoride halide",
    "NiAr": "",
    "S": "",
    "C": "",
    "Ag": "",
    "O2": "",
}


@pytest.fixture(scope="module")
def classed(make_table):
    # H, He ... in the table or not must make no difference: see the test on subsets
    return make_table(dict.fromkeys(CLASSES, 0.0))


@pytest.mark.parametrize(("formula", "expected"), CLASSES.items())
def test_anion_classes_of_well_known_compounds(classed, formula, expected):
    row = classed.find(formula)
    found = {name for name, mask in anion_classes(classed).items() if mask[row]}
    assert found == set(expected.split())


def test_every_class_has_an_example(classed):
    classes = anion_classes(classed)
    assert list(classes) == list(ANION_CLASSES)
    assert [name for name, mask in classes.items() if not mask.any()] == []


@pytest.mark.parametrize("formula", ["Li6PS5Cl", "LiAl", "Li3N", "CuF2", "LiBH4"])
def test_the_class_of_a_phase_does_not_depend_on_the_rest_of_the_table(make_table, formula):
    table = make_table({formula: 0.0})
    found = {name for name, mask in anion_classes(table).items() if mask[0]}
    assert found == set(CLASSES[formula].split())


SIMPLE = (
    "fluoride oxide chloride nitride bromide iodide sulfide selenide carbide hydride phosphide "
    "arsenide telluride antimonide boride germanide silicide"
).split()
OF = "F O Cl N Br I S Se C H P As Te Sb B Ge Si".split()


@pytest.mark.proof
def test_every_compound_of_the_full_table_is_intermetallic_or_something_ide(full_table):
    classes = anion_classes(full_table)
    simple = np.array([classes[name] for name in SIMPLE])
    compound = np.diff(full_table.indptr) > 1
    assert ((simple.any(axis=0) ^ classes["intermetallic"]) == compound).all()
    for name, symbol in zip(SIMPLE, OF, strict=True):
        number = full_table.elements.index(symbol)
        has = np.isin(full_table.element_index, number)
        has = np.add.reduceat(has.astype(int), full_table.indptr[:-1]) > 0
        assert not (classes[name] & ~has).any()
        if symbol in ("O", "F"):
            assert (classes[name] == (has & compound)).all()
    assert (classes["halide"] == simple[[0, 2, 4, 5]].any(axis=0)).all()
    assert (classes["chalcogenide"] == simple[[6, 7, 12]].any(axis=0)).all()
    assert (classes["oxyfluoride"] == (classes["oxide"] & classes["fluoride"])).all()
    for name in ("phosphate", "sulfate", "carbonate", "nitrate", "borate", "silicate"):
        assert not (classes[name] & ~classes["oxide"]).any()
    assert not (classes["phosphate"] & classes["phosphide"]).any()
    assert not (classes["thiophosphate"] & classes["oxide"]).any()


def charge_rule(have):
    """Simple classes of one composition, atom by atom, as the docstring has the rule."""
    from interscreen.phases.classes import _ANIONS, _BESIDE_HYDRIDE, _HIGHEST_STATE

    first = next((symbol for symbol in OF if symbol in have), None)
    anions, found = [], set()
    for symbol in (symbol for symbol in OF if symbol in have):
        name, _, oxygen = _ANIONS[symbol]
        states = _BESIDE_HYDRIDE if symbol == "H" else _HIGHEST_STATE
        payers = have.keys() - {*anions, symbol}
        pay = sum(states.get(payer, 0) * have[payer] for payer in payers)
        owed = sum(_ANIONS[anion][1] * have[anion] for anion in [*anions, symbol])
        oxoanion = have.get("O", 0) / have[symbol] >= oxygen
        if symbol in (first, "O") or (pay >= owed and not oxoanion):
            anions.append(symbol)
            if symbol not in ("N", "C") or symbol == first or "H" not in have:
                found.add(name)
    return found


def test_anion_classes_of_the_full_table_follow_the_rule_one_by_one(full_table):
    classes = anion_classes(full_table)
    compounds = np.flatnonzero(np.diff(full_table.indptr) > 1)
    for row in np.random.default_rng(4).choice(compounds, 4000, replace=False).tolist():
        found = {name for name in SIMPLE if classes[name][row]}
        assert found == charge_rule(full_table.composition(row)), full_table.formulas[row]
