"""The converted layer in numbers: Li it takes, volume, metal and salt in it, electron blocking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..phases.material import Given
from ..phases.result import Result
from ..phases.solids import (
    INSULATOR,
    MEASURED,
    METAL,
    SEMICONDUCTOR,
    SOURCE,
    figures_of,
    row_conduction,
    row_volumes,
)
from ..phases.system import Floats
from ..phases.table import PhaseTable
from ..phases.units import MAH_PER_MOL
from .materials import Materials, Rows
from .stacks import Partners, WithLithium, partners_in_samples, salts_among, with_lithium
from .texts import Texts, joined_texts

MIXED = "mixed"

# critical volume fraction of a random mixture in three dimensions [%]: H. Scher, R. Zallen,
# J. Chem. Phys. 53, 3759 (1970), doi:10.1063/1.1674565
PERCOLATION_THRESHOLD_PERCENT = 16.0

_UM_IN_CM = 1e-4


@dataclass(frozen=True)
class LayerMetrics(Result):
    """What the conversion makes of a layer; None where a figure is missing.

    Attributes
    ----------
    li_capacity_mAh_per_cm2_um : float or None
        Li consumed by one micrometre of the layer as deposited [mAh/cm2/um].
    volume_change_percent : float or None
        Volume of the converted layer over that of the layer as deposited, minus one [%]. The Li
        that comes from the anode is not part of the layer before.
    metal_volume_percent, salt_volume_percent : float or None
        Share of electron-conducting metals and alloys, and of Li-bearing salts, in the volume of
        the converted layer [%]; other phases make up the rest.
    metal_percolates : bool or None
        Whether the metals reach the percolation threshold.
    insulating_products : tuple of str
        Phases of the converted layer that are known to insulate.
    electron_blocking : str or None
        ``yes``, ``partly`` (insulating phases, but the metals percolate), ``no``, or None where a
        band gap or a volume is missing that would matter.
    volume_data : str
        ``source``, ``measured`` or ``mixed``; or which volumes are missing.
    """

    li_capacity_mAh_per_cm2_um: float | None
    volume_change_percent: float | None
    metal_volume_percent: float | None
    salt_volume_percent: float | None
    metal_percolates: bool | None
    insulating_products: tuple[str, ...]
    electron_blocking: str | None
    volume_data: str


def layer_metrics(table: PhaseTable, candidate: Given) -> LayerMetrics:
    """Metrics of the converted layer of a candidate; the same for every electrolyte.

    A candidate that takes up no Li is its own layer: nothing is consumed and nothing changes.

    Volumes are measured ones where every phase has one, else those of the table.  Errors as for
    ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable, layer_metrics
    >>> layer_metrics(PhaseTable.reference(), "CuF2").metal_percolates
    True
    """
    common, ours = next(partners_in_samples(table, [candidate], []))
    lithium = with_lithium(common.phases, ours)
    found = {key: values[0] for key, values in layer_columns(common, ours, lithium).items()}
    numbers = {
        key: None if np.isnan(value) else float(value)
        for key, value in found.items()
        if isinstance(value, float)
    }
    products = str(found["insulating_products"])
    found["metal_percolates"] = {"yes": True, "no": False}.get(found["metal_percolates"])
    found["insulating_products"] = tuple(products.split(" + ")) if products else ()
    return LayerMetrics(**{**found, **numbers})


@dataclass(frozen=True, eq=False)
class _Parts:
    """Phases of layers in slots, (k, w) arrays."""

    phase: Rows  # number of the phase among all that occur; -1 for an empty slot
    amount: Floats  # [atoms per atom of the candidate]
    volume: Floats  # of one mole of atoms [cm3/mol]; zero in empty slots

    def of(self, values: Any, empty: Any) -> Any:
        """Spread values of the phases over the slots."""
        return np.where(self.phase < 0, empty, np.asarray(values)[self.phase])

    @property
    def total(self) -> Floats:
        """Volume of each layer [cm3 per mole of atoms of the candidate]; NaN where one misses."""
        total: Floats = (self.amount * self.volume).sum(axis=1)
        return total


def layer_columns(common: Partners, ours: Materials, lithium: WithLithium) -> dict[str, Any]:
    """Metrics of many layers, by column of results.csv; (k,) arrays.

    Numbers are NaN where a figure is missing, texts are None.  ``common`` has the phases that the
    layers consist of, ``ours`` are the candidates, ``lithium`` their conversion (first sample).
    """
    phases = common.phases
    converts = np.nan_to_num(lithium.uptake[:, 0]) != 0.0
    found = np.where(converts[:, None], lithium.phases[:, 0], -1)
    products = np.unique(found[found >= 0])
    place = np.where(found < 0, -1, np.searchsorted(products, found))
    names = np.concatenate([phases.names[products], ours.component_name])
    rows = np.concatenate([phases.rows_of(products), ours.component_row])
    volumes, kinds = _figures(phases.table, rows, names)
    salts = np.concatenate([common.salt[products], salts_among(phases, ours.components)])
    first = _slots(ours.component_of, ours.component_share, len(products), len(ours))
    before, after, data = _with_volumes(first, (place, lithium.amounts[:, 0]), volumes, names)
    after = _after(before, after, converts)
    taken = np.where(converts, lithium.uptake[:, 0], 0.0)
    charge = phases.table.electrode.ion.charge
    metal = _share(after, after.of(kinds == METAL, False), after.of(kinds == "", False))
    low, high = (share >= PERCOLATION_THRESHOLD_PERCENT for share in metal)
    percolates = np.where(low, "yes", np.where(high, None, "no"))  # type: ignore[call-overload]
    insulating = after.of(kinds == INSULATOR, False)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_micrometre = taken * charge * MAH_PER_MOL / before.total * _UM_IN_CM
        change = 100.0 * (after.total / before.total - 1.0)
    return {
        "li_capacity_mAh_per_cm2_um": np.where(taken == 0.0, 0.0, per_micrometre),
        "volume_change_percent": np.where(converts, change, 0.0),
        "metal_volume_percent": _exact(metal),
        "salt_volume_percent": _exact(_share(after, after.of(salts, False), False)),
        "metal_percolates": percolates,
        "insulating_products": joined_texts(np.where(insulating, after.phase, -1), names, " + "),
        "electron_blocking": _blocking(after, kinds, insulating.any(axis=1), percolates),
        "volume_data": data,
    }


def _figures(table: PhaseTable, rows: Rows, names: Texts) -> tuple[dict[str, Floats], Texts]:
    """Volumes [cm3 per mole of atoms] by origin, and conduction, of some phases."""
    there = rows >= 0
    volumes = {origin: np.full(len(rows), np.nan) for origin in (SOURCE, MEASURED)}
    kinds = np.full(len(rows), "", dtype=object)
    for origin, values in row_volumes(table, rows[there]).items():
        volumes[origin][there] = values
    kinds[there] = row_conduction(table, rows[there])
    for place in np.flatnonzero(~there).tolist():
        volumes[MEASURED][place], kinds[place] = figures_of(str(names[place]))
    return volumes, kinds


def _slots(of: Rows, share: Floats, first: int, k: int) -> tuple[Rows, Floats]:
    """Components of candidates (numbered from ``first``) in slots, and their amounts."""
    count = np.bincount(of, minlength=k)
    slot = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    phase = np.full((k, int(count.max(initial=1))), -1)
    amount = np.zeros(phase.shape)
    phase[of, slot] = first + np.arange(len(of))
    amount[of, slot] = share
    return phase, amount


def _with_volumes(
    first: tuple[Rows, Floats],
    then: tuple[Rows, Floats],
    volumes: dict[str, Floats],
    names: Texts,
) -> tuple[_Parts, _Parts, Texts]:
    """Layers before and after contact with Li, and what to say about their volumes.

    One origin for all phases of a layer where that is possible, measured before computed: computed
    volumes are some per cent off, and the difference of two origins would look like a change.
    """
    phase = np.concatenate([first[0], then[0]], axis=1)
    anything = np.where(np.isnan(volumes[SOURCE]), volumes[MEASURED], volumes[SOURCE])
    wide = {
        origin: np.where(phase < 0, 0.0, values[phase])
        for origin, values in {**volumes, MIXED: anything}.items()
    }
    full = {origin: ~np.isnan(values).any(axis=1) for origin, values in wide.items()}
    data = np.select([full[MEASURED], full[SOURCE]], [MEASURED, SOURCE], MIXED).astype(object)
    volume = wide[MIXED]
    for origin in (MEASURED, SOURCE):
        volume = np.where((data == origin)[:, None], wide[origin], volume)
    missing = np.isnan(wide[MIXED])
    known: dict[str, int] = {}
    number = np.array([known.setdefault(name, i) for i, name in enumerate(names)], dtype=np.int64)
    same = np.where(missing, number[phase], -1)
    for slot in range(1, phase.shape[1]):  # each name once
        again = (same[:, :slot] == same[:, slot : slot + 1]).any(axis=1)
        missing[again, slot] = False
    lacks = missing.any(axis=1)
    data[lacks] = "no volume of " + joined_texts(np.where(missing, phase, -1), names, ", ")[lacks]
    width = first[0].shape[1]
    return _Parts(*first, volume[:, :width]), _Parts(*then, volume[:, width:]), data


def _after(before: _Parts, after: _Parts, converts: NDArray[np.bool_]) -> _Parts:
    """Layers after contact with Li: as deposited where no Li is taken up."""
    width = max(before.phase.shape[1], after.phase.shape[1])

    def wide(values: Any, fill: float) -> Any:
        return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=fill)

    return _Parts(
        *(
            np.where(
                converts[:, None],
                wide(getattr(after, name), fill),
                wide(getattr(before, name), fill),
            )
            for name, fill in (("phase", -1), ("amount", 0.0), ("volume", 0.0))
        )
    )


def _share(after: _Parts, belongs: Any, perhaps: Any) -> tuple[Floats, Floats]:
    """Lowest and highest possible share of the phases that belong to a kind [% by volume].

    The two differ where it is not known whether a phase belongs, or how large it is.
    """
    there = after.phase >= 0
    parts = after.amount * after.volume
    with np.errstate(divide="ignore", invalid="ignore"):
        low = 100.0 * np.where(belongs, parts, 0.0).sum(axis=1) / after.total
        high = low + 100.0 * np.where(perhaps & there, parts, 0.0).sum(axis=1) / after.total
    unknown = np.isnan(after.total)
    low, high = np.where(unknown, 0.0, low), np.where(unknown, 100.0, high)
    all_of_them = (belongs | ~there).all(axis=1)
    none = ~((belongs | perhaps) & there).any(axis=1)
    low, high = np.where(all_of_them, 100.0, low), np.where(all_of_them, 100.0, high)
    return np.where(none, 0.0, low), np.where(none, 0.0, high)


def _exact(share: tuple[Floats, Floats]) -> Floats:
    return np.where(share[0] == share[1], share[0], np.nan)


def _blocking(
    after: _Parts, kinds: Texts, insulates: NDArray[np.bool_], percolates: Texts
) -> Texts:
    conducts = after.of(np.isin(kinds, (METAL, SEMICONDUCTOR)), True).all(axis=1)
    found = np.full(len(conducts), None, dtype=object)
    found[conducts] = "no"
    found[insulates] = None
    found[insulates & (percolates == "yes")] = "partly"
    found[insulates & (percolates == "no")] = "yes"
    return found
