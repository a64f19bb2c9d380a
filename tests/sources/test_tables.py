"""Tables from files: CSV, CSV.GZ and Parquet, their cache, and everything that is refused."""

from __future__ import annotations

import gzip
import os

import numpy as np
import pandas as pd
import pytest

from interscreen import PhaseTable, react
from interscreen.errors import InputError
from interscreen.sources import tables

HEADER = "formula,formation_energy_eV_per_atom\n"
ROWS = {
    "Li": 0.0, "F2": 0.0, "Na": 0.0, "N2": 0.0, "LiF": -3.181, "NaN": -0.1, "NaF": -2.9,
    "NO": 0.4, "Na3N": 0.1,
}  # fmt: skip


def as_csv(rows=ROWS, header=HEADER):
    return header + "".join(f"{formula},{energy}\n" for formula, energy in rows.items())


def frame(**columns):
    made = pd.DataFrame(
        {"formula": list(ROWS), "formation_energy_eV_per_atom": list(ROWS.values())}
    )
    return made.assign(**columns)


@pytest.fixture
def parquet(tmp_path):
    def to_file(data, name="table.parquet"):
        path = tmp_path / name
        data.to_parquet(path)
        return path

    return to_file


def refused(path, **options):
    """Message of the refusal: one line."""
    with pytest.raises(InputError) as caught:
        PhaseTable.read(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == 2
    return message


# -- reading ------------------------


@pytest.mark.parametrize("kind", ["table.csv", "table.csv.gz", "table.parquet", "TABLE.CSV"])
def test_all_kinds_of_file_give_the_same_table(write, parquet, kind):
    path = parquet(frame()) if kind.endswith("parquet") else write(as_csv(), kind)
    table = PhaseTable.read(path)
    assert [str(f) for f in table.formulas] == list(ROWS)
    np.testing.assert_array_equal(table.energies, list(ROWS.values()))
    assert table.elements == ("Li", "N", "O", "F", "Na")
    assert table.source.name == str(path)
    assert table.source.n_rows == len(ROWS)
    assert len(table.source.sha256) == 64
    assert react(table, "Li", "F2").equation == "2 Li + F2 -> 2 LiF"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_sodium_nitride_is_not_a_missing_value(write, parquet, kind):
    path = write(as_csv()) if kind == "csv" else parquet(frame())
    table = PhaseTable.read(path, all_phases=True)  # NaN is a known artefact, too
    row = table.find("NaN")
    assert str(table.formulas[row]) == "NaN"
    assert table.energies[row] == -0.1
    reaction = react(table, "NaN", "LiF")
    assert reaction.reactants[0]["energy_source"] == "phase"
    assert "NaN" in react(table, "Na", "N2").products
    # a second time, from the cache
    assert PhaseTable.read(path, all_phases=True).find("NaN") == row


def test_nitrogen_monoxide_is_not_false(write):
    table = PhaseTable.read(write(as_csv()))
    row = table.find("NO")
    assert table.energies[row] == 0.4


def test_a_categorical_formula_column_is_text(parquet):
    path = parquet(frame(formula=pd.Categorical(list(ROWS))))
    assert [str(f) for f in PhaseTable.read(path).formulas] == list(ROWS)


@pytest.mark.parametrize(
    ("formula", "energy"),
    [
        ("formula", "formation_energy_per_atom"),
        ("formula_pretty", "formation_energy_per_atom"),
        ("pretty_formula", "e_form"),
        ("Composition", "Formation_Energy"),
        ("reduced_formula", "e_form_per_atom"),
    ],
)
def test_columns_are_found_by_their_usual_names(write, formula, energy):
    table = PhaseTable.read(write(as_csv(header=f"{formula},{energy}\n")))
    assert len(table) == len(ROWS)


def test_columns_may_be_named_by_the_user(write):
    path = write("what,formation_energy,mine\nLi,9,0\nF2,9,0\nLiF,9,-3\n")
    table = PhaseTable.read(path, formula_column="what", energy_column="mine")
    assert table.energies.tolist() == [0.0, 0.0, -3.0]
    # another choice of columns is another table, cache or not
    other = PhaseTable.read(path, formula_column="what", energy_column="formation_energy")
    assert other.energies.tolist() == [9.0, 9.0, 9.0]
    assert "mein" in refused(path, formula_column="what", energy_column="mein")
    assert "did you mean mine" in refused(path, formula_column="what", energy_column="mein")


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_comment_lines_blank_lines_at_the_end_and_a_byte_order_mark_do_no_harm(write, ending):
    text = "# first\n# second, with a comma\n" + as_csv() + "\n\n"
    path = write(b"\xef\xbb\xbf" + text.replace("\n", ending).encode())
    assert len(PhaseTable.read(path)) == len(ROWS)


def test_ids_and_several_structures_are_kept(write):
    path = write(
        "material_id,formula,formation_energy_per_atom\n"
        "mp-1,LiF,-3.0\nmp-2,Li2F2,-3.2\nmp-3,Li,0\nmp-4,FLi,-3.1\n"
    )
    table = PhaseTable.read(path)
    assert table.ids.tolist() == ["mp-2", "mp-3"]
    assert table.structures.tolist() == [3, 1]
    assert table.source.n_rows == 4


@pytest.mark.parametrize("kind", ["text", "truth values"])
def test_a_users_table_may_say_what_was_never_observed(write, parquet, kind):
    rows = {"Li": 0.0, "Cu": 0.0, "LiCu3": -0.034, "Li2Cu": -0.001}
    if kind == "text":
        lines = [f"{f},{e},{o}\n" for (f, e), o in zip(rows.items(), ["yes", "", "No", "unknown"],
                                                       strict=True)]  # fmt: skip
        path = write("formula,e_form,Observed\n" + "".join(lines))
    else:
        path = parquet(
            pd.DataFrame(
                {
                    "formula": list(rows),
                    "e_form": list(rows.values()),
                    "observed": [True, True, False, True],
                }
            )
        )
    table = PhaseTable.read(path)
    assert table.left_out == ("LiCu3",)
    assert react(table, "Li", "Cu").equation == "2 Li + Cu -> Li2Cu"
    everything = PhaseTable.read(path, all_phases=True)
    assert everything.left_out == ()
    assert react(everything, "Li", "Cu").equation == "Li + 3 Cu -> LiCu3"


@pytest.mark.parametrize(
    "column", [["yes", None, "no"], [True, None, False], ["yes", float("nan"), "no"]]
)
def test_a_missing_observation_in_parquet_is_unknown(parquet, column):
    data = pd.DataFrame(
        {"formula": ["Li", "F2", "LiF"], "e_form": [0.0, 0.0, -3.0], "observed": column}
    )
    table = PhaseTable.read(parquet(data))
    assert table.observed.tolist() == [1, -1, 0]


@pytest.mark.proof
def test_the_full_table_is_read_in_seconds(full_csv, tmp_path, monkeypatch):
    import time

    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path))
    started = time.perf_counter()
    table = PhaseTable.read(full_csv)
    first = time.perf_counter() - started
    assert len(table) == 95_118
    assert table.source.n_rows == 132_752
    assert first < 30
    started = time.perf_counter()
    PhaseTable.read(full_csv)
    assert time.perf_counter() - started < first / 5


