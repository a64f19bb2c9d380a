"""The registry of result columns."""

import re
from pathlib import Path

from interscreen.phases.columns import COLUMNS, columns_markdown

ROOT = Path(__file__).parents[1]


def test_every_column_has_a_label_and_a_meaning():
    for key, column in COLUMNS.items():
        assert key == column.key
        assert column.label
        assert column.meaning
        assert not column.meaning.endswith(".")


def test_units_stand_in_the_column_names():
    endings = {"eV/atom": "_eV_per_atom", "meV/atom": "_meV_per_atom", "V": "_V",
               "mAh/g": "_mAh_per_g"}  # fmt: skip
    endings |= {"eV": "_eV", "%": "_percent", "% by volume": "_percent"}
    endings |= {"mAh/cm2/um": "_mAh_per_cm2_um", "K": "_K", "bar": "_bar"}
    endings |= {"ohm cm2": "_ohm_cm2", "ohm": "_ohm_per_cell", "mA/cm2": "_mA_cm2"}
    formula = ("_eV_per_formula", "_eV_per_formula_a", "_eV_per_formula_b")
    endings |= {"kJ/mol": "_kJ_per_mol", "eV/formula": formula}
    for key, column in COLUMNS.items():
        if column.unit and key not in ("product_energies", "score_terms"):
            assert key.endswith(endings[column.unit])
        if not column.unit:
            assert not key.endswith(("_eV_per_atom", "_V", "_mAh_per_g", "_kJ_per_mol", *formula))


def test_docs_list_the_registry():
    written = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    assert written == columns_markdown(), "run make docs"


def test_the_method_explains_every_column():
    text = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([A-Za-z0-9_]+)`", text))
    assert not set(COLUMNS) - told
