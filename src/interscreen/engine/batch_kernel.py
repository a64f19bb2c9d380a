"""Compiled loops over many walks: sparse columns in, a few numbers for each question out.

A question names a composition (``of``), a sample of the costs (``sample``) and how much of one row
is added to it (``added``).  The columns that may take part in it are those whose rows it has;
questions that follow each other and have the same rows share them.

Columns come as the tuple ``(indptr, index, parts, owner, low, high, ptr, members, costs, endless,
excess)``: fields of a ``Sparse``, of its groups, the costs of each sample, and reservoirs;
compositions as the fields of a ``Sparse``.

A reservoir is a column that never ends: every composition gets ``excess`` of it.  What is left of
it has its cost, and is taken off again, so amounts may be below zero.
"""

from __future__ import annotations

import numpy as np

from .kernel import OK, compiled, first_basis, walk_line
from .walk import LEFT, SHORT

UNCERTIFIED = 9
_PRICES, _BALANCE = 1e-9, 1e-9  # as in ``walk``
_SAME = 1e-9  # amounts of a row that differ less need no new guess


@compiled
def _certified_walk(
    columns, costs, b0, d, start, low, high, size, endless, excess, guess
):  # fmt: skip
    """Walk once, and once more with care where the first answer carries no proof.

    ``endless`` are columns of reservoirs.  The walk ends where one of them is used up; on a line
    that has an end none may be.
    """
    idle = 0.0
    for gas in endless:
        b0 = b0 + excess * columns[:, gas]
        idle += excess * costs[gas]
    for attempt in range(2):  # constants as arguments would be compiled one by one
        found = walk_line(columns, costs, b0, d, start, low, high, size, attempt == 1, guess)
        proved = found[0] == OK and -found[10] <= _PRICES and found[11] <= _BALANCE
        if proved:
            break
        size, guess = 8 * size, guess[:0]
    status = found[0]
    if status == OK and not proved:
        status = UNCERTIFIED
    first, last = found[1], found[3]
    if status == OK and endless.shape[0]:
        first, last = _beside(found[7], found[8], first, last, endless, excess)
        energies = found[5]
        for point in range(first, last + 1):
            energies[point] -= idle
        if not first <= found[2] <= last or (
            np.isfinite(high) and (first > found[1] or last < found[3])
        ):
            status = SHORT
    return status, first, found[2], last, found[4], found[5], found[6], found[7], found[8]


@compiled
def _beside(names, shares, first, last, endless, excess):
    """First and last point at which all reservoirs are left; the excess is taken off there."""
    begin, end = last + 1, first - 1
    for point in range(first, last + 1):
        enough = True
        for gas in endless:
            left = 0.0
            for i in range(names.shape[1]):
                if names[point, i] == gas:
                    left += shares[point, i]
            enough = enough and left > LEFT
        if enough:
            begin, end = min(begin, point), max(end, point)
    for point in range(begin, end + 1):
        for gas in endless:
            for i in range(names.shape[1]):
                if names[point, i] == gas:
                    shares[point, i] -= excess
    return begin, end


@compiled
def _with_row(low, high, row):
    """Bits of some rows, in two words, and of one more."""
    if row < 64:
        return low | np.uint64(1) << np.uint64(row), high
    return low, high | np.uint64(1) << np.uint64(row - 64)


@compiled
def _with_endless(given, low, high):
    """Bits of some rows, in two words, and of those of the reservoirs."""
    indptr, index, endless = given[0], given[1], given[9]
    n = indptr.shape[0] - 1
    for gas in endless:
        if gas >= n:
            low, high = _with_row(low, high, gas - n)
        else:
            for k in range(indptr[gas], indptr[gas + 1]):
                low, high = _with_row(low, high, index[k])
    return low, high


