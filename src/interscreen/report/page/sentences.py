"""The question and its answer in sentences, from the numbers of the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...phases.units import is_number
from ...screen.ranking import OVERALL
from ..cells import Row, hidden_counts
from ..doubts import doubts
from ..markup import listed, marked, number
from .data import Run, elements_in

SENTENCES = 3  # electrolytes up to which each has its own sentences; more stand in a table
_STATED = 3  # warnings of the run that stand beside the answer
_BIG = 100.0  # meV/atom: no longer a small driving force (a third of it is the error of the data)
_ROLES = {"conversion": "conversion interlayer", "coating": "coating", "alloy": "alloy former"}


def question(run: Run) -> str:
    """Return the question of the run as one sentence of HTML."""
    n = run.statistics.get("count") or len(run.order())
    electrolytes = listed([marked(name) for name in run.electrolytes], most=8)
    anode = marked(str(run.study.get("anode") or "Li"))
    what = f"{n:,} interlayer candidate{'' if n == 1 else 's'}"
    return (
        f"Which of {what} between {anode} metal and {electrolytes} leave the least driving force "
        "for further reactions, once they have met lithium?"
    )


def answers(run: Run) -> list[str]:
    """Return the best candidates of each electrolyte, one sentence of HTML each.

    With more than ``SENTENCES`` electrolytes only those over all of them (see ``best_table``).
    """
    blocks = run.blocks()
    few = len(run.electrolytes) <= SENTENCES or OVERALL not in blocks
    names = [*([OVERALL] if OVERALL in blocks else []), *(run.electrolytes if few else [])]
    return [_best(run, name, blocks.get(name, [])) for name in names]


def best_table(run: Run) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """Return the best candidate of each role with each electrolyte, for a table.

    First the roles in words; then rows of electrolyte (text), mutual energy of bare Li with it
    [meV/atom] and the best of each role (both HTML, empty where there is none); no rows with few
    electrolytes, whose answers are sentences.
    """
    blocks = run.blocks()
    if len(run.electrolytes) <= SENTENCES or OVERALL not in blocks:
        return [], []
    key = "bare_mutual_eV_per_atom"
    bare = {
        row["electrolyte"]: number(1000 * row[key])
        for row in run.results
        if is_number(row.get(key))
    }
    ranked = {name: _by_role(blocks.get(name, [])) for name in run.electrolytes}
    roles = [role for role in _ROLES if any(role in block for block in ranked.values())]
    rows = [
        (name, bare.get(name, ""), [_shortly(run, block.get(role, [])) for role in roles])
        for name, block in ranked.items()
    ]
    return [_ROLES[role] for role in roles], rows


def _by_role(block: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows with a score by role, best first."""
    found: dict[str, list[Row]] = {}
    for row in block:
        if is_number(row.get("score_meV_per_atom")):
            found.setdefault(str(row.get("role")), []).append(row)
    return found


def _tied(run: Run, ranked: Sequence[Row]) -> str:
    """Return what is tied with the first of some candidates, in HTML."""
    least = ranked[0]["score_meV_per_atom"] - run.tie
    names = [marked(row["candidate"]) for row in ranked[1:] if row["score_meV_per_atom"] >= least]
    return listed(names, most=4)


def _shortly(run: Run, ranked: Sequence[Row]) -> str:
    """Return the best of some candidates, its score and its ties, in HTML."""
    if not ranked:
        return ""
    tied = _tied(run, ranked)
    text = f"<b>{marked(ranked[0]['candidate'])}</b> {_score(ranked[0])}"
    return f"{text}; tied: {tied}" if tied else text


def _best(run: Run, name: str, block: Sequence[Row]) -> str:
    head = "Over all electrolytes" if name == OVERALL else f"With {marked(name)}"
    sentences = []
    for role, mine in _by_role(block).items():
        first = mine[0]
        kind = _ROLES.get(role, "candidate")
        text = f"<b>{marked(first['candidate'])}</b> is the best {kind}, score {_score(first)}"
        text += " meV/atom"
        if tied := _tied(run, mine):
            text += f", tied with {tied}"
        elif len(mine) > 1:
            text += f", ahead of {marked(mine[1]['candidate'])} ({_score(mine[1])})"
        pair = run.pairs.get((first["candidate"], name))
        sentences.append(text + (_layer(pair) if pair else "") + ".")
    return f"<b>{head}:</b> {' '.join(sentences) or 'no candidate could be computed.'}"


def _layer(row: Row) -> str:
    layer, bare = row.get("layer_mutual_eV_per_atom"), row.get("bare_mutual_eV_per_atom")
    if not is_number(layer) or not is_number(bare):
        return ""
    products = row.get("layer") or row.get("conversion_products") or "layer"
    what = (
        "it" if products == row.get("formula") else f"what lithium makes of it ({marked(products)})"
    )
    return (
        f"; {what} reacts with the electrolyte at {number(1000 * layer)} meV/atom, bare lithium at "
        f"{number(1000 * bare)}"
    )