# -- the cache ------------------------


def same_tables(one, other):
    assert one.elements == other.elements
    for name in (
        "formulas", "indptr", "element_index", "counts", "energies", "ids", "structures",
        "observed", "counted",
    ):  # fmt: skip
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.source == other.source
    assert set(one.properties) == set(other.properties)
    for name, values in one.properties.items():
        np.testing.assert_array_equal(values, other.properties[name])


DETAILED = (
    "formula,e_form,observed,density_g_per_cm3,conduction\n"
    "Li,0,yes,0.534,metal\nCu,0,yes,8.96,metal\nLiCu3,-0.034,no,,\n"
)


def test_a_second_read_comes_from_the_cache_and_is_the_same(write, own_cache, monkeypatch):
    path = write(DETAILED)
    first = PhaseTable.read(path)
    assert list(own_cache.rglob("*.npz"))

    def explode(*_args, **_kwargs):
        raise AssertionError("parsed again")

    monkeypatch.setattr(tables, "table_from_rows", explode)
    second = PhaseTable.read(path)
    same_tables(first, second)
    with pytest.raises(ValueError, match="read-only"):
        second.energies[0] = 1.0
    # other content, another question: not from this entry
    with pytest.raises(AssertionError, match="parsed again"):
        PhaseTable.read(path, all_phases=True)
    path.write_text(DETAILED.replace("-0.034", "-0.035"))
    with pytest.raises(AssertionError, match="parsed again"):
        PhaseTable.read(path)


