"""Compiled loops over many walks that keep only what a screen needs: no objects, few numbers."""

from __future__ import annotations

import numpy as np

from .kernel import OK, compiled, walk_line

UNCERTIFIED = 9
_PRICES, _BALANCE = 1e-9, 1e-9  # as in ``walk``


@compiled
def _certified_walk(columns, costs, b0, d, start, low, high, size):
    """Walk once, and once more with care where the first answer carries no proof."""
    found = walk_line(columns, costs, b0, d, start, low, high, size, False)
    if not (found[0] == OK and -found[10] <= _PRICES and found[11] <= _BALANCE):
        found = walk_line(columns, costs, b0, d, start, low, high, 8 * size, True)
    status = found[0]
    if status == OK and not (-found[10] <= _PRICES and found[11] <= _BALANCE):
        status = UNCERTIFIED
    return status, found[1], found[2], found[3], found[4], found[5], found[6], found[7], found[8]


@compiled
def pairs(columns, costs, firsts, second, start, size):
    """Minimum of the mutual energy of each of many compositions with one other.

    Parameters
    ----------
    columns : (m, n) float array, C order
    costs : (1, n) or (k, n) float array
        Energies: the same for all, or a row for each question.
    firsts : (k, m) float array
        Compositions, atom fractions.
    second : (m,) float array
    start : float
        Mixing fraction where each walk begins; no kink should lie there.
    size : int
        Room for breakpoints.

    Returns
    -------
    status : (k,) int array
    mutual, mixing, hull_first : (k,) float arrays
        Minimum of the mutual energy, atom fraction of the first there, hull energy of the first.
    phases : (k, m) int array, amounts : (k, m) float array
        Equilibrium at the minimum.
    """
    k, m = firsts.shape
    status = np.zeros(k, dtype=np.int64)
    mutual = np.zeros(k)
    mixing = np.zeros(k)
    hull = np.zeros(k)
    phases = np.zeros((k, m), dtype=np.int64)
    amounts = np.zeros((k, m))
    d = np.empty(m)
    for one in range(k):
        for i in range(m):
            d[i] = firsts[one, i] - second[i]
        state, first, _, last, ts, energies, _, names, parts = _certified_walk(
            columns, costs[one % costs.shape[0]], second, d, start, 0.0, 1.0, size
        )
        status[one] = state
        if state != OK:
            continue
        hull[one] = energies[last]
        best = first
        lowest = 0.0
        for point in range(first, last + 1):
            t = ts[point]
            value = energies[point] - t * energies[last] - (1.0 - t) * energies[first]
            if value < lowest - 1e-13:  # noise between equal kinks decides nothing
                lowest = value
                best = point
        mutual[one] = lowest
        mixing[one] = ts[best]
        for i in range(m):
            phases[one, i] = names[best, i]
            amounts[one, i] = parts[best, i]
    return status, mutual, mixing, hull, phases, amounts


@compiled
def lithium_lines(columns, costs, compositions, lithium, size):
    """Window and conversion of each of many compositions that take up or give off Li.

    Parameters
    ----------
    columns, costs : as for ``pairs``
    compositions : (k, m) float array
    lithium : int
        Row of Li.
    size : int

    Returns
    -------
    status : (k,) int array
    hull, reduction, oxidation, uptake, final : (k,) float arrays
        Hull energy, limits of the window [V] (oxidation not a number without Li to give off), Li
        taken up down to 0 V per atom, hull energy there.
    phases : (k, m) int array, amounts : (k, m) float array
        Equilibrium at 0 V, per atom of the composition.
    """
    k, m = compositions.shape
    status = np.zeros(k, dtype=np.int64)
    hull = np.zeros(k)
    reduction = np.zeros(k)
    oxidation = np.full(k, np.nan)
    uptake = np.zeros(k)
    final = np.zeros(k)
    phases = np.zeros((k, m), dtype=np.int64)
    amounts = np.zeros((k, m))
    d = np.zeros(m)
    d[lithium] = 1.0
    for one in range(k):
        b0 = compositions[one].copy()
        state, first, start, last, ts, energies, slopes, names, parts = _certified_walk(
            columns, costs[one % costs.shape[0]], b0, d, 0.0, -b0[lithium], np.inf, size
        )
        status[one] = state
        if state != OK:
            continue
        hull[one] = energies[start]
        voltage = -slopes[start]
        reduction[one] = voltage if voltage > 1e-9 else 0.0
        if start > first:
            voltage = -slopes[start - 1]
            oxidation[one] = voltage if voltage > 1e-9 else 0.0
        point = start
        while point < last and -slopes[point] > 1e-9:
            point += 1
        uptake[one] = ts[point]
        final[one] = energies[point]
        for i in range(m):
            phases[one, i] = names[point, i]
            amounts[one, i] = parts[point, i]
    return status, hull, reduction, oxidation, uptake, final, phases, amounts
