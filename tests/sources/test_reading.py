"""Text tables as people save them: separators, commas, encodings; strict, and within limits."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from interscreen import PhaseTable
from interscreen.errors import InputError
from interscreen.sources import reading

ROWS = {"Li": 0.0, "F2": 0.0, "LiF": -3.181, "NaN": -0.1, "Na": 0.0, "N2": 0.0}
PLAIN = "formula,e_form\n" + "".join(f"{f},{e}\n" for f, e in ROWS.items())


def text(separator=",", comma=".", head="formula{s}e_form"):
    lines = [head.format(s=separator)]
    lines += [f"{f}{separator}{str(e).replace('.', comma)}" for f, e in ROWS.items()]
    return "\n".join(lines) + "\n"


def refused(path):
    with pytest.raises(InputError) as caught:
        PhaseTable.read(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "taken"),
    [
        ("a.csv", text(";"), "semicolons between the columns"),
        ("a.csv", text(";", ","), "semicolons between the columns, decimal commas"),
        ("a.csv", "sep=;\n" + text(";", ","), "semicolons between the columns, decimal commas"),
        ("a.csv", "# mine\nsep=,\n" + PLAIN, ""),
        ("a.csv", text("\t"), "tabs between the columns"),
        ("a.tsv", text("\t"), "tabs between the columns"),
        ("a.txt", text("|"), "pipes between the columns"),
        ("a.csv", text(";", head="formula{s}e_form (eV/atom, PBE)"), "semicolons"),
        ("a.csv", PLAIN.encode("utf-16"), "UTF-16"),
        ("a.csv", PLAIN.encode("utf-16-be"), "UTF-16-BE"),
        ("a.csv", text(";", ",").encode("utf-16"), "semicolons between the columns, UTF-16, dec"),
        ("a.csv", b"\xef\xbb\xbf" + PLAIN.encode(), ""),
        ("a.csv", PLAIN.replace("\n", "\r"), ""),
        ("a.csv.gz", text(";"), "semicolons"),
        ("a.csv", PLAIN.replace("-", "\N{MINUS SIGN}"), ""),
        ("a.csv", PLAIN.replace("-3.181", '"-3,181"').replace("-0.1", "0").replace(".0", ""),
         "decimal commas"),
    ],
)  # fmt: skip
def test_a_table_is_read_however_it_was_saved_and_says_how(write, name, content, taken):
    table = PhaseTable.read(write(content, name))
    assert table.formulas.tolist() == list(ROWS)
    assert table.energies[2] == -3.181
    notes = " ".join(table.source.notes)
    assert taken in notes
    assert bool(notes) == bool(taken)


def test_other_numbers_have_decimal_commas_too(write):
    path = write("formula;e_form;density_g_per_cm3\nLi;0;0,534\nF2;0;\nLiF;-3,1;2,64\n")
    density = PhaseTable.read(path).properties["density_g_per_cm3"]
    np.testing.assert_array_equal(density, [0.534, np.nan, 2.64])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("LiF,-3.1,yes,", "line 4: 4 fields, the head has 3 (formula, e_form, observed): more"),
        ("LiF,-3.1,yes,0,0", "line 4: 5 fields"),
        ("LiF,-3.1", "line 4: 2 fields, the head has 3 (formula, e_form, observed): fewer"),
        ('LiF,-3.1,"yes', "line 4: not a readable CSV file"),
        ('LiF,-3.1,"yes\nno"', "line 4: a line break within quotation marks"),
        ("LiF,-3.1,\0", "line 4: it holds NUL"),
        ("LiF,-3.1," + "x" * 2**20, "characters; no table has that"),
    ],
)
def test_a_line_that_does_not_fit_the_head_is_refused(write, line, says):
    message = refused(write(f"formula,e_form,observed\nLi,0,\nF2,0,\n{line}\n"))
    assert says in message


def test_a_comma_at_the_end_of_every_line_shifts_nothing(write):
    """pandas takes the first column for an index then, and the next number for the energy."""
    head = "formula_pretty,composition,formation_energy_per_atom,energy_above_hull\n"
    rows = "Li2O,Li2 O1,-2.07,0.0{e}\nLi,Li1,0,0{e}\nO2,O2,0,0{e}\n"
    path = write(head + rows.format(e=","))
    message = refused(path)
    assert "line 2: 5 fields, the head has 4" in message
    assert message.endswith(f"sed 's/,*$//' {path} > even.csv")
    table = PhaseTable.read(write(head + rows.format(e="")))
    assert table.energies.tolist() == [-2.07, 0.0, 0.0]
    # a head with the same comma names an empty column
    named = PhaseTable.read(write(head.replace("\n", ",\n") + rows.format(e=",")))
    assert named.energies.tolist() == [-2.07, 0.0, 0.0]


def test_two_columns_of_one_name_are_refused(write):
    message = refused(write("formula,e_form,E_form\nLi,0,0\nLiF,-3,-2\n"))
    assert "two columns are called e_form" in message


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("a.csv", "formula e_form\nLi 0\n", "sed 's/  */,/g' FILE > commas.csv"),
        (
            "a.csv",
            PLAIN.encode() + "é,0".encode("latin-1"),
            "iconv -f latin1 -t utf8 FILE > utf8.csv",
        ),
        ("a.csv", gzip.compress(PLAIN.encode(), mtime=0), "mv FILE FILE.gz"),
        ("a.xlsx", b"PK", "save the sheet as CSV"),
        ("a.zip", b"PK", "unzip FILE"),
        ("a.pkl", b"", "pickles are not read, as they execute code"),
    ],
)
def test_a_refusal_ends_with_what_would_work(tmp_path, name, content, remedy):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert remedy.replace("FILE", str(path)) in refused(path)


# -- limits ------------------------


def test_no_more_is_unpacked_than_a_table_may_have(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "MOST_BYTES", 10_000)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"0" * 10_000_000))
    assert path.stat().st_size == pytest.approx(9_750, abs=100)
    assert "bomb.csv.gz: more than 0 MiB" in refused(path)
    (tmp_path / "large.csv").write_bytes(b"0" * 10_001)
    assert "large.csv: more than" in refused(tmp_path / "large.csv")


def test_rows_are_counted_while_they_are_read(write, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 5)
    assert "more than 5 rows of 2 columns" in refused(write(PLAIN))
    monkeypatch.setattr(reading, "MOST_ROWS", 6)
    assert len(PhaseTable.read(write(PLAIN))) == 6


def test_rows_of_parquet_are_counted_before_they_are_read(tmp_path, monkeypatch):
    from interscreen.sources import tables

    path = tmp_path / "a.parquet"
    pd.DataFrame({"formula": ["LiF"] * 100, "e_form": [-3.0] * 100}).to_parquet(path)
    monkeypatch.setattr(tables, "MOST_ROWS", 99)
    assert "100 rows of 2 columns" in refused(path)


@pytest.mark.parametrize(
    "values", [pd.to_datetime([0, 1, 2]), pd.to_timedelta([0, 1, 2]), [True, False, True]]
)
def test_what_is_no_number_is_no_energy(tmp_path, values):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"formula": ["Li", "F2", "LiF"], "e_form": values}).to_parquet(path)
    assert "row 1: the formation energy of Li is" in refused(path)


@pytest.mark.parametrize("described", ['{"kind": "materials-project"}', '{"systems": 3}', "[", "3"])
def test_half_a_description_in_parquet_is_no_traceback(tmp_path, described):
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "a.parquet"
    table = pa.table({"formula": ["Li", "LiF", "F2"], "e_form": [0.0, -3.0, 0.0]})
    pq.write_table(table.replace_schema_metadata({b"interscreen": described.encode()}), path)
    if "materials-project" in described:
        assert "what it says about itself is damaged" in refused(path)
    else:
        assert len(PhaseTable.read(path)) == 3
