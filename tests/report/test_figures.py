"""Figures, drawn from the public functions and looked at artist by artist."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from interscreen import PhaseTable
from interscreen.phases.columns import COLUMNS
from interscreen.report.cells import RANGES
from interscreen.report.figures import (
    formula_label,
    lithiation_staircase,
    reaction_heatmap,
    save,
    window_bars,
)
from interscreen.report.figures.heatmap_data import plotted
from interscreen.report.figures.labels import printed, wrap
from interscreen.report.figures.style import (
    SMALL,
    TALLEST,
    TINY,
    WIDTHS,
    Width,
    colour_scale,
    luminance,
)
from interscreen.report.figures.windows import volts
from interscreen.screen.run import run_study
from interscreen.screen.study import Study

NOTE = "Source: embedded reference set. Left out (never observed, or by choice): LiCu3, Zr4O."
DEMO = ["CuF2", "CuS", "Cu3N", "AlF3"]
ELECTROLYTES = ["LLZO", "LATP", "LAGP"]
MANY = (
    "CuF2 CuS Cu3N AlF3 AlN MgF2 SnF2 ZnF2 AgF ZnO Al2O3 Nb2O5 SnS MoS2 SiO2 ZrO2 Al Si Ge Sn Zn "
    "Mg Ag Cu LiF Li3N Li2O Li2S Li3PO4 LiAlO2 LiNbO3 Li2SiO3 Li2ZrO3 XeF2 WO3 AlP TiO2 GeO2 SnO "
    "P2O5"
).split()
CASES = {
    "demo": (DEMO, ELECTROLYTES),
    "one": (["CuF2"], ["LATP"]),
    "long names": (
        ["Li1.3Al0.3Ti1.7(PO4)3", "LiAl(Si2O5)2", "0.5 Al2O3 + 0.25 Li4Ti5O12 + Cu3(PO4)2"],
        ["Li6.4La3Zr1.4Al0.2O12", "LLZO", "LATP", "Li1.5Al0.5Ge1.5(PO4)3"],
    ),
    "many": (MANY, ["LLZO", "LATP", "LAGP", "Li3PO4", "Li3PS4"]),
    "some failed": (["XeF2", "CuF2", "KrF2", "RnF2"], ["LLZO"]),
    "all failed": (["XeF2", "KrF2"], ELECTROLYTES),
    "inert": (["LiF", "Cu", "AlN"], ["LLZO", "LATP"]),
}
CONTACTS = {
    "deposited": "deposited_mutual_eV_per_atom",
    "layer": "layer_mutual_eV_per_atom",
    "worst_product": "worst_product_mutual_eV_per_atom",
}
Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]


def screen(
    candidates: list[str], electrolytes: list[str], table: PhaseTable | None = None
) -> Frames:
    """Results, windows and lithiation of a small screen."""
    study = Study(
        name="figures",
        candidates=candidates,
        electrolytes=electrolytes,
        uncertainty={"samples": 0},
        sensitivity=False,
    )
    found = run_study(study, table or PhaseTable.reference(), jobs=1)
    return found.results, found.windows, found.lithiation


@pytest.fixture(scope="module")
def frames() -> dict[str, Frames]:
    return {name: screen(*case) for name, case in CASES.items()}


def draw(frames: Frames, kind: str, width: Width = "two") -> Figure:
    results, windows, lithiation = frames
    if kind == "heatmap":
        return reaction_heatmap(results, note=NOTE, width=width)
    if kind == "windows":
        return window_bars(windows, results, note=NOTE, width=width)
    return lithiation_staircase(lithiation, results, note=NOTE, width=width)


def texts(figure: Figure) -> list[Text]:
    """Every text that is drawn; matplotlib keeps labels of ticks beyond the limits too."""
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            beyond |= {
                label
                for tick in axis.get_major_ticks()
                if not low <= tick.get_loc() <= high
                for label in (tick.label1, tick.label2)
            }
    return [
        artist
        for artist in figure.findobj(Text)
        if isinstance(artist, Text)
        and artist.get_visible()
        and artist.get_text().strip()
        and artist not in beyond
    ]


def by_gid(figure: Figure, start: str) -> dict[str, object]:
    return {
        artist.get_gid(): artist
        for artist in figure.findobj(lambda a: str(a.get_gid() or "").startswith(start))
    }


def shown(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in texts(figure))


# ---- every figure -------------------------------------------------------------------------------


def assert_legible(figure: Figure) -> None:
    """All text on the page, large enough, and free of other text."""
    figure.set_dpi(200)
    figure.draw_without_rendering()  # places the labels of the axes
    assert isinstance(figure.canvas, FigureCanvasAgg)
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    boxes = []
    for text in texts(figure):
        box = text.get_window_extent(renderer)
        assert text.get_fontsize() >= TINY
        assert box.x0 >= page.x0, text
        assert box.x1 <= page.x1, text
        assert box.y0 >= page.y0, text
        assert box.y1 <= page.y1, text
        # a hair less on each side: boxes of neighbouring lines may touch
        boxes.append((text.get_text(), box.padded(-1.5)))
    assert boxes
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.overlaps(second), f"{one!r} meets {other!r}"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["heatmap", "windows", "lithiation"])
@pytest.mark.parametrize("case", CASES)
def test_all_text_is_on_the_page_large_enough_and_free_of_other_text(frames, case, kind, width):
    figure = draw(frames[case], kind, width)
    assert figure.get_size_inches()[0] == {"one": 3.5, "two": 7.2}[width]
    assert_legible(figure)


@pytest.mark.parametrize("kind", ["heatmap", "windows", "lithiation"])
def test_each_figure_has_a_title_first_and_carries_the_note(frames, kind):
    figure = draw(frames["demo"], kind)
    first = texts(figure)[0]
    assert first.get_weight() == "bold"
    assert "Source: embedded reference set." in shown(figure)
    assert "LiCu$_{3}$" in shown(figure)


@pytest.mark.parametrize("kind", ["heatmap", "windows", "lithiation"])
def test_the_same_frames_give_the_same_bytes_and_well_formed_svg(
    frames, kind, tmp_path, monkeypatch
):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    first = save(draw(frames["some failed"], kind), one, "figure")
    monkeypatch.setattr(time, "time", lambda: 2e9)  # on another day
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "path"}):
        second = save(draw(frames["some failed"], kind), str(other), "figure")
    assert [path.name for path in first] == ["figure.png", "figure.svg", "figure.pdf"]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
    assert first[0].read_bytes().startswith(b"\x89PNG")
    assert ET.parse(first[1]).getroot().tag.endswith("svg")
    assert first[2].read_bytes().startswith(b"%PDF")


def test_a_frame_read_back_from_csv_gives_the_same_figure(frames, tmp_path):
    results = frames["some failed"][0]
    again = pd.read_csv(io.StringIO(results.to_csv(index=False)), keep_default_na=False)
    default = pd.read_csv(io.StringIO(results.to_csv(index=False)))
    paths = [
        save(reaction_heatmap(frame, note=NOTE), tmp_path, f"figure{number}")[0]
        for number, frame in enumerate((results, again, default))
    ]
    assert len({path.read_bytes() for path in paths}) == 1


def test_drawing_leaves_the_users_matplotlib_alone(frames):
    def settings():
        # asking for the backend would choose one
        return {key: mpl.rcParams[key] for key in mpl.rcParams if key != "backend"}

    with mpl.rc_context({"font.size": 30}):
        before = settings()
        for kind in ("heatmap", "windows", "lithiation"):
            draw(frames["one"], kind)
        assert settings() == before


def test_importing_the_report_imports_no_matplotlib_and_drawing_no_pyplot(frames, tmp_path):
    for name, frame in zip(("results", "windows", "lithiation"), frames["one"], strict=True):
        frame.to_csv(tmp_path / name, index=False)
    code = (
        "import sys, interscreen.report.figures as r\n"
        "assert 'matplotlib' not in sys.modules\n"
        "import pandas as pd\n"
        "results, windows, lithiation = map(pd.read_csv, ('results', 'windows', 'lithiation'))\n"
        "r.save(r.reaction_heatmap(results), '.', 'heatmap')\n"
        "r.save(r.window_bars(windows, results), '.', 'windows')\n"
        "r.save(r.lithiation_staircase(lithiation), '.', 'lithiation')\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, cwd=tmp_path)


def test_figures_of_nothing_say_so():
    nothing = pd.DataFrame()
    assert "There are no candidates" in shown(reaction_heatmap(nothing))
    assert "No window could be computed" in shown(window_bars(nothing))
    assert "No candidate takes up Li" in shown(lithiation_staircase(nothing))


def test_names_that_mean_something_to_xml_or_mathtext_are_shown_as_they_are(frames, tmp_path):
    results, windows, lithiation = (frame.copy() for frame in frames["demo"])
    strange = 'A&B <1> "$x_2$ 100%'
    for frame, column in ((results, "candidate"), (windows, "name"), (lithiation, "candidate")):
        frame[column] = frame[column].replace({"CuF2": strange, "AlF3": "NaN"})
    for kind in ("heatmap", "windows", "lithiation"):
        figure = draw((results, windows, lithiation), kind)
        _, svg, _ = save(figure, tmp_path, kind)
        ET.parse(svg)
        assert strange.replace("$", r"\$") in shown(figure)
        assert "NaN" in shown(figure).splitlines()


# ---- formulas -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("CuF2", "CuF$_{2}$"),
        (
            "Li1.3Al0.3Ti1.7(PO4)3",
            "Li$_{1.3}$Al$_{0.3}$Ti$_{1.7}$(PO$_{4}$)$_{3}$",
        ),
        ("Li9Al4 + 12 LiF", "Li$_{9}$Al$_{4}$ + 12 LiF"),
        ("0.3333 Ag2F + LiAgF2", "0.3333 Ag$_{2}$F + LiAgF$_{2}$"),
        ("2Li2O", "2Li$_{2}$O"),
        ("18 (Cu + 2 Li2O) + (PO4)3", "18 (Cu + 2 Li$_{2}$O) + (PO$_{4}$)$_{3}$"),
        ("(Li3PO4)", "(Li$_{3}$PO$_{4}$)"),
        ("Li₃PO₄", "Li$_{3}$PO$_{4}$"),
        ("TaF5: no phase, see Li2O.", "TaF$_{5}$: no phase, see Li$_{2}$O."),
        ("LLZO", "LLZO"),
        ("LPSCl", "LPSCl"),
        ("NaN", "NaN"),
        ("Sample2", "Sample2"),
        ("v0.1 of 2026-01-02", "v0.1 of 2026-01-02"),
        ("5$", r"5\$"),
    ],
)
def test_amounts_in_formulas_become_subscripts_and_nothing_else_does(text, label):
    assert formula_label(text) == label


def test_wrapping_keeps_an_amount_with_its_formula():
    lines = wrap("36 Cu + 150 Li2O + 23 Li3P + Ti3P + 12 TiAl", 1.2)
    assert len(lines) > 1
    assert all(line.startswith("+ ") for line in lines[1:])
    assert not any(line.endswith((" +", " 12", " 23")) for line in lines)


# ---- heatmap ------------------------------------------------------------------------------------


def test_heatmap_prints_every_value_of_the_frame_rounded(frames):
    results = frames["demo"][0]
    figure = reaction_heatmap(results)
    values = by_gid(figure, "value-")
    assert len(values) == len(by_gid(figure, "cell-")) == 4 + 3 + 4 * 3 * 3
    for row, candidate in enumerate(DEMO):
        for block, electrolyte in enumerate(ELECTROLYTES):
            entry = results[
                (results["candidate"] == candidate) & (results["electrolyte"] == electrolyte)
            ].iloc[0]
            expected = {
                f"value-{row}-{block}-{kind}": entry[column] for kind, column in CONTACTS.items()
            }
            expected[f"value-bare-{block}"] = entry["bare_mutual_eV_per_atom"]
            expected[f"value-{row}-lithium"] = entry["lithium_mutual_eV_per_atom"]
            for gid, value in expected.items():
                text = values[gid].get_text().replace("\N{MINUS SIGN}", "-")
                assert int(text) == round(value * 1000), gid
    assert values["value-0-lithium"].get_text() == "\N{MINUS SIGN}1456"
    assert values["value-bare-1"].get_text() == "\N{MINUS SIGN}637"


def test_the_data_beside_the_heatmap_are_the_drawn_numbers(frames):
    results = frames["some failed"][0]
    figure, data = reaction_heatmap(results), plotted(results)
    assert set(data.columns) <= set(COLUMNS)
    candidates = list(dict.fromkeys(data["candidate"]))
    for kind, column in {**CONTACTS, "lithium": "lithium_mutual_eV_per_atom"}.items():
        for row, candidate in enumerate(candidates):
            (value,) = data.loc[data["candidate"] == candidate, column]
            key = f"{row}-lithium" if kind == "lithium" else f"{row}-0-{kind}"
            if pd.isna(value):
                assert by_gid(figure, f"failed-{key}")
                continue
            (text,) = by_gid(figure, f"value-{key}").values()
            assert text.get_text() == printed(1000 * value)
            if kind != "lithium":  # the colour has full precision
                (cell,) = by_gid(figure, f"cell-{key}").values()
                norm, colours = colour_scale(500)
                assert cell.get_facecolor() == colours(norm(1000 * value))
    many = pd.concat([frames["one"][0].assign(candidate=f"film {n}") for n in range(150)])
    assert len(plotted(many)) == 120


@pytest.fixture(scope="module")
def crowd(full_table) -> pd.DataFrame:
    """Results of 64 candidates with 10 electrolytes over the full table."""
    candidates = [*MANY, *"LiCl LiBr LiI InCl3 ZnCl2 AgCl BN Si3N4 GaF3 InF3 FeF3 NiF2".split()]
    candidates += "CoF2 TiN ZrN In Ga Bi Sb Bi2O3 Sb2O3 In2O3".split()
    candidates += ["LaF3", "Li6.4La3Zr1.4Ta0.6O12"]
    candidates[candidates.index("XeF2")] = "TaF5"  # the one in MANY that no table has
    electrolytes = "LLZO LATP LAGP LPSCl Li3PS4 LGPS Li3YCl6 Li3InCl6 LiPON".split()
    assert len(candidates) == 64
    return screen(candidates, [*electrolytes, "Li6.4La3Zr1.4Ta0.6O12"], full_table)[0]


@pytest.mark.proof
@pytest.mark.parametrize("width", WIDTHS)
def test_64_candidates_with_10_electrolytes_are_legible_on_about_a_page(crowd, width):
    figure = reaction_heatmap(crowd, note=NOTE, width=width)
    assert figure.get_size_inches()[0] == WIDTHS[width]
    assert figure.get_size_inches()[1] < 1.1 * TALLEST
    assert_legible(figure)
    cells = by_gid(figure, "cell-")
    assert len(cells) == 64 * (1 + 3 * 10) + 10  # bars with Li, contacts, bare Li
    for gid, cell in cells.items():
        if not gid.endswith("lithium"):
            assert cell.get_width() >= 0.05, gid  # 1.2 mm
            assert cell.get_height() >= 0.1, gid


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.4, "0"), (0.0, "0"), (-0.0, "0"), (1e-9, "0"), (-0.6, "−1"), (-1455.8, "−1456")],
)
def test_no_value_is_a_negative_zero(value, text):
    assert printed(value) == text


@pytest.mark.parametrize("limit", RANGES)
def test_zero_is_at_the_light_end_and_colours_only_darken(limit):
    norm, colours = colour_scale(limit)
    light = [luminance(colours(norm(value))) for value in np.linspace(0, -limit, 50)]
    assert light[0] > 0.85
    assert light[-1] < 0.05
    assert np.all(np.diff(light) < 0)
    assert norm(-2 * limit) == norm(-limit)


def test_one_colour_range_is_stated_and_values_beyond_it_have_the_darkest_colour(frames):
    figure = reaction_heatmap(frames["demo"][0])
    assert "colours from 0 to −500 meV/atom (arrow: beyond" in shown(figure)
    assert "bars from 0 to −1500 meV/atom" in shown(figure)
    cells = by_gid(figure, "cell-")
    darkest = cells["cell-bare-1"].get_facecolor()
    assert darkest == cells["cell-3-2-worst_product"].get_facecolor()
    assert luminance(cells["cell-0-0-layer"].get_facecolor()) > 0.85


def test_values_stand_out_from_their_cells(frames):
    figure = reaction_heatmap(frames["many"][0])
    cells = by_gid(figure, "cell-")
    for gid, text in by_gid(figure, "value-").items():
        if gid.endswith("lithium"):
            continue
        back = luminance(cells[gid.replace("value", "cell")].get_facecolor())
        ink = luminance(mpl.colors.to_rgb(text.get_color()))
        assert (max(back, ink) + 0.05) / (min(back, ink) + 0.05) > 4


def test_failed_cells_are_grey_hatched_and_their_reason_is_given(frames):
    figure = reaction_heatmap(frames["some failed"][0])
    failed = by_gid(figure, "failed-")
    # three candidates: the reaction with Li, and three contacts with the one electrolyte
    assert set(failed) == {
        f"failed-{row}-{kind}"
        for row in (0, 2, 3)
        for kind in ("lithium", "0-deposited", "0-layer", "0-worst_product")
    }
    for patch in failed.values():
        assert patch.get_hatch()
        red, green, blue, _ = patch.get_facecolor()
        assert red == green == blue
    assert "element Xe: the source embedded has no phase" in shown(figure)
    assert "could not be computed" in shown(figure)
    assert len(by_gid(figure, "value-")) == 1 + 1 + 3


def test_a_pair_that_is_missing_from_the_frame_is_hatched(frames):
    results = frames["demo"][0]
    figure = reaction_heatmap(results.drop(index=results.index[1]))
    order = ["LLZO", "LAGP", "LATP"]  # of their first rows
    assert set(by_gid(figure, "failed-")) == {
        f"failed-0-{order.index('LATP')}-{kind}" for kind in CONTACTS
    }


def test_a_number_in_a_failed_row_is_not_shown(frames):
    results = frames["demo"][0].copy()
    results.loc[results.index[0], "status"] = "failed"
    figure = reaction_heatmap(results)
    assert len(by_gid(figure, "failed-")) == 3


def test_a_screen_without_a_result_is_a_figure_with_the_reasons(frames):
    figure = reaction_heatmap(frames["all failed"][0])
    assert "No candidate could be computed." in shown(figure)
    assert "XeF$_{2}$: element Xe" in shown(figure)


def test_candidates_beyond_what_is_legible_are_counted(frames):
    one = frames["one"][0]
    results = pd.concat([one.assign(candidate=f"film {n}") for n in range(150)])
    figure = reaction_heatmap(results)
    assert "The first 120 of 150 candidates are shown." in shown(figure)
    assert len(by_gid(figure, "value-")) == 1 + 120 * 4


# ---- windows ------------------------------------------------------------------------------------


def test_each_window_is_a_bar_from_limit_to_limit(frames):
    windows = frames["demo"][1]
    figure = window_bars(windows)
    for part, rows in windows.groupby("part"):
        bars = by_gid(figure, f"window-{part}-")
        assert len(bars) == len(rows)
        for place, (_, row) in enumerate(rows.iterrows()):
            bar = bars[f"window-{part}-{place}"]
            x = bar.get_xy()[:, 0]
            assert x.min() == pytest.approx(row["reduction_limit_V"])
            if pd.notna(row["oxidation_limit_V"]):
                assert x.max() == pytest.approx(row["oxidation_limit_V"], abs=0.04)
                assert len(bar.get_xy()) == 5
            else:  # open: pointed, to the edge of the axes
                assert x.max() == pytest.approx(bar.axes.get_xlim()[1])
                assert len(bar.get_xy()) == 6
            assert bool(bar.get_hatch()) == pd.isna(row["phase_reduction_limit_V"])


def test_a_window_of_no_width_is_still_a_bar(frames):
    windows = frames["demo"][1].copy()
    windows["oxidation_limit_V"] = windows["reduction_limit_V"]
    figure = window_bars(windows)
    for bar in by_gid(figure, "window-").values():
        assert bar.get_window_extent().width >= 0.015 * figure.dpi


def test_reduction_limits_of_the_electrolytes_cross_the_products(frames):
    windows = frames["demo"][1]
    figure = window_bars(windows)
    axes = figure.axes[1]
    dashed = [line for line in axes.lines if line.is_dashed()]
    limits = windows.loc[windows["part"] == "electrolyte", "reduction_limit_V"]
    assert sorted(line.get_xdata()[0] for line in dashed) == pytest.approx(sorted(limits))
    products = [bar.get_xy()[:, 1].mean() for bar in by_gid(figure, "window-product-").values()]
    for line in dashed:
        top, bottom = sorted(line.get_ydata())
        assert top < min(products) < max(products) < bottom


def test_names_of_electrolytes_with_the_same_limit_do_not_meet(frames):
    windows = frames["demo"][1]
    electrolytes = windows[windows["part"] == "electrolyte"]
    twins = electrolytes.assign(name=["LLZTO", "LATP 2", "LAGP 2"])
    figure = window_bars(pd.concat([windows, twins]))
    renderer = figure.canvas.get_renderer()
    boxes = [
        text.get_window_extent(renderer)
        for text in texts(figure)
        if text.get_fontsize() == SMALL and text.get_text() in {"LLZO", "LLZTO", "LATP", "LATP 2"}
    ]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_products_name_the_candidates_they_form_from(frames):
    results, windows, _ = frames["demo"]
    assert "CuF$_{2}$, AlF$_{3}$" in shown(window_bars(windows, results))
    assert "forms from" not in shown(window_bars(windows))


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (0.0015, "0.002"), (0.0505, "0.05"), (2.7055, "2.71")]
)
def test_a_small_limit_is_not_printed_as_zero(value, text):
    assert volts(value) == text


# ---- lithiation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ["demo", "many"])
def test_each_path_goes_through_all_its_steps_down_to_zero_volts(frames, case):
    lithiation = frames[case][2]
    figure = lithiation_staircase(lithiation)
    paths = by_gid(figure, "path-")
    groups = list(lithiation.groupby("candidate", sort=False))
    assert len(paths) == len(groups)
    for place, (_, steps) in enumerate(groups):
        x, y = paths[f"path-{place}"].get_data()
        start = steps["li_per_formula_start"].iloc[0]
        taken = steps["li_per_formula_end"] - start
        if case == "many":  # panels of a common width: the share of the Li [%]
            taken *= 100.0 / taken.iloc[-1]
        assert x[0] == 0
        assert x[-1] == pytest.approx(taken.iloc[-1])
        assert y[-1] == 0
        assert list(y[:-1:2]) == pytest.approx(list(steps["voltage_V"]))
        assert list(x[1:-1:2]) == pytest.approx(list(taken))


def test_few_candidates_have_the_products_at_each_step_and_the_same_axes(frames):
    lithiation = frames["demo"][2]
    figure = lithiation_staircase(lithiation)
    said = shown(figure)
    for products in lithiation["products"]:
        assert formula_label(products) in said
    panels = figure.axes[1:]
    assert len(panels) == 4
    assert len({panel.get_xlim() for panel in panels}) == 1
    assert len({panel.get_ylim() for panel in panels}) == 1


def test_product_labels_stay_inside_their_panels_and_clear_of_the_line(frames):
    for case in ("demo", "long names"):
        figure = lithiation_staircase(frames[case][2])
        renderer = figure.canvas.get_renderer()
        for panel in figure.axes[1:]:
            line = next(line for line in panel.lines if str(line.get_gid()).startswith("path-"))
            points = panel.transData.transform(np.column_stack(line.get_data()))
            for text in panel.texts:
                box = text.get_window_extent(renderer)
                assert box.x1 <= panel.bbox.x1 + 1
                assert box.y1 <= panel.bbox.y1 + 1
                below = [
                    first[1]
                    for first, second in pairwise(points)
                    if first[0] < second[0] and first[0] < box.x1 and second[0] > box.x0
                ]
                assert box.y0 >= max(below, default=0) - 1, text


def test_candidates_that_take_up_no_lithium_are_named(frames):
    results, _, lithiation = frames["many"]
    said = shown(lithiation_staircase(lithiation, results))
    assert "Take up no Li: AlN, Cu, LiF" in said
    assert "XeF$_{2}$" in said
    assert "No candidate takes up Li." in shown(draw(frames["inert"], "lithiation"))
    assert "No candidate could be computed." in shown(draw(frames["all failed"], "lithiation"))
