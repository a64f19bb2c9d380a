"""Compiled loops over many walks: sparse columns in, a few numbers for each question out.

A question names a composition (``of``), a sample of the costs (``sample``) and how much of one row
is added to it (``added``).  The columns that may take part in it are those whose rows it has;
questions that follow each other and have the same rows share them.
"""

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
def _add_rows(low, high, index, begin, end):
    """Bits of some rows, in two words."""
    for k in range(begin, end):
        if index[k] < 64:
            low |= np.uint64(1) << np.uint64(index[k])
        else:
            high |= np.uint64(1) << np.uint64(index[k] - 64)
    return low, high


@compiled
def _members(groups_low, groups_high, groups_ptr, groups, owner, low, high, mine, theirs):
    """Columns that have no other rows than these, in order; private ones only for their owner."""
    out_low = ~low
    out_high = ~high
    count = 0
    for g in range(groups_low.shape[0]):
        if (groups_low[g] & out_low) | (groups_high[g] & out_high) == 0:
            count += groups_ptr[g + 1] - groups_ptr[g]
    found = np.empty(count, dtype=np.int64)
    count = 0
    for g in range(groups_low.shape[0]):
        if (groups_low[g] & out_low) | (groups_high[g] & out_high) == 0:
            for k in range(groups_ptr[g], groups_ptr[g + 1]):
                held = owner[groups[k]]
                if held < 0 or held in (mine, theirs):
                    found[count] = groups[k]
                    count += 1
    return np.sort(found[:count])


@compiled
def _dense(members, indptr, index, parts, place, m):
    """Columns of a system, the identity in front."""
    columns = np.zeros((m, m + members.shape[0]))
    for i in range(m):
        columns[i, i] = 1.0
    for j in range(members.shape[0]):
        for k in range(indptr[members[j]], indptr[members[j] + 1]):
            columns[place[index[k]], m + j] = parts[k]
    return columns


@compiled
def _places(low, high, rows, place):
    """Give the rows of a system numbers and return how many there are."""
    m = 0
    for row in range(rows):
        word = low if row < 64 else high
        if (word >> np.uint64(row % 64)) & np.uint64(1):
            place[row] = m
            m += 1
        else:
            place[row] = -1
    return m


@compiled
def _global_names(names, members, place, rows, n, out):
    """Numbers of the columns of a system among all; ``n`` and above are the rows themselves."""
    m = names.shape[0]
    for i in range(m):
        if names[i] >= m:
            out[i] = members[names[i] - m]
        else:
            for row in range(rows):
                if place[row] == names[i]:
                    out[i] = n + row


