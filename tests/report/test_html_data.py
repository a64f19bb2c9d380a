"""The structure behind report.html, and the text around it."""

import csv
import json
import re
import subprocess
import sys

import pytest

from interscreen.errors import InputError, OutputError
from interscreen.phases.columns import COLUMNS
from interscreen.report.cells import colour_range, read_rows
from interscreen.report.markup import linked, listed, marked, number
from interscreen.report.page import write_report
from interscreen.report.page.data import (
    gather_curves,
    measured_cells,
    packed,
    page_data,
    read_run,
)
from interscreen.report.page.page import bibtex
from interscreen.report.page.sentences import blocks, cautions, heading, question, scale

EVIL = '<script>alert("1")</script><!--'
RESULT = {
    "candidate": "CuF2", "formula": "CuF2", "electrolyte": "LATP",
    "electrolyte_formula": "Li1.3Al0.3Ti1.7(PO4)3", "status": "ok", "reason": "",
    "role": "conversion", "electrolyte_energy_source": "hull",
    "bare_mutual_eV_per_atom": "-0.6369290780141847", "lithium_mutual_eV_per_atom": "-1.4558",
    "deposited_mutual_eV_per_atom": "-0.05135849056603714", "deposited_mixing_fraction": "0.4245",
    "layer": "Cu + 2 LiF", "layer_mutual_eV_per_atom": "-0.0017894736842101189",
    "worst_product": "LiF", "worst_product_mutual_eV_per_atom": "-0.0018630136986304002",
    "bridge_margin_V": "4.19", "source": "x",
}  # fmt: skip
RANKED = {
    "electrolyte": "LATP", "rank": "1", "candidate": "CuF2", "role": "conversion",
    "score_meV_per_atom": "-15.2", "tied_with": "",
}  # fmt: skip


def write(folder, name, rows):
    keys = list(dict.fromkeys(key for row in rows for key in row))
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, keys, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def run_folder(tmp_path):
    """Results of two pairs and a failed one; nothing else."""
    other = {**RESULT, "candidate": EVIL, "formula": "Cu + 2 LiF", "role": "coating"}
    failed = {
        "candidate": "XeF2", "formula": "XeF2", "electrolyte": "LATP", "status": "failed",
        "reason": "element Xe: no phase with it",
    }  # fmt: skip
    write(tmp_path, "results.csv", [RESULT, other, failed])
    write(
        tmp_path,
        "ranking.csv",
        [RANKED, {**RANKED, "candidate": EVIL, "role": "coating", "score_meV_per_atom": "-20"}],
    )
    return tmp_path


def told(run):
    return " ".join(sentence for _, sentence in cautions(run))


def data_of(file):
    text = file.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found[1])


def unpacked(table):
    """Read packed columns again, written after the description, not after the code."""
    rows = [{} for _ in range(table["n"])]
    for key, column in table["columns"].items():
        for i, row in enumerate(rows):
            if isinstance(column, list):
                row[key] = column[i]
            else:
                row[key] = column["c"] if "c" in column else column["v"][column["i"][i]]
    return rows


def test_the_numbers_of_the_page_are_those_of_the_csv(run_folder):
    rows = unpacked(data_of(write_report(run_folder))["tables"]["results"])
    assert [row["candidate"] for row in rows] == ["CuF2", EVIL, "XeF2"]
    for key, text in RESULT.items():
        if key.endswith(("_eV_per_atom", "_V", "fraction")):
            assert rows[0][key] == float(text), key
            assert rows[2][key] is None, key
    assert rows[2]["reason"] == "element Xe: no phase with it"


def test_only_two_scripts_and_no_address_but_links_to_papers(run_folder):
    text = write_report(run_folder).read_text(encoding="utf-8")
    assert len(re.findall(r"<script\b", text, re.I)) == 2
    assert "<!--" not in text
    assert set(re.findall(r"\bhttps?://[^/\"'\s<>]+", text)) <= {
        "https://doi.org",
        "http://www.w3.org",  # the name of the SVG namespace
    }
    assert not re.search(r"""(?:src|action)\s*=\s*["']|@import|url\(""", text)


def test_the_policy_names_the_hashes_of_style_and_script(run_folder):
    import base64
    import hashlib

    text = write_report(run_folder).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src &#39;none&#39;")
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"sha256-{digest}" in policy


def test_names_are_escaped_in_the_sentences(run_folder):
    run = read_run(run_folder)
    text = " ".join([heading(run), question(run), str(blocks(run)), told(run)])
    assert "<script" not in text
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;!--" in text