@compiled
def _places(endless, members, place, n, m):
    """Columns of the reservoirs in a system."""
    found = np.empty(endless.shape[0], dtype=np.int64)
    for number, gas in enumerate(endless):
        found[number] = place[gas - n] if gas >= n else m + np.searchsorted(members, gas)
    return found


@compiled
def _system(given, low, high, mine, theirs, rows, place):
    """Columns that have no other rows than these: their numbers, and a matrix of them.

    They stand in order, behind the identity; private ones are there only for their owner.
    ``place`` gets the row of the matrix for each row there is.
    """
    indptr, index, parts, owner, groups_low, groups_high, groups_ptr, groups, _, _, _ = given
    m = 0
    for row in range(rows):
        word = low if row < 64 else high
        place[row] = -1
        if (word >> np.uint64(row % 64)) & np.uint64(1):
            place[row] = m
            m += 1
    out_low, out_high = ~low, ~high
    inside = np.empty(groups.shape[0], dtype=np.int64)
    count = 0
    for g in range(groups_low.shape[0]):
        if (groups_low[g] & out_low) | (groups_high[g] & out_high) == 0:
            for k in range(groups_ptr[g], groups_ptr[g + 1]):
                held = owner[groups[k]]
                if held < 0 or held in (mine, theirs):
                    inside[count] = groups[k]
                    count += 1
    members = np.sort(inside[:count])
    columns = np.zeros((m, m + count))
    for i in range(m):
        columns[i, i] = 1.0
    for j in range(count):
        for k in range(indptr[members[j]], indptr[members[j] + 1]):
            columns[place[index[k]], m + j] = parts[k]
    return members, columns


@compiled
def _global_names(names, members, place, n, out):
    """Numbers of the columns of a system among all; ``n`` and above are the rows themselves."""
    m = names.shape[0]
    for i in range(m):
        if names[i] >= m:
            out[i] = members[names[i] - m]
        else:
            for row in range(place.shape[0]):
                if place[row] == names[i]:
                    out[i] = n + row


