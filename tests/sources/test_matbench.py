"""The Matbench file: read, checked, kept as Parquet; made here in the published form."""

import errno
import functools
import gzip
import hashlib
import json
import math
import os
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from interscreen import PhaseTable
from interscreen.errors import InputError, OutputError, SourceError
from interscreen.sources import matbench, matbench_formats
from interscreen.sources.matbench import (
    matbench_file,
    matbench_frame,
    pull_matbench,
    stored_matbench,
    stored_metadata,
)

FORMULAS = (
    "LiF Li2O Li3N NaN Na3N LiFePO4 Li7La3Zr2O12 Cu CuF2 MgO Al2O3 SiO2 TiO2 ZrO2 Nb2O5 O2 N2 Fe "
    "Fe2O3 Fe3O4 ZnO ZnS SnS MoS2 Ag AgF Si Ge Sn Li3PO4 LiAlO2 Li2SiO3 Li2ZrO3 LiNbO3 D2O GaAs"
).split()


@pytest.fixture(autouse=True)
def store(monkeypatch, tmp_path):
    """An empty cache for every test; after it nothing but the Parquet file may be in there."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INTERSCREEN_CACHE", str(folder))
    yield folder / "matbench"
    if (folder / "matbench").is_dir():
        assert {p.name for p in (folder / "matbench").iterdir()} <= {matbench_file().name}


def structure_of(formula, scale=1.0, multiple=1):
    """A cubic box with the atoms of a formula somewhere in it."""
    from pymatgen.core import Composition, Lattice, Structure

    atoms = [
        str(element)
        for element, amount in Composition(formula).items()
        for _ in range(int(amount) * multiple)
    ]
    side = scale * (12.0 * len(atoms)) ** (1 / 3)
    lattice = Lattice.from_parameters(side, 1.1 * side, 0.9 * side, 80, 95, 100)
    places = np.random.default_rng(len(atoms)).random((len(atoms), 3))
    return Structure(lattice, atoms, places, site_properties={"magmom": [0.5] * len(atoms)})


@pytest.fixture(scope="module")
def samples():
    """Structures with formation energies [eV/atom]; polymorphs and multiples among them."""
    made = []
    for i, formula in enumerate(FORMULAS):
        alone = sum(map(str.isupper, formula)) == 1
        made.append((structure_of(formula), 0.0 if alone else -0.1 * (i + 1)))
        made.append((structure_of(formula, 1.05, multiple=2), 0.25 if alone else -0.05 * (i + 1)))
    return made


def table_of(samples, columns=("structure", "e_form")):
    """The dict that pandas writes with orient split and monty's encoding of structures."""
    from monty.json import MontyEncoder

    frame = pd.DataFrame({"structure": [s for s, _ in samples], "e_form": [e for _, e in samples]})[
        list(columns)
    ]
    split = json.loads(json.dumps(frame.to_dict(orient="split"), cls=MontyEncoder))
    assert list(split) == ["index", "columns", "data"]
    return split


@pytest.fixture(scope="module")
def published(samples):
    return table_of(samples)