def test_the_warnings_state_lower_bounds_and_failures(run_folder):
    text = told(read_run(run_folder))
    assert "lower bound" in text
    assert "1 candidate could not be computed (XeF<sub>2</sub>)" in text


def test_a_suspect_phase_that_decides_is_told_and_a_harmless_one_is_not(run_folder):
    row = {**RANKED, "suspect_phase": "LiCu3", "suspect_direction": "put back",
           "suspect_change_meV_per_atom": "-100.2"}  # fmt: skip
    write(run_folder, "ranking.csv", [row])
    text = told(read_run(run_folder))
    assert "CuF<sub>2</sub> with LATP −100 (LiCu<sub>3</sub> put back) meV/atom" in text
    write(run_folder, "ranking.csv", [{**row, "suspect_change_meV_per_atom": "3"}])
    assert "LiCu" not in told(read_run(run_folder))


def test_a_tie_is_the_one_of_the_study(run_folder):
    manifest = {"study": {"name": "s", "ranking": {"tie_meV_per_atom": 3.0}}}
    (run_folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "nearer than 3 meV/atom" in scale(read_run(run_folder))


def test_other_columns_and_files_may_be_there_or_not(run_folder):
    before = data_of(write_report(run_folder))
    assert before["tables"]["uncertainty"] == {"n": 0, "columns": {}}
    write(run_folder, "uncertainty.csv", [{"candidate": "CuF2", "electrolyte": "",
          "quantity": "first_voltage_V", "value": "3.6", "standard_deviation": "0.1"}])  # fmt: skip
    write(run_folder, "results.csv", [{**RESULT, "something_new": "7"}])
    after = data_of(write_report(run_folder))
    assert unpacked(after["tables"]["uncertainty"])[0]["standard_deviation"] == 0.1
    assert unpacked(after["tables"]["results"])[0]["something_new"] == "7"


def test_the_same_folder_gives_the_same_bytes(run_folder):
    first = write_report(run_folder).read_bytes()
    assert write_report(run_folder).read_bytes() == first


@pytest.mark.parametrize("spoil", ["empty", "no column", "no rows", "bytes", "manifest"])
def test_a_folder_that_is_no_run_is_refused_in_one_line(run_folder, spoil):
    results = run_folder / "results.csv"
    if spoil == "empty":
        results.unlink()
    elif spoil == "no column":
        results.write_text("a,b\n1,2\n", encoding="utf-8")
    elif spoil == "no rows":
        results.write_text("candidate,electrolyte\n", encoding="utf-8")
    elif spoil == "bytes":
        results.write_bytes(b"candidate,electrolyte\n\xff\xfe,x\n")
    else:
        (run_folder / "manifest.json").write_text("[1", encoding="utf-8")
    with pytest.raises(InputError) as error:
        write_report(run_folder)
    assert str(run_folder) in str(error.value)
    assert "\n" not in str(error.value)
    assert not (run_folder / "report.html").exists()


def test_a_page_that_cannot_be_written_leaves_the_old_one(run_folder, monkeypatch):
    import os

    old = write_report(run_folder).read_bytes()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OutputError, match="No space left"):
        write_report(run_folder)
    assert (run_folder / "report.html").read_bytes() == old
    assert [file.name for file in run_folder.iterdir() if file.name.startswith(".")] == []


def test_the_command_writes_where_it_is_told(run_folder, tmp_path):
    from interscreen.cli.main import main

    out = tmp_path / "new" / "page.html"
    assert main(["report", str(run_folder), "--out", str(out), "--quiet"]) == 0
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert main(["report", str(tmp_path / "nothing")]) == 2
    assert main(["report", str(run_folder), "--out", str(tmp_path)]) == 2