def test_the_cache_follows_the_content_and_not_the_name(write, own_cache):
    one = PhaseTable.read(write(DETAILED, "one.csv"))
    two = PhaseTable.read(write(DETAILED, "two.csv"))
    assert len(list(own_cache.rglob("*.npz"))) == 1
    assert one.source.name.endswith("one.csv")
    assert two.source.name.endswith("two.csv")
    assert one.source.sha256 == two.source.sha256


def test_what_is_refused_does_not_depend_on_the_cache(tmp_path, own_cache):
    """The bytes of a plain table are no gzip file, whether they were read before or not."""
    (tmp_path / "packed.csv.gz").write_text(as_csv())
    before = refused(tmp_path / "packed.csv.gz")
    (tmp_path / "plain.csv").write_text(as_csv())
    PhaseTable.read(tmp_path / "plain.csv")
    assert refused(tmp_path / "packed.csv.gz") == before


def test_a_refused_table_leaves_nothing_in_the_cache(write, own_cache):
    refused(write(HEADER + "LiF,NaN\n"))
    assert not list(own_cache.rglob("*.npz"))


@pytest.mark.parametrize(
    "damage",
    [lambda content: b"", lambda content: content[: len(content) // 2], gzip.compress],
    ids=["empty", "half", "packed"],
)
def test_a_damaged_cache_file_is_left_aside_and_replaced(write, own_cache, damage):
    path = write(DETAILED)
    first = PhaseTable.read(path)
    (file,) = own_cache.rglob("*.npz")
    file.write_bytes(damage(file.read_bytes()))
    same_tables(PhaseTable.read(path), first)
    same_tables(PhaseTable.read(path), first)


def test_a_cache_folder_that_cannot_be_written_to_does_no_harm(write, tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")
    for folder in (in_the_way, in_the_way / "below", "/dev/null/nowhere"):
        monkeypatch.setenv("INTERSCREEN_CACHE", str(folder))
        table = PhaseTable.read(write(as_csv()))
        assert len(table) == len(ROWS)
    assert in_the_way.read_text() == "not a folder"


def test_no_half_written_files_stay_in_the_cache(write, own_cache, monkeypatch):
    def no_space(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    table = PhaseTable.read(write(as_csv()))
    assert len(table) == len(ROWS)
    assert not [path for path in own_cache.rglob("*") if path.is_file()]


# -- what is refused ------------------------

TWO = "# a comment\n" + HEADER + "Li,0\n"  # the next line is line 4


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("cuf2,-1.8", ["line 4", "'cuf2'", "did you mean CuF2"]),
        ("LiXx,-1.8", ["line 4", "LiXx"]),
        ("Li-1F,-1.8", ["line 4", "Li-1F", "negative amount"]),
        ("Li0F,-1.8", ["line 4", "Li0F", "zero"]),
        ("LiF,NaN", ["line 4", "LiF", "'NaN'", "not a finite number"]),
        ("LiF,nan", ["line 4", "LiF", "'nan'"]),
        ("LiF,inf", ["line 4", "LiF", "'inf'"]),
        ("LiF,", ["line 4", "LiF", "''"]),
        ("LiF", ["line 4", "LiF"]),
        ("LiF,low", ["line 4", "LiF", "'low'"]),
        ('LiF,"-3,1"', ["line 4", "LiF", "'-3,1'"]),
        (",-1.8", ["line 4", "formula", "empty"]),
        ("   ,-1.8", ["line 4", "formula"]),
        ("F2,-1.9", ["line 4", "F", "-1.9", "formation energies, not total energies"]),
        ("# LiF,-3", ["line 4", "#"]),
        ("LiF,-3,-3", ["line 4"]),
    ],
)
def test_a_line_that_cannot_be_used_is_named(write, line, says):
    message = refused(write(f"{TWO}{line}\nNaF,-2.9\n"))
    for part in ("table.csv", *says):
        assert part in message, message


def test_further_bad_lines_are_counted(write):
    message = refused(write(HEADER + "Li,0\nxx,1\nyy,2\nzz,3\n"))
    assert "line 3" in message
    assert "2 more" in message
    message = refused(write(HEADER + "Li,0\nLiF,a\nNaF,b\n"))
    assert "line 3" in message
    assert "1 more" in message


def test_an_empty_line_in_the_middle_is_named(write):
    assert "line 4" in refused(write(f"{TWO}\nNaF,-2.9\n"))


@pytest.mark.parametrize("value", ["maybe", "0", "no way"])
def test_an_observation_that_is_neither_yes_nor_no_is_named(write, value):
    path = write(f"formula,e_form,observed\nLi,0,yes\nLiF,-3,{value}\n")
    message = refused(path)
    for part in ("table.csv", "line 3", repr(value), "yes, no or unknown"):
        assert part in message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("# only\n# comments\n", "empty"),
        (HEADER, "empty"),
        ("a,b\nLi,0\n", "no formula column found among a, b"),
        ("formula,b\nLi,0\n", "no formation-energy column found among formula, b"),
        ("formula;b\nLi;0\n", "no formation-energy column found among formula, b"),
    ],
)
def test_a_table_without_rows_or_columns_is_refused(write, content, says):
    message = refused(write(content))
    assert says in message
    assert "table.csv" in message


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"formation_energy_eV_per_atom": [0.0, float("nan"), *[0.0] * 7]}, ["row 2", "F2"]),
        ({"formation_energy_eV_per_atom": ["0", "x", *["0"] * 7]}, ["row 2", "F2", "'x'"]),
        ({"formula": ["Li", None, *["LiF"] * 7]}, ["row 2", "formula"]),
        ({"formula": ["Li", "Li-1F", *["LiF"] * 7]}, ["row 2", "Li-1F", "negative"]),
        ({"formula": list(range(9))}, ["row 1", "not text"]),
        ({"formula": [False] * 9}, ["row 1", "False", "not text"]),
        ({"observed": ["yes", "maybe", *["no"] * 7]}, ["row 2", "'maybe'"]),
    ],
    ids=["missing energy", "text", "missing formula", "negative", "numbers", "False", "observed"],
)
def test_a_parquet_row_that_cannot_be_used_is_named(parquet, columns, says):
    message = refused(parquet(frame(**columns)))
    for part in ("table.parquet", *says):
        assert part in message, message


