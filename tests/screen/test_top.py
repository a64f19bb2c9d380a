"""The best of a big run: the ranking again, conditions, checked rows."""

import json
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interscreen.cli.command import root
from interscreen.cli.main import main
from interscreen.errors import InputError, OutputError
from interscreen.phases.columns import arrow_schema, columns_of
from interscreen.report.text.best import best_text
from interscreen.screen.folder import write_tables
from interscreen.screen.ranking import Ranking
from interscreen.screen.run import run_study
from interscreen.screen.scores import SCORE_COLUMNS
from interscreen.screen.study import Study
from interscreen.screen.top import best, with_doubts

COLUMNS = columns_of("results")
CANDIDATES = (
    "CuF2 CuS Cu3N AlF3 LiF Li2O Li2S Li3N Al2O3 Cu ZnF2 ZnO TaF5 Li3PO4 CuO Cu2O Li3P Al AlN "
    "ZnS Cu2S"
).split()
ELECTROLYTES = ("LLZO", "LATP", "LAGP")


def as_table(rows):
    """Rows of results.csv with the types of a Parquet file."""
    return pa.Table.from_pandas(rows, schema=arrow_schema("results"), preserve_index=False)


@pytest.fixture(scope="module")
def study():
    return Study(name="s", electrolytes=list(ELECTROLYTES), candidates=list(CANDIDATES))


@pytest.fixture(scope="module")
def screen(study, reference):
    return run_study(study, reference)


@pytest.fixture(scope="module")
def results(screen):
    return as_table(screen.results)


@pytest.fixture(scope="module")
def file(results, tmp_path_factory):
    """The same as a file of many small row groups."""
    path = tmp_path_factory.mktemp("run") / "results.parquet"
    pq.write_table(results, path, row_group_size=7)
    return path


def small(**columns):
    """A table of made-up rows."""
    n = len(next(iter(columns.values())))
    full = {
        "candidate": [f"C{i}" for i in range(n)],
        "electrolyte": ["E"] * n,
        "status": ["ok"] * n,
        "score_meV_per_atom": [-1.0 * i for i in range(n)],
    } | columns
    return pa.table(full)


# -- the best candidates ------------------------------------------------------------------------


@pytest.mark.parametrize("electrolyte", [None, *ELECTROLYTES])
@pytest.mark.parametrize("tie", [None, 10.0, 60.0])
def test_best_are_the_first_of_the_ranking(screen, results, electrolyte, tie):
    from interscreen.screen.ranking import rank

    options = {} if tie is None else {"tie_meV_per_atom": tie}
    ranking = rank(screen.results, Ranking(**options))
    block = ranking[ranking["electrolyte"] == (electrolyte or "overall")]
    block = block[block["status"] == "ok"]
    found = best(results, electrolyte=electrolyte, count=1000, tie_meV_per_atom=tie)
    assert list(found["candidate"]) == list(block["candidate"])
    assert list(found["rank"]) == list(block["rank"])
    assert list(found["tied"]) == [bool(text) for text in block["tied_with"]]
    np.testing.assert_allclose(
        found["score_meV_per_atom"].astype(float), block["score_meV_per_atom"].astype(float),
        rtol=0, atol=1e-9,
    )  # fmt: skip
    assert found.attrs["counted"] == found.attrs["matched"] == len(block)
    assert set(found["electrolyte"]) == {electrolyte or "overall"}


@pytest.mark.parametrize("electrolyte", [None, "LATP"])
@pytest.mark.parametrize(
    "where", ["", "elements has F", "conversion_products has LiF or n_elements > 2"]
)
@pytest.mark.parametrize(
    "sort", ["score_meV_per_atom", "n_elements", "candidate", "capacity_mAh_per_g:up"]
)
def test_file_gives_the_same_answer_as_the_table(results, file, electrolyte, where, sort):
    asked = {"electrolyte": electrolyte, "where": where, "sort": sort, "count": 9}
    mine, other = best(results, **asked), best(file, **asked)
    pd.testing.assert_frame_equal(mine, other, check_exact=True)
    assert mine.attrs == other.attrs


