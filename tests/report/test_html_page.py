"""report.html in a browser: what it shows, what it does, what it asks for (nothing).

Playwright drives the Chromium that the system has: unlike WebDriver it reports every request and
console message, sets colour scheme, paper and touch, and needs no driver of the same version.
"""

import csv
import json
import os
import random
import shutil
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from interscreen.cli.main import main
from interscreen.report.page import write_report
from interscreen.screen.verdict import VERDICTS

SMALL_SET = str(Path(__file__).parents[1] / "small_set.csv")
EVIL = "<script>alert(1)</script>"
STUDY = f"""
name: page of a test
source: {SMALL_SET}
electrolytes: [LLZO, LATP, LAGP]
candidates:
  - CuF2
  - CuS
  - AlF3
  - LiF
  - {{name: "{EVIL}", formula: Cu + 2 LiF}}
  - XeF2
uncertainty: {{samples: 40}}
energies: anchored
"""
KINDS = ("deposited", "layer", "worst_product")  # bare Li stands once for each electrolyte
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory, _own_folders):
    """A run of the small set: an awkward name and a candidate that cannot be computed."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    assert (
        main(["screen", str(folder / "study.yaml"), "--out", str(folder / "run"), "--quiet"]) == 3
    )
    write_report(folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def whole_folder(tmp_path_factory, _own_folders):
    """Every formula of the small set against two electrolytes."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    code = main(["screen", "--source", SMALL_SET, "--candidates", "all", "--quiet",
                 "--electrolytes", "LLZO,LATP", "--out", str(folder)])  # fmt: skip
    assert code in (0, 3)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright drives the browser (pip install playwright)"
    )
    found = os.environ.get("INTERSCREEN_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("no Chromium here (apt-get install chromium, or set INTERSCREEN_CHROMIUM)")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser):
    """Open a page without a network; in the end nothing may have gone wrong on it."""
    contexts, trouble = [], []

    def open_page(folder, **context_options):
        address = (folder / "report.html").resolve().as_uri()
        context = browser.new_context(
            **{"viewport": {"width": 1320, "height": 900}, "offline": True, **context_options}
        )
        contexts.append(context)
        page = context.new_page()

        def route(request):
            if request.request.url == address:
                request.continue_()
            else:
                request.abort()

        page.route("**/*", route)
        page.on("request", lambda r: trouble.append(r.url) if r.url != address else None)
        page.on("console", lambda m: trouble.append(f"{m.type}: {m.text}"))
        page.on("pageerror", lambda e: trouble.append(f"error: {e}"))
        page.on("dialog", lambda d: (trouble.append(f"dialog: {d.message}"), d.dismiss()))
        page.goto(address)
        assert page.evaluate("document.documentElement.dataset.ready") == "yes"
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in trouble if not text.startswith("data:,")] == []


