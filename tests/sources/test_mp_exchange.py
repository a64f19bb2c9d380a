"""A store to a file and back: nothing is lost, nothing is claimed that is not there."""

import json
import os
import stat

import numpy as np
import pytest

from interscreen import react, stability_window
from interscreen.errors import InputError, OutputError
from interscreen.phases.filters import Filters
from interscreen.sources.materials_project.documents import Batch
from interscreen.sources.materials_project.exchange import METADATA, export_store, import_file
from interscreen.sources.materials_project.store import Store, find_stores, store_path
from interscreen.sources.materials_project.table import store_rows, store_source
from interscreen.sources.open import SourceOptions, open_table
from service import Service

SETS = (("Li", "O", "P"), ("Cu", "F", "Li"), ("Li", "O", "S"))
OFFLINE = SourceOptions(offline=True)
VERSION, FAMILY = "2026.04.13", "GGA_GGA+U"


@pytest.fixture
def filled(pull, open_store, service):
    pull(service, *SETS, ("Li", "Xe"))
    return open_store()


@pytest.fixture
def complete(pull, open_store, service):
    pull(service, everything=True)
    return open_store()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Go to a machine with an empty cache and no key."""

    def go(name="elsewhere"):
        monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / name))
        monkeypatch.delenv("MP_API_KEY", raising=False)
        return tmp_path / name

    return go


def assert_same_rows(one, other):
    mine, theirs = store_rows(one), store_rows(other)
    for name in ("formulas", "ids", "licences"):
        assert list(getattr(mine, name)) == list(getattr(theirs, name)), name
    np.testing.assert_array_equal(mine.energies, theirs.energies)
    np.testing.assert_array_equal(mine.theoretical, theirs.theoretical)
    assert mine.references == theirs.references
    assert set(mine.properties) == set(theirs.properties)
    for name, values in mine.properties.items():
        np.testing.assert_array_equal(values, theirs.properties[name], err_msg=name)


def rewritten(file, target, **changes):
    """The same table with other facts about itself; None takes one away."""
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    described = json.loads(table.schema.metadata[METADATA])
    described = {k: v for k, v in {**described, **changes}.items() if v is not None}
    table = table.replace_schema_metadata({METADATA: json.dumps(described).encode()})
    pq.write_table(table, target)
    return target


# -- there and back ------------------------


def test_an_exported_store_comes_back_as_it_was(filled, tmp_path, elsewhere):
    file = tmp_path / "all.parquet"
    count = export_store(filled, file)
    assert count == filled.count("documents") > 20
    elsewhere()
    with import_file(file) as taken:
        assert (taken.database, taken.thermo_type) == (VERSION, FAMILY)
        assert taken.path != filled.path
        assert_same_rows(taken, filled)
        assert taken.pulled_sets() == filled.pulled_sets()
        assert taken.absent() == filled.absent() == {"Xe"}
        assert store_source(taken) == store_source(filled)
        for route in ("thermo", "summary"):
            assert taken.asked(route) == filled.asked(route)
        for table in ("left_aside", "systems WHERE route = 'thermo'"):
            query = f"SELECT * FROM {table}"
            assert sorted(taken.read(query)) == sorted(filled.read(query))
        assert not taken.complete
    table = open_table("mp", SETS, options=OFFLINE)
    assert react(table, "CuF2", "Li").min_mutual_energy_eV_per_atom < -0.1


def test_a_complete_store_comes_back_complete(complete, tmp_path, elsewhere):
    export_store(complete, tmp_path / "all.parquet")
    elsewhere()
    with import_file(tmp_path / "all.parquet") as taken:
        assert taken.complete
        assert_same_rows(taken, complete)
        assert not taken.lacking([("Li", "Ti", "Zr", "O", "P")])
        assert store_source(taken) == store_source(complete)


def test_a_structure_that_was_left_aside_is_no_obstacle(filled, tmp_path, elsewhere):
    filled.add(Batch("structure", left_aside=[("mp-9", "deprecated")]))
    export_store(filled, tmp_path / "all.parquet")
    elsewhere()
    with import_file(tmp_path / "all.parquet") as taken:
        assert_same_rows(taken, filled)


def test_importing_twice_changes_nothing(filled, tmp_path, elsewhere):
    file = tmp_path / "all.parquet"
    export_store(filled, file)
    elsewhere()
    for _ in range(2):
        with import_file(file) as taken:
            assert_same_rows(taken, filled)
            assert taken.pulled_sets() == filled.pulled_sets()
    assert len(find_stores()) == 1


def test_an_import_is_merged_into_the_store_of_its_version(filled, tmp_path, elsewhere):
    for number, elements in enumerate(SETS):
        export_store(filled, tmp_path / f"{number}.parquet", [elements])
    elsewhere()
    for number in range(len(SETS)):
        import_file(tmp_path / f"{number}.parquet").close()
    with Store(store_path(VERSION, FAMILY)) as merged:
        assert_same_rows(merged, filled)
        assert merged.pulled_sets() == filled.pulled_sets()
    assert len(find_stores()) == 1


def test_an_imported_store_is_pulled_on_from_where_it_is(
    filled, tmp_path, elsewhere, pull, service
):
    export_store(filled, tmp_path / "part.parquet", [SETS[0]])
    elsewhere()
    import_file(tmp_path / "part.parquet").close()
    del service.requests[:]
    pull(service, ("Li", "O", "P", "S"))
    asked = set(service.systems()) - {"Li"}
    assert asked
    assert all("S" in system.split("-") for system in asked)


# -- parts ------------------------


def test_a_part_holds_its_systems_and_claims_no_others(filled, tmp_path, elsewhere, small):
    file = tmp_path / "part.parquet"
    count = export_store(filled, file, [SETS[0], ("Cu", "Li")])
    systems = {"Li", "O", "P", "Li-O", "Li-P", "O-P", "Li-O-P", "Cu", "Cu-Li"}
    held = small.energies(FAMILY, systems)
    assert count == len(held)
    elsewhere()
    with import_file(file) as taken:
        assert {row[0] for row in taken.read("SELECT material_id FROM documents")} == set(held)
        assert taken.asked("thermo") == taken.asked("summary") == systems
        assert taken.pulled_sets() == [frozenset(SETS[0]), frozenset({"Cu", "Li"})]
        assert taken.lacking([("Cu", "Li", "O")])


def test_a_part_of_a_complete_store_is_not_complete(complete, tmp_path, elsewhere):
    export_store(complete, tmp_path / "part.parquet", [SETS[0]])
    elsewhere()
    with import_file(tmp_path / "part.parquet") as taken:
        assert not taken.complete
        assert taken.pulled_sets() == [frozenset(SETS[0])]


def test_a_part_that_the_store_lacks_is_refused(filled, tmp_path):
    for lacking in (("Li", "P", "S"), ("Li", "P", "S", "Xe"), ("Na",)):
        with pytest.raises(InputError, match="not all of its systems are in the store") as error:
            export_store(filled, tmp_path / "part.parquet", [SETS[0], lacking])
        assert "-".join(sorted({*lacking} - {"Xe"})) in str(error.value)  # nobody has any Xe
    assert list(tmp_path.glob("*.parquet*")) == []


def test_a_part_remembers_which_elements_the_database_lacks(filled, tmp_path, elsewhere):
    export_store(filled, tmp_path / "part.parquet", [("Li", "Xe"), SETS[0]])
    elsewhere()
    with import_file(tmp_path / "part.parquet") as taken:
        assert taken.absent() == {"Xe"}
        assert not taken.lacking([("Li", "Xe")])
        assert taken.lacking([("Li", "S")])


def test_structures_stay_at_home(home, pull, open_store, tmp_path, four_elements):
    with Service(four_elements.within("Li", "O")) as service:
        pull(service, ("Li",), structures=True)
    export_store(open_store(), tmp_path / "li.parquet")
    assert b"lattice" not in (tmp_path / "li.parquet").read_bytes()


# -- files ------------------------


def test_an_export_replaces_what_was_there_and_leaves_nothing_else(filled, tmp_path):
    folder = tmp_path / "new" / "folder"
    file = folder / "all.parquet"
    assert export_store(filled, file) == export_store(filled, file)
    assert os.listdir(folder) == ["all.parquet"]
    other = tmp_path / "other"
    other.touch()
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(other.stat().st_mode)


def test_only_parquet_is_written(filled, tmp_path):
    with pytest.raises(InputError, match=r"the ending must be \.parquet"):
        export_store(filled, tmp_path / "all.csv")
    assert list(tmp_path.glob("all*")) == []


def test_a_place_that_cannot_be_written_is_named(filled, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"all\.parquet: cannot be written"):
        export_store(filled, tmp_path / "file" / "all.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(OutputError, match=r"folder\.parquet: cannot be written"):
        export_store(filled, tmp_path / "folder.parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cache", "file", "folder.parquet"]


def refused(file, match):
    before = find_stores()
    with pytest.raises(InputError, match=match) as error:
        import_file(file)
    assert "\n" not in str(error.value)
    assert str(file) in str(error.value)
    assert find_stores() == before == []


def test_what_is_no_export_is_refused_with_a_remedy(filled, tmp_path, elsewhere):
    import pandas as pd

    file = tmp_path / "all.parquet"
    export_store(filled, file)
    content = file.read_bytes()
    elsewhere()
    refused(tmp_path / "nowhere.parquet", "no such file")
    foreign = tmp_path / "foreign.parquet"
    pd.DataFrame({"formula": ["Li"], "formation_energy_eV_per_atom": [0.0]}).to_parquet(foreign)
    refused(foreign, "a table is used with --source")
    for number, damaged in enumerate((b"", b"PAR1", content[:-100], content[: len(content) // 2])):
        broken = tmp_path / f"broken{number}.parquet"
        broken.write_bytes(damaged)
        refused(broken, "not a file that `interscreen data export` wrote")
    middle = bytearray(content)
    middle[50:2000] = b"\xa5" * 1950
    (tmp_path / "middle.parquet").write_bytes(middle)
    refused(tmp_path / "middle.parquet", "damaged")
    refused(rewritten(file, tmp_path / "new.parquet", format=99), "of export format 99")
    refused(rewritten(file, tmp_path / "kind.parquet", kind="diary"), "not a file that")


@pytest.mark.parametrize(
    "fact", ["thermo_type", "database_version", "systems", "asked", "left_aside", "complete"]
)
def test_an_export_without_a_fact_about_itself_is_refused(filled, tmp_path, elsewhere, fact):
    export_store(filled, tmp_path / "all.parquet")
    elsewhere()
    file = rewritten(tmp_path / "all.parquet", tmp_path / "less.parquet", **{fact: None})
    refused(file, "damaged")


def test_an_export_with_impossible_facts_is_refused(filled, tmp_path, elsewhere):
    export_store(filled, tmp_path / "all.parquet")
    elsewhere()
    for changes, says in (
        ({"database_version": "../../x"}, "not one the Materials Project uses"),
        ({"thermo_type": "GGA_GGA+U_R2SCAN"}, "corrected anew in each chemical system"),
        ({"thermo_type": "PBE"}, "unknown"),
    ):
        file = rewritten(tmp_path / "all.parquet", tmp_path / "other.parquet", **changes)
        with pytest.raises(InputError, match=says):
            import_file(file)
    assert find_stores() == []


def test_an_export_without_an_energy_or_a_formula_is_refused(filled, tmp_path, elsewhere):
    import pyarrow as pa
    import pyarrow.parquet as pq

    export_store(filled, tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    elsewhere()
    for name, bad in (
        ("formation_energy_eV_per_atom", None),
        ("formation_energy_eV_per_atom", float("nan")),
        ("formula", None),
        ("chemical_system", None),
        ("id", None),
    ):
        column = table.column(name).to_pylist()
        column[3] = bad
        index = table.schema.get_field_index(name)
        spoilt = table.set_column(index, name, pa.array(column, type=table.schema.field(name).type))
        pq.write_table(spoilt, tmp_path / "spoilt.parquet")
        refused(tmp_path / "spoilt.parquet", "damaged")
    pq.write_table(table.drop_columns(["energy_above_hull_eV_per_atom"]), tmp_path / "less.parquet")
    refused(tmp_path / "less.parquet", "damaged")


# -- as a table ------------------------


def assert_same_tables(one, other):
    for name in ("formulas", "energies", "ids", "structures", "observed", "counted", "indptr"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.elements == other.elements
    assert set(one.properties) == set(other.properties)
    for name, values in one.properties.items():
        np.testing.assert_array_equal(values, other.properties[name], err_msg=name)


def test_an_exported_file_answers_as_the_store_does(filled, tmp_path, elsewhere):
    file = tmp_path / "all.parquet"
    export_store(filled, file)
    stored = open_table("mp", SETS, options=OFFLINE)
    elsewhere()
    table = open_table(file)
    assert_same_tables(table, stored)
    for name in ("version", "thermo_type", "statement", "citation", "systems", "closed"):
        assert getattr(table.source, name) == getattr(stored.source, name), name
    assert table.source.name == str(file)
    for a, b in (("CuF2", "Li"), ("Li3PO4", "Li"), ("Li2O", "P2O5")):
        assert react(table, a, b).to_dict()["kinks"] == react(stored, a, b).to_dict()["kinks"]
    window = stability_window(stored, "Li3PO4")
    assert stability_window(table, "Li3PO4").phase_window_V == window.phase_window_V


def test_an_exported_file_knows_theoretical_phases_and_licences(complete, tmp_path):
    file = tmp_path / "all.parquet"
    export_store(complete, file)
    plain = open_table(file)
    for filters in (
        Filters(theoretical=False),
        Filters(licences=("BY-C",)),
        Filters(max_energy_above_hull_eV_per_atom=0.02),
        Filters(banned=("mp-3300001",)),
    ):
        options = SourceOptions(filters=filters)
        table = open_table(file, options=options)
        assert_same_tables(table, open_table("mp", (), options=options))
        assert not all(
            np.array_equal(getattr(table, name), getattr(plain, name))
            for name in ("counted", "energies")
        )


def test_an_exported_file_refuses_systems_that_it_does_not_cover(filled, tmp_path):
    file = tmp_path / "part.parquet"
    export_store(filled, file, [SETS[0], ("Cu", "Li")])
    table = open_table(file)
    assert len(table.within(("Li", "P")).rows) > 2
    with pytest.raises(InputError, match=r"Cu-Li-O: .* pull --elements Cu,Li,O"):
        table.within(("Cu", "Li", "O"))
    with pytest.raises(InputError, match="element S"):
        table.within(("Li", "S"))


def test_an_exported_file_of_elements_answers_nothing_about_their_compounds(
    pull, open_store, service, tmp_path
):
    pull(service, ("Li",), ("O",))
    export_store(open_store(), tmp_path / "two.parquet")
    with pytest.raises(InputError, match="Li-O: not all of its phases"):
        open_table(tmp_path / "two.parquet").within(("Li", "O"))


def test_an_import_says_what_is_new_and_replaces_only_when_asked_to(filled, tmp_path):
    file, said = tmp_path / "f.parquet", []
    export_store(filled, file)
    import_file(file, notify=said.append).close()
    assert said == [f"0 documents are new, {filled.count('documents')} were there"]
    changed = filled.read("SELECT material_id FROM documents WHERE formula = 'LiF'")[0][0]
    with filled.transaction() as write:
        write.execute(
            "UPDATE documents SET formation_energy_eV_per_atom = -0.5 WHERE material_id = ?",
            (changed,),
        )
    before = filled.state
    with pytest.raises(
        InputError, match=rf"1 documents differ .* \({changed}: formation_energy.*-0.5 there"
    ):
        import_file(file)
    assert filled.state == before
    with import_file(file, replace=True, notify=said.append) as store:
        (energy,) = store.read(
            "SELECT formation_energy_eV_per_atom FROM documents WHERE material_id = ?", (changed,)
        )[0]
        assert energy < -3
        (kept,) = store.path.parent.glob(f"{store.path.name}.2*")
    assert str(kept) in said[-2]
    with Store(kept) as store:
        query = "SELECT formation_energy_eV_per_atom FROM documents WHERE material_id = ?"
        assert store.read(query, (changed,)) == [(-0.5,)]