def test_file_is_read_by_column_and_row_group(results, file, monkeypatch):
    read = []
    whole, some = pq.ParquetFile.read, pq.ParquetFile.read_row_groups
    monkeypatch.setattr(
        pq.ParquetFile,
        "read",
        lambda self, columns: (read.append(columns), whole(self, columns=columns))[1],
    )
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_groups",
        lambda self, groups: (read.append(groups), some(self, groups))[1],
    )
    found = best(file, electrolyte="LLZO", where="n_elements > 1", count=2)
    *columns, groups = read
    assert set().union(*columns) == {
        "candidate", "electrolyte", "status", "score_meV_per_atom", "verdict", "n_elements"
    }  # fmt: skip
    assert 1 <= len(groups) <= 2  # one for each row, at most
    pd.testing.assert_frame_equal(
        found, best(results, electrolyte="LLZO", where="n_elements > 1", count=2)
    )


def test_rank_does_not_depend_on_condition_sort_or_count(results):
    whole = best(results, electrolyte="LATP", count=1000).set_index("candidate")
    some = best(
        results, electrolyte="LATP", where="elements has Cu", sort="capacity_mAh_per_g", count=3
    )
    assert len(some) == 3
    for row in some.to_dict("records"):
        assert row["rank"] == whole.loc[row["candidate"], "rank"]
        assert row["tied"] == whole.loc[row["candidate"], "tied"]
    assert some.attrs["counted"] == len(whole)
    assert some.attrs["matched"] == sum("Cu" in text.split("-") for text in whole["elements"])


def test_overall_needs_a_score_and_the_condition_for_each_electrolyte():
    table = pa.table(
        {
            "candidate": ["A", "A", "B", "B", "C", "C", "D", "D"],
            "electrolyte": ["E", "F"] * 4,
            "status": ["ok", "ok", "ok", "failed", "ok", "ok", "ok", "ok"],
            "score_meV_per_atom": [-10.0, -30.0, 0.0, None, -100.0, -50.0, -1.0, -2.0],
            "deposited_mutual_eV_per_atom": [-0.1, -0.2, 0.0, None, 0.0, 0.0, 0.0, -0.3],
            "elements": ["Cu", "Cu", "F", "F", "Li", "Li", "K", "K"],
        }
    )
    found = best(table, electrolyte=None)
    assert list(found["candidate"]) == ["D", "A", "C"]
    assert list(found["score_meV_per_atom"]) == [-1.5, -20.0, -75.0]
    assert list(found["rank"]) == [1, 2, 3]
    assert found["deposited_mutual_eV_per_atom"].isna().all()
    assert list(found["elements"]) == ["K", "Cu", "Li"]
    mild = best(table, electrolyte=None, where="deposited_mutual_eV_per_atom > -0.25")
    assert list(mild["candidate"]) == ["A", "C"]
    only_e = best(table, electrolyte=None, where="electrolyte != E or score_meV_per_atom > -5")
    assert list(only_e["candidate"]) == ["D"]


def test_one_electrolyte_is_its_own_overall(results):
    one = results.filter(pa.compute.equal(results["electrolyte"], "LATP"))
    pd.testing.assert_frame_equal(best(one, electrolyte=None), best(one, electrolyte="LATP"))


def test_failed_rows_are_found_by_conditions_on_status_or_reason_only(results):
    assert "TaF5" not in set(best(results, electrolyte="LATP", count=99)["candidate"])
    assert "TaF5" not in set(
        best(results, electrolyte="LATP", count=99, where="elements has F")["candidate"]
    )
    failed = best(results, electrolyte="LATP", where="status == failed")
    assert list(failed["candidate"]) == ["TaF5"]
    assert failed["rank"].isna().all()
    assert "Ta" in failed["reason"].iloc[0]
    assert failed.attrs["counted"] == len(CANDIDATES) - 1
    everything = best(results, electrolyte="LATP", count=99, where="reason != x or status == ok")
    assert list(everything["candidate"])[-1] == "TaF5"
    assert list(best(results, electrolyte=None, where="status == failed")["candidate"]) == ["TaF5"]