def rows_of(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def printed(value):
    """Whole meV/atom, as the page should show a number of the CSV."""
    text = f"{abs(1000 * float(value)):.0f}"
    return f"−{text}" if float(value) < 0 and text != "0" else text


def cell_of(page, row, kind):
    return page.locator(
        f"td.heat[data-candidate={json.dumps(row['candidate'])}]"
        f"[data-electrolyte={json.dumps(row['electrolyte'])}][data-kind={kind}]"
    )


def test_the_heatmap_has_a_cell_for_every_contact_and_ten_equal_the_csv(opened, run_folder):
    page = opened(run_folder)
    rows = rows_of(run_folder, "results.csv")
    assert (
        page.locator("table.heatmap td.heat").count() == 3 + len(rows) * len(KINDS) == 3 + 6 * 3 * 3
    )
    computed = [row for row in rows if row["status"] == "ok"]
    draw = random.Random(1)
    for _ in range(10):
        row, kind = draw.choice(computed), draw.choice(KINDS)
        cell = cell_of(page, row, kind)
        value = row[f"{kind}_mutual_eV_per_atom"]
        assert float(cell.get_attribute("data-value")) == float(value)
        assert cell.text_content() == printed(value)


def test_what_could_not_be_computed_is_hatched_and_says_why(opened, run_folder):
    page = opened(run_folder)
    failed = next(row for row in rows_of(run_folder, "results.csv") if row["status"] == "failed")
    cell = cell_of(page, failed, "layer")
    assert cell.text_content() == ""
    assert "gradient" in cell.evaluate("cell => getComputedStyle(cell).backgroundImage")
    cell.hover()
    assert failed["reason"].replace(" -> ", " → ") in page.locator("#tooltip").text_content()
    assert page.locator("td.heat.none").count() == 3 * len(KINDS)


def test_hover_and_focus_show_the_equation_of_the_csv(opened, run_folder):
    page = opened(run_folder)
    tip = page.locator("#tooltip")
    checked = 0
    for row in rows_of(run_folder, "results.csv"):
        for kind in ("deposited", "layer"):
            if not row[f"{kind}_equation"]:
                continue
            cell = cell_of(page, row, kind)
            for look in (cell.hover, cell.focus):
                look()
                shown = tip.locator(".equation").text_content()
                assert shown.replace("→", "->") == row[f"{kind}_equation"]
            checked += 1
    assert checked > 8
    row = next(r for r in rows_of(run_folder, "results.csv") if r["deposited_mixing_fraction"])
    cell_of(page, row, "deposited").hover()
    assert f"{float(row['deposited_mixing_fraction']):.3f}" in tip.text_content()
    assert "lower bound" in _tip_of(page, "CuF2", "LATP")
    assert "lower bound" not in _tip_of(page, "CuF2", "LLZO")


def _tip_of(page, candidate, electrolyte):
    cell_of(page, {"candidate": candidate, "electrolyte": electrolyte}, "deposited").hover()
    return page.locator("#tooltip").text_content()


def test_error_bars_are_those_of_the_csv(opened, run_folder):
    page = opened(run_folder)
    row = next(
        row
        for row in rows_of(run_folder, "uncertainty.csv")
        if (row["candidate"], row["electrolyte"], row["quantity"])
        == ("CuF2", "LATP", "deposited_mutual_eV_per_atom")
    )
    assert f"± {1000 * float(row['standard_deviation']):.1f} (" in _tip_of(page, "CuF2", "LATP")


def test_arrow_keys_walk_enter_opens_and_escape_hides(opened, run_folder):
    page = opened(run_folder)
    here = "document.activeElement.dataset"
    page.locator("table.heatmap td[tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    first = page.evaluate(f"({{...{here}}})")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    second = page.evaluate(f"({{...{here}}})")
    assert first["kind"] == "bare"
    assert second["kind"] == "layer"
    assert second["candidate"] != first["candidate"]
    assert page.locator("#tooltip").is_visible()
    assert page.locator("table.heatmap td[tabindex='0']").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#tooltip").is_hidden()
    page.keyboard.press("Enter")
    assert page.locator("#pick-candidate").input_value() == second["candidate"]
    assert page.evaluate("document.activeElement.id") == "candidate-name"


def test_a_click_opens_the_candidate_with_its_electrolyte(opened, run_folder):
    page = opened(run_folder)
    cell_of(page, {"candidate": "AlF3", "electrolyte": "LAGP"}, "layer").click()
    text = page.locator("#candidate").inner_text()
    assert "Stack with LAGP" in text
    row = next(
        row
        for row in rows_of(run_folder, "results.csv")
        if (row["candidate"], row["electrolyte"]) == ("AlF3", "LAGP")
    )
    contacts = page.locator(".stack .contact").all_text_contents()
    for key in ("bare", "lithium", "deposited", "layer"):
        value = f"{abs(1000 * float(row[f'{key}_mutual_eV_per_atom'])):.1f}"
        assert any(value in contact for contact in contacts), key
    steps = [r for r in rows_of(run_folder, "lithiation.csv") if r["candidate"] == "AlF3"]
    shown = page.locator("table:has(caption:text('Steps down to Li metal')) tbody tr")
    assert shown.count() == len(steps)
    assert shown.first.locator("td").last.text_content() == steps[0]["products"]


def test_every_kink_of_a_candidate_is_drawn(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#pick-candidate", "CuF2")
    page.select_option("#pick-electrolyte", "LATP")
    kinks = [
        row
        for row in rows_of(run_folder, "reactions.csv")
        if (row["candidate"], row["electrolyte"]) == ("CuF2", "LATP")
    ]
    assert page.locator("#candidate circle.kink").count() == len(kinks)
    page.locator("#candidate summary:text('Kinks as a table')").first.click()
    table = page.locator("table:has(caption:text('Kinks: where the products change'))").first
    equations = {row["equation"].replace("->", "→") for row in kinks}
    shown = table.locator("td:last-child").all_text_contents()
    assert len(shown) > 10
    assert set(shown) - {"no reaction"} <= equations


def _column(page, key):
    return page.locator(f"#ranking-table tbody [data-key={key}]").all_text_contents()


def test_on_a_phone_the_candidate_is_the_first_column_and_more_electrolytes_are_told(
    opened, run_folder
):
    page = opened(run_folder, viewport={"width": 390, "height": 844})
    keys = page.locator("#ranking-table thead th").evaluate_all(
        "all => all.map(h => h.dataset.key)"
    )
    assert keys[0] == "candidate"
    assert keys[1:3] == ["verdict", "rank"]
    assert (
        page.locator(".hint").all_text_contents() == ["Scroll sideways for more electrolytes."] * 2
    )


def test_one_electrolyte_has_no_hint_at_more_of_them(opened, tmp_path):
    study = tmp_path / "one.yaml"
    study.write_text("name: one\nsource: embedded\ncandidates: [CuF2]\nelectrolytes: [LATP]\n")
    assert main(["screen", str(study), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    write_report(tmp_path / "run")
    page = opened(tmp_path / "run", viewport={"width": 390, "height": 844})
    assert page.locator("#heatmap td.heat").count() > 0
    assert page.locator(".hint").count() == 0


def test_the_ranking_sorts_both_ways_and_says_so(opened, run_folder):
    page = opened(run_folder)
    head = page.locator("#ranking-table th[data-key=score_meV_per_atom]")
    orders = []
    for expected in ("descending", "ascending"):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == expected
        orders.append(_column(page, "candidate"))
        assert page.locator("#say").text_content().endswith(expected)
    block = [
        (float(row["score_meV_per_atom"]), row["candidate"])
        for row in rows_of(run_folder, "ranking.csv")
        if row["electrolyte"] == "overall" and row["score_meV_per_atom"]
    ]
    assert orders[0][: len(block)] == [name for _, name in sorted(block, reverse=True)]
    assert orders[1][: len(block)] == [name for _, name in sorted(block)]
    assert orders[0][-1] == orders[1][-1] == "XeF2"  # no score: at the end either way


def test_the_ranking_filters_by_electrolyte_role_and_name(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#rank-electrolyte", "LATP")
    block = [row for row in rows_of(run_folder, "ranking.csv") if row["electrolyte"] == "LATP"]
    assert _column(page, "candidate") == [row["candidate"] for row in block]
    page.select_option("#rank-role", "coating")
    coatings = [row["candidate"] for row in block if row["role"] == "coating"]
    assert coatings
    assert _column(page, "candidate") == coatings
    assert page.locator("#say").text_content() == f"{len(coatings)} of {len(block)} candidates"
    page.select_option("#rank-role", "")
    page.fill("#rank-text", "cus")
    assert _column(page, "candidate") == ["CuS"]
    page.fill("#rank-text", "nothing of the kind")
    assert "No candidate fits" in page.locator("#ranking-table tbody").text_content()


def test_the_heatmap_filters_by_electrolyte_and_role(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#heat-electrolyte", "LAGP")
    assert page.locator("td.heat").count() == 1 + 6 * len(KINDS)
    page.select_option("#heat-role", "coating")
    coatings = {
        r["candidate"] for r in rows_of(run_folder, "results.csv") if r["role"] == "coating"
    }
    assert page.locator("td.heat").count() == 1 + len(coatings) * len(KINDS)


def test_windows_have_the_reduction_limit_through_every_bar(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#window-electrolyte", "LATP")
    own = next(
        row
        for row in rows_of(run_folder, "windows.csv")
        if (row["part"], row["name"]) == ("electrolyte", "LATP")
    )
    limits = page.locator("#windows tbody .limit")
    assert limits.count() == page.locator("#windows tbody tr").count() == 6
    axis = page.locator("#windows .axis span")
    share = float(own["reduction_limit_V"]) / float(axis.last.text_content())
    left = {limits.nth(i).evaluate("line => line.style.left") for i in range(6)}
    assert len(left) == 1
    assert abs(float(left.pop().rstrip("%")) - 100 * share) < 0.01
    margins = {
        row["candidate"]: row["bridge_margin_V"]
        for row in rows_of(run_folder, "results.csv")
        if row["electrolyte"] == "LATP"
    }
    for name in ("CuF2", "CuS"):
        line = page.locator(f"#windows tr[data-candidate={name}]")
        shown = line.locator("[data-value]").get_attribute("data-value")
        assert float(shown) == float(margins[name])


def test_names_are_text_everywhere(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#pick-candidate", EVIL)
    assert page.locator("#candidate-name").text_content().startswith(EVIL)
    assert page.locator("script").count() == 2
    assert EVIL in page.locator("table.heatmap").text_content()


def test_formulas_have_subscripts(opened, run_folder):
    page = opened(run_folder)
    name = page.locator("table.heatmap tr[data-candidate=CuF2] th")
    assert name.inner_html() == "CuF<sub>2</sub>"


def test_a_phone_scrolls_tables_not_the_page(opened, run_folder):
    page = opened(run_folder, viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cell = cell_of(page, {"candidate": "CuS", "electrolyte": "LLZO"}, "deposited")
    cell.tap()
    assert page.locator("#tooltip").is_visible()  # the first touch explains, the second opens
    assert page.locator("#pick-candidate").input_value() != "CuS"
    cell.tap()
    assert page.locator("#pick-candidate").input_value() == "CuS"


def test_paper_has_the_tables_and_no_controls(opened, run_folder):
    page = opened(run_folder, color_scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#heat-electrolyte").is_hidden()
    assert page.locator("table.heatmap").is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


SMALLEST_PT = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), sizes = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || !parent.getClientRects().length || parent.closest(".hidden")) continue;
    const drawing = parent.closest("svg"), box = drawing && drawing.viewBox.baseVal;
    const scale = box && box.width ? drawing.getBoundingClientRect().width / box.width : 1;
    sizes.push(0.75 * scale * parseFloat(getComputedStyle(parent).fontSize));
  }
  return Math.min(...sizes);
}"""


@pytest.mark.parametrize("kind", ["study", "whole"])
def test_on_paper_every_text_can_be_read_and_nothing_is_cut_off(
    opened, run_folder, whole_folder, kind
):
    wide = 1032  # px of A4 landscape between its margins
    page = opened(
        run_folder if kind == "study" else whole_folder, viewport={"width": wide, "height": 703}
    )
    page.emulate_media(media="print")
    assert page.evaluate(SMALLEST_PT) >= 7.0
    assert page.evaluate("document.documentElement.scrollWidth") <= wide


def test_the_theme_follows_the_system_and_a_button(opened, run_folder):
    page = opened(run_folder, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    assert page.evaluate(ground) == "rgb(255, 255, 255)" != dark
    assert page.text_content("#theme") == "Switch to dark"
    page.click("#theme")
    assert page.evaluate(ground) == dark


def test_words_are_explained_by_hover_and_by_focus(opened, run_folder):
    page = opened(run_folder)
    tip = page.locator("#tooltip")
    head = page.locator("#ranking-table th[data-key=rank_low] button")
    for look in (head.hover, head.focus):
        look()
        assert "90 % interval" in tip.text_content()
        page.keyboard.press("Escape")
    page.locator("#candidate dt .term").first.focus()
    assert tip.is_visible()
    words = page.locator("#glossary dt").all_text_contents()
    assert "Bridge margin [V]" in words
    assert "docs/" not in page.locator("#glossary").text_content()


def test_a_score_opens_into_its_sum(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#rank-electrolyte", "LATP")
    cell = page.locator("#ranking-table tr[data-candidate=CuF2] .sum")
    cell.locator("summary").click()
    terms = [line.replace("−", "-").split()[-1] for line in cell.locator("li").all_text_contents()]
    *parts, total = map(float, terms)
    assert abs(sum(parts) - total) < 0.06 * len(parts)


def test_an_address_opens_a_candidate_and_a_candidate_has_one(opened, run_folder):
    page = opened(run_folder)
    page.evaluate("location.hash = '#CuF2/LAGP'")
    page.wait_for_function("document.getElementById('pick-electrolyte').value === 'LAGP'")
    assert page.locator("#pick-candidate").input_value() == "CuF2"
    page.select_option("#pick-candidate", "CuS")
    page.select_option("#pick-electrolyte", "LATP")
    assert page.evaluate("location.hash") == "#CuS/LATP"
    page.locator(".drawing .cells a rect").first.click()
    assert page.evaluate("document.activeElement.id") == "candidate-name"


def _of_pairs(folder):
    """Rows of the ranking by candidate, without the overall ones."""
    found = {}
    for row in rows_of(folder, "ranking.csv"):
        if row["electrolyte"] != "overall" and row["score_meV_per_atom"]:
            found.setdefault(row["candidate"], []).append(row)
    return found


def test_a_candidate_opens_with_the_electrolyte_of_its_best_verdict(opened, run_folder):
    page = opened(run_folder)
    for candidate, rows in _of_pairs(run_folder).items():
        page.select_option("#rank-electrolyte", "overall")
        page.locator(f"#ranking-table tr[data-candidate={json.dumps(candidate)}] button").click()
        shown = page.locator("#pick-electrolyte").input_value()
        (mine,) = [row for row in rows if row["electrolyte"] == shown]
        assert VERDICTS.index(mine["verdict"]) == min(VERDICTS.index(r["verdict"]) for r in rows)
        same = [r for r in rows if r["verdict"] == mine["verdict"]]
        best = max(float(r["score_meV_per_atom"]) for r in same)
        assert float(mine["score_meV_per_atom"]) == best


def test_the_overall_ranking_says_with_how_many_electrolytes(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#rank-electrolyte", "overall")
    shares = 0
    for candidate, rows in _of_pairs(run_folder).items():
        cell = page.locator(
            f"#ranking-table tr[data-candidate={json.dumps(candidate)}] [data-key=verdict]"
        )
        word, _, share = cell.text_content().partition(" of ")
        counts = Counter(row["verdict"] for row in rows)
        if share:
            word, count = word.rsplit(" ", 1)
            assert (int(count), int(share)) == (counts[word], len(rows))
        else:
            assert counts[word] == len(rows)
        assert word == "try" or not counts["try"]
        shares += bool(share)
    assert shares > 2


def test_lithiations_of_all_candidates_have_the_same_axes(opened, run_folder):
    page = opened(run_folder)
    steps = rows_of(run_folder, "lithiation.csv")
    names = {row["candidate"] for row in steps if row["voltage_V"]}
    panels = page.locator("#lithiation .panels svg")
    assert panels.count() == len(names) > 1
    ticks = {
        tuple(panels.nth(i).locator("text[text-anchor=end]").all_text_contents()[:3])
        for i in range(panels.count())
    }
    assert len(ticks) == 1
    with page.expect_download() as saved:
        page.get_by_role("button", name="SVG of Lithiation of all candidates").click()
    drawing = Path(saved.value.path()).read_text(encoding="utf-8")
    assert drawing.count("<path") >= 2 * len(names)
    assert 'transform="translate(178 0)"' in drawing


def test_candidates_stand_side_by_side(opened, run_folder):
    page = opened(run_folder)
    page.select_option("#compare-0", "CuF2")
    page.select_option("#compare-1", "CuS")
    page.select_option("#compare-2", "AlF3")
    page.select_option("#compare-electrolyte", "LATP")
    heads = page.locator("#compare thead th").all_text_contents()
    assert heads == ["", "CuF2", "CuS", "AlF3"]
    assert page.locator("#compare tbody tr").count() > 10


def test_tables_and_figures_can_be_saved(opened, run_folder):
    page = opened(run_folder)
    with page.expect_download() as saved:
        page.click("#downloads button:text('results.csv')")
    with Path(saved.value.path()).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = rows_of(run_folder, "results.csv")
    assert [row["candidate"] for row in rows] == [row["candidate"] for row in wanted]
    key = "layer_mutual_eV_per_atom"
    assert [row[key] and float(row[key]) for row in rows] == [
        row[key] and float(row[key]) for row in wanted
    ]
    for name, start in (("SVG of the picture", b"<svg"), ("PNG of the picture", b"\x89PNG")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=name).click()
        assert Path(saved.value.path()).read_bytes().startswith(start)
    for kind in ("SVG", "PNG"):
        with page.expect_download() as saved:
            page.locator(f"#candidate button.file:text('{kind}')").first.click()
        assert Path(saved.value.path()).stat().st_size > 1000
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV of Ranking").click()
    assert "CuF2" in Path(saved.value.path()).read_text(encoding="utf-8")


def test_phases_tell_their_anchors_and_scores_the_other_scale(opened, run_folder):
    page = opened(run_folder)
    row = next(r for r in rows_of(run_folder, "anchors.csv") if r["material"] == "CuF2")
    assert row["anchors"] == "CuF2"
    page.select_option("#pick-candidate", "CuF2")
    page.locator(".stack .interlayer .term").first.hover()
    assert "as tabulated" in page.locator("#tooltip").text_content()
    wanted = {r["candidate"]: r for r in rows_of(run_folder, "scales.csv")
              if r["electrolyte"] == "LATP"}  # fmt: skip
    page.select_option("#rank-electrolyte", "LATP")
    shown = page.locator("#ranking-table tr[data-candidate=CuF2] td[data-key=tabulated]")
    score = float(wanted["CuF2"]["tabulated_score_meV_per_atom"])
    assert shown.text_content().startswith(f"−{-score:.0f} (")


def test_the_bibtex_can_be_copied_or_selected(opened, run_folder):
    page = opened(run_folder)
    page.click("#copy-bibtex")
    page.wait_for_function("document.getElementById('copied').textContent !== ''")
    assert page.locator("#bibtex").text_content().startswith("@article{")


def test_without_javascript_picture_verdicts_and_tables_are_there(browser, run_folder):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto((run_folder / "report.html").resolve().as_uri())
    assert page.locator(".drawing .cells rect").count() == 3 + 6 * 3 * 2
    assert page.locator(".verdicts .panel >> visible=true").count() == 1
    page.locator(".tabs > label").last.click()  # the tabs need no script
    rows = rows_of(run_folder, "ranking.csv")
    assert page.locator("noscript table tbody tr").count() == len(rows)
    assert page.locator("#glossary dt").count() > 60
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_headings_are_in_order(opened, run_folder, whole_folder):
    for folder in (run_folder, whole_folder):
        levels = opened(folder).evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(head => Number(head.tagName[1]))"
        )
        assert levels[0] == 1
        assert Counter(levels)[1] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["study", "whole"])
def test_axe_has_no_serious_finding(opened, run_folder, whole_folder, scheme, kind):
    place = Path(os.environ.get("INTERSCREEN_AXE") or "nowhere")
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip(
            "axe-core is not there (npm install --prefix DIR axe-core@4; INTERSCREEN_AXE=DIR)"
        )
    page = opened(run_folder if kind == "study" else whole_folder, color_scheme=scheme)
    page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    bad = [
        (item["id"], item["impact"], node["target"], node.get("failureSummary"))
        for item in found
        if item["impact"] in ("serious", "critical")
        for node in item["nodes"][:2]
    ]
    assert bad == []


def test_results_alone_make_a_page(opened, run_folder, tmp_path):
    """One electrolyte, and none of the other files."""
    rows = [r for r in rows_of(run_folder, "results.csv") if r["electrolyte"] == "LATP"]
    with (tmp_path / "results.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_report(tmp_path)
    page = opened(tmp_path)
    assert page.locator("td.heat").count() == 1 + len(rows) * len(KINDS)
    cell_of(page, rows[0], "deposited").click()
    assert page.locator("#pick-candidate").input_value() == rows[0]["candidate"]
    assert "no ranking" in page.locator("#ranking").text_content()


def test_a_source_of_which_nothing_could_be_computed_makes_a_page(opened, whole_folder, tmp_path):
    import pandas as pd

    table = pd.read_parquet(whole_folder / "results.parquet")
    table["status"] = "failed"
    table.to_parquet(tmp_path / "results.parquet")
    head = (whole_folder / "ranking.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "ranking.csv").write_text(head + "\n", encoding="utf-8")
    write_report(tmp_path)
    page = opened(tmp_path)
    assert "could be computed" in page.locator("#candidate").text_content()


def test_the_statistics_of_a_whole_source_are_of_all_that_is_not_hidden(opened, whole_folder):
    import pandas as pd

    page = opened(whole_folder)
    table = pd.read_parquet(whole_folder / "results.parquet")
    good = table[(table["status"] == "ok") & (table["electrolyte"] == "LLZO")]
    volatile = good["volatile"] == "yes"
    assert volatile.sum() > 0  # F2, among others
    good = good[~volatile]
    statistics = page.evaluate("DATA.statistics")
    for histogram in statistics["histograms"]["LLZO"]:
        counted = sum(map(sum, histogram["counts"].values()))
        assert counted == good[histogram["key"]].notna().sum(), histogram["key"]
    assert sum(cell[2] for cell in statistics["scatter"]["LLZO"]) == len(good)
    page.select_option("#element-electrolyte", "LLZO")
    page.select_option("#element-role", "all")
    for symbol in ("Cu", "F", "Li", "O", "Al"):
        mine = good[[symbol in system.split("-") for system in good["elements"]]]
        cell = page.locator(f"td.element[data-element={symbol}]")
        assert float(cell.get_attribute("data-value")) == mine["score_meV_per_atom"].max()
    assert page.locator("#scatter svg g path").count() > 1
    assert (whole_folder / "report.html").stat().st_size < 6e6


def test_a_whole_source_lists_its_ranking(opened, whole_folder):
    page = opened(whole_folder)
    rows = rows_of(whole_folder, "ranking.csv")
    for name in ("overall", "LATP"):
        page.select_option("#rank-electrolyte", name)
        wanted = [row["candidate"] for row in rows if row["electrolyte"] == name]
        assert _column(page, "candidate") == wanted
    kinks = rows_of(whole_folder, "reactions.csv")
    best = next(row["candidate"] for row in kinks if row["electrolyte"] == "LATP")
    page.locator(f"#ranking-table tr[data-candidate={json.dumps(best)}] button").click()
    text = page.locator("#candidate").text_content()
    assert "Mutual energy with the electrolyte" in text
    assert "not kept for this row" not in text


@pytest.mark.proof
def test_names_that_every_object_of_a_script_knows_are_names_like_others(opened, tmp_path):
    study = tmp_path / "s.yaml"
    names = "{name: constructor, formula: LiF}, {name: __proto__, formula: CuF2}"
    study.write_text(
        f"name: s\nsource: {SMALL_SET}\nelectrolytes: [{{name: toString, formula: LATP}}]\n"
        f"candidates: [{names}]\nuncertainty: {{samples: 0}}\n",
        encoding="utf-8",
    )
    assert main(["screen", str(study), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    page = opened(tmp_path / "run")
    for row in rows_of(tmp_path / "run", "results.csv"):
        cell_of(page, row, "deposited").click()
        assert row["candidate"] in page.locator("#candidate").text_content()
