"""Opening the embedded set and tables: which one, how, and a second time from the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from interscreen.errors import InputError
from interscreen.phases.filters import Filters
from interscreen.sources import open as opening
from interscreen.sources.materials_project import key
from interscreen.sources.open import SourceOptions, default_source, open_table

TABLE = (
    "id,formula,formation_energy_eV_per_atom,theoretical,licence\n"
    "a,Li,0,no,\nb,Cu,0,no,\nc,F2,0,no,BY-NC\nd,LiF,-3.0,no,BY-C\ne,CuF2,-1.8,no,BY-C\n"
    "f,LiCu3,-0.034,yes,BY-C\ng,LiCu3,-0.030,no,BY-NC\nh,LiCuF3,-2.4,yes,BY-NC\n"
)


def opened(source, **options):
    return open_table(source, options=SourceOptions(**options))


def refused(source, **options):
    with pytest.raises(InputError) as caught:
        opened(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def same(one, other):
    for name in ("formulas", "energies", "ids", "counted", "observed", "structures"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.source == other.source
    assert set(one.properties) == set(other.properties)
    for name, values in one.properties.items():
        np.testing.assert_array_equal(values, other.properties[name])


# -- which source ------------------------


def test_without_a_key_the_embedded_table_is_the_source(no_key, embedded):
    assert default_source() == ("embedded", "the default without an API key")
    same(open_table(), embedded)
    same(open_table("reference"), embedded)  # the former name


def test_with_a_key_the_materials_project_is_the_source(no_key, monkeypatch):
    monkeypatch.setenv("MP_API_KEY", "x" * 32)
    name, why = default_source()
    assert name == "mp"
    assert "MP_API_KEY" in why
    assert "xxx" not in why
    monkeypatch.setenv("MP_API_KEY", "  ")
    assert default_source()[0] == "embedded"
    monkeypatch.setattr(key, "_from_settings", lambda: "y" * 32)
    name, why = default_source()
    assert name == "mp"
    assert "settings" in why
    assert "yyy" not in why


@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_table_is_opened_by_its_path(write, kind):
    path = write(TABLE)
    table = open_table(kind(path))
    assert table.source.name == str(path)
    assert len(table) == 7


@pytest.mark.parametrize("name", ["refrence", "table", "table.doc", "MP"])
def test_an_unknown_source_is_refused_with_what_there_is(name):
    message = refused(name)
    assert repr(name) in message
    assert ".csv" in message


@pytest.mark.parametrize("source", ["embedded", "reference", "table"])
def test_only_the_materials_project_has_databases(write, source):
    name = write(TABLE) if source == "table" else source
    message = refused(name, database="2026.10.1")
    assert "database 2026.10.1" in message
    assert "only the source mp" in message


# -- run family ------------------------


def test_the_user_may_say_which_family_a_table_is_of(write, own_cache):
    path = write(TABLE)
    assert open_table(path).source.thermo_type == "not stated"
    for stated, known in (
        ("R2SCAN", "R2SCAN"), ("r2scan", "R2SCAN"), ("GGA_GGA+U", "GGA_GGA+U"),
    ):  # fmt: skip
        assert opened(path, thermo_type=stated).source.thermo_type == known
    # it is a statement about the table, not a part of it
    assert open_table(path).source.thermo_type == "not stated"


@pytest.mark.parametrize(
    ("stated", "says"), [("R3SCAN", "did you mean R2SCAN?"), ("GGA_GGA+U_R2SCAN", "mixed")]
)
def test_only_families_that_may_share_a_table_can_be_stated(write, stated, says):
    message = refused(write(TABLE), thermo_type=stated)
    assert stated in message
    assert says in message


@pytest.mark.parametrize("source", ["embedded", "table"])
def test_a_family_other_than_the_one_of_the_source_is_refused(write, source):
    if source == "table":
        lines = [f"{line},GGA_GGA+U" for line in TABLE.splitlines()]
        text = "\n".join(lines).replace("licence,GGA_GGA+U", "licence,thermo_type")
        name = str(write(text + "\n"))
    else:
        name = source
    assert opened(name, thermo_type="GGA_GGA+U").source.thermo_type == "GGA_GGA+U"
    for _ in range(2):  # the second time the table comes from the cache
        message = refused(name, thermo_type="R2SCAN")
        for part in ("thermo type R2SCAN", name, "is GGA_GGA+U", "leave out --thermo-type"):
            assert part in message


def test_two_families_in_one_table_are_refused(write):
    path = write("formula,e_form,thermo_type\nLi,0,GGA_GGA+U\nLiF,-3,R2SCAN\n")
    for options in ({}, {"thermo_type": "R2SCAN"}, {"filters": Filters(banned=("LiF",))}):
        assert "must not share a hull" in refused(path, **options)


# -- choices ------------------------


def test_choices_reach_the_table_and_what_it_says_of_itself(write):
    path = write(TABLE)
    filters = Filters(theoretical=False, banned=("CuF2",), kept=("g",))
    table = opened(path, filters=filters)
    assert table.source.filters == filters.to_dict()
    assert set(table.left_out) == {"CuF2", "LiCuF3"}
    row = int(np.flatnonzero(table.formulas == "LiCu3")[0])
    assert (str(table.ids[row]), float(table.energies[row])) == ("g", -0.030)
    assert table.properties["theoretical"].tolist() == [0, 0, 0, 0, 0, 0, 1]


def test_choices_hold_for_the_embedded_table(embedded):
    """Li3Cu, a known artefact, lies above the hull, and is named as ever."""
    table = opened("embedded", filters=Filters(banned=("CuS",)))
    assert "Li3Cu" in embedded.left_out
    assert set(table.left_out) == {*embedded.left_out, "CuS"}
    np.testing.assert_array_equal(table.structures, embedded.structures)
    assert table.source.n_rows == embedded.source.n_rows
    everything = opened("embedded", filters=Filters(banned=("CuS",)), all_phases=True)
    assert everything.left_out == ("CuS",)
    assert "theoretical" in refused("embedded", filters=Filters(theoretical=False))
    assert "licence" in refused("embedded", filters=Filters(licences=("BY-C",)))
    same(open_table("embedded"), embedded)


def test_matbench_has_another_name_now():
    assert "call it embedded" in refused("matbench")


def test_columns_may_be_named(write):
    path = write("what,e_form,mine\nLi,0,0\nF2,0,0\nLiF,9,-3\n")
    table = opened(path, formula_column="what", energy_column="mine")
    assert table.energies.tolist() == [0.0, 0.0, -3.0]


# -- the cache ------------------------

CHOICES = [
    {},
    {"filters": Filters(theoretical=False)},
    {"filters": Filters(banned=("LiCu3",))},
    {"filters": Filters(banned=("f",))},
    {"filters": Filters(banned=("f", "LiCu3"))},
    {"filters": Filters(max_energy_above_hull_eV_per_atom=0.05)},
    {"filters": Filters(min_stability_eV_per_atom=0.05)},
    {"filters": Filters(min_stability_eV_per_atom=0.005)},
    {"filters": Filters(licences=("BY-C",))},
    {"filters": Filters(licences=("BY-C",)), "all_phases": True},
]


def test_every_choice_has_a_table_of_its_own_in_the_cache(write, own_cache, monkeypatch):
    path = write(TABLE)
    first = []
    for number, options in enumerate(CHOICES, start=1):
        first.append(opened(path, **options))
        assert len(list(own_cache.rglob("*.npz"))) == number

    def explode(*_args, **_kwargs):
        raise AssertionError("built again")

    monkeypatch.setattr(opening, "select", explode)
    for table, options in zip(first, CHOICES, strict=True):
        same(opened(path, **options), table)
    assert len({table.source.label for table in first[:-1]}) == len(CHOICES) - 1
    with pytest.raises(AssertionError, match="built again"):
        opened(path, filters=Filters(min_stability_eV_per_atom=0.051))
    # another table of the same name
    path.write_text(TABLE.replace("-0.034", "-0.035"))
    for options in CHOICES:
        with pytest.raises(AssertionError, match="built again"):
            opened(path, **options)


def test_added_entries_are_read_every_time(write, own_cache):
    path = write(TABLE)
    added = []
    for energy in (-0.5, -0.6):
        mine = write(f"formula,e_form\nLiCu,{energy}\n", "mine.csv")
        added.append(opened(path, add=(str(mine),)))
    energies = [float(table.energies[-1]) for table in added]
    assert energies == [-0.5, -0.6]
    checksums = {table.source.added[0]["sha256"] for table in added}
    assert len(checksums) == 2
    assert len(open_table(path)) == 7


# -- the command line ------------------------


def test_the_command_line_says_and_records_what_was_left_out_and_added(write, own_cache):
    path = write(TABLE)
    mine = write("id,formula,e_form\nmy-1,Li2Cu,-0.02\n", "mine.csv")
    done = subprocess.run(
        [
            sys.executable, "-m", "interscreen", "reaction", "Li", "Cu", "--source", path, "--json",
            "--ban", "Cu3Li", "--max-above-hull", "0.05", "--add", mine,
        ],
        capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "INTERSCREEN_CACHE": str(own_cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["equation"] == "2 Li + Cu -> Li2Cu"
    provenance = answer["provenance"]
    assert provenance["filters"] == {
        "banned": ["Cu3Li"],
        "max_energy_above_hull_eV_per_atom": 0.05,
    }
    (added,) = provenance["added_entries"]
    assert (added["file"], added["ids"], len(added["sha256"])) == (str(mine), ["my-1"], 64)
    assert provenance["left_out_phases"] == ["LiCu3"]
    for part in (
        "phases: without Cu3Li; products at most 50 meV/atom above the hull",
        f"of {mine} (formation energies as given)",
    ):
        assert part in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--min-stability", "10"], "meant in meV/atom? Then write 0.01"),
        (["--max-above-hull", "-1"], "zero or more"),
        (["--ban", "Cu"], "banned: Cu"),
        (["--ban", "licu3"], "did you mean LiCu3"),
        (["--keep", "licu3"], "did you mean LiCu3"),
        (["--keep", "LiCu4"], "kept: LiCu4: the source"),
        (["--keep", "LiCu3", "--ban", "LiCu3"], "kept: LiCu3 is banned, too"),
        (["--licence", "CC0"], "(BY-C, BY-NC)"),
        (["--database", "2026.10.1"], "only the source mp"),
        (["--thermo-type", "R3SCAN"], "did you mean R2SCAN?"),
        (["--add", "nowhere.json"], "nowhere.json"),
    ],
)
def test_bad_choices_end_with_one_line_and_code_2(write, capsys, flags, says):
    from interscreen.cli.main import main

    assert main(["reaction", "Li", "Cu", "--source", str(write(TABLE)), *flags]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    errors = [line for line in captured.err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert says in errors[0]