def test_sort_has_missing_values_last_and_equal_ones_by_score():
    table = small(
        score_meV_per_atom=[-5.0, -4.0, -3.0, -2.0, -1.0],
        v=pa.array([1.0, None, 2.0, 1.0, float("nan")]),
        t=["b", None, "a", "b", ""],
    )

    def order(sort):
        return list(best(table, electrolyte="E", sort=sort)["candidate"])

    assert order("score_meV_per_atom") == ["C4", "C3", "C2", "C1", "C0"]
    assert order("score_meV_per_atom:up") == ["C0", "C1", "C2", "C3", "C4"]
    assert order("v") == order("v:down") == ["C2", "C3", "C0", "C4", "C1"]
    assert order("v:up") == ["C3", "C0", "C2", "C4", "C1"]
    assert order("t") == order("t:up") == ["C2", "C3", "C0", "C4", "C1"]
    assert order("t:down") == ["C3", "C0", "C2", "C4", "C1"]


def test_equal_scores_stay_in_the_order_of_the_rows():
    table = small(score_meV_per_atom=[0.0] * 50)
    assert list(best(table, electrolyte="E", count=50)["candidate"]) == [f"C{i}" for i in range(50)]


def test_rows_may_stand_in_any_order(results):
    shuffled = list(range(len(results)))
    random.Random(1).shuffle(shuffled)
    for electrolyte in (None, "LLZO"):
        mine = best(results, electrolyte=electrolyte, count=99)
        other = best(results.take(shuffled), electrolyte=electrolyte, count=99)
        assert dict(zip(mine["candidate"], mine["rank"], strict=True)) == dict(
            zip(other["candidate"], other["rank"], strict=True)
        )


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"electrolyte": "LATPP"},
            "electrolyte 'LATPP' is not in these results; did you mean LATP",
        ),
        ({"electrolyte": "xyz"}, "(there are: LLZO, LATP, LAGP)"),
        ({"count": 0}, "count: 0"),
        ({"count": -3}, "count: -3"),
        ({"sort": "score"}, "sort: no column 'score'; did you mean score_meV_per_atom"),
        ({"sort": "capacity_mAh_per_gram"}, "did you mean capacity_mAh_per_g or "),
        ({"sort": "n_elements:upward"}, "n_elements:up (smallest first)"),
        ({"electrolyte": None, "sort": "deposited_mutual_eV_per_atom"}, "LLZO, LATP, LAGP"),
        ({"where": "x < 1"}, "where, position 1"),
    ],
)
def test_question_that_makes_no_sense_is_one_line(results, asked, says):
    with pytest.raises(InputError) as caught:
        best(results, **{"electrolyte": "LATP", **asked})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_file_that_holds_no_results_is_one_line(tmp_path, results):
    with pytest.raises(InputError, match="no such file"):
        best(tmp_path / "a.parquet", electrolyte=None)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 something else PAR1")
    with pytest.raises(InputError, match=r"b\.parquet: cannot be read .*run the screen again"):
        best(tmp_path / "b.parquet", electrolyte=None)
    pq.write_table(results.drop_columns(["status"]), tmp_path / "c.parquet")
    with pytest.raises(InputError, match="column status is missing"):
        best(tmp_path / "c.parquet", electrolyte=None)
    with pytest.raises(InputError, match="cannot be read"):
        best(tmp_path, electrolyte=None)