@compiled
def pairs(
    given, firsts, of, sample, added, row, second, second_owner, start, size, width
):  # fmt: skip
    """Minimum of the mutual energy of each of many compositions with one other.

    Parameters
    ----------
    of, sample : (q,) int arrays, added : (q,) float array, row : int
        Questions; ``added`` is how much of ``row`` is added to a composition, or taken from it.
    second : (rows,) float array, second_owner : int
    start, size, width
        Mixing fraction where each walk begins (no kink should lie there), room for breakpoints,
        and at least the number of rows of the largest system.

    Returns
    -------
    status : (q,) int array
    mutual, mixing, hull_first : (q,) float arrays
        Minimum of the mutual energy, fraction of the first there, lowest energy of the first.
    phases : (q, width) int array, amounts : (q, width) float array
        Equilibrium at the minimum; -1 where there is nothing.
    """
    of_indptr, of_index, of_parts, of_owner = firsts
    q, n, rows = of.shape[0], given[0].shape[0] - 1, second.shape[0]
    status = np.zeros(q, dtype=np.int64)
    mutual, mixing, hull = np.zeros(q), np.zeros(q), np.zeros(q)
    phases = np.full((q, width), -1, dtype=np.int32)
    amounts = np.zeros((q, width))
    place, nothing = np.empty(rows, dtype=np.int64), np.empty(0, dtype=np.int64)
    base_low, base_high = np.uint64(0), np.uint64(0)
    for i in np.flatnonzero(second):  # what is no number, too: it must not pass
        base_low, base_high = _with_row(base_low, base_high, i)
    base_low, base_high = _with_endless(given, base_low, base_high)
    had_low, had_high, had_owner, had_sample = np.uint64(0), np.uint64(0), -2, -1
    members, columns, costs = np.empty(0, dtype=np.int64), np.empty((0, 0)), np.empty(0)
    guess, had_of, had_added = nothing, -1, 0.0  # the basis with the costs of the first sample
    for one in range(q):
        begin, end = of_indptr[of[one]], of_indptr[of[one] + 1]
        low, high = base_low, base_high
        for k in range(begin, end):
            low, high = _with_row(low, high, of_index[k])
        if added[one] > 0.0:
            low, high = _with_row(low, high, row)
        mine = of_owner[of[one]]
        if low != had_low or high != had_high or mine != had_owner:
            had_low, had_high, had_owner, had_sample, had_of = low, high, mine, -1, -1
            members, columns = _system(given, low, high, mine, second_owner, rows, place)
            costs = np.zeros(columns.shape[1])
        m = columns.shape[0]
        if sample[one] != had_sample:
            had_sample = sample[one]
            costs[m:] = given[8][had_sample][members]
        endless = _places(given[9], members, place, n, m)
        b0, d = np.zeros(m), np.zeros(m)
        for i in range(rows):
            if second[i] != 0.0:
                b0[place[i]] = second[i]
        for k in range(begin, end):
            d[place[of_index[k]]] = of_parts[k]
        if added[one] != 0.0:
            d[place[row]] += added[one]
        total = 1.0 + added[one]
        for i in range(m):
            d[i] = d[i] / total - b0[i]
        if of[one] != had_of or abs(added[one] - had_added) > _SAME or sample[one] == 0:
            had_of, had_added, guess = of[one], added[one], nothing
        if sample[one] and not guess.shape[0] and not endless.shape[0]:
            usual = np.zeros(costs.shape[0])
            usual[m:] = given[8][0][members]
            guess = first_basis(columns, usual, b0, d, start)
        status[one], first, _, last, ts, energies, _, names, shares = _certified_walk(
            columns, costs, b0, d, start, 0.0, 1.0, size, endless, given[10], guess
        )
        if status[one] != OK:
            continue
        hull[one] = energies[last]
        best, lowest = first, 0.0
        for point in range(first, last + 1):
            t = ts[point]
            value = energies[point] - t * energies[last] - (1.0 - t) * energies[first]
            if value < lowest - 1e-13:  # noise between equal kinks decides nothing
                best, lowest = point, value
        mutual[one], mixing[one] = lowest, ts[best]
        _global_names(names[best], members, place, n, phases[one])
        amounts[one, :m] = shares[best]
    return status, mutual, mixing, hull, phases, amounts


@compiled
def _counted(moved, ignored):
    """How much of what has moved counts: no trace, from three times a trace on all of it."""
    return max(0.0, min(moved, 1.5 * (moved - ignored)))


@compiled
def tolerant(ts, slopes, first, start, last, tolerance, ignored):
    """Limits between which a walk that starts at ``start`` gains no more than a tolerance.

    With minus the slope v held outside, going to a point t gains the integral over v of |t|, as far
    as it counts beside a trace (``ignored``): piecewise linear in v, so the limits are exact.
    Below minus the last slope a reservoir takes up the row without end.

    Returns
    -------
    low, high : float
        ``low`` is 0 where nothing above 0 gains more; ``high`` infinite where nothing does.
    """
    floor = -slopes[last] if -slopes[last] > 1e-9 else 0.0  # not a number: 0
    low, gained = floor, 0.0
    above = max(floor, -slopes[start]) if start < last else floor
    for point in range(start + 1, last + 1):
        below = max(floor, -slopes[point]) if point < last else floor
        counted = _counted(ts[point], ignored)
        if counted > 0.0 and gained + counted * (above - below) >= tolerance:
            low = above - (tolerance - gained) / counted
            break
        gained += counted * (above - below)
        above = below
        if above == floor:
            break
    if start == first:
        return low, np.inf
    gained, below = 0.0, max(0.0, -slopes[start - 1])
    for point in range(start - 1, first - 1, -1):
        counted = _counted(-ts[point], ignored)
        above = -slopes[point - 1] if point > first else np.inf
        if counted > 0.0:
            if gained + counted * (above - below) >= tolerance:
                return low, below + (tolerance - gained) / counted
            gained += counted * (above - below)
        below = max(0.0, above)
    return low, np.inf


