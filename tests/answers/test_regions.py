"""A square divided into regions by asking at points."""

from math import cos, hypot, pi, sin

import pytest

from interscreen.answers.regions import EXACT, Square, area


def ring(point):
    return int(hypot(point[0] - 0.5, point[1] - 0.5) > 0.3)


def three(point):
    x, y = point
    return 0 if y < 0.37 else 1 if x < 0.53 + 0.2 * y else 2


def strip(point):
    x, y = point
    return 0 if y < 0.1 + 0.8 * x else 1 if y < 0.1037 + 0.8 * x else 2


@pytest.mark.parametrize(
    ("ask", "areas"),
    [
        (ring, {0: pi * 0.09, 1: 1.0 - pi * 0.09}),
        (three, {0: 0.37, 1: 0.63 * (0.53 + 0.1 * 1.37), 2: 0.63 * (0.47 - 0.1 * 1.37)}),
        (strip, {0: 0.5, 1: 0.0037, 2: 0.4963}),
        (lambda point: 7, {7: 1.0}),
    ],
)
def test_areas_are_those_of_the_regions(ask, areas):
    found = Square(ask).areas()
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-3)
    for number, size in areas.items():
        assert found[number] == pytest.approx(size, abs=2e-3)


def test_a_bent_boundary_is_followed_and_not_cut_off():
    """A chord of a cell lies off by up to 0.004 of a side."""
    square = Square(ring)
    for one in square.lines:
        for x, y in (one.start, one.end):
            assert hypot(x - 0.5, y - 0.5) == pytest.approx(0.3, abs=EXACT)
    length = sum(hypot(a - c, b - d) for (a, b), (c, d) in ((o.start, o.end) for o in square.lines))
    assert length == pytest.approx(2 * pi * 0.3, rel=0.01)


def test_boundaries_have_the_right_region_on_each_side():
    for ask in (ring, three):
        for one in Square(ask).lines:
            (x, y), (u, v) = one.start, one.end
            far = hypot(u - x, v - y)
            if far < 4 * EXACT:
                continue
            step = 0.006 / far
            middle = ((x + u) / 2.0, (y + v) / 2.0)
            left = (middle[0] - step * (v - y), middle[1] + step * (u - x))
            assert ask(left) == one.left


def test_the_middle_of_a_region_lies_in_it():
    for ask in (ring, three, strip):
        square = Square(ask)
        for number in square.areas():
            assert ask(square.middle(number)) == number


def test_each_point_is_asked_for_once():
    asked = []

    def ask(point):
        asked.append(point)
        return three(point)

    Square(ask)
    assert len(asked) == len(set(asked))


def test_the_area_of_a_polygon():
    points = [(cos(k * pi / 180), sin(k * pi / 180)) for k in range(0, 360, 60)]
    assert area(points) == pytest.approx(1.5 * 3**0.5)
