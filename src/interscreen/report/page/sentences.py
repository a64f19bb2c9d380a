"""The first screen in words: what was asked, who is worth a try, what to watch out for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...phases.source import ANCHORED
from ...phases.units import is_number
from ...screen.discover import rule_words
from ...screen.tables import ALTERED
from ...screen.verdict import LIMIT_MEV, NO_GAIN, NO_PATH, REACTS, TRY, UNSURE
from ..cells import Row, hidden_counts
from ..doubts import doubts
from ..markup import MINUS, listed, marked, number
from . import verdicts
from .data import Run, elements_in, measured_rows

SHOWN = 6  # candidates in a list; the others stand in the ranking
SERIOUS, CARE, NOTE = "serious", "care", "note"
_BIG = 100.0  # meV/atom: no longer a small driving force (a third of it is the error of the data)
_LISTS = (
    ("Try", (TRY,)),
    ("No gain, or reacts", (NO_GAIN, REACTS, NO_PATH)),
    ("Unsure, because", (UNSURE,)),
)


@dataclass(frozen=True)
class Entry:
    """A candidate in a list; texts are HTML, ``formula`` and ``anchor`` are plain."""

    name: str
    anchor: str
    layer: str
    number: str
    word: str
    measured: str
    flags: list[str]


@dataclass(frozen=True)
class Block:
    """The lists of one electrolyte: title and entries of each, and how many more there are.

    ``bare`` says what lithium does without a layer, in HTML.
    """

    electrolyte: str
    bare: str
    lists: list[tuple[str, list[Entry], int]]


def heading(run: Run) -> str:
    """Return what was asked as a title of HTML."""
    if len(run.electrolytes) > 4:
        return f"Interlayers for {len(run.electrolytes)} electrolytes"
    return f"Interlayers for {listed(map(marked, run.electrolytes))}"


def question(run: Run) -> str:
    """Return the question of the run as one sentence of HTML."""
    n = run.statistics.get("count") or len(run.order())
    electrolytes = listed([marked(name) for name in run.electrolytes], most=8)
    anode = marked(run.electrode.words("Li metal"))
    what = f"{n:,} candidate{'' if n == 1 else 's'}"
    return (
        f"Which of {what} between {anode} and {electrolytes} leave the least driving force "
        f"for further reactions{_conditions(run)}, once they have met {run.electrode.ion.name}?"
    )


def _conditions(run: Run) -> str:
    """Temperature and gases of the study in HTML; empty where it names none."""
    asked = run.study.get("conditions") or {}
    stated = run.source.get("conditions") or {}
    kelvin = stated.get("temperature_K")
    if not asked or not is_number(kelvin):
        return ""
    gases = [f"{marked(name)} ({_bar(p)})" for name, p in (stated.get("gases") or {}).items()]
    beside = f" in {listed(gases)}" if gases else ""
    return f" at {kelvin:.0f} K ({kelvin - 273.15:.0f} °C){beside}"


def _bar(pressure: float) -> str:
    """Pressure in bar, or in ppm (of 1 bar) where it is small."""
    return f"{pressure:g} bar" if pressure >= 0.001 else f"{1e6 * pressure:g} ppm"


def blocks(run: Run) -> list[Block]:
    """Return the lists of each electrolyte, in the order of the ranking.

    Without verdicts in the files there is one list, of those that the ranking puts first.
    """
    ranked = run.blocks()
    found = []
    for name in run.electrolytes:
        rows = [
            {**run.pairs[row["candidate"], name], **row}
            for row in ranked.get(name, [])
            if (row["candidate"], name) in run.pairs
        ]
        rows = [row for row in rows if is_number(row.get("score_meV_per_atom"))]
        lists = []
        for title, words in _LISTS:
            mine = [row for row in rows if verdicts.verdict(row) in words]
            if run.whole and TRY not in words:  # what others have measured is what readers look for
                mine.sort(key=lambda row: row["candidate"] not in run.measured)
            lists.append((title, [_entry(run, row) for row in mine[:SHOWN]], len(mine) - SHOWN))
        if not any(entries for _, entries, _ in lists):
            some = rows[: 2 * SHOWN]
            lists = [
                ("In the order of the score", [_entry(run, row) for row in some],
                 len(rows) - len(some))
            ]  # fmt: skip
        bare = next(
            (1000.0 * value for row in run.results if row["electrolyte"] == name
             and is_number(value := row.get("bare_mutual_eV_per_atom"))),
            None,
        )  # fmt: skip
        found.append(Block(name, "" if bare is None else run.electrode.words(_bare(bare)), lists))
    return found


def _bare(energy: float) -> str:
    """Say what bare lithium does with an electrolyte [meV/atom]."""
    said = f"Bare lithium: {number(energy)} meV/atom."
    return f"{said} {verdicts.NOTHING_TO_GAIN}" if energy > -LIMIT_MEV else said


def _entry(run: Run, row: Row) -> Entry:
    return Entry(
        marked(row["candidate"]),
        verdicts.anchor(row["candidate"], row["electrolyte"]),
        verdicts.layer_words(row),
        verdicts.number_words(verdicts.said(run, row)),
        verdicts.word_of(run, row),
        verdicts.measured_words(run, row),
        verdicts.flags(row, run.electrode.ion.symbol),
    )


def limits(run: Run) -> str:
    """Return what the page can and cannot say, in HTML."""
    rows = [row for row in measured_rows() if row.get("computable", "yes") == "yes"]
    cells = sum(bool(row.get("deposited_phases")) for row in rows)
    return (
        "Thermodynamics sorts out what reacts. It did not predict the resistance or the critical "
        f"current density of the {cells} measured interlayers we know of: leave out what reacts, "
        "and let the experiment choose among the rest."
    )


def scale(run: Run) -> str:
    """Return on which scale the energies are, in one sentence of HTML."""
    tie = (
        f"Scores nearer than {number(run.tie)} meV/atom are ties: computed energies of similar "
        "compounds are wrong by 24 to 35 meV/atom against each other."
    )
    if run.source.get("energies") == ANCHORED:
        kelvin = (run.source.get("conditions") or {}).get("temperature_K")
        at = f"{kelvin:.0f}" if is_number(kelvin) else "298"
        return (
            "Energies are anchored: each compound stands on the measured energies of simple "
            f"compounds at {at} K, and only its reaction from them is computed; point at a phase "
            f"of a candidate for its anchors. {tie}"
        )
    return f"Energies are as the source tabulates them, at 0 K. {tie}"


def cautions(run: Run) -> list[tuple[str, str]]:
    """Return what to watch out for: severity and a sentence of HTML, most serious first."""
    named = _named(run)
    found: list[tuple[str, str]] = []
    ranked = (row for block in run.blocks().values() for row in block)
    if suspects := doubts(ranked, run.tie, marked, number):
        found.append(
            (
                SERIOUS,
                "Computed phases that perhaps do not exist turn some answers; with them left out "
                f"or counted, scores move: {listed(suspects, most=5)} meV/atom.",
            )
        )
    reacting = _reacting(named, run.electrode.ion.name)
    found += [(SERIOUS, text) for text in (*_altered(run), *reacting)]
    known = _with_compounds(run)
    marks = {
        (SERIOUS, "{} stay as they are beside Li metal, but no compound of their elements with Li "
         "is known to the source: that may be for want of data."): [
            name for name, row in named.items() if name not in known
            and row.get("lithium_competitors") == row.get("lithium_mutual_eV_per_atom") == 0],
        (SERIOUS, "Volatile, no solid layer: {}."): _which(named, "volatile", "yes"),
        (CARE, "Nobody is known to have made {}."): _which(named, "observed", "no"),
        (CARE, "Whether anybody has made {} is not known."): _which(named, "observed", "unknown"),
        (CARE, "Hygroscopic, to be kept dry: {}."): _which(named, "hygroscopic", "yes"),
        (CARE, "Lone-pair cations, whose computed energies are less sure: {}."): [
            name for name, row in named.items()
            if verdicts.lone_pair(str(row.get("formula") or name))],
    }  # fmt: skip
    found += [
        (severity, run.electrode.words(sentence).format(listed(map(marked, names), most=8)))
        for (severity, sentence), names in marks.items()
        if names
    ]
    found += [(CARE, text) for text in _failures(run)]
    lower = dict.fromkeys(
        marked(row["electrolyte"])
        for row in run.results
        if row.get("electrolyte_energy_source") == "hull"
    )
    if lower:
        found.append(
            (
                NOTE,
                f"The source has no phase for {listed(lower)}; the lowest mixture of known phases "
                "stands in (a lower bound of the total energies; the mutual ones do not depend on "
                "it).",
            )
        )
    if left_out := run.manifest.get("left_out_phases"):
        found.append(
            (
                NOTE,
                "Left out of all equilibria, because never observed or known artefacts of "
                f"computation: {listed([marked(str(phase)) for phase in left_out], most=12)}.",
            )
        )
    steps = run.manifest.get("query") or {}
    if len(steps) > 1:
        told = [f"{count:,} {marked(rule_words(rule))}" for rule, count in steps.items()]
        found.append((NOTE, f"Sorted out in turn, what is left: {listed(told, most=20)}."))
    if hidden := run.statistics.get("hidden"):
        found.append((NOTE, f"Sorted out before the ranking: {hidden_counts(hidden)}."))
    order = (SERIOUS, CARE, NOTE)
    return sorted(found, key=lambda one: order.index(one[0]))


def _named(run: Run) -> dict[str, Row]:
    """Return the candidates that the lists name first, each with its worst row."""
    found: dict[str, Row] = {}
    for name in run.electrolytes:
        for row in run.blocks().get(name, [])[:SHOWN]:
            pair = {**run.pairs.get((row["candidate"], name), {}), **row}
            before = found.get(row["candidate"], {})
            key = "deposited_mutual_eV_per_atom"
            if not before or (pair.get(key) or 0.0) < (before.get(key) or 0.0):
                found[row["candidate"]] = pair
    return found


def _altered(run: Run) -> list[str]:
    """Say what the gases of the study alone turn into something else, whatever Li does."""
    told = (line for row in run.results for line in str(row.get("warnings") or "").split("; "))
    lines = list(dict.fromkeys(line for line in told if ALTERED in line))
    more = [f"{len(lines) - SHOWN} more {ALTERED} the gas."] if len(lines) > SHOWN else []
    return [*(f"{marked(line)}.".replace("(-", f"({MINUS}") for line in lines[:SHOWN]), *more]


def _which(named: dict[str, Row], key: str, word: str) -> list[str]:
    return [name for name, row in named.items() if row.get(key) == word]


def _with_compounds(run: Run) -> set[str]:
    """Candidates with a compound of all their elements with Li, if only one left out."""
    known, ion = set(), run.electrode.ion.symbol
    for row in run.results:
        own = frozenset(str(row.get("elements")).split("-"))
        left_out = map(elements_in, str(row.get("left_out_phases") or "").split())
        if ion in own or own | {ion} in left_out:
            known.add(row["candidate"])
    return known


def _reacting(named: dict[str, Row], ion: str) -> list[str]:
    """Say who reacts with an electrolyte before the ion comes, or by one of its products."""
    deposited, product = [], []
    for name, row in named.items():
        first, layer, worst = (
            1000 * value if is_number(value := row.get(f"{kind}_mutual_eV_per_atom")) else 0.0
            for kind in ("deposited", "layer", "worst_product")
        )
        other = marked(str(row["electrolyte"]))
        if first < -_BIG:
            deposited.append(f"{marked(name)} with {other} ({number(first)})")
        if worst < min(-_BIG, layer - 10):
            phase = marked(str(row.get("worst_product") or ""))
            product.append(f"{phase} of {marked(name)} with {other} ({number(worst)})")
    found = []
    if deposited:
        found.append(f"React before {ion} reaches them, in meV/atom: {listed(deposited, most=5)}.")
    if product:
        found.append(
            f"Single phases of a layer that react, in meV/atom: {listed(product, most=5)}."
        )
    return found


def _failures(run: Run) -> list[str]:
    """Say what could not be computed: whole electrolytes, whole candidates, single pairs."""
    bad, good = (
        [row for row in run.results if (row.get("status") == "failed") is failed]
        for failed in (True, False)
    )
    found = []
    for kind in ("electrolyte", "candidate"):
        there = {row[kind] for row in good}
        lost = dict.fromkeys(row[kind] for row in bad if row[kind] not in there)
        if lost:
            found.append(
                f"{len(lost)} {kind}{'' if len(lost) == 1 else 's'} could not be computed "
                f"({listed(map(marked, lost))}); the hatched cells say why."
            )
        bad = [row for row in bad if row[kind] not in lost]
    if bad:
        pairs = [f"{marked(row['candidate'])} with {marked(row['electrolyte'])}" for row in bad]
        found.append(f"Not computed, either: {listed(pairs)}; the hatched cells say why.")
    return found


def counts(stated: dict[str, Any], **names: str) -> str:
    """Return the counts of a manifest: ``290 rows, 270 formulas``."""
    known = [f"{value:,.0f} {name}" for key, name in names.items()
             if isinstance(value := stated.get(key), int | float)]  # fmt: skip
    return ", ".join(known) or "not stated"
