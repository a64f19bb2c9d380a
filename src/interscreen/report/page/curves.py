"""Mutual-energy curves of a run; the same contact of several stacks is kept once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from .rows import Row

_STACK = ("candidate", "electrolyte", "contact", "contact_kind")


def gather_curves(rows: Iterable[Row]) -> dict[str, Any]:
    """Collect the kinks of reactions.csv.

    Parameters
    ----------
    rows : iterable of dict
        In the order of the file: the kinks of a contact stand together.

    Returns
    -------
    dict
        ``equations`` (texts), ``curves`` (reactants ``a`` and ``b``, where their energies
        come from ``ea`` and ``eb``, atom fractions of a ``x``, mutual energies [eV/atom] ``e``,
        numbers of the equations ``q``, place of the minimum ``m`` or -1) and ``contacts``
        (candidate, electrolyte, kind, label, number of the curve).
    """
    equations: dict[str, int] = {}
    numbers: dict[tuple[Any, ...], int] = {}
    curves: list[dict[str, Any]] = []
    contacts: list[list[Any]] = []
    for stack, group in groupby(rows, key=lambda row: tuple(row.get(key) for key in _STACK)):
        kinks = list(group)
        first = kinks[0]
        curve: dict[str, Any] = {
            "a": first.get("reactant_a", ""),
            "b": first.get("reactant_b", ""),
            "ea": first.get("reactant_a_energy_source", ""),
            "eb": first.get("reactant_b_energy_source", ""),
            "x": [kink.get("mixing_fraction") for kink in kinks],
            "e": [kink.get("mutual_energy_eV_per_atom") for kink in kinks],
            "q": [equations.setdefault(kink.get("equation", ""), len(equations)) for kink in kinks],
            "m": next((i for i, kink in enumerate(kinks) if kink.get("is_minimum") == "True"), -1),
        }
        key = tuple(tuple(v) if isinstance(v, list) else v for v in curve.values())
        if key not in numbers:
            numbers[key] = len(curves)
            curves.append(curve)
        candidate, electrolyte, label, kind = stack
        contacts.append([candidate, electrolyte, kind, label, numbers[key]])
    return {"equations": list(equations), "curves": curves, "contacts": contacts}
