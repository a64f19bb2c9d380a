"""The ranking on a terminal: 80 columns, plain, with error bars where there are any."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

from interscreen.cli.command import Output
from interscreen.report.text.layout import places, short
from interscreen.report.text.ranking import ranking_text

LONG = "0.5 Al2O3 + 0.25 Li4Ti5O12 + Cu3(PO4)2, sputtered at 300 K"


def row(electrolyte, candidate, score, std=None, top=None, **more):
    overall = electrolyte == "overall"
    return {
        "electrolyte": electrolyte, "rank": 1, "candidate": candidate, "role": "conversion",
        "score_meV_per_atom": score, "score_std_meV_per_atom": std, "probability_top3": top,
        "tied_with": "", "layer_mutual_eV_per_atom": None if overall else -0.1234,
        "worst_product_mutual_eV_per_atom": None if overall else -1.2345,
        "deposited_mutual_eV_per_atom": None if overall else 0.0,
        "bridge_margin_V": None if overall else -0.004, "status": "ok",
        "left_out_phases": "LiCu3 Zr4O", "source": "some source " * 20, **more,
    }  # fmt: skip


def ranking(name=LONG, uncertain=True):
    scores = {"CuF2": (-43.4, 6.2, 0.9961), name: (-1234.4, 119.6, 0.0), "AlF3": (-0.2, 10.4, 0.5)}
    rows = []
    for electrolyte in ("overall", "LLZO", "x" * 120):
        for candidate, (score, std, top) in scores.items():
            given = (std, top) if uncertain else ()
            rows.append(row(electrolyte, candidate, score, *given))
        rows.append({**row(electrolyte, "TaF5", None), "status": "failed", "rank": None})
    frame = pd.DataFrame(rows)
    if not uncertain:
        frame = frame.drop(columns=["score_std_meV_per_atom", "probability_top3"])
    return frame


@pytest.mark.parametrize("uncertain", [True, False])
@pytest.mark.parametrize("name", ["CuS", LONG, "硫化铜" * 15, "a\x1b[31m\nb" * 20])
def test_no_line_is_wider_than_80_columns_whatever_the_names(name, uncertain):
    text = ranking_text(ranking(name, uncertain))
    assert max(places(line) for line in text.splitlines()) <= 80
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u2500-\u259f]", text)


def test_scores_have_their_standard_deviation_and_the_share_of_the_best_three():
    text = ranking_text(ranking())
    line = next(line for line in text.splitlines() if " CuF2 " in line)
    assert re.fullmatch(r"\s+1 +CuF2 +conversion +-43 ± +6 +100 %", line)
    assert re.search(r"conversion +-1234 ± 120 +0 %", text)
    assert re.search(r"conversion +0 ± +10 +50 %", text)  # no minus before zero
    assert "standard deviation" in text
    marks = [line.index("±") for line in text.split("\n\n")[0].splitlines() if "±" in line]
    assert len(set(marks)) == 1


def test_without_samples_there_is_the_score_alone():
    text = ranking_text(ranking(uncertain=False))
    assert "±" not in text
    assert "top 3" not in text
    assert "-1234" in text


def test_contacts_stand_in_the_tables_of_one_electrolyte_only():
    overall, single, *_ = ranking_text(ranking("CuS")).split("\n\n")
    assert "bridge" not in overall
    assert re.search(r" CuF2 .* -123 +-1234 +0 +0\.00$", single, re.MULTILINE)
    assert re.search(r"^ +- +TaF5 +failed$", single, re.MULTILINE)


def test_ties_have_a_sign():
    frame = ranking("CuS")
    frame["tied_with"] = ["AlF3", "", "CuF2", ""] * 3
    assert re.search(r"^ +1= +CuF2", ranking_text(frame), re.MULTILINE)


def test_a_long_name_keeps_its_beginning_and_its_end():
    assert short("CuF2", 10) == "CuF2"
    cut = short(LONG, 20)
    assert places(cut) == 20
    assert cut.startswith("0.5 Al2O3")
    assert cut.endswith("300 K")
    assert "\N{HORIZONTAL ELLIPSIS}" in cut
    assert places(short("硫化铜硫化铜", 6)) <= 6


class Terminal(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


@pytest.mark.parametrize(("terminal", "quiet"), [(True, False), (False, False), (True, True)])
def test_progress_has_rate_and_remaining_time_on_a_terminal_and_is_silent_elsewhere(
    terminal, quiet, monkeypatch
):
    monkeypatch.setenv("TQDM_MININTERVAL", "0")
    stream = Terminal(terminal)
    monkeypatch.setattr("sys.stderr", stream)
    report = Output(json=False, quiet=quiet).progress(" candidate")
    for done in range(1, 4):
        report(done, 3)
    said = stream.getvalue()
    if not terminal or quiet:
        assert said == ""
        return
    assert re.search(r"3/3 \[\d\d:\d\d<\d\d:\d\d, +[\d.]+ ?( candidate/s|s/ candidate)", said)


def test_what_is_known_of_the_candidates_stands_once_before_the_contacts():
    frame = ranking("CuS")
    frame["observed"] = ["yes", "unknown", "no", "yes"] * 3
    frame["hygroscopic"] = ["yes", "no", "no", "no"] * 3
    frame["lithium_competitors"] = [38, 10, 0, None] * 3
    overall, single, *_, legend, _ = ranking_text(frame).split("\n\n")
    assert re.search(r"CuF2 +conversion +yes, h +38 ", overall)
    assert re.search(r"CuS +conversion +\? +10 ", overall)
    assert re.search(r"AlF3 +conversion +no +0 ", overall)
    assert "made" not in single
    assert "; made: whether somebody made the candidate" in " ".join(legend.split())
    alone = ranking_text(frame[frame["electrolyte"] == "LLZO"])
    assert re.search(r"CuF2 +conv\. +yes, h +38 ", alone)
    assert max(places(line) for line in alone.splitlines()) <= 80


@pytest.mark.parametrize("width", [46, 60, 80, 120])
def test_the_legend_explains_the_columns_that_are_there_and_no_other(width, monkeypatch):
    monkeypatch.setattr("interscreen.report.text.ranking.page_width", lambda: width)
    frame = ranking("CuS")
    frame["observed"], frame["lithium_competitors"] = "yes", 3
    single = ranking_text(frame[frame["electrolyte"] == "LLZO"])
    heads = single.splitlines()[1]
    legend = " ".join(single.split("\n\n")[-2].split())
    for head, words in {
        "top 3": "best three", "made": "somebody made", "comp.": "could have competed",
        "worst": "worst product", "depos.": "(depos.)", "bridge": "oxidation limit",
        "layer": "score, layer", "score": "meV/atom, 0 is best",
    }.items():  # fmt: skip
        assert (f" {head}" in heads) == (words in legend), head
    assert width > 50 or "bridge" not in heads
