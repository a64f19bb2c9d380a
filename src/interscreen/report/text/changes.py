"""What changed between two sources, as plain text for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ...phases.columns import COLUMNS
from ...phases.difference import Difference, PhaseChange
from ...screen.compare import AnswerChange, RankChange, ScreenDifference
from .layout import table, wrapped


def difference_text(d: Difference, limit: int = 20) -> str:
    """Write what changed between two tables of phases, at most ``limit`` of each kind."""
    lines = [*wrapped(f"A: {d.source_a.label}"), *wrapped(f"B: {d.source_b.label}")]
    lines += wrapped(
        f"compared: {_count(d.compared_formulas, 'formula')} that both have; "
        f"{_count(d.compared_systems, 'chemical system')} that both hold"
    )
    for mine, other, number in (("A", "B", d.not_comparable_a), ("B", "A", d.not_comparable_b)):
        if number:
            lines += wrapped(
                f"not comparable: {_count(number, 'formula')} of {mine} only, in chemical systems "
                f"that {other} does not hold"
            )
    for note in d.notes:
        lines += wrapped(f"note: {note}")
    tolerance = f"by more than {_energy(d.tolerance_eV_per_atom)} meV/atom"
    if not d.changed:
        found = f"nothing changed {tolerance}" if d.compared_systems else "nothing to compare"
        return "\n".join([*lines, found])
    blocks = ["\n".join(lines)]
    for phases, title in (
        (d.new, "new in B"),
        (d.gone, "gone from A"),
        (d.moved, f"moved {tolerance}"),
        (d.hull_changed, f"on the hull in one only, not moved {tolerance}"),
    ):
        shown = [_phase_row(phase) for phase in phases[: max(limit, 0)]]
        header = ["formula", "A", "B", "change", "hull A", "hull B", "id"]
        blocks.append(_block(title, header, shown, len(phases), left=(0, 6)))
    blocks.append(
        "A, B: formation energy; change: B minus A; hull: energy above the hull of the\n"
        "same source (left out: not counted there and below it); all in meV/atom."
    )
    return "\n\n".join(blocks)


def screen_difference_text(d: ScreenDifference, limit: int = 20) -> str:
    """Write which answers of a study changed, at most ``limit`` of each kind."""
    tolerance = f"{_energy(d.tolerance_eV_per_atom)} meV/atom or {d.tolerance_V:.3f} V"
    lines = [*wrapped(f"A: {d.source_a}"), *wrapped(f"B: {d.source_b}")]
    lines.append(f"compared: {_count(d.rows, 'row')} (candidates times electrolytes)")
    if not d.changed:
        return "\n".join([*lines, f"no answer changed by more than {tolerance}"])
    limit = max(limit, 0)
    blocks = ["\n".join(lines)]
    if d.failures:
        blocks.append(_listed("rows computed in one only", d.failures, limit, _failure))
    rows = [_number_row(change) for change in d.numbers[:limit]]
    header = ["", "quantity", "A", "B", "change", "unit"]
    title = f"numbers changed by more than {tolerance}"
    blocks.append(_block(title, header, rows, len(d.numbers), left=(0, 1, 5)))
    blocks.append(_listed("products changed", d.products, limit, _assemblages))
    places = [place for place in d.ranking if place.changed]
    rows = [_place_row(place) for place in places[:limit]]
    header = ["electrolyte", "candidate", "rank A", "rank B", "score A", "score B", ""]
    title = f"places changed, of {len(d.ranking)} (scores in meV/atom)"
    blocks.append(_block(title, header, rows, len(places), left=(0, 1, 6)))
    return "\n\n".join(blocks)


def _phase_row(phase: PhaseChange) -> list[str]:
    return [
        phase.formula,
        _energy(phase.formation_energy_a_eV_per_atom),
        _energy(phase.formation_energy_b_eV_per_atom),
        _energy(phase.change_eV_per_atom, sign="+"),
        _hull(phase.stable_a, phase.energy_above_hull_a_eV_per_atom),
        _hull(phase.stable_b, phase.energy_above_hull_b_eV_per_atom),
        " -> ".join(dict.fromkeys(filter(None, (phase.id_a, phase.id_b)))),
    ]


def _hull(stable: bool | None, above: float | None) -> str:
    if stable:
        return "stable"
    return "left out" if above is not None and above < 0.0 else _energy(above)


def _number_row(change: AnswerChange) -> list[str]:
    write = _voltage if change.unit == "V" else _energy
    values = (None if v is None else float(v) for v in (change.value_a, change.value_b))
    numbers = [*map(write, values), write(change.change, sign="+")]
    unit = "meV/atom" if change.unit == "eV/atom" else change.unit
    return [_where(change), _name(change.quantity), *numbers, unit]


def _place_row(place: RankChange) -> list[str]:
    same = place.role_a == place.role_b
    return [
        place.electrolyte,
        place.candidate,
        *("-" if rank is None else str(rank) for rank in (place.rank_a, place.rank_b)),
        _energy(place.score_a_meV_per_atom, 1.0),
        _energy(place.score_b_meV_per_atom, 1.0),
        "" if same else f"{place.role_a or 'failed'} -> {place.role_b or 'failed'}",
    ]


def _assemblages(change: AnswerChange) -> list[str]:
    return [
        f"{_where(change)}: {_name(change.quantity)}",
        f"  A  {change.value_a or 'none'}",
        f"  B  {change.value_b or 'none'}",
    ]


def _failure(change: AnswerChange) -> list[str]:
    letter, reason = ("A", change.value_a) if change.value_a else ("B", change.value_b)
    return [f"{change.candidate}, {change.electrolyte}: failed in {letter}: {reason}"]


def _where(change: AnswerChange) -> str:
    """Name what an answer is about."""
    if change.contact.startswith("to "):
        return f"{change.candidate} {change.contact}"
    named = [name for name in (change.candidate, change.electrolyte) if name]
    return change.contact or " | ".join(named)


def _name(key: str) -> str:
    """Name of a quantity in words, without its unit."""
    unit = COLUMNS[key].unit
    words = key.removesuffix("_" + unit.replace("/", "_per_")) if unit else key
    return words.replace("_", " ")


def _block(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    total: int,
    left: Sequence[int],
) -> str:
    """Write a table below a title with the number of all rows; empty columns are left out."""
    lines = [f"{title}: {total or 'none'}"]
    if rows:
        used = [i for i in range(len(header)) if any(row[i] for row in rows)]
        cells = [[row[i] for i in used] for row in (header, *rows)]
        aligned = [place for place, i in enumerate(used) if i in left]
        lines += ["  " + line for line in table(cells, left=aligned)]
    return "\n".join([*lines, *_more(total - len(rows), bool(rows))])


def _listed(
    title: str,
    changes: Sequence[AnswerChange],
    limit: int,
    write: Callable[[AnswerChange], Iterable[str]],
) -> str:
    lines = [f"{title}: {len(changes) or 'none'}"]
    for line in (line for change in changes[:limit] for line in write(change)):
        deeper = "  " + " " * (len(line) - len(line.lstrip()) + 3)
        lines += wrapped("  " + line, deeper)
    return "\n".join([*lines, *_more(len(changes) - limit, limit > 0)])


def _more(rest: int, some: bool) -> list[str]:
    return [f"  and {rest} more"] if rest > 0 and some else []


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _energy(value: float | None, factor: float = 1000.0, *, sign: str = "", digits: int = 1) -> str:
    """Energy [eV/atom] in meV/atom."""
    if value is None:
        return "-"
    text = f"{factor * value:{sign}.{digits}f}"
    return text if float(text) else text.lstrip("+-")


_voltage = partial(_energy, factor=1.0, digits=3)
