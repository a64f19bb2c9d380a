"""What to make of a candidate: try it or not, from intervals of its energies.

Two numbers decide, over arrays: the contact of the layer with the electrolyte, as the score takes
it, and its gain, that is this contact minus the one of bare Li.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..energies.spread import HIGH, LOW, with_number
from .scores import Floats, as_numbers, score_terms
from .weights import default_weights

TRY, UNSURE, NO_GAIN, REACTS, NO_PATH = "try", "unsure", "no gain", "reacts", "no lithium path"
VERDICTS = (TRY, UNSURE, NO_GAIN, REACTS, NO_PATH)
"""In the order of rankings."""

LIMIT_MEV = 10.0  # a contact that gains less does not react [meV/atom]

ALLOWED_MEV = 50.0
"""What a contact to be tried gains at most, in 95 % of the samples [meV/atom].

Half of what Xiao et al. allow coatings of cathodes (2019, doi:10.1016/j.joule.2019.02.006).
"""

HALF_WIDTH_MEV = 30.0
"""Half of the 90 % interval of a contact whose energies are not sampled [meV/atom].

What the error model gives for the contacts of the library (docs/ranking.md).
"""

_CONTACT = {
    "layer": 1.0, "deposited": 0.0, "bridge_meV_per_V": 0.0,
    "volume_change_meV_per_percent": 0.0, "percolation_meV": 0.0,
}  # fmt: skip


class Interval(NamedTuple):
    """A number and its 90 % interval, arrays of one shape [meV/atom]."""

    value: Floats
    low: Floats
    high: Floats


def contact_and_gain(columns: Mapping[str, ArrayLike]) -> tuple[Floats, Floats]:
    """Contact of the layer with the electrolyte, and its gain over bare Li [meV/atom].

    ``columns`` are those of ``score_terms`` and ``bare_mutual_eV_per_atom``.
    """
    contact = score_terms(columns, _CONTACT)["converted layer"]
    return contact, contact - 1000.0 * as_numbers(columns["bare_mutual_eV_per_atom"])


def at_worst(contact: Interval, columns: Mapping[str, ArrayLike]) -> Interval:
    """Widen a contact that may be tried to the worst that the layer may come to.

    How far a weak driving force takes a layer (C to LiC12: 9 meV/atom) is within the errors, so it
    may take up all of its Li.  And where no phase of it bridges the potentials of Li and of the
    electrolyte, the electrolyte may see Li through it: what is missing counts as in the score.
    """
    all_of_it = {**columns, "lithium_mutual_eV_per_atom": -np.inf}
    converted = score_terms(all_of_it, _CONTACT)["converted layer"]
    factors = {**_CONTACT, "bridge_meV_per_V": default_weights()["bridge_meV_per_V"]}
    bridge = score_terms(columns, factors)["bridge"]
    worst = np.fmin(converted, contact.value + bridge)
    worse = (contact.low >= -ALLOWED_MEV) & (worst < -ALLOWED_MEV)
    return contact._replace(low=np.where(worse, worst, contact.low))


def stated(values: tuple[Floats, Floats], bare_eV_per_atom: ArrayLike) -> tuple[Interval, Interval]:
    """Intervals of contact and gain without samples: of the stated width, within what can be."""
    contact, gain = values
    width = HALF_WIDTH_MEV
    most = np.maximum(
        gain, -1000.0 * as_numbers(bare_eV_per_atom)
    )  # nothing better than no contact
    # what does not react may react a little when energies scatter, but never the other way round
    low = np.where(contact > -LIMIT_MEV, contact, contact - width)
    return (
        Interval(contact, low, np.minimum(0.0, contact + width)),
        Interval(gain, gain - width, np.minimum(most, gain + width)),
    )


def sampled(nominal: tuple[Floats, Floats], samples: tuple[Floats, Floats]) -> Any:
    """Intervals of contact and gain, from samples along the last axis and the numbers."""
    return tuple(
        Interval(value, *with_number(value, *np.nanpercentile(drawn, [LOW, HIGH], axis=-1)))
        for value, drawn in zip(nominal, samples, strict=True)
    )


def verdicts(contact: Interval, gain: Interval, path: ArrayLike) -> NDArray[np.object_]:
    """Judge each stack.

    Parameters
    ----------
    contact, gain : Interval
    path : bool array
        Whether Li can pass: the layer holds a Li-bearing salt, or takes up Li.

    Returns
    -------
    str array
        ``no lithium path`` without one; ``reacts`` where the contact surely does; ``no gain`` where
        the gain as it stands is below the accuracy of the method; ``unsure`` where the interval of
        contact or gain holds both answers; ``try`` where neither does.
    """
    found = np.select(
        [
            ~np.asarray(path, dtype=np.bool_),
            contact.high < -LIMIT_MEV,
            gain.value < LIMIT_MEV,
            (gain.low <= 0.0) | (contact.low < -ALLOWED_MEV),
        ],
        [NO_PATH, REACTS, NO_GAIN, UNSURE],
        TRY,
    ).astype(object)
    found[np.isnan(contact.value)] = ""
    return found


def reasons(verdict: NDArray[np.object_], contact: Interval, gain: Interval) -> Any:
    """Name the interval that decided each verdict."""
    found = np.full(verdict.shape, "", dtype=object)
    for place in np.ndindex(verdict.shape):
        said = verdict[place]
        if said == NO_PATH:
            found[place] = "no Li-bearing salt and no Li taken up"
        elif said:
            of_gain = said == NO_GAIN or (said == UNSURE and gain.low[place] <= 0.0)
            name, one = ("gain", gain) if of_gain else ("contact", contact)
            value, low, high = (f"{values[place]:.0f}".replace("-0", "0") if
                                abs(values[place]) < 0.5 else f"{values[place]:.0f}"
                                for values in one)  # fmt: skip
            found[place] = f"{name} {value} ({low} to {high}) meV/atom"
    return found
