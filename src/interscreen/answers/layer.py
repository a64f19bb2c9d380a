"""The converted layer in numbers: Li it takes, volume, metal and salt in it, electron blocking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..phases.material import Given, compose
from ..phases.result import Result
from ..phases.solids import (
    INSULATOR,
    MEASURED,
    METAL,
    SEMICONDUCTOR,
    SOURCE,
    conduction,
    molar_volumes,
)
from ..phases.table import PhaseTable
from ..phases.units import MAH_PER_MOL
from .stack import CandidateSide, candidate_side, is_lithium_salt

MIXED = "mixed"

# critical volume fraction of a random mixture in three dimensions [%]: H. Scher, R. Zallen,
# J. Chem. Phys. 53, 3759 (1970), doi:10.1063/1.1674565
PERCOLATION_THRESHOLD_PERCENT = 16.0

_UM_IN_CM = 1e-4
_BLOCKING = {True: "partly", False: "yes", None: None}


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


def layer_metrics(table: PhaseTable, candidate: Given | CandidateSide) -> LayerMetrics:
    """Metrics of the converted layer of a candidate; the same for every electrolyte.

    A candidate that takes up no Li is its own layer: nothing is consumed and nothing changes.

    Parameters
    ----------
    table : PhaseTable
        Gives volumes and band gaps where it has them.
    candidate : str, Material, pymatgen Composition or entry, or CandidateSide
        The last where the conversion with Li metal was computed already.

    Returns
    -------
    LayerMetrics

    Raises
    ------
    InputError, SolverError
        See ``react``.

    Examples
    --------
    >>> from interscreen import PhaseTable, layer_metrics
    >>> layer_metrics(PhaseTable.reference(), "CuF2").metal_percolates
    True
    """
    side = candidate
    if not isinstance(side, CandidateSide):
        side = candidate_side(table, side)
    before = _parts(side)
    steps = side.lithiation.steps
    after = side.lithiation.final_amounts if steps else before
    volumes, volume_data = _volumes(table, (*before, *after))
    deposited = _total(before, volumes)
    converted = _total(after, volumes)
    taken = steps[-1].li_per_formula_end - steps[0].li_per_formula_start if steps else 0.0
    kinds = {phase: conduction(table, phase) for phase in after}
    metal = _share(after, volumes, lambda phase: _is_metal(kinds[phase]))
    salt = _share(after, volumes, is_lithium_salt)
    percolates = _reaches(metal, PERCOLATION_THRESHOLD_PERCENT)
    return LayerMetrics(
        li_capacity_mAh_per_cm2_um=_per_micrometre(taken, deposited),
        volume_change_percent=_change(deposited, converted) if steps else 0.0,
        metal_volume_percent=_exact(metal),
        salt_volume_percent=_exact(salt),
        metal_percolates=percolates,
        insulating_products=tuple(phase for phase in after if kinds[phase] == INSULATOR),
        electron_blocking=_blocking(kinds, percolates),
        volume_data=volume_data,
    )


def layer_row(metrics: LayerMetrics) -> dict[str, Any]:
    """Flat entries of results.csv: yes and no in words, phases joined, None where unknown."""
    words = {True: "yes", False: "no", None: None}
    return {
        **metrics.to_dict(),
        "metal_percolates": words[metrics.metal_percolates],
        "insulating_products": " + ".join(metrics.insulating_products),
    }


def _parts(side: CandidateSide) -> dict[str, float]:
    """Components of the candidate and formula units of each per unit of it."""
    parts: dict[str, float] = {}
    for factor, formula in compose(side.material.formula).parts:
        parts[formula.text] = parts.get(formula.text, 0.0) + float(factor)
    return parts


def _volumes(table: PhaseTable, phases: tuple[str, ...]) -> tuple[dict[str, float | None], str]:
    """Molar volume of each phase [cm3/mol] and what to say about the data.

    One origin for all phases where that is possible: computed volumes are a few per cent too
    large, and the difference of two origins would look like a change of volume.
    """
    known = {phase: molar_volumes(table, phase) for phase in phases}
    for origin in (SOURCE, MEASURED):
        if all(origin in found for found in known.values()):
            return {phase: found[origin] for phase, found in known.items()}, origin
    volumes = {phase: found.get(SOURCE, found.get(MEASURED)) for phase, found in known.items()}
    missing = [phase for phase, volume in volumes.items() if volume is None]
    return volumes, f"no volume of {', '.join(missing)}" if missing else MIXED


def _total(amounts: Mapping[str, float], volumes: Mapping[str, float | None]) -> float | None:
    """Volume of an assemblage [cm3 per mole of the candidate]."""
    total = 0.0
    for phase, amount in amounts.items():
        volume = volumes[phase]
        if volume is None:
            return None
        total += amount * volume
    return total


def _per_micrometre(taken: float, deposited: float | None) -> float | None:
    """Charge of Li taken up by a layer of 1 um [mAh/cm2]."""
    if taken == 0.0:
        return 0.0
    return None if deposited is None else taken * MAH_PER_MOL / deposited * _UM_IN_CM


def _change(deposited: float | None, converted: float | None) -> float | None:
    if deposited is None or converted is None:
        return None
    return 100.0 * (converted / deposited - 1.0)


def _is_metal(kind: str | None) -> bool | None:
    return None if kind is None else kind == METAL


def _share(
    amounts: Mapping[str, float],
    volumes: Mapping[str, float | None],
    belongs: Callable[[str], bool | None],
) -> tuple[float, float]:
    """Lowest and highest possible share of the phases that belong to a kind [% by volume].

    The two differ where it is not known whether a phase belongs, or how large it is.
    """
    member = {phase: belongs(phase) for phase in amounts}
    if all(member.values()):
        return 100.0, 100.0
    if not any(value is None or value for value in member.values()):
        return 0.0, 0.0
    total = _total(amounts, volumes)
    if total is None:
        return 0.0, 100.0
    parts = {
        phase: 100.0 * amount * (volumes[phase] or 0.0) / total for phase, amount in amounts.items()
    }
    low = sum(part for phase, part in parts.items() if member[phase])
    return low, low + sum(part for phase, part in parts.items() if member[phase] is None)


def _exact(share: tuple[float, float]) -> float | None:
    return share[0] if share[0] == share[1] else None


def _reaches(share: tuple[float, float], threshold: float) -> bool | None:
    low, high = share
    if low >= threshold:
        return True
    return False if high < threshold else None


def _blocking(kinds: Mapping[str, str | None], percolates: bool | None) -> str | None:
    if INSULATOR in kinds.values():
        return _BLOCKING[percolates]
    conducts = all(kind in (METAL, SEMICONDUCTOR) for kind in kinds.values())
    return "no" if conducts else None
