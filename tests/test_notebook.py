"""Results in Jupyter, and the tutorial of docs/."""

from __future__ import annotations

import base64
import importlib.util
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from interscreen import (
    Database,
    Material,
    PhaseTable,
    Study,
    composition_map,
    layer_metrics,
    lithiate,
    profile,
    react,
    run_study,
    stability_window,
    stack,
    validate,
)
from interscreen.answers.sensitivity import sensitivity

DOCS = Path(__file__).parents[1] / "docs"
NAUGHTY = "<script>alert(1)</script>"
MINUS = "\N{MINUS SIGN}"
_VOID = {"br", "img", "hr"}
_BLOCKS = {"td", "th", "p", "summary", "div"}


class _Page(HTMLParser):
    """Text, tags and images of a fragment; every element must be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.pieces: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} closed, but never opened"
        assert self.open[-1] == tag, f"{tag} closed inside {self.open}"
        self.open.pop()
        if tag in _BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        """Everything a reader sees, subscripts on the line."""
        return " ".join("".join(self.pieces).split())

    @property
    def images(self) -> list[str]:
        return [attributes["src"] for tag, attributes in self.tags if tag == "img"]


def shown(result: Any) -> _Page:
    """Parse the HTML of a result and check what holds for all of them."""
    html = result._repr_html_()
    page = _Page(html)
    assert page.tags[0] == ("div", {"class": "interscreen-result"})
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "iframe", "link", "object", "embed", "form"}
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")], tag
        assert tag == "a" or "href" not in attributes
        if "src" in attributes:
            assert attributes["src"].startswith("data:image/")
            assert attributes["alt"]
    assert "url(" not in html
    assert "@import" not in html
    assert "could not be made" not in page.text
    return page


def milli(value: float, digits: int = 1) -> str:
    """Energy [eV/atom] in meV/atom as a reader expects it, written without the package."""
    text = f"{abs(round(1000.0 * value, 9)):,.{digits}f}"
    return MINUS + text if value < 0.0 and float(text.replace(",", "")) else text


@pytest.fixture(scope="module")
def screened(reference: PhaseTable) -> Any:
    study = Study(
        name="shown",
        electrolytes=["LLZO", "LATP"],
        candidates=["CuF2", "AlF3", "MgF2", {"formula": "XeF2", "name": NAUGHTY}],
        uncertainty={"samples": 50},
    )
    return run_study(study, reference, jobs=1)


# -- every kind of result ------------------------------------------------------------------------


def test_a_reaction_shows_its_numbers_reactants_and_curve(reference: PhaseTable) -> None:
    result = react(reference, "CuF2", "LATP")
    page = shown(result)
    for value in (result.min_mutual_energy_eV_per_atom, result.total_energy_eV_per_atom):
        assert milli(value) in page.text
    for kink in result.kinks:
        assert milli(kink.mutual_energy_eV_per_atom) in page.text
    assert "Li1.3Al0.3Ti1.7(PO4)3" in page.text
    assert "Li<sub>1.3</sub>Al<sub>0.3</sub>" in result._repr_html_()
    assert "hull: a lower bound" in page.text
    assert "phase of the source" in page.text
    assert "at least the one shown" in page.text
    assert reference.source.label in page.text
    assert "Li3Cu, LiCu3" in page.text
    assert len(page.images) == 1


def test_a_given_energy_and_a_potential_are_named(reference: PhaseTable) -> None:
    given = Material("CuF2", energy_above_hull_eV_per_atom=0.05)
    page = shown(react(reference, given, "LLZO", potential_V=3.5))
    assert "given" in page.text
    assert "50.0" in page.text
    assert "open to Li at 3.5 V" in page.text


def test_error_bars_are_one_line_and_only_there_when_asked_for(reference: PhaseTable) -> None:
    result = stack(reference, "AlF3", "LAGP", samples=20)
    bars = result.uncertainty["layer_mutual_eV_per_atom"]
    assert bars.low is not None
    said = f"Converted layer ± {milli(bars.standard_deviation)} meV/atom ({milli(bars.low)} to"
    assert said in shown(result).text
    assert "Error bars" not in shown(stack(reference, "AlF3", "LAGP")).text


def test_two_that_coexist_say_so(reference: PhaseTable) -> None:
    page = shown(react(reference, "Li", "LiF"))
    assert "the two coexist" in page.text


def test_a_window_shows_both_kinds_and_its_products(reference: PhaseTable) -> None:
    result = stability_window(reference, "LLZO")
    page = shown(result)
    low, high = result.assemblage_window_V
    assert high is not None
    for value in (low, high):
        assert f"{round(value, 9):.3f} V" in page.text
    assert result.phase_window_reason in page.text
    assert " + ".join(result.reduction_products) in page.text
    open_above = shown(stability_window(reference, "CuF2"))
    assert "no Li to give off" in open_above.text


def test_a_lithiation_shows_every_plateau(reference: PhaseTable) -> None:
    result = lithiate(reference, "AlF3")
    page = shown(result)
    for step in result.steps:
        assert f"{round(step.voltage_V, 9):.3f}" in page.text
        assert f"{step.capacity_mAh_per_g:,.1f}" in page.text
    assert "0.25 Li9Al4 + 3 LiF" in page.text
    assert not shown(lithiate(reference, "LiF")).images


def test_a_stack_shows_every_contact_and_the_bridge(reference: PhaseTable) -> None:
    result = stack(reference, "CuF2", "LATP")
    page = shown(result)
    for contact in result.contacts:
        assert milli(contact.energy) in page.text
    assert f"LiF; margin {result.bridge_margin_V:.3f} V" in page.text
    assert "hull: a lower bound" in page.text
    assert len(page.images) == 1


def test_warnings_of_a_stack_are_shown(reference_all: PhaseTable) -> None:
    page = shown(stack(reference_all, "CuF2", "LATP"))
    assert "Warning: LiCu3 is among the products with Li metal" in page.text


def test_a_profile_shows_its_windows_and_ranges(reference: PhaseTable) -> None:
    result = profile(reference, "Cu + 2 LiF", "LATP", 0.0, 4.5)
    page = shown(result)
    low, high = result.stable_window_10meV_V[0]
    assert f"{low:.3f} to {high:.3f} V" in page.text
    assert milli(result.worst.mutual_eV_per_atom) in page.text
    for segment in result.segments:
        assert f"{round(segment.start_V, 9):.3f}" in page.text


def test_a_map_shows_its_phases_and_is_a_small_picture(reference: PhaseTable) -> None:
    result = composition_map(reference, "Li-Al-O", "LLZO", divisions=40)
    page = shown(result)
    assert milli(result.strongest[1]) in page.text
    for phase in result.phases:
        said = "coexists" if phase.coexists else milli(phase.min_mutual_energy_eV_per_atom)
        assert f"{phase.formula} {said}" in page.text
    (picture,) = page.images
    assert len(picture) < 200_000


def test_a_screen_shows_ranking_error_bars_and_failures(screened: Any) -> None:
    page = shown(screened)
    good = screened.ranking[screened.ranking["status"] == "ok"]
    for row in good.to_dict("records"):
        score = milli(row["score_meV_per_atom"] / 1000.0, 0)
        low, high = (milli(row[f"score_{end}_meV_per_atom"] / 1000.0, 0) for end in ("low", "high"))
        assert f"{score} {low} to {high}" in page.text
    assert "element Xe: the source small set has no phase with it" in page.text
    assert "LATP: the hull energy of the composition" in page.text
    assert ".uncertainty" in page.text
    assert ".surroundings" not in page.text  # the study did not ask for it
    assert len(page.images) == 1


def test_a_long_ranking_is_cut_and_says_so(screened: Any) -> None:
    from dataclasses import replace

    import pandas as pd

    many = [screened.ranking.assign(candidate=f"layer {number}") for number in range(20)]
    page = shown(replace(screened, ranking=pd.concat(many)))
    assert "The first 20 of 60 rows; the object holds all." in page.text
    assert "layer 6" in page.text
    assert "layer 7" not in page.text  # three computed candidates in each copy


def test_a_screen_without_error_bars_has_no_column_for_them(reference: PhaseTable) -> None:
    study = Study(
        name="plain",
        electrolytes=["LLZO"],
        candidates=["CuF2"],
        uncertainty={"samples": 0},
        sensitivity=False,
    )
    page = shown(run_study(study, reference, jobs=1))
    assert "5 to 95 %" not in page.text
    assert "On LLZO" in page.text


def test_a_screen_of_which_nothing_could_be_computed_is_shown(reference: PhaseTable) -> None:
    study = Study(name="none", electrolytes=["LLZO"], candidates=["XeF2"])
    page = shown(run_study(study, reference, jobs=1))
    assert "element Xe" in page.text


def test_sensitivity_names_the_phase_that_turns_the_answer(reference_all: PhaseTable) -> None:
    result = sensitivity(reference_all, ["CuF2"], ["LATP"])
    page = shown(result)
    row = next(r for r in result.rows if r["phase"] == "LiCu3" and r["change"])
    assert f"{milli(row['value'])} {milli(row['value_then'])} LiCu3" in page.text
    assert "known artefact" in page.text
    nothing = shown(sensitivity(reference_all, ["LiF"], ["LLZO"]))
    assert "of 6 answers" in nothing.text or "No phase in doubt" in nothing.text


def test_a_validation_counts_its_verdicts_and_gives_reasons(reference: PhaseTable) -> None:
    result = validate(reference)
    page = shown(result)
    for verdict, count in result.counts.items():
        assert f"{count} {verdict}" in page.text
    missed = [row for row in result.published if row.verdict == "known miss"]
    assert missed
    assert all(row.reason in page.text for row in missed)


def test_a_table_says_what_it_holds_and_leaves_out(reference: PhaseTable) -> None:
    page = shown(reference)
    assert f"{len(reference)} formulas of {len(reference.elements)} elements" in page.text
    assert "LiCu3" in page.text
    assert "doi:10.1063/1.4812323" in page.text


def test_results_without_a_view_of_their_own_list_their_fields(reference: PhaseTable) -> None:
    metrics = layer_metrics(reference, "CuF2")
    page = shown(metrics)
    assert metrics.li_capacity_mAh_per_cm2_um is not None
    assert f"{metrics.li_capacity_mAh_per_cm2_um:.4g}" in page.text
    assert "LiF" in page.text
    small = composition_map(reference, "Li-Al-O", "LLZO", divisions=4)
    assert "Reduction limit" in shown(small.phases[0]).text


def test_questions_of_a_furnace_have_views_and_lines(embedded: PhaseTable) -> None:
    db = Database(embedded)
    gases = {"CO2": "1bar"}
    lime = db.decompose("CaCO3", gases)
    assert f"gas from {lime.onset_temperature_K:.1f} K on" in shown(lime).text
    assert repr(lime) == f"<Decomposition CaCO3: gas from {lime.onset_temperature_K:.1f} K on>"
    quiet = db.decompose("CaO", gases)
    assert "no gas up to 2000 K" in shown(quiet).text
    found = db.scan("CaCO3", "CaO", start="1000K", end="1300K", gases=gases)
    page = shown(found)
    for first, last in found.segments:
        assert f"{first.at:.5g} {last.at:.5g}" in page.text
    assert "CaCO3 → CO2(g) + CaO" in page.text
    treated = db.treat("Li2O", "CO2=1bar 25C; O2=1bar 1000C")
    assert "CO2=1bar 25C Li2CO3 CO2(g)" in shown(treated).text
    assert repr(treated).startswith("<Treatment Li2O -> ")
    mapped = db.phase_map("CaO", "CaO", "CO2", ("1000K", "1200K"), ("0.1bar", "1bar"))
    page = shown(mapped)
    for region in mapped.regions:
        assert mapped.happening(region).replace("->", "→") in page.text
    assert len(page.images) == 1
    assert repr(mapped) == "<PhaseMap CaO over temperature and CO2: 2 regions>"


# -- safe, whatever the names and the libraries are ----------------------------------------------


def test_names_are_text_and_never_markup(reference: PhaseTable, screened: Any) -> None:
    named = stack(reference, Material("CuF2", name=NAUGHTY), Material("LATP", name='"><b>x</b>'))
    for result in (named, screened):
        page = shown(result)  # would find a script element
        assert NAUGHTY in page.text
        assert ("b", {}) not in page.tags


def test_a_source_with_markup_in_its_name_is_text(make_table: Any) -> None:
    from dataclasses import replace

    table = make_table({"LiF": -3.0})
    page = shown(replace(table, source=replace(table.source, name=NAUGHTY)))
    assert NAUGHTY in page.text


def test_without_matplotlib_the_tables_stand_alone_and_say_why(
    reference: PhaseTable, screened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = react(reference, "CuF2", "LLZO")
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for shown_result in (result, screened):
        page = shown(shown_result)
        assert "No figure: matplotlib is missing" in page.text
        assert not page.images
        assert ("details", {"open": None}) in page.tags
    assert milli(result.min_mutual_energy_eV_per_atom) in shown(result).text


def test_a_figure_that_fails_leaves_the_tables(
    reference: PhaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interscreen.report.figures import reaction as curve_plot

    def broken(*_: Any, **__: Any) -> None:
        raise ValueError("no <ink>")

    monkeypatch.setattr(curve_plot, "curve_plot", broken)
    page = shown(react(reference, "CuF2", "LLZO"))
    assert "No figure: ValueError: no <ink>." in page.text
    assert "All 11 kinks" in page.text


def test_a_subclass_is_shown_like_its_parent(reference: PhaseTable) -> None:
    from dataclasses import fields

    from interscreen.answers.reaction import Reaction

    class Mine(Reaction):
        pass

    result = react(reference, "CuF2", "LLZO")
    mine = Mine(**{field.name: getattr(result, field.name) for field in fields(result)})
    assert repr(mine).startswith("<Mine CuF2 | LLZO: -373.5 meV/atom")
    assert "All 11 kinks" in shown(mine).text


def test_a_table_that_fails_still_shows_something(
    reference: PhaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interscreen.report.notebook.card import Card

    def broken(*_: Any) -> None:
        raise KeyError("<gone>")

    monkeypatch.setattr(Card, "title", broken)
    html = react(reference, "CuF2", "LLZO")._repr_html_()
    page = _Page(html)
    assert "<Reaction CuF2 | LLZO: -373.5 meV/atom" in page.text
    assert "KeyError: '<gone>'" in page.text


def test_a_figure_has_a_white_ground_in_every_theme(reference: PhaseTable) -> None:
    result = lithiate(reference, "CuF2")
    (source,) = shown(result).images
    kind, _, content = source.partition(";base64,")
    assert kind == "data:image/svg+xml"
    svg = base64.b64decode(content).decode("utf-8")
    first = re.search(r'<g id="patch_1">.*?</g>', svg, re.DOTALL)
    assert first
    assert "fill: #ffffff" in first[0]
    style = result._repr_html_().partition("</style>")[0]
    assert re.search(r"\.interscreen-figure\{[^}]*background:#fff", style)
    assert not re.search(r"[^-]color:#", style)  # text takes the colour of the theme


def test_the_same_result_gives_the_same_html(reference: PhaseTable) -> None:
    first, second = (react(reference, "CuF2", "LATP")._repr_html_() for _ in range(2))
    assert first == second


# -- in a terminal -------------------------------------------------------------------------------


def test_a_terminal_gets_one_short_line(reference: PhaseTable, screened: Any) -> None:
    results = {
        "-373.5 meV/atom at x = 0.500": react(reference, "CuF2", "LLZO"),
        "no mutual reaction": react(reference, "Li", "LiF"),
        "0.000 V to 6.362 V": stability_window(reference, "LiF"),
        "3.639 V, to Cu + 2 LiF": lithiate(reference, "CuF2"),
        "converted layer -1.8 meV/atom": stack(reference, "CuF2", "LATP"),
        "2 rows failed": screened,
        "CuF2 | LATP, 1 to 2 V": profile(reference, "CuF2", "LATP", 1.0, 2.0),
        "Li-Al-O with LLZO": composition_map(reference, "Li-Al-O", "LLZO", divisions=4),
    }
    for said, result in results.items():
        assert said in repr(result)
        assert "\n" not in repr(result)
        assert len(repr(result)) < 250
        assert repr(result).startswith(f"<{type(result).__name__} ")


def test_a_half_made_result_can_be_printed(reference: PhaseTable) -> None:
    whole = react(reference, "CuF2", "LLZO")
    broken = object.__new__(type(whole))
    assert repr(broken) == "<Reaction>"
    assert "<Reaction>" in _Page(broken._repr_html_()).text


# -- the tutorial --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def builder() -> Any:
    for name in ("nbformat", "nbclient", "ipykernel"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed (it comes with the extra 'test')")
    spec = importlib.util.spec_from_file_location("rebuild_tutorial", DOCS / "rebuild_tutorial.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def committed(builder: Any) -> Any:
    import nbformat

    return nbformat.read(builder.NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed(builder: Any) -> Any:
    return builder.executed()


@pytest.mark.proof
def test_the_tutorial_runs_and_says_what_is_committed(
    builder: Any, committed: Any, executed: Any
) -> None:
    pairs = zip(builder.texts(executed), builder.texts(committed), strict=True)
    sources = [cell.source for cell in committed.cells if cell.cell_type == "code"]
    for source, (now, then) in zip(sources, pairs, strict=True):
        assert now == then, f"make tutorial; outputs have changed of\n{source}"


def test_the_tutorial_is_small_and_free_of_traces(builder: Any, committed: Any) -> None:
    import nbformat

    nbformat.validate(committed)
    text = builder.NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert text == nbformat.writes(builder.stripped(committed)) + "\n"
    for trace in (str(Path.home()), "/tmp/", "Traceback"):
        assert trace not in text
    for cell in committed.cells:
        for output in cell.get("outputs", []):
            assert output.output_type != "error"
            assert "<script" not in output.get("data", {}).get("text/html", "")


def test_numbers_in_the_text_of_the_tutorial_are_those_of_its_cells(
    builder: Any, committed: Any
) -> None:
    said = " ".join(text for texts in builder.texts(committed) for text in texts)
    outputs = re.sub(r"</?sub>", "", said).replace(MINUS, "-")
    # assumptions and limits of the method, and numbers of the literature
    known = {"0 V", "10 meV/atom", "20 meV/atom", "24 meV/atom", "50 meV/atom", "1 meV/atom"}
    known |= {"2.91 V"}
    checked = 0
    for cell in committed.cells:
        if cell.cell_type != "markdown":
            continue
        text = cell.source.replace(MINUS, "-").replace("\n", " ")
        for number, unit in re.findall(r"(-?\d[\d.,]*) (meV/atom|V|%)(?![\w/])", text):
            if f"{number} {unit}" not in known:
                assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", outputs), (number, unit)
                checked += 1
    assert checked > 20


def test_links_of_the_tutorial_lead_to_pages_that_are_there(committed: Any) -> None:
    text = "\n".join(cell.source for cell in committed.cells)
    pages = re.findall(r"\]\(([^)]+)\)", text)
    assert pages
    for page in pages:
        assert (DOCS / page).is_file(), page
