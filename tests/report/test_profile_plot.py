"""The figure of energy against potential, looked at artist by artist."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.text import Text

from interscreen.answers.profile import profile
from interscreen.report.figures.profile import profile_plot
from interscreen.report.figures.saving import save
from interscreen.report.figures.style import SMALL, WIDTHS

NOTE = "Source: embedded reference set. Left out (never observed, or by choice): LiCu3, Zr4O."
CASES = {
    "kinks": ("LATP", "CuF2", 0.0, 5.0),
    "lithium": ("Li", "LLZO", 0.0, 5.0),
    "inert": ("LiF", "Cu", 0.5, 1.0),
    "long names": ("Li1.5Al0.5Ge1.5(PO4)3 + 2 Li4Ti5O12 + 0.5 Al2O3", "Li3PS4", 1.25, 4.3),
}


@pytest.fixture(scope="module")
def profiles(reference_all):
    return {name: profile(reference_all, *case) for name, case in CASES.items()}


def artists(figure, start):
    found = figure.findobj(lambda artist: str(artist.get_gid() or "").startswith(start))
    return {artist.get_gid(): artist for artist in found}


def shown(figure):
    """Texts that are drawn; matplotlib keeps labels of ticks beyond the limits, too."""
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                    beyond |= {tick.label1, tick.label2}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in beyond
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_all_text_is_on_the_page_large_enough_and_free_of_other_text(profiles, case, width):
    figure = profile_plot(profiles[case], note=NOTE, width=width)
    assert figure.get_size_inches()[0] == WIDTHS[width]
    figure.draw_without_rendering()
    renderer = figure.canvas.get_renderer()
    boxes = []
    for text in shown(figure):
        box = text.get_window_extent(renderer)
        assert text.get_fontsize() >= SMALL
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text
        boxes.append((text.get_text(), box.padded(-1.5)))
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.overlaps(second), f"{one!r} meets {other!r}"
    assert any("embedded reference set" in label for label, _ in boxes)


def test_the_curves_are_the_points_in_milli_electronvolts(profiles):
    result = profiles["kinks"]
    figure = profile_plot(result)
    for gid, key in (
        ("mutual", "mutual_eV_per_atom"),
        ("self-a", "self_a_eV_per_atom"),
        ("self-b", "self_b_eV_per_atom"),
    ):
        line = artists(figure, gid)[gid]
        expected = [1000 * getattr(point, key) for point in result.points]
        np.testing.assert_allclose(line.get_ydata(), expected)
        np.testing.assert_allclose(line.get_xdata(), [p.potential_V for p in result.points])


def test_zero_is_at_the_top_of_every_panel(profiles):
    for result in profiles.values():
        panels = [axes for axes in profile_plot(result).axes if axes.axison]
        assert panels
        for axes in panels:
            low, high = axes.get_ylim()
            assert high == 0.0
            assert low <= -10.0


def test_a_dot_stands_wherever_a_curve_bends_and_nowhere_else(profiles):
    result = profiles["kinks"]
    figure = profile_plot(result)
    points = [point for point in result.points if point.is_kink]
    volts = np.array([point.potential_V for point in points])
    values = np.array([point.self_a_eV_per_atom for point in points])
    bends = np.abs(np.diff(np.diff(values) / np.diff(volts))) > 1e-6
    marked = artists(figure, "kinks-self-a")["kinks-self-a"].get_xdata()
    np.testing.assert_allclose(marked, volts[1:-1][bends])
    assert len(marked) > 5


def test_windows_are_shaded_in_every_panel(profiles, reference_all):
    result = profile(reference_all, "LATP", "Li3PO4")
    assert result.stable_window_V
    figure = profile_plot(result)
    boxes = figure.findobj(lambda artist: artist.get_gid() == "strict-0")
    assert len(boxes) == 2
    low, high = result.stable_window_V[0]
    for box in boxes:
        assert (box.get_x(), box.get_x() + box.get_width()) == pytest.approx((low, high))
    text = "\n".join(label.get_text() for label in shown(figure))
    assert f"nothing reacts: {low:.2f} to {high:.2f} V" in text


def test_beside_lithium_there_is_one_panel_and_a_remark(profiles):
    figure = profile_plot(profiles["lithium"])
    assert len([axes for axes in figure.axes if axes.axison]) == 1
    assert not artists(figure, "mutual")
    assert any("LLZO alone, without" in text.get_text() for text in shown(figure))


def test_the_same_profile_gives_the_same_bytes_and_well_formed_svg(profiles, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    first = save(profile_plot(profiles["kinks"], note=NOTE), one, "profile")
    with mpl.rc_context({"font.size": 30, "axes.grid": False, "svg.fonttype": "path"}):
        second = save(profile_plot(profiles["kinks"], note=NOTE), other, "profile")
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
    assert ET.parse(first[1]).getroot().tag.endswith("svg")
