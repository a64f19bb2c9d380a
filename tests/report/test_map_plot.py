"""Triangles: geometry, colours, outline and labels, looked at artist by artist."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.patches import PathPatch
from matplotlib.text import Text

from interscreen.answers.map import composition_map
from interscreen.report.figures.map import RANGES, composition_maps
from interscreen.report.figures.map_geometry import HEIGHT, beside_lithium, outline, place, raster
from interscreen.report.figures.saving import save
from interscreen.report.figures.style import WIDTHS, luminance

METALS = "N Mg Al Si P S Ti Cu Zn Ge Zr Nb Mo Sn".split()


@pytest.fixture(scope="module")
def aluminates(reference):
    return composition_map(reference, "Li-Al-O", "LLZO", divisions=40)


@pytest.fixture(scope="module")
def many(reference):
    return [composition_map(reference, f"Li-{symbol}-O", "LLZO", divisions=30) for symbol in METALS]


@pytest.fixture(scope="module")
def salt(make_table):
    """|E| is a function of the oxygen beyond Li2O only (tests/test_maps.py)."""
    table = make_table({"Li2O": -2.0, "NaF": -2.0})
    return composition_map(table, "Li-Na-O", "Li", divisions=100)


def by_gid(figure, start):
    return list(figure.findobj(lambda a: str(a.get_gid() or "").startswith(start)))


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def plain(text):
    return text.replace("$_{", "").replace("}$", "")


# -- geometry ----------------------------------------------------------------------


def test_the_first_element_is_left_the_second_on_top_the_third_right():
    corners = place(np.eye(3))
    assert corners.tolist() == [[0.0, 0.0], [0.5, HEIGHT], [1.0, 0.0]]
    assert place([1 / 3, 1 / 3, 1 / 3]) == pytest.approx([0.5, HEIGHT / 3])
    sides = [np.hypot(*(a - b)) for a, b in combinations(corners, 2)]
    assert sides == pytest.approx([1.0, 1.0, 1.0])


def test_triangles_are_not_distorted(aluminates, many):
    for figure in (composition_maps([aluminates]), composition_maps(many)):
        images = by_gid(figure, "map-")
        assert images
        for image in images:
            corners = image.axes.transData.transform(place(np.eye(3)))
            sides = [np.hypot(*(a - b)) for a, b in combinations(corners, 2)]
            assert sides == pytest.approx([sides[0]] * 3, rel=1e-6)


def test_pixels_have_the_energies_of_their_compositions(aluminates):
    width = 400
    picture = raster(aluminates, width)
    height = len(picture)
    for point, energy in zip(
        place(aluminates.fractions), aluminates.min_mutual_energy_eV_per_atom, strict=True
    ):
        column = min(int(point[0] * width), width - 1)
        row = min(int(point[1] / HEIGHT * height), height - 1)
        assert picture[row, column] == pytest.approx(1000 * energy, abs=2.5)


def test_a_field_that_is_linear_stays_linear_between_the_points(salt):
    """No seam and no overshoot: the picture of a plane is a plane, to the last pixel inside."""
    plane = -0.3 * salt.fractions[:, 1] - 0.1 * salt.fractions[:, 2]
    picture = raster(replace(salt, min_mutual_energy_eV_per_atom=plane), 331)
    height, width = picture.shape
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    second, third = y, x - y / 2
    inside = (third >= 0.0) & (second + third <= 1.0)
    expected = -300.0 * second - 100.0 * third
    assert picture[inside] == pytest.approx(expected[inside], abs=1e-9)
    assert np.isfinite(picture).all()
    assert -300.0 <= picture.min() <= picture.max() <= 0.0


# -- the outline -------------------------------------------------------------------


def edges(one, level):
    """Straight stretches of the outline, shape (k, 2, 2)."""
    found = []
    for ring in outline(one, level).to_polygons():
        steps = np.diff(ring, axis=0)
        steps = steps[np.hypot(*steps.T) > 1e-12]
        before = np.roll(steps, 1, axis=0)
        turns = np.abs(before[:, 0] * steps[:, 1] - before[:, 1] * steps[:, 0]) > 1e-12
        corners = ring[:-1][np.hypot(*np.diff(ring, axis=0).T) > 1e-12][turns]
        found += list(zip(corners, np.roll(corners, -1, axis=0), strict=True))
    return np.reshape(found, (-1, 2, 2))


def test_the_outline_runs_where_the_level_is_reached(salt):
    level = 0.3
    c = level / (6.0 - 2.0 * level)  # oxygen beyond Li2O there
    lines = edges(salt, level).reshape(-1, 2)
    second = lines[:, 1] / HEIGHT
    third = lines[:, 0] - second / 2
    excess = third - (1.0 - second - third) / 2
    on_level = np.abs(excess - c) < 5e-4
    on_side = np.min([second, third, 1.0 - second - third], axis=0) < 1e-9
    assert (on_level | (on_side & (excess < c))).all()
    assert on_level.sum() > 50
    # the sides within the region end there, too
    lithium_oxygen = lines[(second < 1e-9) & on_side]
    assert lithium_oxygen[:, 0].max() == pytest.approx((0.5 + c) / 1.5, abs=1e-4)
    on_right = (1.0 - second - third < 1e-9).reshape(-1, 2).all(axis=1)
    (right,) = third.reshape(-1, 2)[on_right]
    assert sorted(right) == pytest.approx([0.0, c], abs=1e-4)
    along = np.abs(edges(salt, level)[:, :, 1]).max(axis=1) < 1e-9
    (bottom,) = edges(salt, level)[along]
    assert bottom[:, 0] == pytest.approx([0.0, (0.5 + c) / 1.5], abs=1e-4)


def test_the_outline_encloses_the_share_of_the_triangle(aluminates):
    """Shoelace over the unordered lines, each turned so that the inside is on its left."""
    level = 0.05
    lines = edges(aluminates, level)
    picture, total = raster(aluminates, 600), 0.0
    height, width = picture.shape
    for a, b in lines:
        middle, normal = (a + b) / 2, np.array([-(b - a)[1], (b - a)[0]])
        inner = middle + 0.006 * normal / max(np.hypot(*normal), 1e-12)
        column = int(np.clip(inner[0] * width, 0, width - 1))
        row = int(np.clip(inner[1] / HEIGHT * height, 0, height - 1))
        second, third = inner[1] / HEIGHT, inner[0] - inner[1] / HEIGHT / 2
        in_triangle = min(second, third, 1.0 - second - third) > 0.0
        turned = in_triangle and picture[row, column] > -1000 * level
        total += (1.0 if turned else -1.0) * (a[0] * b[1] - b[0] * a[1]) / 2
    assert total / (HEIGHT / 2) == pytest.approx(aluminates.share_within(level), abs=0.03)


def test_a_level_beyond_everything_outlines_the_whole_triangle(aluminates):
    lines = edges(aluminates, 10.0)
    assert len(lines) == 3
    assert np.hypot(*(lines[:, 0] - lines[:, 1]).T) == pytest.approx(1.0)


def test_a_level_that_nothing_reaches_outlines_nothing(reference):
    one = composition_map(reference, "Al-Si-P", "Li", divisions=6)
    assert len(edges(one, 1e-9)) == 0
    assert "below 0.001 meV/atom" in " ".join(words(composition_maps([one], level=1e-6)))


def test_the_region_beside_lithium_is_that_with_a_reduction_limit_of_zero(aluminates, many):
    for one in [aluminates, *many]:
        lithium, *others = beside_lithium(one)
        points = np.column_stack([place(one.fractions), np.ones(len(one.fractions))])
        inside = np.zeros(len(points), dtype=bool)
        for a, b in pairwise(others):  # tie triangles; weights of their corners
            corners = np.column_stack([np.array([lithium, a, b]), np.ones(3)])
            inside |= (np.linalg.solve(corners.T, points.T) >= -1e-9).all(axis=0)
        assert (inside == (one.reduction_limit_V == 0.0)).all(), one.name


# -- what stands in the figure -----------------------------------------------------


def test_a_single_map_lists_its_stable_phases(aluminates):
    shown = [plain(word) for word in words(composition_maps([aluminates]))]
    for phase in aluminates.phases:
        assert phase.formula in shown
        assert (
            f"{round(1000 * phase.min_mutual_energy_eV_per_atom)}".replace("-", "\u2212") in shown
        )
    assert "Colours from 0 to \u2212200 meV/atom" in shown
    assert "|E| below 50 meV/atom" in shown


def test_only_phases_within_the_level_are_named_in_the_triangle(many):
    figure = composition_maps(many, level=0.03)
    close = {
        phase.formula
        for one in many
        for phase in one.phases
        if phase.min_mutual_energy_eV_per_atom > -0.03
    }
    labels = {plain(text.get_text()) for text in by_gid(figure, "label-")}
    assert labels
    assert labels <= close
    dots = by_gid(figure, "phases-")
    assert sum(len(each.get_offsets()) for each in dots) == sum(len(one.phases) for one in many)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["one", "many", "inside"])
def test_no_text_covers_another_or_leaves_the_page(which, width, aluminates, many, reference):
    maps = {
        "one": [aluminates],
        "many": many,
        "inside": [composition_map(reference, "Li-Al-O", "LiAlO2", divisions=20)],
    }[which]
    figure = composition_maps(maps, note="Source: the embedded reference set.", width=width)
    assert figure.get_size_inches()[0] == WIDTHS[width]
    renderer = figure.canvas.get_renderer()
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    for (one, a), (other, b) in combinations(boxes, 2):
        width = min(a.x1, b.x1) - max(a.x0, b.x0)
        height = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert width <= 1.0 or height <= 2.5, f"{one!r} covers {other!r}"
    for name, box in boxes:
        assert box.x0 >= 0.0, name
        assert box.x1 <= figure.bbox.x1, name
        assert box.y0 >= 0.0, name
        assert box.y1 <= figure.bbox.y1, name


def test_a_label_is_nearest_to_its_own_dot(many):
    figure = composition_maps(many)
    renderer = figure.canvas.get_renderer()
    for one in many:
        points = {phase.formula: place([phase.fractions])[0] for phase in one.phases}
        for text in by_gid(figure, f"label-{one.name}"):
            box = text.get_window_extent(renderer)
            gap = {
                name: np.hypot(max(box.x0 - x, x - box.x1, 0.0), max(box.y0 - y, y - box.y1, 0.0))
                for name, (x, y) in (
                    (name, text.axes.transData.transform(point)) for name, point in points.items()
                )
            }
            assert min(gap, key=gap.get) == plain(text.get_text()), one.name


def test_all_maps_share_one_colour_range_with_zero_at_the_light_end(many):
    figure = composition_maps(many)
    worst = 1000 * min(one.strongest[1] for one in many)
    limit = next(limit for limit in RANGES if worst >= -limit)
    assert f"Colours from 0 to \u2212{limit} meV/atom" in words(figure)
    assert len(figure.axes) == len(many) + 2  # the page and one colour bar
    for one in many:
        (image,) = by_gid(figure, f"map-{one.name}")
        pixels = image.get_array() / 255.0
        energies = raster(one, pixels.shape[1])
        light = np.array([luminance(tuple(p)) for p in pixels[::40, ::40].reshape(-1, 4)])
        order = np.argsort(energies[::40, ::40].ravel(), kind="stable")
        assert (np.diff(light[order]) > -0.02).all(), one.name


def test_energies_beyond_the_widest_range_are_said_to_be(make_table):
    one = composition_map(make_table({"Li2O": -4.0, "NaF": -2.0}), "Li-Na-O", "Li", divisions=10)
    assert "Colours from 0 to \u22123000 meV/atom (arrow: beyond)" in words(composition_maps([one]))


def test_a_system_that_failed_is_hatched_and_its_reason_stands_below(aluminates):
    figure = composition_maps([aluminates], failed={"Li-Xe-O": "element Xe: no phase with it"})
    (patch,) = by_gid(figure, "failed-Li-Xe-O")
    assert patch.get_hatch()
    assert "Not computed: Li-Xe-O: element Xe: no phase with it" in words(figure)
    none = composition_maps([], failed={"Li-Xe-O": "element Xe: no phase with it"})
    assert "No system could be computed." in words(none)


def test_the_partner_is_marked_where_it_lies_in_the_triangle(aluminates, reference):
    assert not by_gid(composition_maps([aluminates]), "partner-")
    figure = composition_maps([composition_map(reference, "Li-Al-O", "LiAlO2", divisions=8)])
    (mark,) = by_gid(figure, "partner-")
    assert np.asarray(mark.get_offsets())[0] == pytest.approx(place([0.25, 0.25, 0.5]))


def test_stability_against_li_is_drawn_unless_li_is_the_partner(reference, aluminates):
    assert by_gid(composition_maps([aluminates]), "lithium-Li-Al-O")
    against_li = composition_map(reference, "Li-Al-O", "Li", divisions=8)
    assert not by_gid(composition_maps([against_li]), "lithium-")
    without = composition_map(reference, "Al-Si-O", "MgO", divisions=8)
    figure = composition_maps([without])
    assert not by_gid(figure, "lithium-")
    assert "reduced" not in words(figure)


@pytest.mark.proof
def test_the_same_figure_gives_the_same_bytes(tmp_path, aluminates):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(composition_maps([aluminates]), tmp_path / name, "map")
    for file in ("map.png", "map.svg", "map.pdf"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    root = ET.parse(tmp_path / "a" / "map.svg").getroot()
    images = root.findall(".//{http://www.w3.org/2000/svg}image")
    assert len(images) >= 1
    assert all(
        isinstance(patch, PathPatch) for patch in by_gid(composition_maps([aluminates]), "level-")
    )