def test_an_empty_parquet_table_is_refused(parquet):
    assert "empty" in refused(parquet(frame().iloc[:0]))
    assert "no formula column" in refused(parquet(frame().rename(columns={"formula": "f"})))


def test_files_that_are_not_what_they_are_called_are_refused(write, tmp_path):
    whole = gzip.compress(as_csv().encode() * 50)
    for name, content, says in [
        ("cut.csv.gz", whole[:-20], "gzip"),
        ("damaged.csv.gz", whole[:30] + b"????" + whole[34:], "gzip"),
        ("text.csv.gz", b"# never read before\n" + as_csv().encode(), "gzip"),
        ("packed.csv", whole, "mv "),
        (
            "latin.csv",
            as_csv().encode() + "é".encode("latin-1"),
            "iconv -f latin1 -t utf8 ",
        ),
        ("text.parquet", b"formula,e_form\n", "Parquet"),
        ("empty.parquet", b"", "Parquet"),
        ("cut.json", b'[{"a": ', "entries"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        message = refused(path)
        assert name in message
        assert says in message


def test_paths_that_lead_nowhere_are_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read" in refused(tmp_path / "folder.csv")
    (tmp_path / "table.xlsx").write_bytes(b"")
    message = refused(tmp_path / "table.xlsx")
    assert "table.xlsx" in message
    assert ".csv" in message
    assert "unknown kind" in refused(tmp_path)


def test_a_space_after_the_comma_of_the_header_does_no_harm(write):
    path = write("formula, formation_energy_eV_per_atom\nLi, 0\nLiF, -3\n")
    assert PhaseTable.read(path).energies.tolist() == [0.0, -3.0]


def test_a_blank_line_before_the_header_does_no_harm(write):
    assert len(PhaseTable.read(write("# from my own runs\n\n" + as_csv()))) == len(ROWS)


def test_a_cache_file_with_any_byte_changed_is_left_aside(write, own_cache):
    path = write(as_csv())
    first = PhaseTable.read(path)
    (file,) = own_cache.rglob("*.npz")
    content = file.read_bytes()
    for place in range(0, len(content) - 20, 97):
        file.write_bytes(content[:place] + bytes(20) + content[place + 20 :])
        same_tables(PhaseTable.read(path), first)