@compiled
def pairs(
    indptr, index, parts, owner, groups_low, groups_high, groups_ptr, groups, costs,
    of_indptr, of_index, of_parts, of_owner, of, sample, added, row, second, second_owner,
    start, size, width,
):  # fmt: skip
    """Minimum of the mutual energy of each of many compositions with one other.

    Parameters
    ----------
    indptr, index, parts : compressed columns; owner : (n,) int array
    groups_low, groups_high : (g,) uint64 arrays; groups_ptr, groups : columns with these rows
    costs : (c, n) float array
    of_indptr, of_index, of_parts, of_owner : compositions
    of, sample : (q,) int arrays
    added : (q,) float array
        How much of ``row`` is added to a composition.
    row : int
    second : (rows,) float array, second_owner : int
    start : float
        Mixing fraction where each walk begins; no kink should lie there.
    size : int
        Room for breakpoints.
    width : int
        At least the number of rows of the largest system.

    Returns
    -------
    status : (q,) int array
    mutual, mixing, hull_first : (q,) float arrays
        Minimum of the mutual energy, fraction of the first there, lowest energy of the first.
    phases : (q, width) int array, amounts : (q, width) float array
        Equilibrium at the minimum; -1 where there is nothing.
    """
    q, n, rows = of.shape[0], indptr.shape[0] - 1, second.shape[0]
    status = np.zeros(q, dtype=np.int64)
    mutual = np.zeros(q)
    mixing = np.zeros(q)
    hull = np.zeros(q)
    phases = np.full((q, width), -1, dtype=np.int32)
    amounts = np.zeros((q, width))
    place = np.empty(rows, dtype=np.int64)
    had_low, had_high, had_owner = np.uint64(0), np.uint64(0), -2
    base_low, base_high = np.uint64(0), np.uint64(0)
    for i in range(rows):
        if second[i] != 0.0:
            if i < 64:
                base_low |= np.uint64(1) << np.uint64(i)
            else:
                base_high |= np.uint64(1) << np.uint64(i - 64)
    members = np.empty(0, dtype=np.int64)
    columns = np.empty((0, 0))
    system_costs = np.empty(0)
    had_sample = -1
    m = 0
    for one in range(q):
        begin, end = of_indptr[of[one]], of_indptr[of[one] + 1]
        low, high = _add_rows(base_low, base_high, of_index, begin, end)
        if added[one] > 0.0:
            if row < 64:
                low |= np.uint64(1) << np.uint64(row)
            else:
                high |= np.uint64(1) << np.uint64(row - 64)
        mine = of_owner[of[one]]
        if low != had_low or high != had_high or mine != had_owner:
            had_low, had_high, had_owner, had_sample = low, high, mine, -1
            m = _places(low, high, rows, place)
            members = _members(
                groups_low, groups_high, groups_ptr, groups, owner, low, high, mine, second_owner
            )
            columns = _dense(members, indptr, index, parts, place, m)
            system_costs = np.zeros(m + members.shape[0])
        if sample[one] != had_sample:
            had_sample = sample[one]
            for j in range(members.shape[0]):
                system_costs[m + j] = costs[had_sample, members[j]]
        b0 = np.zeros(m)
        d = np.zeros(m)
        total = 1.0 + added[one]
        for i in range(rows):
            if second[i] != 0.0:
                b0[place[i]] = second[i]
        for k in range(begin, end):
            d[place[of_index[k]]] = of_parts[k]
        if added[one] > 0.0:
            d[place[row]] += added[one]
        for i in range(m):
            d[i] = d[i] / total - b0[i]
        state, first, _, last, ts, energies, _, names, shares = _certified_walk(
            columns, system_costs, b0, d, start, 0.0, 1.0, size
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
        _global_names(names[best], members, place, rows, n, phases[one])
        amounts[one, :m] = shares[best]
    return status, mutual, mixing, hull, phases, amounts


@compiled
def lines(
    indptr, index, parts, owner, groups_low, groups_high, groups_ptr, groups, costs,
    of_indptr, of_index, of_parts, of_owner, of, sample, row, rows, size, width,
):  # fmt: skip
    """Walk the amount of one row (Li) in each of many compositions, to pure Li and to none.

    Parameters
    ----------
    As for ``pairs``; ``rows`` is the number of rows.

    Returns
    -------
    status : (q,) int array
    hull, reduction, oxidation, uptake, final : (q,) float arrays
        Lowest energy; limits of the window, minus the slopes to either side (oxidation not a
        number without Li to give off); Li taken up down to slope zero per unit, lowest energy
        there.
    phases : (q, width) int array, amounts : (q, width) float array
        Equilibrium at slope zero, per unit of the composition.
    mutual, mixing : (q,) float arrays
        Minimum of the mutual energy with pure Li, and the fraction of the composition there.
    met : (q, width) int array, met_amounts : (q, width) float array
        Equilibrium at that minimum, per unit of the mixture.
    """
    q, n = of.shape[0], indptr.shape[0] - 1
    status = np.zeros(q, dtype=np.int64)
    hull = np.zeros(q)
    reduction = np.zeros(q)
    oxidation = np.full(q, np.nan)
    uptake = np.zeros(q)
    final = np.zeros(q)
    mutual = np.zeros(q)
    mixing = np.zeros(q)
    phases = np.full((q, width), -1, dtype=np.int32)
    amounts = np.zeros((q, width))
    met = np.full((q, width), -1, dtype=np.int32)
    met_amounts = np.zeros((q, width))
    place = np.empty(rows, dtype=np.int64)
    had_low, had_high, had_owner = np.uint64(0), np.uint64(0), -2
    base_low, base_high = np.uint64(0), np.uint64(0)
    if row < 64:
        base_low |= np.uint64(1) << np.uint64(row)
    else:
        base_high |= np.uint64(1) << np.uint64(row - 64)
    members = np.empty(0, dtype=np.int64)
    columns = np.empty((0, 0))
    system_costs = np.empty(0)
    had_sample = -1
    m = 0
    for one in range(q):
        begin, end = of_indptr[of[one]], of_indptr[of[one] + 1]
        low, high = _add_rows(base_low, base_high, of_index, begin, end)
        mine = of_owner[of[one]]
        if low != had_low or high != had_high or mine != had_owner:
            had_low, had_high, had_owner, had_sample = low, high, mine, -1
            m = _places(low, high, rows, place)
            members = _members(
                groups_low, groups_high, groups_ptr, groups, owner, low, high, mine, -1
            )
            columns = _dense(members, indptr, index, parts, place, m)
            system_costs = np.zeros(m + members.shape[0])
        if sample[one] != had_sample:
            had_sample = sample[one]
            for j in range(members.shape[0]):
                system_costs[m + j] = costs[had_sample, members[j]]
        b0 = np.zeros(m)
        d = np.zeros(m)
        for k in range(begin, end):
            b0[place[of_index[k]]] = of_parts[k]
        d[place[row]] = 1.0
        state, first, start, last, ts, energies, slopes, names, shares = _certified_walk(
            columns, system_costs, b0, d, 0.0, -b0[place[row]], np.inf, size
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
        _global_names(names[point], members, place, rows, n, phases[one])
        amounts[one, :m] = shares[point]
        best = -1
        lowest = 0.0
        for back in range(last - start + 1):  # from the side of Li, as ``pairs`` goes
            kink = last - back
            value = (energies[kink] - energies[start]) / (1.0 + ts[kink])
            if value < lowest - 1e-13:
                lowest = value
                best = kink
        mutual[one] = lowest
        if best >= 0:
            mixing[one] = 1.0 / (1.0 + ts[best])
            _global_names(names[best], members, place, rows, n, met[one])
            met_amounts[one, :m] = shares[best] / (1.0 + ts[best])
    return (
        status, hull, reduction, oxidation, uptake, final, phases, amounts, mutual, mixing, met,
        met_amounts,
    )  # fmt: skip