@compiled
def lines(given, compositions, of, sample, row, rows, size, tolerance, ignored, floor, width):
    """Walk the amount of one row (Li) in each of many compositions, to pure Li and to none.

    Parameters as for ``pairs``; ``rows`` is the number of rows, ``tolerance`` and ``ignored`` as
    for ``tolerant``.  ``floor`` is the energy of pure Li above that of the Li that is taken up or
    given off: minus the slope at which a walk ends.

    Returns
    -------
    status : (q,) int array
    hull, reduction, oxidation, uptake, final : (q,) float arrays
        Lowest energy; limits of the window, minus the slopes to either side (oxidation not a
        number without Li to give off); Li taken up to the floor per unit (below zero where it is
        given off), lowest energy there.
    phases : (q, width) int array, amounts : (q, width) float array
        Equilibrium at the floor, per unit of the composition.
    mutual, mixing : (q,) float arrays
        Minimum of the mutual energy with Li, and the fraction of the composition there (one where
        it gives off Li).
    met : (q, width) int array, met_amounts : (q, width) float array
        Equilibrium at that minimum, per unit of the mixture.
    low, high : (q,) float arrays
        Limits within the tolerance.
    alone : (q,) float array
        Energy that one unit of the row gains alone: zero but beside a reservoir that takes it up.
    """
    of_indptr, of_index, of_parts, of_owner = compositions
    q, n = of.shape[0], given[0].shape[0] - 1
    status = np.zeros(q, dtype=np.int64)
    hull, reduction, oxidation = np.zeros(q), np.zeros(q), np.full(q, np.nan)
    uptake, final, mutual, mixing = np.zeros(q), np.zeros(q), np.zeros(q), np.zeros(q)
    phases, amounts = np.full((q, width), -1, dtype=np.int32), np.zeros((q, width))
    met, met_amounts = np.full((q, width), -1, dtype=np.int32), np.zeros((q, width))
    tolerant_low, tolerant_high, alone = np.zeros(q), np.full(q, np.nan), np.zeros(q)
    place, nothing = np.empty(rows, dtype=np.int64), np.empty(0, dtype=np.int64)
    base_low, base_high = _with_endless(given, *_with_row(np.uint64(0), np.uint64(0), row))
    had_low, had_high, had_owner, had_sample = np.uint64(0), np.uint64(0), -2, -1
    members, columns, costs = np.empty(0, dtype=np.int64), np.empty((0, 0)), np.empty(0)
    for one in range(q):
        begin, end = of_indptr[of[one]], of_indptr[of[one] + 1]
        low, high = base_low, base_high
        for k in range(begin, end):
            low, high = _with_row(low, high, of_index[k])
        mine = of_owner[of[one]]
        if low != had_low or high != had_high or mine != had_owner:
            had_low, had_high, had_owner, had_sample = low, high, mine, -1
            members, columns = _system(given, low, high, mine, np.int64(-1), rows, place)
            costs = np.zeros(columns.shape[1])
        m = columns.shape[0]
        if sample[one] != had_sample:
            had_sample = sample[one]
            costs[m:] = given[8][had_sample][members]
        endless = _places(given[9], members, place, n, m)
        b0, d = np.zeros(m), np.zeros(m)
        for k in range(begin, end):
            b0[place[of_index[k]]] = of_parts[k]
        d[place[row]] = 1.0
        status[one], first, start, last, ts, energies, slopes, names, shares = _certified_walk(
            columns, costs, b0, d, 0.0, -b0[place[row]], np.inf, size, endless, given[10], nothing
        )
        if status[one] != OK:
            continue
        hull[one] = energies[start]
        reduction[one] = -slopes[start] if -slopes[start] > 1e-9 else 0.0
        if start > first:
            oxidation[one] = -slopes[start - 1] if -slopes[start - 1] > 1e-9 else 0.0
        tolerant_low[one], tolerant_high[one] = tolerant(
            ts, slopes, first, start, last, tolerance, ignored
        )
        point = start
        while point < last and -slopes[point] > floor + 1e-9:
            point += 1
        while point > first and -slopes[point - 1] < floor - 1e-9:
            point -= 1
        uptake[one], final[one] = ts[point], energies[point]
        _global_names(names[point], members, place, n, phases[one])
        amounts[one, :m] = shares[point]
        free = -floor  # energy of Li from the electrode, or of what a gas makes of it
        if endless.shape[0] and slopes[last] < free:
            free = slopes[last]
            alone[one] = free + floor
        best, lowest = -1, 0.0
        for kink in range(last, start - 1, -1):  # from the side of Li, as ``pairs`` goes
            value = (energies[kink] - energies[start] - free * ts[kink]) / (1.0 + ts[kink])
            if value < lowest - 1e-13:
                best, lowest = kink, value
        if point < start:
            best, lowest = point, energies[point] - energies[start] + floor * ts[point]
        mutual[one] = lowest
        if best >= 0:
            mixing[one] = 1.0 / (1.0 + max(0.0, ts[best]))
            _global_names(names[best], members, place, n, met[one])
            met_amounts[one, :m] = shares[best] / (1.0 + max(0.0, ts[best]))
    return (
        status, hull, reduction, oxidation, uptake, final, phases, amounts, mutual, mixing, met,
        met_amounts, tolerant_low, tolerant_high, alone,
    )  # fmt: skip


