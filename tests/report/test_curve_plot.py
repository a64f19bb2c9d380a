"""The mutual-energy curve of a reaction, looked at artist by artist."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.text import Text

from interscreen import react
from interscreen.report.figures.labels import formula_label
from interscreen.report.figures.reaction import curve_plot, spread
from interscreen.report.figures.style import TALLEST, TINY, WIDTHS

NOTE = "Source: embedded reference set. Left out (never observed, or by choice): LiCu3, Zr4O."
LONG = "Li1.5Al0.5Ge1.5(PO4)3 + 2 CuF2"
CASES = {
    "oxide": ("CuF2", "LLZO", None),
    "many kinks": (LONG, "Li", None),
    "metastable": ("Cu3N", "Li", None),
    "open": ("LATP", "Li3PS4", 2.5),
    "inert": ("LiF", "Cu", None),
}


@pytest.fixture(scope="module")
def reactions(reference):
    return {name: react(reference, a, b, potential_V=v) for name, (a, b, v) in CASES.items()}


def artist(figure, gid):
    (found,) = figure.findobj(lambda a: a.get_gid() == gid)
    return found


def shown(figure):
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


@pytest.mark.parametrize("case", CASES)
def test_the_curve_goes_through_all_kinks_in_milli_electronvolts(reactions, case):
    reaction = reactions[case]
    line = artist(curve_plot(reaction), "mutual")
    frame = reaction.to_frame()  # what stands in the CSV beside the figure
    assert list(line.get_xdata()) == list(frame["mixing_fraction"])
    assert list(line.get_ydata()) == pytest.approx(1000 * frame["mutual_energy_eV_per_atom"])


def test_every_kink_between_the_ends_has_a_dot_a_number_and_its_products(reactions):
    reaction = reactions["oxide"]
    figure = curve_plot(reaction)
    inner = reaction.kinks[1:-1]
    assert list(artist(figure, "kinks").get_xdata()) == [kink.mixing_fraction for kink in inner]
    words = " ".join(text.get_text() for text in shown(figure))
    for number, kink in enumerate(inner, 1):
        assert artist(figure, f"number-{number}").get_text() == str(number)
        for formula in kink.products:
            assert formula_label(formula) in words


def test_the_minimum_is_bold_and_nothing_else_is(reactions):
    reaction = reactions["oxide"]
    best = next(n for n, kink in enumerate(reaction.kinks) if kink is reaction.best)
    figure = curve_plot(reaction)
    numbers = range(1, len(reaction.kinks) - 1)
    bold = [n for n in numbers if artist(figure, f"number-{n}").get_weight() == "bold"]
    assert bold == [best]
    assert "\N{MINUS SIGN}374" in [t.get_text() for t in shown(figure) if t.get_weight() == "bold"]


def test_the_total_is_drawn_where_a_side_decomposes_by_itself_and_only_there(reactions):
    figure = curve_plot(reactions["metastable"])
    frame = reactions["metastable"].to_frame()
    line = artist(figure, "total")
    assert list(line.get_ydata()) == pytest.approx(1000 * frame["total_energy_eV_per_atom"])
    words = " ".join(text.get_text() for text in shown(figure))
    assert "Cu$_{3}$N alone: 6 Cu + N$_{2}$" in words
    inert = curve_plot(reactions["inert"])
    assert not inert.findobj(lambda a: a.get_gid() == "total")
    assert "The two coexist" in " ".join(text.get_text() for text in shown(inert))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_all_text_is_on_the_page_large_enough_and_free_of_other_text(reactions, case, width):
    figure = curve_plot(reactions[case], note=NOTE, width=width)
    figure.draw_without_rendering()
    assert figure.get_size_inches()[0] == WIDTHS[width]
    assert figure.get_size_inches()[1] < TALLEST + 0.5
    renderer = figure.canvas.get_renderer()
    boxes = []
    for text in shown(figure):
        box = text.get_window_extent(renderer)
        assert text.get_fontsize() >= TINY
        assert figure.bbox.x0 <= box.x0 <= box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 <= box.y1 <= figure.bbox.y1, text
        boxes.append((text.get_text(), box.padded(-1.5)))
    for number, (one, first) in enumerate(boxes):
        for other, second in boxes[number + 1 :]:
            assert not first.overlaps(second), f"{one!r} meets {other!r}"


def test_a_list_too_long_for_a_page_keeps_the_lowest_energies_and_says_so(reactions):
    reaction = reactions["many kinks"]
    figure = curve_plot(reaction, width="one")
    words = "\n".join(text.get_text() for text in shown(figure))
    assert "points are listed, those of the lowest" in words
    assert "0.681" in words  # the minimum
    assert len(artist(figure, "kinks").get_xdata()) == len(reaction.kinks) - 2


def test_labels_are_spread_without_overlap_and_as_little_as_possible():
    rng = np.random.default_rng(5)
    for _ in range(50):
        wanted = np.sort(rng.uniform(0.0, 3.0, size=12)).tolist()
        widths = rng.uniform(0.05, 0.2, size=12).tolist()
        places = spread(wanted, widths, -0.1, 3.1)
        for (a, b), (wide_a, wide_b) in zip(pairwise(places), pairwise(widths), strict=True):
            assert b - a >= (wide_a + wide_b) / 2 - 1e-9
        assert places[0] - widths[0] / 2 >= -0.1
    assert spread([1.0, 2.0], [0.1, 0.1], 0.0, 3.0) == pytest.approx([1.0, 2.0])
    assert spread([1.0, 1.0], [0.1, 0.1], 0.0, 3.0) == pytest.approx([0.935, 1.065])
    assert spread([], [], 0.0, 1.0) == []