def test_damaged_data_of_a_file_are_one_line(tmp_path, results):
    file = tmp_path / "results.parquet"
    pq.write_table(results, file, compression="zstd")
    data = bytearray(file.read_bytes())
    middle = len(data) // 2
    data[200:middle] = b"\0" * (middle - 200)
    file.write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        best(file, electrolyte="LATP", count=99)


def test_no_rows_give_no_candidates(results):
    empty = best(results, electrolyte="LATP", where="n_elements > 9")
    assert empty.empty
    assert empty.attrs["matched"] == 0
    assert list(empty.columns) == ["rank", "tied", *COLUMNS]


def test_results_without_rows_have_no_best(tmp_path, results):
    none = results.slice(0, 0)
    pq.write_table(none, tmp_path / "results.parquet")
    for place in (none, tmp_path / "results.parquet"):
        found = best(place, electrolyte=None, where="n_elements > 1")
        assert found.empty
        assert found.attrs["counted"] == 0
        assert best_text(found, where="n_elements > 1").endswith("with each electrolyte")
        with pytest.raises(InputError, match="is not in these results"):
            best(place, electrolyte="LATP")


# -- the command --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(file):
    """Folder of a big run."""
    manifest = {"study": {"ranking": {"tie_meV_per_atom": 60.0}}}
    (file.parent / "manifest.json").write_text(json.dumps(manifest))
    return file.parent


@pytest.fixture(scope="module")
def old_run(screen, tmp_path_factory):
    """Folder of a small study."""
    folder = tmp_path_factory.mktemp("old")
    write_tables(folder, screen)
    return folder


def ask(folder, *flags, **options):
    """``interscreen top``; its errors are raised."""
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return root.main(["top", str(folder), *words, *flags], standalone_mode=False)


def test_command_line_reaches_the_command(run, capsys):
    code = main(
        ["top", str(run), "--electrolyte", "LATP", "--where", "elements has F", "--count", "2"]
    )
    text = capsys.readouterr().out
    assert code == 0
    assert text.startswith("LATP: 2 of 4 candidates that meet elements has F\n")
    code = main(["top", str(run), "--where", "elements has f"])
    assert code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("interscreen: error: where, position 14: 'f' is no symbol")


def test_table_fits_eighty_columns_and_shows_the_units_of_the_ranking(run, capsys):
    assert ask(run, electrolyte="LATP") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "LATP: 20 of 20 candidates"
    heads = lines[1].split()
    assert heads == [
        "rank",
        "candidate",
        "role",
        "verdict",
        "made",
        "score",
        "Li",
        "depos.",
        "layer",
        "worst",
        "bridge",
    ]
    (copper,) = [line.split() for line in lines if " CuF2 " in line]
    assert copper[1:6] == ["CuF2", "conv.", "unsure", "yes,", "h"]
    assert copper[6] == "-15"
    assert copper[7:] == ["-1456", "-51", "-2", "-2", "4.28"]
    assert copper[0].endswith("=")  # tied with the 60 meV/atom of the manifest
    assert "-0" not in [cell for line in lines for cell in line.split()]


def test_table_of_long_names_and_places_fits_eighty_columns():
    table = small(
        candidate=["KBaNaCaTi4Fe8Si8(O10F)3H2", "Li", "Cs2LiCl3"],
        electrolyte=["E"] * 3,
        role=["conversion", "coating", "coating"],
        score_meV_per_atom=[-1000.0, -100000.0, -200000.0],
        **{name: [-1.25, -0.5, -0.00001] for name in SCORE_COLUMNS},
    )
    lines = best_text(best(table, electrolyte="E")).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any("KBaNaCaTi4Fe8Si8(…" in line or "…" in line for line in lines[2:5])
    assert any("--csv" in line for line in lines)
    short = best_text(best(table.slice(1), electrolyte="E"))
    assert "…" not in short


