"""Geometry of triangles: places of compositions, rasters, outlines and free spots for labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...answers.map import CompositionMap
from ...phases.system import Floats

if TYPE_CHECKING:
    from matplotlib.path import Path

HEIGHT = math.sqrt(3.0) / 2.0  # of a triangle with sides of one
CORNERS = np.array([[0.0, 0.0], [0.5, HEIGHT], [1.0, 0.0]])  # left, top, right

Box = tuple[float, float, float, float]


def place(fractions: Any) -> Floats:
    """Return points of compositions, shape (..., 2), in units of a side from the left corner."""
    points: Floats = np.asarray(fractions, dtype=float) @ CORNERS
    return points


def raster(one: CompositionMap, width: int) -> Floats:
    """Return energies [meV/atom] of pixels, lowest row first: linear within each grid triangle.

    Pixels outside the triangle have the value of its nearest side, so that cutting it out leaves
    no seam.
    """
    n = one.divisions
    values = np.zeros((n + 2, n + 2))
    counts = np.rint(one.fractions * n).astype(int)
    values[counts[:, 1], counts[:, 2]] = 1000.0 * one.min_mutual_energy_eV_per_atom
    height = round(width * HEIGHT)
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    third = x - y / 2
    shares = np.maximum(np.stack([1.0 - y - third, y, third]), 0.0)
    shares *= n / shares.sum(axis=0)
    row, column = (np.minimum(np.floor(share).astype(int), n - 1) for share in shares[1:])
    up, right = shares[1] - row, shares[2] - column
    lower = values[row, column] * (1.0 - up - right)
    lower += values[row + 1, column] * up + values[row, column + 1] * right
    upper = values[row + 1, column + 1] * (up + right - 1.0)
    upper += values[row + 1, column] * (1.0 - right) + values[row, column + 1] * (1.0 - up)
    # a pixel on the slanted side rounds either way; there is no upper triangle beyond it
    inside = (up + right <= 1.0) | (row + column >= n - 1)
    energies: Floats = np.where(inside, lower, upper)
    return energies


def outline(one: CompositionMap, level: float) -> Path:
    """Return the edge of the region with |E| below ``level``, the sides of the triangle included.

    It is linear within each triangle of the grid, as the colours are.
    """
    from matplotlib.figure import Figure
    from matplotlib.tri import TriAnalyzer, Triangulation

    grid = Triangulation(*place(one.fractions).T)
    # rounding leaves slivers between points on a side
    grid.set_mask(TriAnalyzer(grid).get_flat_tri_mask(0.01))
    margin = one.min_mutual_energy_eV_per_atom + level  # positive inside
    levels = [0.0, max(margin.max(), 0.0) + 1.0]
    (path,) = Figure().subplots().tricontourf(grid, margin, levels=levels).get_paths()
    return path


def beside_lithium(one: CompositionMap) -> Floats:
    """Return the corners of the region that is stable against Li metal, shape (k, 2).

    It is made of the tie triangles that have Li as a corner; their other corners are the phases
    with a reduction limit of zero.
    """
    lithium = CORNERS[one.elements.index("Li")]
    corners = place([phase.fractions for phase in one.phases if phase.reduction_limit_V == 0.0])
    corners = corners[np.abs(corners - lithium).max(axis=1) > 1e-9]
    away = corners - lithium
    middle = CORNERS.mean(axis=0) - lithium
    # from the middle of the triangle, so that no angle jumps
    turn = np.arctan2(middle[0] * away[:, 1] - middle[1] * away[:, 0], away @ middle)
    region: Floats = np.vstack([lithium, corners[np.argsort(turn)]])
    return region


def around(point: Floats, half_width: float, half_height: float) -> Box:
    """Return the box with a point in its middle."""
    x, y = float(point[0]), float(point[1])
    return (x - half_width, y - half_height, x + half_width, y + half_height)


def free_spot(
    point: Floats,
    size: tuple[float, float],
    taken: Sequence[Box],
    others: Floats,
    lines: Floats,
    limits: Box,
) -> Box | None:
    """Find room for a label of some size near a point, nearer than to any other point [in].

    Close to the point is better than far, and clear of ``lines`` better than across them.
    """
    best, least = None, math.inf
    for distance in (0.05, 0.09, 0.14):
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            away = (dx * (distance + size[0] / 2), dy * (distance + size[1] / 2))
            box = around(point + away, size[0] / 2, size[1] / 2)
            cost = distance + (0.06 if (_gaps(lines, box) == 0.0).any() else 0.0)
            if (
                cost < least
                and np.greater_equal(box[:2], limits[:2]).all()
                and np.less_equal(box[2:], limits[2:]).all()
                and not any(_overlap(box, other) for other in taken)
                and (_gaps(others, box) > _gaps(point[None], box)[0] + _clear(others, box)).all()
            ):
                best, least = box, cost
    return best


def _clear(points: Floats, box: Box) -> Floats:
    """Return how much farther other points must be: a dot beside a label looks its own."""
    beside = (points[:, 1] > box[1] - 0.02) & (points[:, 1] < box[3] + 0.02)
    return np.where(beside, 0.09, 0.015)


def _gaps(points: Floats, box: Box) -> Floats:
    """Return distances of points from a box, zero inside [in]."""
    outside = np.maximum(np.maximum(box[:2] - points, points - box[2:]), 0.0)
    gaps: Floats = np.hypot(*outside.T)
    return gaps


def along(corners: Floats) -> Floats:
    """Return points along a closed line, close to each other, shape (k, 2)."""
    steps = np.linspace(0.0, 1.0, 120)[:, None]
    return np.concatenate(
        [a + steps * (b - a) for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True)]
    )


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