def test_matplotlib_and_pandas_stay_out_of_the_page_of_a_study(run_folder):
    code = (
        "import sys; from interscreen.report.page import write_report; "
        f"write_report({str(run_folder)!r}); "
        "print([name for name in ('matplotlib', 'pandas', 'numba') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_eighty_candidates_and_five_electrolytes_stay_below_6_MB(tmp_path):
    results, reactions, ranking, uncertainty, sensitivity = [], [], [], [], []
    equation = "970 (LiCu3 + 6 LiF) + 200 Li1.3Al0.3Ti1.7(PO4)3 -> 5820 LiF + 2813 Cu + 406 Li3PO4"
    quantities = [key for key in RESULT if key.endswith("_eV_per_atom")] * 3
    for c in range(80):
        for e in range(5):
            pair = {"candidate": f"candidate {c}", "electrolyte": f"electrolyte {e}"}
            noise = (c * 5 + e) / 1e7 + 1 / 3e8  # no two numbers are the same
            numbers = {key: str(-noise - i) for i, key in enumerate(quantities)}
            texts = {"warnings": "w" * 200, "layer_equation": f"{equation} {c} {e}"}
            results.append({**RESULT, **pair, **numbers, **texts})
            ranking.append({**RANKED, **pair, "score_meV_per_atom": str(-noise)})
            for kind in ("bare", "lithium", "deposited", "layer", "product", "product"):
                for k in range(10):  # as many kinks as on the data of the Materials Project
                    reactions.append({**pair, "contact": kind, "contact_kind": kind,
                        "reactant_a": "a", "reactant_b": "b", "is_minimum": str(k == 5),
                        "equation": f"{equation} {c}{kind}{k}",
                        "mixing_fraction": str(k / 10 + noise),
                        "mutual_energy_eV_per_atom": str(-k * noise)})  # fmt: skip
            for q in quantities:
                values = {"value": str(-noise), "standard_deviation": str(noise / 7),
                          "low_5_percent": str(-3 * noise), "high_95_percent": "0"}  # fmt: skip
                uncertainty.append({**pair, "quantity": q, **values, "samples_counted": "1000"})
                sensitivity.append({**pair, "quantity": q, "value": str(-noise), "change": "0.0",
                                    "phase": "LiCu3", "value_then": str(-noise),
                                    "products_then": "Cu + LiF"})  # fmt: skip
    write(tmp_path, "results.csv", results)
    write(tmp_path, "ranking.csv", ranking)
    write(tmp_path, "reactions.csv", reactions)
    write(tmp_path, "uncertainty.csv", uncertainty)
    write(tmp_path, "sensitivity.csv", sensitivity)
    assert write_report(tmp_path).stat().st_size < 6e6


# -- pieces ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Li7La3Zr2O12", "Li<sub>7</sub>La<sub>3</sub>Zr<sub>2</sub>O<sub>12</sub>"),
        ("Li1.3Al0.3", "Li<sub>1.3</sub>Al<sub>0.3</sub>"),
        ("8 CuF2 -> 2 (Cu + 2 LiF)", "8 CuF<sub>2</sub> → 2 (Cu + 2 LiF)"),
        ("Ti1.7(PO4)3.", "Ti<sub>1.7</sub>(PO<sub>4</sub>)<sub>3</sub>."),
        ("(Cu2S", "(Cu<sub>2</sub>S"),
        ("LLZO and A1 & mp-149", "LLZO and A1 &amp; mp-149"),
        ("<b>H2O</b>", "&lt;b&gt;H2O&lt;/b&gt;"),
    ],
)
def test_formulas_get_subscripts_and_the_rest_is_text(text, html):
    assert marked(text) == html


def test_numbers_have_a_true_minus_and_no_negative_zero():
    assert [number(v, d) for v, d in ((-15.4, 0), (-0.3, 0), (-0.04, 2), (1234.5, 1))] == [
        "−15", "0", "−0.04", "1,234.5",
    ]  # fmt: skip


def test_long_lists_say_how_many_more():
    assert listed("ABC") == "A, B and C"
    assert listed("ABCDEF", most=3) == "A, B and 4 more"


def test_dois_become_links():
    assert linked("see doi:10.1063/1.4812323; x") == (
        'see <a href="https://doi.org/10.1063/1.4812323" rel="noreferrer">'
        "doi:10.1063/1.4812323</a>; x"
    )


def test_columns_come_back_as_they_were():
    rows = [{"a": i, "b": "same", "c": "xy"[i % 2], "d": None} for i in range(7)]
    assert unpacked(packed(rows)) == [{k: row[k] for k in "abc"} for row in rows]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("candidate", "None", "None"),
        ("candidate", "12", "12"),
        ("candidate", "nan", "nan"),
        ("voltage_V", "1.5", 1.5),
        ("voltage_V", "", None),
        ("voltage_V", "nan", None),
    ],
)
def test_cells_are_numbers_where_the_column_is_one(tmp_path, key, text, value):
    file = tmp_path / "results.csv"
    file.write_text(f"status,{key}\nok,{text}\n", encoding="utf-8")
    assert read_rows(file) == [{"status": "ok", key: value}]