def test_overall_table_shows_the_products(run, capsys):
    ask(run, count=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "overall (mean over the electrolytes): 3 of 20 candidates"
    assert lines[1].split()[-3:] == ["with", "Li", "metal"]
    assert any(line.split()[1] == "LiF" and line.endswith("LiF") for line in lines[2:5])
    ask(run, count=3, electrolyte="overall")
    assert capsys.readouterr().out.splitlines() == lines


def test_json_has_full_precision(run, results, capsys):
    ask(run, "--json", electrolyte="LLZO", count=2, where="role == conversion")
    answer = json.loads(capsys.readouterr().out)
    assert answer["electrolyte"] == "LLZO"
    assert answer["where"] == "role == conversion"
    assert answer["sort"] == "score_meV_per_atom"
    assert answer["counted"] == 20
    found = best(results, electrolyte="LLZO", where="role == conversion", tie_meV_per_atom=60.0)
    assert answer["matched"] == len(found)
    for mine, other in zip(answer["rows"], found.head(2).to_dict("records"), strict=True):
        assert set(mine) == {"rank", "tied", *COLUMNS}
        assert mine["score_meV_per_atom"] == other["score_meV_per_atom"]
        assert mine["rank"] == other["rank"]
        assert isinstance(mine["tied"], bool)
        assert (
            mine["oxidation_limit_V"] == other["oxidation_limit_V"]
            or mine["oxidation_limit_V"] is None
        )


def test_chosen_columns_are_shown_under_their_names(run, capsys):
    ask(
        run,
        electrolyte="LATP",
        columns="candidate, rank,first_voltage_V",
        count=3,
        sort="candidate",
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "LATP: 3 of 20 candidates, sorted by candidate (A to Z)"
    assert lines[1].split() == ["candidate", "rank", "first_voltage_V"]
    assert [line.split()[0] for line in lines[2:]] == ["Al", "Al2O3", "AlF3"]
    ask(run, "--json", electrolyte="LATP", columns="candidate,tied", count=1)
    assert set(json.loads(capsys.readouterr().out)["rows"][0]) == {"candidate", "tied"}


def test_csv_has_full_precision(run, results, tmp_path, capsys):
    target = tmp_path / "new" / "best.csv"
    ask(run, electrolyte="LATP", count=4, csv=target)
    assert "LATP: 4 of 20" in capsys.readouterr().out
    written = pd.read_csv(target, keep_default_na=False, na_values=[""])
    assert b"\r" not in target.read_bytes()
    found = best(results, electrolyte="LATP", count=4, tie_meV_per_atom=60.0)
    assert list(written["candidate"]) == list(found["candidate"])
    assert list(written["score_meV_per_atom"]) == list(found["score_meV_per_atom"])
    assert set(written["tied"]) <= {"yes", "no"}


def test_nothing_found_says_so(run, capsys):
    assert ask(run, electrolyte="LATP", where="n_elements > 7") == 0
    assert capsys.readouterr().out == "LATP: none of 20 candidates meets n_elements > 7\n"
    ask(run, where="n_elements > 7")
    assert "with each electrolyte" in " ".join(capsys.readouterr().out.split())


def test_folder_of_a_small_study_answers_too(old_run, run, screen, capsys):
    where = "elements has Cu and conversion_products has LiF"
    ask(old_run, "--json", electrolyte="LATP", where=where)
    answer = json.loads(capsys.readouterr().out)
    assert [row["candidate"] for row in answer["rows"]] == ["CuF2"]
    assert answer["rows"][0]["elements"] == "Cu-F"
    assert answer["rows"][0]["deposited_equation"]
    ask(old_run, "--json", count=99)
    mine = json.loads(capsys.readouterr().out)["rows"]
    ranked = screen.ranking[screen.ranking["electrolyte"] == "overall"]
    ranked = ranked[ranked["status"] == "ok"]
    assert [row["candidate"] for row in mine] == list(ranked["candidate"])
    # without its samples a folder knows ties by the limit only
    assert mine[0]["rank"] == 1


def test_roles_and_weights_of_a_small_study_count(reference, tmp_path, capsys):
    ranking = {"weights": {"deposited": 3.0}}
    own = Study(
        name="s", electrolytes=["LATP"], ranking=ranking,
        candidates=[{"formula": "CuF2", "role": "coating", "name": "NaN"}, "AlF3"],
    )  # fmt: skip
    screen = run_study(own, reference)
    write_tables(tmp_path, screen)
    (tmp_path / "manifest.json").write_text(json.dumps({"study": own.model_dump(mode="json")}))
    ask(tmp_path, "--json")
    mine = {row["candidate"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    for row in screen.ranking.to_dict("records"):
        assert mine[row["candidate"]]["role"] == row["role"]
        assert mine[row["candidate"]]["score_meV_per_atom"] == pytest.approx(
            row["score_meV_per_atom"], abs=1e-9
        )


@pytest.mark.parametrize("name", ["results.parquet", ""])
def test_the_file_in_the_folder_stands_for_the_folder(run, name, capsys):
    ask(run / name if name else run, electrolyte="LATP", count=1)
    assert "LATP: 1 of 20" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"electrolyte": "LLTO"}, "did you mean LLZO"),
        ({"count": 0}, "count: 0"),
        ({"sort": "voltage"}, "did you mean first_voltage_V or average_voltage_V"),
        ({"columns": "candidate,volts"}, "--columns: no column 'volts'"),
        ({"columns": " , "}, "--columns: no name given"),
        ({"csv": "best.xlsx"}, "the ending must be .csv"),
    ],
)
def test_wrong_options_are_one_line(run, options, says):
    with pytest.raises(InputError) as caught:
        ask(run, **options)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_place_without_a_run_is_one_line(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        ask(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds neither results\.parquet nor results\.csv"):
        ask(tmp_path)
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match="is a file"):
        ask(tmp_path / "notes.txt")


@pytest.mark.parametrize("text", ["{", "[]", '{"study": {"ranking": {"tie": 3}}}'])
def test_manifest_that_cannot_be_read_is_one_line(file, tmp_path, text):
    (tmp_path / "results.parquet").write_bytes(file.read_bytes())
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError) as caught:
        ask(tmp_path)
    assert "manifest.json: cannot be read" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "candidate\nCuF2\n", "candidate,formula\nCuF2,Qq\n"])
