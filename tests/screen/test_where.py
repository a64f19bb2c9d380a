"""The language of conditions: worked out by hand, against a second reading, every mistake."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interscreen.errors import InputError
from interscreen.files import load_yaml
from interscreen.screen.query import PHASE_KINDS
from interscreen.screen.top import TableColumns, kinds_of
from interscreen.screen.where import element_lists, parse_where


def meeting(expression, **columns):
    """Numbers of the rows that meet a condition."""
    table = pa.table(columns)
    found = parse_where(expression, kinds_of(table.schema)).mask(TableColumns(table))
    assert found.dtype == np.bool_
    return np.flatnonzero(found).tolist()


# -- worked out by hand --------------------------------------------------------------------------

ROWS = {
    "x": pa.array([-0.2, -0.05, 0.0, 1.0, None, float("nan")]),
    "y": [0.0] * 6,
    "n_elements": [1, 2, 3, 3, 4, 5],
    "role": ["conversion", "coating", "conversion", "coating", None, ""],
    "elements": ["Cu-F", "F-Li-Pb", "Fe-O", "", None, "Cu"],
    "never": pa.nulls(6),
    "id": ["mp-0", "mp-01", "mp-2", "mp-3", "x", "17"],
    "conversion_products": ["Cu + 2 LiF", "LiF", "1.5 Li2S + 0.333 Al2O3", "Cu3N", None, ""],
}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("x > -0.05", [2, 3]),
        ("x>=-.05", [1, 2, 3]),
        ("x<0", [0, 1]),
        ("x == +1.", [3]),
        ("x == 1e+0", [3]),
        ("x != 1", [0, 1, 2]),  # a missing number is not unlike 1
        ("not x == 1", [0, 1, 2, 4, 5]),  # but the comparison with it is false
        ("not not not x > 0", [0, 1, 2, 4, 5]),
        ("x < y", [0, 1]),
        ("y != x", [0, 1, 3]),
        ("-0.1 < x <= 0", [1, 2]),
        ("0 < x", [3]),
        ("2 <= n_elements <= 3 and x < 0.5", [1, 2]),
        ("role == conversion", [0, 2]),
        ("role == 'conversion'", [0, 2]),
        ("role != conversion", [1, 3]),
        ("not role == conversion", [1, 3, 4, 5]),
        ("x < 5 and x > 0 or role == conversion", [0, 2, 3]),
        ("role == conversion or x < 5 and x > 0", [0, 2, 3]),
        ('(role == "conversion" or x < 5) and x > -0.1', [1, 2, 3]),
        ("NOT x > 0 AND\n role == conversion", [0, 2]),
        ("((((x > 0))))", [3]),
        ("elements has F", [0, 1]),  # and not Fe
        ("elements HAS 'Cu'", [0, 5]),
        ("not elements has Pb and elements has F", [0]),
        ("elements has toxic", [1]),
        ("not elements has toxic", [0, 2, 3, 4, 5]),
        ("elements only Cu-F-Li", [0, 5]),
        ("not elements only Cu-F-Li", [1, 2, 3, 4]),
        ("elements == F-Cu", [0]),
        ("elements == Cu", [5]),
        ("elements != Cu-F", [1, 2, 5]),
        ("conversion_products has FLi", [0, 1]),  # another way to write it
        ("conversion_products has Cu", [0]),  # and not Cu3N
        ("conversion_products has Al2O3 and conversion_products has Li2S", [2]),
        ("conversion_products has Li", []),
        ("conversion_products == 'Cu + 2 LiF'", [0]),
        ("conversion_products == ''", [4, 5]),
        ("conversion_products != ''", [0, 1, 2, 3]),
        ("id == mp-01 or id == 17", [1, 5]),
        ("id == 'and'", []),
        ("never > 0 or never < 1 or never == a or never != a or x < never", []),
    ],
)
def test_condition_finds_the_rows(expression, found):
    assert meeting(expression, **ROWS) == found


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())]
)
def test_texts_of_any_arrow_kind_are_compared(kind):
    column = pa.array(["F-Li", "Cu", None]).cast(kind)
    assert meeting("elements has F", elements=column) == [0]
    assert meeting("elements != Cu", elements=column) == [0]


def test_formulas_with_brackets_and_dots_are_taken_as_they_are():
    products = ["Li3(PO4)2 + Cu", "2 Li1.3Al0.3Ti1.7(PO4)3", "Li3PO4PO4", "0.5 Li1.5Al0.5"]
    table = {"conversion_products": products}
    assert meeting("conversion_products has 'Li3(PO4)2'", **table) == [0]
    assert meeting('conversion_products has "Li1.3Al0.3Ti1.7(PO4)3"', **table) == [1]
    assert meeting("conversion_products has Li1.5Al0.5", **table) == [3]


def test_parts_are_what_the_outermost_and_joins():
    where = parse_where(
        "(elements  has F or elements has Xe) and (n_elements<3 and not (anion == halide)) and "
        "elements only Cu-F-Xe",
        PHASE_KINDS,
    )
    assert [part.text for part in where.parts] == [
        "elements has F or elements has Xe",
        "n_elements<3",
        "not (anion == halide)",
        "elements only Cu-F-Xe",
    ]
    assert [part.columns for part in where.parts] == [
        ("elements",), ("n_elements",), ("anion",), ("elements",),
    ]  # fmt: skip
    assert where.parts[0].symbols == ("F", "Xe")
    assert [part.only for part in where.parts] == [False, False, False, True]
    assert where.columns == ("elements", "n_elements", "anion")


# -- mistakes ------------------------------------------------------------------------------------

KINDS = kinds_of(
    pa.schema(
        [("candidate", pa.string()), ("status", pa.string()), ("role", pa.string()),
         ("elements", pa.string()), ("n_elements", pa.int64()),
         ("deposited_mutual_eV_per_atom", pa.float64()), ("conversion_products", pa.string()),
         ("bridge_product", pa.string()), ("bridge_margin_V", pa.float64())]
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "position", "says"),
    [
        ("deposited > 1", 1, "did you mean deposited_mutual_eV_per_atom"),
        ("role == coating and n_elemets < 3", 21, "did you mean n_elements"),
        ("qqqqqq < 3", 1, "columns: candidate, status"),
        ("'role' == coating", 1, "no column 'role'"),
        ("n_elements = 3", 12, "cannot read '='; write =="),
        ("n_elements < 3 & role == coating", 16, "write and"),
        ("n_elements < 3 | role == coating", 16, "write or"),
        ("!(n_elements < 3)", 1, "write not"),
        ("n_elements < 3 and", 19, "the end cannot stand here; a condition is a column, a comp"),
        ("n_elements <", 13, "the end cannot stand here"),
        ("n_elements 3", 12, "'3' cannot stand here"),
        ("n_elements", 1, "'n_elements' is no condition; a condition is a column, a comparison"),
        ("n_elements < 3 and (role)", 21, "'role' is no condition"),
        ("(n_elements < 3", 1, "this bracket is never closed"),
        ("n_elements < 3)", 15, "')' closes no bracket"),
        ("n_elements < 3 role == coating", 16, "'role' cannot stand here; "),
        ("n_elements < 3 role == coating", 16, "join several with and or or"),
        ("n_elements < three", 14, "holds numbers and 'three' is none"),
        ("n_elements < '3'", 14, "holds numbers and '3' is none"),
        ("n_elements < 3abc", 14, "holds numbers and '3abc' is none"),
        ("n_elements < (role == coating)", 15, "'role == coating' where a number or a word"),
        ("bridge_margin_V < bridge_product", 19, "bridge_product text"),
        ("bridge_margin_V < 300", 19, "300 V is far beyond any use; is it meant in mV? Then write"),
        ("deposited_mutual_eV_per_atom > -50", 32, "in meV/atom? Then write -0.05"),
        ("role < coating", 1, "role holds text; compare it with =="),
        ("role == coatin", 9, "role is never 'coatin'; it is conversion, alloy or coating"),
        ("role == ''", 9, "it is conversion, alloy or coating"),
        ("status == fine", 11, "ok or failed"),
        ("elements has Xx", 14, "'Xx' is no symbol of an element, such as F or Pb, nor a list ("),
        ("elements has D", 14, "'D' is no symbol"),
        ("elements has PB", 14, "did you mean Pb"),
        ("elements has radiactive", 14, "did you mean radioactive"),
        ("elements == Cu-X", 13, "'X' is no symbol"),
        ("elements only toxic", 15, "'toxic' is no symbol"),
        ("elements < F", 1, "ask with has, only, == or !="),
        ("elements not has F", 18, "not stands before the whole condition"),
        ("n_elements has F", 1, "n_elements has no parts"),
        ("candidate has F", 1, "candidate has no parts"),
        ("candidate only F", 1, "candidate has no parts"),
        ("conversion_products has lif", 25, "formula 'lif'"),
        ("conversion_products has 'Cu + LiF'", 25, "formula"),
        ("role == 'coating", 9, "the quotation mark ' is never closed"),
        ("role == coating; n_elements", 16, "cannot read ';'; put text in quotation marks"),
        ("elements has F, elements has Cl", 15, "cannot read ','; write and or or"),
        ("role(coating)", 1, "'role(coating)' is no condition"),
        ("role == not", 9, "'not' cannot stand here"),
        ("not", 4, "the end cannot stand here"),
        ("", 1, "the end cannot stand here"),
        ("()", 1, "'()' is no condition"),
        ("(" * 100 + "n_elements < 3 or x" + ")" * 100, 119, "'x' is no condition"),
        ("(" * 300 + "n_elements < 3" + ")" * 300, 201, "cannot stand here"),
        ("not " * 60 + "n_elements < 3", 205, "more than 50 brackets or nots"),
        ("not " * 5000 + "n_elements < 3", 1, "more than 50 brackets or nots"),
    ],
)
def test_mistake_is_one_line_with_its_place_and_a_remedy(expression, position, says):
    with pytest.raises(InputError) as caught:
        parse_where(expression, KINDS)
    message = str(caught.value)
    assert message.startswith(f"where, position {position}: ")
    assert says in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("anion == sulphide", "anion is never 'sulphide'; did you mean sulfide?"),
        ("anion == x", "it is fluoride, oxide, "),
        ("qqqq == yes", "columns: elements, anion, observed, theoretical, volatile"),
        ("energy_above_hull_eV_per_atom < 50", "is it meant in meV/atom? Then write 0.05"),
        ("theoretical == maybe", "it is yes, no or unknown"),
        ("band_gap > 1", "did you mean band_gap_eV?"),
    ],
)
def test_mistake_about_the_phases_of_a_source(expression, says):
    with pytest.raises(InputError) as caught:
        parse_where(expression, PHASE_KINDS)
    assert says in str(caught.value)


@given(st.text(alphabet="() <>=!'\"&ax1.-_ \tnotradhsely\u00e9CuF\n", max_size=40))
def test_any_text_is_a_condition_or_a_mistake_of_one_line(text):
    try:
        found = meeting(text, a=[1.0, None], role=["coating", None], elements=["Cu-F", None])
        assert set(found) <= {0, 1}
    except InputError as error:
        assert "\n" not in str(error).replace(repr(text), "")  # noqa: PT017
        assert str(error).startswith("where, position ")  # noqa: PT017


# -- any of them against a second reading --------------------------------------------------------

VALUES = {
    "x": st.one_of(st.none(), st.sampled_from([-1.5, -0.05, 0.0, 0.05, 2.0])),
    "n_elements": st.integers(1, 4),
    "role": st.sampled_from(["conversion", "alloy", "coating", None]),
    "elements": st.sampled_from(["Cu-F", "F-Li", "Fe", "F-Fe-O", "Cu-F-Fe", None]),
    "conversion_products": st.sampled_from(["Cu + 2 LiF", "LiF", "0.5 Cu3N + Cu", "Li2S", None]),
}
TYPES = {"x": pa.float64(), "n_elements": pa.int64()}
COMPARE = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


@st.composite
def leaves(draw):
    """A comparison as text and as a function of a row."""
    name = draw(st.sampled_from(list(VALUES)))
    if name in ("x", "n_elements"):
        sign, value = draw(st.sampled_from(list(COMPARE))), draw(st.sampled_from([-1.5, 0.0, 2.0]))
        text = f"{name} {sign} {draw(st.sampled_from([f'{value}', f'{value:+}', f'{value:.3e}']))}"
        test = lambda cell: COMPARE[sign](cell, value)  # noqa: E731
    elif name == "role":
        sign, value = (
            draw(st.sampled_from(["==", "!="])),
            draw(st.sampled_from(["alloy", "coating"])),
        )
        text = f"role {sign} {draw(st.sampled_from([value, repr(value)]))}"
        test = lambda cell: COMPARE[sign](cell, value)  # noqa: E731
    elif name == "elements":
        value = draw(st.sampled_from(["F", "Fe", "Cu", "Pb"]))
        text, test = f"elements has {value}", lambda cell: value in cell.split("-")
    else:
        value = draw(st.sampled_from(["Cu", "LiF", "Cu3N", "Li2S", "Li"]))
        text = f"conversion_products has {value}"
        test = lambda cell: value in [part.split(" ")[-1] for part in cell.split(" + ")]  # noqa: E731
    return text, lambda row: row[name] is not None and test(row[name])


def negated(meaning):
    return lambda row: not meaning(row)


@st.composite
def conditions(draw, depth=3):
    """A condition with no more brackets than it needs, and what it means."""
    texts, meanings, join = [], [], draw(st.sampled_from(["and", "or"]))
    for _ in range(draw(st.integers(1, 3))):
        if depth and draw(st.booleans()):
            text, meaning = draw(conditions(depth=depth - 1))
            text = f"({text})" if " " + {"and": "or", "or": "-"}[join] + " " in text else text
        else:
            text, meaning = draw(leaves())
        if draw(st.booleans()):
            text = f"not ({text})" if " and " in text or " or " in text else f"not {text}"
            meaning = negated(meaning)
        texts.append(text)
        meanings.append(meaning)
    how = all if join == "and" else any
    return f" {join} ".join(texts), lambda row: how([meaning(row) for meaning in meanings])


@given(conditions(), st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=6))
def test_any_condition_means_what_it_says(condition, rows):
    text, truth = condition
    columns = {
        name: pa.array([row[name] for row in rows], TYPES.get(name, pa.string())) for name in VALUES
    }
    assert meeting(text, **columns) == [n for n, row in enumerate(rows) if truth(row)]


# -- named lists ---------------------------------------------------------------------------------


def test_lists_name_elements_once_each_with_a_reason():
    from importlib.resources import files

    from pymatgen.core import Element

    text = (files("interscreen") / "data" / "element_lists.yaml").read_text(encoding="utf-8")
    raw = load_yaml(text, "element_lists.yaml")
    assert list(element_lists()) == ["radioactive", "precious", "toxic", "noble_gases"]
    for name, symbols in element_lists().items():
        assert len(raw[name]["why"]) > 40
        assert len(symbols) == len(set(symbols))
        assert all(Element(symbol).symbol == symbol for symbol in symbols)
        assert not Element.is_valid_symbol(name)
    assert all(len(reason) > 20 for reason in raw["toxic"]["elements"].values())
    numbers = sorted(Element(symbol).Z for symbol in element_lists()["radioactive"])
    assert numbers == [43, 61, *range(84, 119)]  # Tc, Pm and everything beyond Bi
    assert set(element_lists()["precious"]) == set("Ru Rh Pd Os Ir Pt Au".split())  # not Ag
    assert set(element_lists()["toxic"]) == set("Be As Cd Hg Tl Pb".split())
