"""What the page says of one candidate with one electrolyte: verdict, number, cells, cautions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from ...errors import InputError
from ...files import data_yaml
from ...phases.formula import read_amounts, split_mixture
from ...phases.units import is_number
from ...screen.verdict import LIMIT_MEV, NO_GAIN, NO_PATH, REACTS, TRY, UNSURE
from ...screen.where import element_lists
from ..cells import Row
from ..markup import MINUS, linked, marked, number
from .data import OTHER, Run

SIGNS = {TRY: "✓", NO_GAIN: "=", REACTS: "✗", UNSURE: "?", NO_PATH: "✗"}
MEANINGS = {
    TRY: "try",
    NO_GAIN: "no gain over bare Li",
    REACTS: "reacts",
    UNSURE: "unsure",
    NO_PATH: "no path for Li",
}
NOTHING_TO_GAIN = (
    "Nothing can gain more than that: thermodynamics gives no reason for a layer here. Layers on "
    "such electrolytes are made for wetting, which is not in these numbers."
)
LONE_PAIR = {"Sn": 4, "Pb": 4, "Sb": 5, "Bi": 5, "Tl": 3, "As": 5}  # valence electrons


def verdict(row: Mapping[str, Any]) -> str:
    """Return the verdict of a row of results or ranking, empty where it states none."""
    stated = str(row.get("verdict") or "")
    return stated if stated in SIGNS else ""


# what of the layer meets the electrolyte, and the energy that decides then
_DECIDES = {
    "mixture": "layer_mutual_eV_per_atom",
    "facing": "facing_energy_meV_per_atom",
    "worst": "worst_product_mutual_eV_per_atom",
}


# what a verdict rests on: what of the layer meets the electrolyte, and its interval
_CONTACT = re.compile(r"contact (-?\d+) \((-?\d+) to (-?\d+)\)")


@dataclass(frozen=True)
class Said:
    """What is said of a candidate with an electrolyte.

    Attributes
    ----------
    verdict : str
    energy, low, high : float or None
        The number that decides, and the ends of its 90 % interval [meV/atom].
    bare : float or None
        Mutual energy of bare Li with the electrolyte [meV/atom].
    """

    verdict: str
    energy: float | None
    low: float | None
    high: float | None
    bare: float | None

    @property
    def gain(self) -> bool:
        """Whether the number is better than that of bare Li."""
        return self.energy is None or self.bare is None or self.energy > self.bare


def said(run: Run, row: Row) -> Said:
    """Return what is said of a row of the results, with what the ranking knows of it."""
    key = _DECIDES.get(str(row.get("arrangement")), _DECIDES["mixture"])
    value = row.get(key)
    energy = None
    if is_number(value):
        energy = value if key.endswith("meV_per_atom") else 1000.0 * value
    low, high = interval(run, row, key)
    if decided := _CONTACT.match(str(row.get("verdict_reason") or "")):
        energy, low, high = map(float, decided.groups())
    bare = row.get("bare_mutual_eV_per_atom")
    return Said(verdict(row), energy, low, high, 1000.0 * bare if is_number(bare) else None)


def interval(run: Run, row: Row, quantity: str) -> tuple[float | None, float | None]:
    """Return the 90 % interval of an energy [meV/atom], or two None."""
    found = run.spreads.get((row["candidate"], row["electrolyte"], quantity), {})
    ends = found.get("low_5_percent"), found.get("high_95_percent")
    if not all(map(is_number, ends)):
        return None, None
    factor = 1.0 if quantity.endswith("meV_per_atom") else 1000.0
    return factor * float(ends[0]), factor * float(ends[1])  # type: ignore[arg-type]


def layer_words(row: Row) -> str:
    """Return the layer after contact with the anode and what faces the electrolyte, in HTML."""
    other, layer = marked(row["electrolyte"]), str(row.get("layer") or "")
    facing = str(row.get("facing_product") or "")
    if not layer:
        return ""
    made = "stays as it is" if layer == row.get("formula") else f"becomes {marked(layer)}"
    if facing and facing != layer and verdict(row) != REACTS:
        return f"{made}, {marked(facing)} faces {other}"
    return made


def word_of(run: Run, row: Row) -> str:
    """Return what is said behind the number of a candidate, in HTML; nothing of one to try."""
    found = said(run, row)
    if found.verdict == UNSURE:
        return because(run, row)
    if found.verdict == REACTS and (phase := _spared(row)):
        return f"reacts, unless {marked(phase)} alone faces {marked(row['electrolyte'])}"
    if found.verdict == TRY or found.verdict not in MEANINGS:
        return "" if found.verdict or found.gain else run.electrode.words(MEANINGS[NO_GAIN])
    return run.electrode.words(MEANINGS[found.verdict])


def _spared(row: Row) -> str:
    """Return the phase of a layer that alone does not react with the electrolyte, or nothing."""
    facing, energy = str(row.get("facing_product") or ""), row.get("facing_energy_meV_per_atom")
    if facing in ("", row.get("layer")) or not is_number(energy):
        return ""
    return facing if energy >= -LIMIT_MEV else ""


def number_words(said: Said) -> str:
    """Return the number that decides with its interval, in HTML."""
    if said.energy is None:
        return "not computed"
    text = f"<b>{number(said.energy)}</b>"
    if said.low is not None and said.high is not None:
        text += f" ({number(said.low)} to {number(said.high)})"
    return f"{text} meV/atom"


def because(run: Run, row: Row) -> str:
    """Return why a candidate is unsure, in HTML."""
    phase, change = row.get("suspect_phase"), row.get("suspect_change_meV_per_atom")
    if phase and is_number(change) and abs(change) > run.tie:
        what = "left out" if row.get("suspect_direction") == "left out" else "counted"
        return (
            f"because {marked(str(phase))} is in doubt: {what}, it moves the score by "
            f"{'+' if change > 0 else ''}{number(change)}"
        )
    if reason := str(row.get("verdict_reason") or ""):
        if bad := _CONTACT.match(reason):
            return f"because at worst it reacts ({number(float(bad.group(2)))})"
        text = re.sub(r"(?<!\w)-(?=\d)", MINUS, reason)
        return f"because of the {marked(run.electrode.words(text))}"
    low, high = interval(run, row, "improvement_eV_per_atom")
    if low is not None and high is not None and low < 0.0 < high:
        bare = f"bare {run.electrode.label}"
        return f"because against {bare} it may lose {number(-low)} or gain {number(high)} meV/atom"
    found = said(run, row)
    if found.low is not None and found.high is not None:
        return f"because the interval is {number(found.high - found.low)} meV/atom wide"
    return ""


def measured_words(run: Run, row: Row) -> str:
    """Return what cells with this layer and electrolyte have shown, in HTML; empty without any."""
    rows = run.measured.get(row["candidate"], [])
    mine = [one for one in rows if one["electrolyte_match"].get(row["electrolyte"]) != OTHER]
    if not mine:
        others = list(dict.fromkeys(marked(str(one["electrolyte"])) for one in rows))
        return f"measured on {', '.join(others)} only" if others else ""
    best = mine[0]
    parts = []
    for name, key, unit in (
        ("R", "resistance_{}_ohm_cm2", "Ω cm²"),
        ("R", "resistance_{}_ohm_per_cell", "Ω per cell"),
        ("CCD", "ccd_{}_mA_cm2", "mA/cm²"),
    ):
        ends = [best.get(key.format(when)) for when in ("before", "after")]
        known = [f"{value:g}" if is_number(value) else "?" for value in ends]
        if is_number(ends[1]):
            text = known[1] if known[0] == "?" else " → ".join(known)
            parts.append(f"{name} {text} {unit}")
    doi = re.search(r"10\.\d{4,9}/[^\s,;]+", str(best.get("reference") or ""))
    where = marked(str(best["electrolyte"]))
    more = f" and {len(mine) - 1} more" if len(mine) > 1 else ""
    return f"measured on {where}: {', '.join(parts) or 'see below'}" + (
        f" ({linked(doi.group(0))}{more})" if doi else more
    )


@cache
def _charges() -> Mapping[str, int]:
    fixed = data_yaml("oxidation_states.yaml")["states"]
    return {
        symbol: int(state)
        for state, symbols in fixed.items()
        if isinstance(state, int)
        for symbol in symbols
    }


def lone_pair(formula: str) -> str:
    """Return the cation of a formula that keeps a lone pair (Sn(II), Bi(III)), or nothing."""
    try:
        parts = [read_amounts(text) for _, text in split_mixture(formula)]
    except InputError:
        return ""
    for amounts in parts:
        cations = [symbol for symbol in amounts if symbol in LONE_PAIR]
        others = [symbol for symbol in amounts if symbol not in LONE_PAIR]
        if len(cations) != 1 or not others or not set(others) <= set(_charges()):
            continue
        charge = -sum(_charges()[symbol] * amounts[symbol] for symbol in others)
        state = charge / amounts[cations[0]]
        if 0 < state <= LONE_PAIR[cations[0]] - 2:
            return cations[0]
    return ""


def anchor(candidate: str, electrolyte: str) -> str:
    """Return the deep link to a candidate with an electrolyte, without its ``#``."""
    return f"{quote(candidate, safe='()+')}/{quote(electrolyte, safe='()+')}"


def flags(row: Row, ion: str = "Li") -> list[str]:
    """Return what is awkward about a candidate, in few words each."""
    elements = str(row.get("elements")).split("-")
    found = [
        f"{kind}: {', '.join(some)}"
        for kind in ("toxic", "precious")
        if (some := [symbol for symbol in elements if symbol in element_lists()[kind]])
    ]
    if row.get("volatile") == "yes":
        found.append("volatile")
    if row.get("hygroscopic") == "yes":
        found.append("hygroscopic")
    if cation := lone_pair(str(row.get("formula") or row["candidate"])):
        found.append(f"lone pair on {cation}")
    if row.get("observed") == "no":
        found.append("only computed")
    if row.get("observed") == "unknown":
        found.append("perhaps only computed")
    counted, energy = row.get("lithium_competitors"), row.get("lithium_mutual_eV_per_atom")
    if ion not in elements and counted == energy == 0:
        found.append("no competing phase known")
    return found