@compiled
def points(given, compositions, of, sample, rows, width):
    """Lowest energy of each of many compositions, and the equilibrium that has it.

    Parameters as for ``pairs``; ``rows`` is the number of rows.

    Returns
    -------
    status : (q,) int array, hull : (q,) float array
    phases : (q, width) int array, amounts : (q, width) float array
        Equilibrium, per unit of the composition; -1 where there is nothing.
    """
    of_indptr, of_index, of_parts, of_owner = compositions
    q, n = of.shape[0], given[0].shape[0] - 1
    status, hull = np.zeros(q, dtype=np.int64), np.zeros(q)
    phases, amounts = np.full((q, width), -1, dtype=np.int32), np.zeros((q, width))
    place, nothing = np.empty(rows, dtype=np.int64), np.empty(0, dtype=np.int64)
    had_low, had_high, had_owner, had_sample = np.uint64(0), np.uint64(0), -2, -1
    members, columns, costs = np.empty(0, dtype=np.int64), np.empty((0, 0)), np.empty(0)
    for one in range(q):
        begin, end = of_indptr[of[one]], of_indptr[of[one] + 1]
        low, high = _with_endless(given, np.uint64(0), np.uint64(0))
        for k in range(begin, end):
            low, high = _with_row(low, high, of_index[k])
        mine = of_owner[of[one]]
        if low != had_low or high != had_high or mine != had_owner:
            had_low, had_high, had_owner, had_sample = low, high, mine, -1
            members, columns = _system(given, low, high, mine, np.int64(-1), rows, place)
            costs = np.zeros(columns.shape[1])
        m = columns.shape[0]
        if sample[one] != had_sample:
            had_sample = sample[one]
            costs[m:] = given[8][had_sample][members]
        endless = _places(given[9], members, place, n, m)
        b0 = np.zeros(m)
        for k in range(begin, end):
            b0[place[of_index[k]]] = of_parts[k]
        status[one], _, start, _, _, energies, _, names, shares = _certified_walk(
            columns, costs, b0, np.zeros(m), 0.0, 0.0, 0.0, np.int64(1), endless, given[10], nothing
        )
        if status[one] == OK:
            hull[one] = energies[start]
            _global_names(names[start], members, place, n, phases[one])
            amounts[one, :m] = shares[start]
    return status, hull, phases, amounts