def test_a_text_in_a_column_of_numbers_is_refused(tmp_path):
    file = tmp_path / "results.csv"
    file.write_text("status,voltage_V\nok,1\nok,half\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"row 2, voltage_V: 'half' is no number"):
        read_rows(file)


def test_a_missing_table_has_no_rows(tmp_path):
    assert read_rows(tmp_path / "surroundings.csv") == []


@pytest.mark.parametrize(("worst", "limit"), [(-20, 100), (-100, 100), (-250, 300), (-2000, 500)])
def test_the_colours_reach_to_the_first_range_that_holds_all(worst, limit):
    assert colour_range([0.0, worst, -1.0]) == limit
    assert colour_range([]) == 100


def test_the_same_contact_of_two_stacks_is_kept_once():
    def kinks(candidate):
        return [
            {"candidate": candidate, "electrolyte": "LLZO", "contact": "Li | LLZO",
             "contact_kind": "bare", "reactant_a": "Li", "reactant_b": "LLZO", "equation": q,
             "is_minimum": m, "mixing_fraction": x, "mutual_energy_eV_per_atom": e}
            for q, m, x, e in (("", "False", 0.0, 0.0), ("a -> b", "True", 0.4, -0.1))
        ]  # fmt: skip

    found = gather_curves([*kinks("CuF2"), *kinks("CuS")])
    assert len(found["curves"]) == 1
    assert [contact["candidate"] for contact in found["contacts"]] == ["CuF2", "CuS"]
    curve = found["curves"][0]
    assert (curve["x"], curve["e"], curve["m"]) == ([0.0, 0.4], [0.0, -0.1], 1)
    assert [found["equations"][q] for q in curve["q"]] == ["", "a -> b"]


def test_measured_cells_are_found_by_phases_and_compared_by_electrolyte():
    rows = [
        {"interlayer": "A", "deposited_phases": "LiF + Cu",
         "electrolyte_formula": "Li6.4La3Zr1.4Ta0.6O12"},
        {"interlayer": "B", "deposited_phases": "CuF2", "electrolyte_formula": "Li7La3Zr2O12"},
        {"interlayer": "none", "deposited_phases": "", "electrolyte_formula": "Li7La3Zr2O12"},
    ]  # fmt: skip
    theirs = {"LLZO": "Li7La3Zr2O12", "LATP": "Li1.3Al0.3Ti1.7(PO4)3"}
    found = measured_cells({"layer": "Cu + 2 LiF", "CuS": "CuS", "bad": "?"}, theirs, rows)
    assert {name: [row["interlayer"] for row in cells] for name, cells in found.items()} == {
        "layer": ["A"]
    }
    assert found["layer"][0]["electrolyte_match"] == {"LLZO": "related", "LATP": "other"}
    (cell_b,) = measured_cells({"x": "CuF2"}, theirs, rows)["x"]
    assert cell_b["electrolyte_match"]["LLZO"] == "same"


def test_bibtex_holds_the_papers_of_the_source_and_of_the_methods():
    text = bibtex({"citation": "A. Jain et al., doi:10.1063/1.4812323"}, "0.1.0")
    assert re.findall(r"@(\w+)\{(\w+),", text) == [
        ("article", "Jain2013"), ("article", "Richards2016"), ("article", "Zhu2015"),
        ("software", "interscreen"),
    ]  # fmt: skip
    assert text.count("{") == text.count("}")
    assert "ACS Applied Materials \\& Interfaces" in text


def test_every_value_of_a_column_with_a_unit_is_a_number_or_missing(tmp_path):
    """Also of a stack's surroundings; texts that list numbers are no numbers."""
    from interscreen import PhaseTable, Study, run_study
    from interscreen.screen.folder import write_tables

    study = Study(
        name="surrounded", electrolytes=["LLZO"], candidates=["CuF2", "CuS", "XeF2"],
        cathodes=["ZnO"], air=["O2"], uncertainty={"samples": 20},
    )  # fmt: skip
    write_tables(tmp_path, run_study(study, PhaseTable.reference(), jobs=1))
    data = data_of(write_report(tmp_path))
    tables = {name: unpacked(table) for name, table in data["tables"].items()}
    tables["measured"] = [row for rows in data["measured"].values() for row in rows]
    seen = set()
    for name, rows in tables.items():
        for row in rows:
            for key, value in row.items():
                known = COLUMNS.get(key)
                if known and known.unit and key not in ("product_energies", "score_terms"):
                    assert value is None or isinstance(value, int | float), (name, key, value)
                    if value is not None:
                        seen.add(key)
    assert {
        "energy_per_molecule_eV", "first_molecule_energy_eV", "layer_mutual_eV_per_atom",
        "score_meV_per_atom", "voltage_V", "capacity_mAh_per_g", "ccd_after_mA_cm2",
    } <= seen  # fmt: skip


def test_the_page_names_columns_as_the_registry_does(run_folder):
    columns = page_data(read_run(run_folder))["columns"]
    assert columns["bridge_margin_V"] == [
        COLUMNS["bridge_margin_V"].label, "V", COLUMNS["bridge_margin_V"].meaning, 1.0, 3,
    ]  # fmt: skip