def certainty(run: Run) -> str:
    """Return how sure the answer is, in HTML."""
    tie = number(run.tie)
    text = (
        f"Scores that differ by less than {tie} meV/atom are ties: computed energies of similar "
        "compounds are wrong by about 24 to 35 meV/atom against each other."
    )
    block = next(iter(run.blocks().values()), [])
    known = [row for row in block if is_number(row.get("probability_top3"))]
    if not known:
        text += " This run holds no samples of the energies, so no probabilities are given."
        if run.whole:
            text += (
                " A study of the best has them: interscreen top RUN --study FILE, then interscreen "
                "screen FILE."
            )
        return text
    where = "overall" if block[0]["electrolyte"] == OVERALL else "here"
    likely = sorted(known, key=lambda row: -row["probability_top3"])[:3]
    told = listed(
        f"{marked(row['candidate'])} in {number(100 * row['probability_top3'])} %" for row in likely
    )
    text += f" With the energies varied within their errors, among the best three {where}: {told}."
    low, high = known[0].get("rank_low"), known[0].get("rank_high")
    if is_number(low) and is_number(high):
        ranks = f"rank {number(low)}" if low == high else f"ranks {number(low)} to {number(high)}"
        text += f" {marked(known[0]['candidate'])} holds {ranks} in 90 % of the samples."
    return text


def warnings(run: Run) -> list[str]:
    """Return what to watch out for, one sentence of HTML each, most important first."""
    found: dict[str, None] = {}
    for name, block in run.blocks().items():
        for electrolyte in run.electrolytes if name == OVERALL else [name]:
            pair = run.pairs.get((block[0]["candidate"], electrolyte), {})
            found |= dict.fromkeys(_cautions(pair, electrolyte))
    said = [*found, *_doubts(run)]
    ranked = (row for block in run.blocks().values() for row in block)
    if suspects := doubts(ranked, run.tie, marked, number):
        said.append(
            "Phases in doubt, left out or put back, move scores: "
            f"{listed(suspects, most=5)} meV/atom."
        )
    lower = dict.fromkeys(
        marked(row["electrolyte"])
        for row in run.results
        if row.get("electrolyte_energy_source") == "hull"
    )
    if lower:
        said.append(
            f"The source has no phase for {listed(lower)}; the hull energy of the composition "
            "stands in, which is a lower bound: total driving forces are at least those shown (the "
            "mutual energies do not depend on it)."
        )
    said += _failures(run)
    stated = [marked(str(text)) + "." for text in run.manifest.get("warnings") or []]
    said += stated[:_STATED]
    if len(stated) > _STATED:
        said.append(f"{len(stated) - _STATED} more warnings stand under Provenance.")
    left_out = run.manifest.get("left_out_phases") or []
    if left_out:
        said.append(
            "Left out of all equilibria, because known artefacts, never observed or by choice: "
            f"{listed([marked(str(phase)) for phase in left_out], most=12)}."
        )
    return said


def _doubts(run: Run) -> list[str]:
    """Say what is not known, or known to be awkward, of the candidates that the answer names."""
    named = {
        mine[0]["candidate"]: mine[0]
        for block in run.blocks().values()
        for mine in _by_role(block).values()
    }
    known = set()  # with a compound of all their elements with Li, if only one left out
    for row in run.results:
        own = frozenset(str(row.get("elements")).split("-"))
        left_out = map(elements_in, str(row.get("left_out_phases") or "").split())
        if "Li" in own or own | {"Li"} in left_out:
            known.add(row["candidate"])
    doubtful = {
        "{} coexist with Li metal, but the source has no compound of their elements with Li: that "
        "may be for want of data.": [
            name
            for name, row in named.items()
            if row.get("lithium_competitors") == row.get("lithium_mutual_eV_per_atom") == 0
            and name not in known
        ]
    }
    for sentence, key, word in (
        ("Whether anybody has made {} is not known.", "observed", "unknown"),
        ("Nobody is known to have made {}.", "observed", "no"),
        ("{}: hygroscopic, to be kept dry.", "hygroscopic", "yes"),
        ("{}: volatile, no solid layer.", "volatile", "yes"),
    ):
        doubtful[sentence] = [name for name, row in named.items() if row.get(key) == word]
    found = [
        sentence.format(listed(map(marked, names), most=8))
        for sentence, names in doubtful.items()
        if names
    ]
    if hidden := run.statistics.get("hidden"):
        found.append(
            f"Hidden from ranking and charts: {hidden_counts(hidden)}; they are in the results, "
            "and <code>interscreen top RUN --everything</code> shows them."
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


def _cautions(row: Row, electrolyte: str) -> list[str]:
    if not row:
        return []
    name, other = marked(row["candidate"]), marked(electrolyte)
    found = []
    deposited, layer, worst = (
        1000 * value if is_number(value := row.get(f"{kind}_mutual_eV_per_atom")) else 0.0
        for kind in ("deposited", "layer", "worst_product")
    )
    if deposited < -_BIG:
        found.append(
            f"{name} itself reacts with {other} before lithium reaches it "
            f"({number(deposited)} meV/atom as deposited)."
        )
    if worst < min(-_BIG, layer - 10):
        found.append(
            f"Of the layer that {name} becomes, {marked(row.get('worst_product') or '')} alone "
            f"reacts with {other} at {number(worst)} meV/atom."
        )
    margin = row.get("bridge_margin_V")
    if is_number(margin) and margin < 0:
        found.append(
            f"No salt of the layer of {name} reaches the reduction limit of {other} "
            f"(bridge margin {number(margin, 2)} V)."
        )
    if row.get("electron_blocking") == "no":
        found.append(f"No phase of the layer of {name} blocks electrons (on {other}).")
    return found


def counts(stated: dict[str, Any], **names: str) -> str:
    """Return the counts of a manifest: ``290 rows, 270 formulas``."""
    known = [f"{value:,.0f} {name}" for key, name in names.items()
             if isinstance(value := stated.get(key), int | float)]  # fmt: skip
    return ", ".join(known) or "not stated"


def _score(row: Row) -> str:
    text = number(row["score_meV_per_atom"])
    deviation = row.get("score_std_meV_per_atom")
    return f"{text} ± {number(deviation)}" if is_number(deviation) else text
