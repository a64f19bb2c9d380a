"""A unit square divided into regions in which the same holds, by asking at points.

The square is divided into cells.  On each edge the points at which the answer changes are found by
halving, as in a scan.  Two changes on the rim of a cell are joined by a line that is bent to where
the answer changes; where three regions meet, the cell is quartered until it is as small as a line
is wide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import copysign, hypot

import numpy as np

_CELLS = 10  # of a side
_SMALLEST = 0.1 / 8  # cell, in sides
EXACT = 0.1 / 128  # how far from each other the two sides of a change may lie, in sides
_BENT = 2  # times that a line is bent

Point = tuple[float, float]
_Run = tuple[int, list[Point]]  # what holds along a part of a rim, and its points in order


@dataclass(frozen=True)
class Line:
    """A piece of the boundary between two regions."""

    left: int
    right: int
    start: Point
    end: Point


@dataclass
class Square:
    """A unit square; ``ask`` gives the number of what holds at a point.

    Attributes
    ----------
    ask : callable
    pieces : list of (int, list of points)
        Polygons of each region.
    lines : list of Line
    """

    ask: Callable[[Point], int]
    pieces: list[_Run] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    _known: dict[Point, int] = field(default_factory=dict)
    _edges: dict[tuple[Point, Point], list[tuple[Point, int]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size = 1.0 / _CELLS
        waiting = [((x * size, y * size), size) for x in range(_CELLS) for y in range(_CELLS)]
        while waiting:
            (x, y), size = waiting.pop()
            runs = self._rim((x, y), size)
            if _parts_by_lines([number for number, _ in runs]) or size < 1.5 * _SMALLEST:
                self._cut(runs)
                continue
            half = size / 2.0
            waiting += [((x + i * half, y + j * half), half) for i in (0, 1) for j in (0, 1)]

    def areas(self) -> dict[int, float]:
        """Return the area of each region; all of them are 1."""
        found: dict[int, float] = {}
        for number, points in self.pieces:
            found[number] = found.get(number, 0.0) + area(points)
        return {number: size for number, size in found.items() if size > 0.0}

    def middle(self, number: int) -> Point:
        """Return a point inside a region, far from its boundaries and from the rim."""
        own = [points for which, points in self.pieces if which == number and area(points) > 0.0]
        tried = [tuple(np.mean(points, axis=0).tolist()) for points in own]
        places = np.array([*tried, *(point for points in own for point in points)])
        lines = (one for one in self.lines if number in (one.left, one.right))
        ends = np.array([point for one in lines for point in (one.start, one.end)])
        away = np.minimum(places, 1.0 - places).min(axis=1)
        if len(ends):
            gaps = np.linalg.norm(places[:, None] - ends[None], axis=2).min(axis=1)
            away = np.minimum(2.0 * away, gaps)
        away[: len(tried)] += 1e-9  # a corner may lie on the boundary
        x, y = places[int(np.argmax(away))].tolist()
        return x, y

    def _number(self, point: Point) -> int:
        if point not in self._known:
            self._known[point] = self.ask(point)
        return self._known[point]

    def _changes(self, a: Point, b: Point) -> list[tuple[Point, int]]:
        """Return points on the edge from a to b behind which something else holds, and what."""
        if b < a:  # an edge is walked in one direction, so that both of its cells see the same
            back = self._changes(b, a)
            before = [self._number(b), *(number for _, number in back)]
            return [(point, before[place]) for place, (point, _) in enumerate(back)][::-1]
        if (a, b) not in self._edges:
            self._edges[a, b] = list(self._between(a, b))
        return self._edges[a, b]

    def _between(self, a: Point, b: Point) -> Iterator[tuple[Point, int]]:
        if self._number(a) == self._number(b):
            return
        middle = _halfway(a, b)
        if _distance(a, b) < 1.5 * EXACT:
            yield middle, self._number(b)
            return
        yield from self._between(a, middle)
        yield from self._between(middle, b)

    def _rim(self, corner: Point, size: float) -> list[_Run]:
        """Return runs of the same around a cell, counter-clockwise: number, and points in order."""
        x, y = corner
        places = ((x, y), (x + size, y), (x + size, y + size), (x, y + size))
        corners = [_rounded(*place) for place in places]
        runs: list[_Run] = []
        for side, a in enumerate(corners):
            if runs and runs[-1][0] == self._number(a):
                runs[-1][1].append(a)
            else:
                runs.append((self._number(a), [a]))
            for point, number in self._changes(a, corners[(side + 1) % 4]):
                runs[-1][1].append(point)
                runs.append((number, [point]))
        if len(runs) > 1 and runs[0][0] == runs[-1][0]:
            _, last = runs.pop()
            runs[0] = (runs[0][0], [*last, *runs[0][1]])
        return runs

    def _cut(self, runs: list[_Run]) -> None:
        """Divide a cell among what is on its rim: by lines across it, or to its middle."""
        while (cut := _cut_off([number for number, _ in runs])) is not None:
            runs = runs[cut - 1 :] + runs[: cut - 1]
            (beside, before), (number, points), (_, behind) = runs[:3]
            bends = self._line(number, beside, behind[0], points[0])
            self.pieces.append((number, [*points, *bends]))
            runs = [(beside, [*before, *bends[::-1], *behind]), *runs[3:]]
        if len(runs) == 1:
            self.pieces += runs
        elif len(runs) == 2:
            (one, first), (other, second) = runs
            bends = self._line(one, other, second[0], first[0])
            self.pieces += [(one, [*first, *bends]), (other, [*second, *bends[::-1]])]
        else:
            x, y = np.mean([points[0] for _, points in runs], axis=0).tolist()
            for place, (number, points) in enumerate(runs):
                self.pieces.append((number, [*points, (x, y)]))
                self.lines.append(Line(runs[place - 1][0], number, points[0], (x, y)))

    def _line(self, left: int, right: int, start: Point, end: Point) -> list[Point]:
        """Draw a line between two regions; return the points between its ends."""
        bends = self._bends(start, end, left, right, _BENT)
        self.lines += [Line(left, right, a, b) for a, b in pairwise([start, *bends, end])]
        return bends

    def _bends(self, start: Point, end: Point, left: int, right: int, times: int) -> list[Point]:
        """Return points between the ends of a line at which the answer changes, if it bends."""
        # along the second axis, so that few values of the first are asked for
        x, y = _halfway(start, end)
        steep = abs(end[1] - start[1]) / 2.0
        for far in (max(steep, _distance(start, end) / 8.0), _distance(start, end) / 32.0):
            across = copysign(far, end[0] - start[0])
            a, b = (x, y + across), (x, y - across)
            within = min(a[1], b[1]) >= 0.0 and max(a[1], b[1]) <= 1.0
            if times and within and (self._number(a), self._number(b)) == (left, right):
                break
        else:
            return []
        while _distance(a, b) > 1.5 * EXACT:
            tried = _halfway(a, b)
            if self._number(tried) == left:
                a = tried
            else:
                b = tried
        joint = _halfway(a, b)
        return [
            *self._bends(start, joint, left, right, times - 1),
            joint,
            *self._bends(joint, end, left, right, times - 1),
        ]


def _cut_off(numbers: list[int]) -> int | None:
    """Return the place of a run between two of the same; None where there is none."""
    if len(numbers) < 3:
        return None
    places = range(len(numbers))
    around = (place for place in places if numbers[place - 1] == numbers[(place + 1) % len(places)])
    return next(around, None)


def _parts_by_lines(numbers: list[int]) -> bool:
    """Whether lines from one change on a rim to another divide a cell, in one way only."""
    while len(numbers) > 2:
        cut = _cut_off(numbers)
        if cut is None:
            return False
        numbers = numbers[cut:] + numbers[:cut]
        if len(numbers) > 3 and numbers[0] == numbers[2]:  # its neighbour might be cut off, too
            return False
        numbers = [numbers[-1], *numbers[2:-1]]
    return True


def area(points: list[Point]) -> float:
    """Return the area of a polygon."""
    x, y = np.array(points).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0


def _halfway(a: Point, b: Point) -> Point:
    return _rounded((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0)


def _rounded(x: float, y: float) -> Point:
    """Return a point that is the same from whichever cell it is reached."""
    return round(x, 12), round(y, 12)


def _distance(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