def test_results_of_a_small_study_that_cannot_be_read_are_one_line(tmp_path, text):
    (tmp_path / "results.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        ask(tmp_path)
    assert "results.csv: cannot be read" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_csv_that_cannot_be_written_is_one_line(run, tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        ask(run, csv=tmp_path / "a" / "b.csv")


def test_the_phase_in_doubt_of_the_ranking_stands_beside_the_score():
    found = pd.DataFrame({"candidate": ["LiF", "CuF2"], "score_meV_per_atom": [-1.0, -15.0]})
    ranking = pd.DataFrame(
        {
            "candidate": ["CuF2", "CuF2", "LiF"],
            "electrolyte": ["LATP", "LAGP", "LATP"],
            "suspect_phase": ["LiCu3", "LiCu3", ""],
            "suspect_direction": ["put back", "put back", ""],
            "suspect_change_meV_per_atom": [-171.0, -221.0, None],
        }
    )
    found.attrs["electrolyte"] = "LATP"
    known = with_doubts(found, ranking).set_index("candidate")
    assert known.loc["CuF2", "suspect_phase"] == "LiCu3"
    assert known.loc["CuF2", "suspect_direction"] == "put back"
    assert known.loc["CuF2", "suspect_change_meV_per_atom"] == -171.0
    assert known.loc["LiF", "suspect_phase"] == ""
    found.attrs["electrolyte"] = "overall"  # a mean has no single answer to move
    assert with_doubts(found, ranking) is found
    assert with_doubts(found, ranking.drop(columns="suspect_phase")) is found