@pytest.fixture
def written(tmp_path):
    """Write JSON, text or bytes into a file, gzipped when the name says so."""

    def write(content, name="file.json.gz"):
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        content = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture
def served(tmp_path):
    """Address of a server for the files in tmp_path."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(tmp_path))
    )
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}"
    http.shutdown()
    thread.join()
    http.server_close()


def sha256_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# -- reading --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["file.json.gz", "file.json", "no_ending_at_all"])
def test_the_published_form_gives_formulas_energies_volumes_densities(
    samples, published, written, name
):
    path = written(published, name)
    pulled = pull_matbench(str(path))
    frame, metadata = matbench_frame()
    assert list(frame.columns) == [
        "formula", "formation_energy_eV_per_atom", "volume_A3_per_atom", "density_g_per_cm3",
    ]  # fmt: skip
    assert frame["formula"].tolist() == [s.composition.reduced_formula for s, _ in samples]
    assert frame["formation_energy_eV_per_atom"].tolist() == [e for _, e in samples]
    np.testing.assert_allclose(
        frame["volume_A3_per_atom"], [s.volume / len(s) for s, _ in samples], rtol=1e-12
    )
    np.testing.assert_allclose(
        frame["density_g_per_cm3"], [float(s.density) for s, _ in samples], rtol=1e-8
    )
    assert pulled.path == matbench_file()
    assert (pulled.rows, pulled.formulas) == (len(samples), len(FORMULAS))
    assert pulled.sha256 == metadata["sha256"] == sha256_of(path)
    assert pulled.verified is False
    assert metadata["verified"] == "no"
    assert pulled.origin == metadata["origin"] == str(path)
    assert metadata["date"].endswith("+00:00")
    assert metadata["format_version"]
    assert metadata["rows"] == str(len(samples))
    assert stored_metadata() == metadata
    assert pulled.seconds > 0


@pytest.mark.parametrize("keys", [("data", "columns", "index"), ("columns", "data", "index")])
@pytest.mark.parametrize("columns", [("structure", "e_form"), ("e_form", "structure")])
def test_the_order_of_keys_and_columns_does_not_matter(samples, written, keys, columns):
    split = table_of(samples, columns)
    pull_matbench(str(written({key: split[key] for key in keys})))
    frame, _ = matbench_frame()
    assert frame["formula"].tolist() == [s.composition.reduced_formula for s, _ in samples]
    assert frame["formation_energy_eV_per_atom"].tolist() == [e for _, e in samples]


def test_further_columns_are_passed_over(samples, written):
    split = table_of(samples)
    split["columns"].insert(1, "note")
    for row in split["data"]:
        row.insert(1, {"columns": ["e_form"], "data": [1]})
    assert pull_matbench(str(written(split))).rows == len(samples)


@pytest.mark.parametrize("chunk", [1, 7, 64, 1 << 20])
def test_chunks_of_any_size_give_the_same_rows(samples, published, written, monkeypatch, chunk):
    monkeypatch.setattr(matbench_formats, "_CHUNK", chunk)
    few = published | {"data": published["data"][:4]}
    pull_matbench(str(written(few)))
    frame, _ = matbench_frame()
    assert frame["formation_energy_eV_per_atom"].tolist() == [e for _, e in samples[:4]]


def test_the_pure_python_parser_gives_the_same(samples, published, written, monkeypatch):
    import ijson

    monkeypatch.setattr(ijson, "items_coro", ijson.get_backend("python").items_coro)
    pull_matbench(str(written(published)))
    frame, _ = matbench_frame()
    assert frame["formula"].tolist() == [s.composition.reduced_formula for s, _ in samples]


def test_partial_occupancies_are_summed_and_scaled_to_whole_numbers(written):
    from pymatgen.core import Lattice, Structure

    mixed = Structure(
        Lattice.cubic(4.0),
        [{"Li": 0.5, "Na": 0.5}, {"Li": 1 / 3}, {"Li": 1 / 3, "Na": 1 / 3}, {"O2-": 1}],
        [[0, 0, 0], [0.5, 0, 0], [0, 0.5, 0], [0.5, 0.5, 0.5]],
    )
    pull_matbench(str(written(table_of([(mixed, -1.0)]))))
    frame, _ = matbench_frame()
    # Li 1/2 + 1/3 + 1/3 = 7/6, Na 1/2 + 1/3 = 5/6, O 1
    assert frame["formula"].tolist() == ["Na5Li7O6"]
    assert frame["volume_A3_per_atom"].tolist() == pytest.approx([64.0 / 3.0])
    assert frame["density_g_per_cm3"].tolist() == pytest.approx([float(mixed.density)])


def test_a_lattice_without_a_matrix_may_state_its_volume(published, written):
    row = json.loads(json.dumps(published["data"][0]))
    del row[0]["lattice"]["matrix"]
    row[0]["lattice"]["volume"] = 50.0
    pull_matbench(str(written(published | {"data": [row]})))
    assert matbench_frame()[0]["volume_A3_per_atom"].tolist() == [25.0]


@pytest.mark.parametrize("chunk", [1, 5, 64])
@pytest.mark.parametrize("order", [("index", "columns", "data"), ("columns", "data", "index")])
def test_a_nan_at_the_border_of_chunks_or_in_the_last_row_is_found(
    published, written, monkeypatch, chunk, order
):
    monkeypatch.setattr(matbench_formats, "_CHUNK", chunk)
    few = {**published, "data": [list(row) for row in published["data"][:3]], "index": []}
    few["data"][2][1] = float("nan")
    with pytest.raises(InputError, match="row 3: the formation energy of Li2O is null"):
        pull_matbench(str(written({key: few[key] for key in order})))


def test_nan_outside_the_energies_does_no_harm(samples, published, written):
    text = json.dumps(published).replace('"magmom": 0.5', '"magmom": NaN')
    assert "NaN" in text
    assert pull_matbench(str(written(text))).rows == len(samples)
    assert "NaN" in matbench_frame()[0]["formula"].tolist()  # sodium nitride


def test_the_stored_file_is_a_phase_table(samples, published, written):
    path = pull_matbench(str(written(published))).path
    table = PhaseTable.read(path)
    lowest, density = {}, {}
    for structure, energy in samples:
        formula = structure.composition.reduced_formula
        if energy < lowest.get(formula, math.inf):
            lowest[formula], density[formula] = energy, float(structure.density)
    assert dict(zip(table.formulas.tolist(), table.energies.tolist(), strict=True)) == lowest
    found = dict(zip(table.formulas.tolist(), table.properties["density_g_per_cm3"], strict=True))
    assert found == pytest.approx(density)
    assert table.structures.tolist() == [2] * len(FORMULAS)


def test_the_source_is_named_with_its_version_and_licence(published, written, monkeypatch):
    path = written(published)
    pull_matbench(str(path))
    name, source = stored_matbench()
    assert name == str(matbench_file())
    assert (source.name, source.thermo_type) == ("matbench", "GGA_GGA+U")
    assert source.version == (
        f"Matbench v0.1, not the published file: sha256 {sha256_of(path)[:12]}"
    )
    assert "CC BY 4.0" in source.statement
    assert "10.1038/s41524-020-00406-3" in source.citation
    monkeypatch.setattr(matbench, "PUBLISHED_SHA256", sha256_of(path))
    assert stored_matbench()[1].version == "Matbench v0.1"


def test_progress_ends_at_the_size_of_the_file_and_every_stage_is_said(published, written):
    path = written(published)
    steps, said = [], []
    pull_matbench(str(path), progress=lambda *step: steps.append(step), say=said.append)
    assert steps[-1] == (path.stat().st_size, path.stat().st_size)
    assert said == [f"reading {path}"]


# -- CSV ------------------------------------------------------------------------------------

CSV = "# made up\n\nid,formula,e_form\na,Li2F2,-3.0\nb,LiF,-3.1\n\nc,Na1N1,0.5\nd,Cu2,0.0\n"


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_csv_gives_formulas_and_energies(written, name, start):
    pulled = pull_matbench(str(written(start + CSV, name)))
    frame, _ = matbench_frame()
    assert frame.to_dict("list") == {
        "formula": ["LiF", "LiF", "NaN", "Cu"],
        "formation_energy_eV_per_atom": [-3.0, -3.1, 0.5, 0.0],
    }
    assert (pulled.rows, pulled.formulas) == (4, 3)
    assert dict(PhaseTable.read(pulled.path).properties) == {}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-3.1", "", "line 5: the formation energy of LiF is ''"),
        ("-3.1", "nan", "line 5: the formation energy of LiF is 'nan'"),
        ("-3.1", "inf", "line 5: the formation energy of LiF is 'inf'"),
        ("-3.1", "3_1", "line 5: the formation energy of LiF is '3_1'"),
        ("Na1N1", "Xx2", "line 7: formula 'Xx2'"),
        ("c,Na1N1,0.5", "c,Na1N1", "line 7: fewer cells"),
        ("0.0", "-4.1", "line 8: the element Cu has the formation energy -4.1"),
    ],
)
def test_a_bad_line_of_a_csv_is_named(written, old, new, message):
    with pytest.raises(InputError, match=r"file\.csv, ") as caught:
        pull_matbench(str(written(CSV.replace(old, new), "file.csv")))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not matbench_file().exists()


@pytest.mark.proof
def test_the_full_csv_gives_the_phases_of_a_table_read_from_it(full_csv, full_table):
    pulled = pull_matbench(str(full_csv))
    assert (pulled.rows, pulled.formulas) == (132_752, 95_118)
    table = PhaseTable.read(pulled.path)
    assert table.formulas.tolist() == full_table.formulas.tolist()
    assert np.array_equal(table.energies, full_table.energies)
    assert np.array_equal(table.structures, full_table.structures)


# -- checksums and addresses ----------------------------------------------------------------


def test_an_address_is_downloaded_read_and_stored_without_its_secrets(served, published, written):
    path = written(published)
    said, steps = [], []
    pulled = pull_matbench(
        served.replace("//", "//anna:geheim@") + "/file.json.gz?token=geheim",
        say=said.append,
        progress=lambda *step: steps.append(step),
    )
    _, metadata = matbench_frame()
    assert pulled.origin == metadata["origin"] == f"{served}/file.json.gz"
    assert said == [f"downloading {served}/file.json.gz", f"reading {served}/file.json.gz"]
    assert pulled.sha256 == sha256_of(path)
    assert pulled.verified is False
    size = path.stat().st_size
    assert steps.count((size, size)) >= 2  # of the download, then of the reading
    assert b"geheim" not in pulled.path.read_bytes()


def test_a_checksum_that_matches_makes_it_verified(served, published, written):
    path = written(published)
    given = sha256_of(path)
    assert pull_matbench(str(path), sha256=f" {given.upper()} ").verified
    assert matbench_frame()[1]["verified"] == "yes"
    assert pull_matbench(f"{served}/file.json.gz", sha256=given).verified


@pytest.mark.parametrize("remote", [True, False])
def test_another_checksum_than_given_is_refused(served, published, written, remote):
    path = written(published)
    origin = f"{served}/file.json.gz" if remote else str(path)
    with pytest.raises(SourceError if remote else InputError) as caught:
        pull_matbench(origin, sha256="0" * 64)
    assert type(caught.value) is (SourceError if remote else InputError)
    assert "0" * 64 in str(caught.value)
    assert sha256_of(path) in str(caught.value)
    assert not matbench_file().exists()


def test_the_published_address_must_send_the_published_file(
    served, published, written, monkeypatch
):
    path = written(published)
    monkeypatch.setattr(matbench, "PUBLISHED_URL", f"{served}/file.json.gz")
    with pytest.raises(SourceError) as caught:
        pull_matbench()
    assert matbench.PUBLISHED_SHA256 in str(caught.value)
    assert sha256_of(path) in str(caught.value)
    assert "give a file" in str(caught.value)
    with pytest.raises(InputError, match="leave the checksum out"):
        pull_matbench(sha256=sha256_of(path))
    monkeypatch.setattr(matbench, "PUBLISHED_SHA256", sha256_of(path))
    assert pull_matbench().verified
    assert pull_matbench(f"{served}/file.json.gz").verified
    assert pull_matbench(str(path)).verified  # a copy of it is as good
    assert matbench_frame()[1]["verified"] == "yes"


def test_the_published_address_and_checksum_are_those_of_matminer():
    assert matbench.PUBLISHED_URL == (
        "https://ml.materialsproject.org/projects/matbench_mp_e_form.json.gz"
    )
    assert matbench.PUBLISHED_SHA256 == (
        "dedcb1d4ba2e3e50dbdd45ba5bc647a00e9c2bcf8f8bf556dc8e92caa39eb21f"
    )


@pytest.mark.parametrize("given", ["", "abc", "z" * 64, "0" * 63])
def test_a_checksum_that_is_none_is_wrong_input(published, written, given):
    with pytest.raises(InputError, match="64 digits"):
        pull_matbench(str(written(published)), sha256=given)


def test_a_refused_download_is_a_source_error(served):
    with pytest.raises(SourceError, match="404"):
        pull_matbench(f"{served}/not_there.json.gz")


@pytest.mark.parametrize("origin", ["ftp://host/x.json.gz", "file:///x.json", "s3://bucket/x"])
def test_other_kinds_of_addresses_are_refused(origin):
    with pytest.raises(InputError, match="not supported"):
        pull_matbench(origin)


def test_a_file_that_is_not_there_or_a_folder_is_wrong_input(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        pull_matbench(str(tmp_path / "nothing.json.gz"))
    with pytest.raises(InputError, match="cannot be read"):
        pull_matbench(str(tmp_path))


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [None, "python"])
@pytest.mark.parametrize("word", ["NaN", "null", "Infinity", "-Infinity", '"-1.2"', "true", "[]"])
def test_an_energy_that_is_no_number_is_named_with_its_row(
    published, written, monkeypatch, word, backend
):
    if backend:
        import ijson

        monkeypatch.setattr(ijson, "items_coro", ijson.get_backend(backend).items_coro)
    split = published | {"data": [[row[0], row[1]] for row in published["data"]]}
    split["data"][6][1] = 123.25
    text = json.dumps(split).replace("123.25", word)
    with pytest.raises(InputError, match=r"row 7: the formation energy of NaN is .*not a finite"):
        pull_matbench(str(written(text)))
    assert not matbench_file().exists()


def test_a_total_energy_of_an_element_is_named_with_its_row(published, written):
    rows = [list(row) for row in published["data"]]
    rows[FORMULAS.index("Cu") * 2][1] = -4.09
    with pytest.raises(InputError, match=r"row 15: the element Cu .*not total energies"):
        pull_matbench(str(written(published | {"data": rows})))


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.pop("sites"),
        lambda s: s.pop("lattice"),
        lambda s: s.update(sites=[]),
        lambda s: s["lattice"].update(matrix=[[1, 2, 3], [2, 4, 6], [0, 0, 1]]),
        lambda s: s["lattice"].update(matrix=[[1, 2], [2, 4]]),
        lambda s: s["lattice"].update(matrix=[[1e200, 0, 0], [0, 1e200, 0], [0, 0, 1]]),
        lambda s: (s["lattice"].pop("matrix"), s["lattice"].update(volume=-5.0)),
        lambda s: s["sites"][0]["species"][0].update(element="Xx"),
        lambda s: s["sites"][0]["species"][0].update(element=7),
        lambda s: s["sites"][0]["species"][0].update(occu=-1),
        lambda s: s["sites"][0]["species"][0].update(occu="1"),
        lambda s: s["sites"][0]["species"][0].update(occu=float("nan")),
    ],
)
def test_a_broken_structure_is_named_with_its_row(published, written, change):
    rows = json.loads(json.dumps(published["data"]))
    change(rows[2][0])
    with pytest.raises(InputError, match="row 3: not a pymatgen structure") as caught:
        pull_matbench(str(written(published | {"data": rows})))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "another shape"),
        ([{"formula": "LiF", "e_form": -3}], "another shape"),
        ({}, "another shape"),
        ({"columns": ["structure", "gap pbe"], "index": [0], "data": [[{}, 1.0]]}, "another shape"),
        ({"columns": "structure e_form", "data": []}, "another shape"),
        ({"columns": ["structure", "e_form"], "data": {"0": 1}}, "no rows"),
        ({"columns": ["structure", "e_form"], "data": []}, "no rows"),
        ({"columns": ["structure", "e_form"]}, "no rows"),
        ({"columns": ["structure", "e_form"], "data": [[{}]]}, "row 1: not 2 values"),
        ({"columns": ["structure", "e_form"], "data": [{}]}, "row 1: not 2 values"),
        ("{'columns': 1}", "not readable as JSON"),
        ("", "empty"),
        (" \n ", "empty"),
        ("formula,e_form\n", "no rows"),
        ("<html><body>please log in</body></html>", "neither"),
        ("formula,band_gap\nLiF,8\n", "neither"),
        ("a\tb\n" * 5, "neither"),
        (b"PAR1\x00\x01\xff\xfe", "neither"),
        (b"\x00" * 4096, "neither"),
        (b"formula,e_form\nLiF,\xff\n", "not a readable CSV"),
        ('formula,e_form\n"LiF,-3\n' + "x" * 200_000, "not a readable CSV"),
    ],
)
@pytest.mark.parametrize("name", ["file.json.gz", "file.dat"])
def test_anything_else_is_wrong_input_in_one_line(written, content, message, name):
    with pytest.raises(InputError, match=message) as caught:
        pull_matbench(str(written(content, name)))
    assert type(caught.value) is InputError
    assert "file." in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not matbench_file().exists()


def test_json_that_breaks_off_names_the_last_whole_row(published, written):
    text = json.dumps(published)
    cut = text.index('"@module"', text.index('"@module"', text.index('"@module"') + 1) + 1)
    with pytest.raises(InputError, match="not readable as JSON after row 2"):
        pull_matbench(str(written(text[:cut])))


def test_a_file_cut_short_or_damaged_is_wrong_input(published, written):
    path = written(published)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cannot be read to its end"):
        pull_matbench(str(path))
    path.write_bytes(whole[:2000] + bytes(200) + whole[2200:])
    with pytest.raises(InputError, match=r"file\.json\.gz"):
        pull_matbench(str(path))
    path.write_bytes(whole[:-8] + bytes(8))
    with pytest.raises(InputError, match="cannot be read to its end"):
        pull_matbench(str(path))


# -- the store ------------------------------------------------------------------------------


@pytest.mark.parametrize("ask", [matbench_frame, stored_metadata, stored_matbench])
def test_without_a_pull_the_remedy_is_named(ask):
    with pytest.raises(InputError, match=r"run `interscreen data pull matbench` once") as caught:
        ask()
    assert "\n" not in str(caught.value)


def damage_bytes(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 0x10
    path.write_bytes(content)


def damage_value(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    energies = table.column("formation_energy_eV_per_atom").to_pylist()
    energies[1] -= 1e-3
    changed = table.set_column(1, "formation_energy_eV_per_atom", [energies])
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), path)


def other_version(path):
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    metadata = {**table.schema.metadata, b"format_version": b"0"}
    pq.write_table(table.replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    "damage",
    [
        damage_bytes,
        damage_value,
        other_version,
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b""),
        lambda path: pd.DataFrame({"formula": ["LiF"]}).to_parquet(path),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_damaged_store_is_never_used(published, written, damage):
    path = pull_matbench(str(written(published))).path
    damage(path)
    with pytest.raises(InputError, match=r"cannot be used .*run `interscreen data pull") as caught:
        matbench_frame()
    assert "\n" not in str(caught.value)


def fail(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def stop(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "action", "raised"),
    [
        ("matbench._write", fail, OutputError),
        ("matbench.os.replace", fail, OutputError),
        ("matbench._write", stop, KeyboardInterrupt),
        ("matbench_formats._structure", stop, KeyboardInterrupt),
        ("matbench.read_matbench", stop, KeyboardInterrupt),
    ],
)
def test_a_pull_that_fails_leaves_the_earlier_file(
    published, written, monkeypatch, place, action, raised
):
    pull_matbench(str(written(CSV, "file.csv")))
    before, content = matbench_frame(), matbench_file().read_bytes()
    path = written(published)
    with monkeypatch.context() as patch:
        patch.setattr(f"interscreen.sources.{place}", action)
        with pytest.raises(raised) as caught:
            pull_matbench(str(path))
    if raised is OutputError:
        assert "No space left on device" in str(caught.value)
    assert matbench_file().read_bytes() == content
    assert matbench_frame()[1] == before[1]
    assert pull_matbench(str(path)).rows == len(published["data"])


def test_an_interrupted_download_leaves_the_earlier_file(served, published, written):
    pull_matbench(str(written(CSV, "file.csv")))
    content = matbench_file().read_bytes()
    written(published)
    with pytest.raises(KeyboardInterrupt):
        pull_matbench(f"{served}/file.json.gz", progress=stop)
    assert matbench_file().read_bytes() == content


def test_what_a_killed_pull_left_days_ago_is_removed(store, written):
    old, new = store / "pull-old", store / "pull-new"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "download.part").write_text("half")
    long_ago = time.time() - 4 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    pull_matbench(str(written(CSV, "file.csv")))
    assert not old.exists()
    assert new.exists()  # another pull may be under way in there
    (new / "download.part").unlink()
    new.rmdir()


def test_a_cache_that_cannot_be_written_to_is_an_output_error(monkeypatch, tmp_path, written):
    (tmp_path / "occupied").write_text("a file, not a folder")
    monkeypatch.setenv("INTERSCREEN_CACHE", str(tmp_path / "occupied"))
    with pytest.raises(OutputError, match="INTERSCREEN_CACHE"):
        pull_matbench(str(written(CSV, "file.csv")))
