"""Two layers one upon the other, in a terminal."""

from __future__ import annotations

from typing import Any

from ...answers.two_layers import TwoLayers
from ..page.verdicts import MEANINGS
from .answers import CONTACTS, contacts_origin, milli
from .layout import page_width, table, wrapped


def two_layers_text(found: TwoLayers, judged: dict[str, Any]) -> str:
    """Write every contact from Li to the electrolyte, and what decides."""
    kinds = {**CONTACTS, "converted": "both converted"}
    rows = [["", "contact", "meV/atom", ""]]
    for contact in found.contacts:
        mark = "<- decides" if contact is found.worst else ""
        rows.append([kinds[contact.kind], contact.label, milli(contact.energy), mark])
    for name, contact in (
        (f"without {found.second}", found.without_second),
        (kinds[found.bare.kind], found.bare),
    ):
        rows.append([name, contact.label, milli(contact.energy), ""])
    said = MEANINGS.get(judged["verdict"], "")
    lines = [
        f"bridge  {found.bridge_product or 'no Li-bearing salt stable at 0 V'}, margin "
        f"{found.bridge_margin_V:.3f} V",
        f"verdict {said}: {judged['verdict_reason']}; gain over bare Li "
        f"{milli(found.gain_eV_per_atom)} meV/atom",
    ]
    told = [part for line in lines for part in wrapped(line, "  ", width=page_width() - 4)]
    body = [*table(rows, left=(0, 1, 3)), *told, *contacts_origin(found.contacts)]
    head = f"Li | {found.first} | {found.second} | {found.electrolyte}"
    return "\n".join([head, *("  " + line for line in body)])
