"""A validation as plain text, 100 columns wide: three tables and what to conclude."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from statistics import median

from ...phases.names import electrolytes
from ...validation import Validation
from ...validation.calorimetry import ENOUGH, Coverage, LeftOut
from ...validation.cells import BARE, MEASUREMENTS, Cell, Metrics
from ...validation.correlation import smallest_significant
from ...validation.facts import (
    ABOVE_HULL,
    DECOMPOSITION,
    MUTUAL,
    OXIDATION,
    REDUCTION,
    MeasuredCell,
    judgement,
)
from ...validation.heat import GasLoss, LeftOutAt
from ...validation.predictive import FEWEST, GROUPS, LEVEL, Correlation
from ...validation.published import MISS, OUTSIDE, WITHIN, Comparison
from ..markup import rounded
from .answers import origin_lines
from .layout import table

WIDTH = 100
_NAME = 22  # columns for the name of an interlayer
_QUANTITIES = {
    REDUCTION: ("reduction V", 3),
    OXIDATION: ("oxidation V", 3),
    DECOMPOSITION: ("at 0 V meV", 1),
    ABOVE_HULL: ("hull meV", 1),
    MUTUAL: ("mutual meV", 1),
}
_METRICS = {  # key: (label, heading in the table of cells, factor, digits)
    "lithium_mutual_eV_per_atom": ("driving force with Li", "Li", 1000, 0),
    "average_voltage_V": ("mean voltage", "V", 1, 2),
    "deposited_mutual_eV_per_atom": ("as deposited", "depos.", 1000, 0),
    "layer_mutual_eV_per_atom": ("converted layer", "layer", 1000, 0),
    "worst_product_mutual_eV_per_atom": ("worst product", "worst", 1000, 0),
    "facing_energy_meV_per_atom": ("facing product", "", 1, 0),
    "improvement_eV_per_atom": ("improvement", "", 1000, 0),
    "bridge_margin_V": ("bridge margin", "bridge", 1, 2),
    "score_meV_per_atom": ("score", "score", 1, 0),
    "score_made_meV_per_atom": ("score as made", "", 1, 0),
}


def validation_text(result: Validation) -> str:
    """Write three tables, and what to conclude."""
    blocks = [
        [
            *_published_table(result.published),
            *(f"  {line}" for line in _products_lines(result.published)),
        ],
        _cells_table(result),
        _correlations_table(result.correlations),
        _calorimetry_table(result.calorimetry),
        _coverage_table(result.coverage),
        _heat_table(result.heat),
        _gas_losses_table(result.gas_losses),
        _sentences(result),
        origin_lines(result.provenance),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _published_table(rows: Sequence[Comparison]) -> list[str]:
    """Return the table of published numbers; notes say why some are not within."""
    notes: dict[str, int] = {}
    lines = [["", "quantity", "class", "published", "here", "off by", "allowed", "verdict"]]
    for row in rows:
        verdict = row.verdict
        if row.reason:
            verdict += f" [{notes.setdefault(_first(row.reason), len(notes) + 1)}]"
        label, digits = _QUANTITIES[row.quantity]
        found = [_plain(value, digits) for value in (row.value, row.deviation)]
        published, allowed = f"{row.published:g}", f"{row.tolerance:g}"
        names = [_short(row.item), label, row.anion_class]
        lines.append([*names, published, *found, allowed, verdict])
    text = ["Published windows, reaction and decomposition energies (V; meV/atom)"]
    text += [f"  {line}" for line in table(lines, left=(0, 1, 2, 7))]
    for reason, number in notes.items():
        text += _wrapped(f"[{number}] {reason}", "  ", "      ")
    text += _wrapped(f"allowed for energies: {judgement()['energy_reason']}", "  ", "    ")
    for name, allowed in judgement()["tolerances"].items():
        volts, reason = allowed["window_V"], allowed["window_reason"]
        text += _wrapped(f"allowed for windows of {name}s: {volts:g} V; {reason}", "  ", "    ")
    for row in rows:
        text += _wrapped(_artefact_note(row), "  ", "    ")
    return text


def _artefact_note(row: Comparison) -> str:
    """Give both values where phases that nobody has made matter; else nothing."""
    counted, without = row.value_with_artefacts, row.value_without_artefacts
    label, digits = _QUANTITIES[row.quantity]
    if counted is None or without is None:
        return ""
    if abs(counted - without) < 0.1 * row.tolerance:
        return ""
    return (
        f"{_short(row.item)}, {label}: {rounded(counted, digits)} with "
        f"{' and '.join(row.artefacts)} counted, {rounded(without, digits)} without; "
        f"published {row.published:g}"
    )


def _products_lines(rows: Sequence[Comparison]) -> list[str]:
    """Count the products that are the published ones, and name the others."""
    known = [row for row in rows if row.same_products is not None]
    same = sum(row.same_products is True for row in known)
    text = [f"products as published: {same} of {len(known)}"] if known else []
    for row in known:
        if not row.same_products:
            text += _wrapped(
                f"{_short(row.item)}, {_QUANTITIES[row.quantity][0].rpartition(' ')[0]}: "
                f"{' + '.join(row.computed_products) or 'none'}; published "
                f"{' + '.join(row.published_products)}",
                "  ",
                "    ",
            )
    return text


def _cells_table(result: Validation) -> list[str]:
    """Return the table of measured cells that could be computed, then the others."""
    shown = {key: entry for key, entry in _METRICS.items() if entry[1]}
    lines = [["", "with", "R", "CCD", *(heading for _, heading, _, _ in shown.values())]]
    for cell in result.cells:
        if cell.metrics is not None or cell.status == BARE:
            lines.append(
                [
                    textwrap.shorten(cell.measured.interlayer, _NAME, placeholder=" ..."),
                    cell.measured.electrolyte,
                    _resistance(cell),
                    _plain(cell.measured.ccd_after_mA_cm2),
                    *(_metric(cell.metrics, key) for key in shown),
                ]
            )
    text = _wrapped(
        "Measured cells: R in ohm cm2 (* ohm per cell, area unknown) and critical current density "
        "in mA/cm2 with the interlayer; energies in meV/atom: with Li, with the electrolyte as "
        "deposited, converted, worst product; mean voltage and bridge margin in V"
    )
    text += [f"  {line}" for line in table(lines, left=(0, 1))]
    if result.undoped:
        text += _wrapped("Doped garnets were computed as Li7La3Zr2O12.", "  ")
    artefacts: dict[str, list[str]] = {}
    failed: dict[str, list[str]] = {}
    for cell in result.cells:
        for phase in cell.artefacts:
            artefacts.setdefault(phase, []).append(cell.measured.interlayer)
        if cell.metrics is None and cell.status != BARE:
            failed.setdefault(_first(cell.reason), []).append(cell.measured.interlayer)
    said = [
        f"{phase}, an artefact of the hull, is in the layer of {', '.join(names)}"
        for phase, names in artefacts.items()
    ]
    said += [f"not computed: {', '.join(names)}: {reason}" for reason, names in failed.items()]
    return text + [line for words in said for line in _wrapped(words, "  ", "    ")]


def _resistance(cell: Cell) -> str:
    """Write the resistance with the interlayer; a star where it is per cell."""
    value = cell.measured.resistance_after_ohm_per_cell
    if value is not None:
        return f"{value:g}*"
    return f"{_plain(cell.measured.resistance_after_ohm_cm2)} "


def _plain(value: float | None, digits: int | None = None) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if digits is None else rounded(value, digits)


def _metric(metrics: Metrics | None, key: str) -> str:
    value = getattr(metrics, key, None)
    _, _, factor, digits = _METRICS[key]
    return _plain(None if value is None else factor * value, digits)


def _correlations_table(rows: Sequence[Correlation]) -> list[str]:
    """Return a block for each measurement and group of cells that has enough of them."""
    if all(row.spearman is None for row in rows):
        return []
    text = _wrapped(
        "Rank correlation of each metric with the measurements: Spearman's rho with its 95 % "
        "bootstrap interval, Kendall's tau, p by permutation, and p corrected for the number of "
        "correlations (Holm); [+] and [-]: the sign it should have"
    )
    for measurement, (label, _) in MEASUREMENTS.items():
        for group in GROUPS:
            block = [r for r in rows if (r.cells, r.measurement) == (group, measurement)]
            most = max(row.n_cells for row in block)
            where = "all electrolytes" if group == "all" else f"{group} alone"
            title = f"{label}; {where}"
            if most < FEWEST:
                text += _wrapped(f"{title}: too few cells to say anything ({most})", "  ", "    ")
                continue
            lines = [["", "", "n", "rho", "from", "to", "tau", "p", "Holm", "verdict"]]
            lines += [_correlation(row) for row in block]
            text += [f"  {title}", *(f"    {line}" for line in table(lines, left=(0, 1, 9)))]
    return text


def _calorimetry_table(rows: Sequence[LeftOut]) -> list[str]:
    """Return the table of measured compounds by class."""
    if not rows:
        return []
    text = _wrapped(
        "Measured enthalpies of compounds of three and more elements that are no anchors: absolute "
        "error in meV/atom, median / 90th percentile, as tabulated and anchored to simple compounds"
    )
    lines = [["", "n", "tabulated", "anchored"]]
    for row in rows:
        pairs = (
            (row.tabulated_median_meV_per_atom, row.tabulated_p90_meV_per_atom),
            (row.anchored_median_meV_per_atom, row.anchored_p90_meV_per_atom),
        )
        lines.append([row.kind, str(row.n), *(f"{a:.0f} / {b:.0f}" for a, b in pairs)])
    return text + [f"  {line}" for line in table(lines, left=(0,))]


def _coverage_table(rows: Sequence[Coverage]) -> list[str]:
    """Return the table of what the 90 % intervals hold."""
    if not rows:
        return []
    text = _wrapped(
        "90 % intervals against measured values that did not decide them (85 to 95 % should lie "
        "within, 75 to 98 % of a class of ten or more); width in V, of reactions in eV/atom"
    )
    lines = [["energies", "quantity", "class", "n", "within", "", "mean width", ""]]
    for row in rows:
        if row.kind == "all" or row.n >= ENOUGH:
            share = f"{100 * row.inside / row.n:.0f} %"
            verdict = "" if row.held is not False else "outside its band"
            numbers = [str(row.n), str(row.inside), share, f"{row.mean_width:.3f}"]
            lines.append([row.energies, row.quantity, row.kind, *numbers, verdict])
    return text + [f"  {line}" for line in table(lines, left=(0, 1, 2, 7))]


def _heat_table(rows: Sequence[LeftOutAt]) -> list[str]:
    """Return the errors of Gibbs energies by class, a column for each temperature."""
    if not rows:
        return []
    text = _wrapped(
        "The same compounds at a temperature: absolute error of anchored Gibbs energies in "
        "meV/atom, median / 90th percentile, and how many"
    )
    kelvins = sorted({row.temperature_K for row in rows})
    kinds = dict.fromkeys(row.kind for row in rows if row.temperature_K == kelvins[0])
    found = {(row.kind, row.temperature_K): row for row in rows}
    lines = [["", *(word for kelvin in kelvins for word in (f"{kelvin:g} K", "n"))]]
    for kind in kinds:
        cells = [kind]
        for row in (found.get((kind, kelvin)) for kelvin in kelvins):
            pair = (row.anchored_median_meV_per_atom, row.anchored_p90_meV_per_atom) if row else ()
            cells += [" / ".join(f"{value:.0f}" for value in pair), str(row.n) if row else "0"]
        lines.append(cells)
    return text + [f"  {line}" for line in table(lines, left=(0,))]


def _gas_losses_table(rows: Sequence[GasLoss]) -> list[str]:
    """Return where salts decompose, measured and without their own figures."""
    if not rows:
        return []
    text = _wrapped(
        "Where measured salts give off their gas at 1 bar [K]: by their measured Gibbs energies, "
        "and anchored without their own figures; -: below 300 K, or beyond a table"
    )
    lines = [["", "measured", "anchored", "", "reaction"]]
    for row in rows:
        off = "" if row.difference_K is None else f"{row.difference_K:+.0f}"
        ends = (row.measured_onset_K, row.anchored_onset_K)
        lines.append([row.kind, *(_plain(end, 0) for end in ends), off, row.equation])
    text += [f"  {line}" for line in table(lines, left=(0, 4))]
    for kind in dict.fromkeys(row.kind for row in rows):
        off_by = [row.difference_K for row in rows if row.kind == kind]
        sizes = [abs(value) for value in off_by if value is not None]
        if sizes:
            text.append(f"  {kind}: off by {median(sizes):.0f} K (median of {len(sizes)})")
    return text


def _correlation(row: Correlation) -> list[str]:
    verdict = row.verdict
    if row.same_order_as:
        verdict = f"as {_METRICS[row.same_order_as][0]}"
    for long, short in (
        ("chance, for so many tests", "chance"),
        ("against expectation", "wrong sign"),
    ):
        verdict = verdict.replace(long, short)
    values = (row.spearman, row.rho_low, row.rho_high, row.kendall, row.p_value, row.p_holm)
    return [
        _METRICS[row.metric][0],
        "[+]" if row.expected_sign > 0 else "[-]",
        str(row.n_cells),
        *(_plain(value, 2) for value in values),
        verdict,
    ]


def _first(reason: str) -> str:
    """Return the first part of a reason; files have all of it."""
    return reason.partition(" (")[0].partition("; did you mean")[0]


def _short(item: str) -> str:
    """Write names of electrolytes in place of their formulas."""
    names = {formula: name for name, formula in electrolytes().items()}
    return " | ".join(names.get(side, side) for side in item.split(" | "))


def _wrapped(text: str, first: str = "", further: str = "") -> list[str]:
    """Break text into lines of at most 100 columns."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=further or first)


def _sentences(result: Validation) -> list[str]:
    """Say what to conclude."""
    counts = result.counts
    asked = len(result.published)
    compared = sum(counts.get(verdict, 0) for verdict in (WITHIN, MISS, OUTSIDE))
    text = _wrapped(
        f"Published: of {asked} numbers {compared} could be compared; {counts.get(WITHIN, 0)} "
        f"within tolerance, {counts.get(MISS, 0)} known misses, {counts.get(OUTSIDE, 0)} outside."
    )
    if not compared:
        text += _wrapped("Nothing was compared: this source has not been validated.")
    tested = [row for row in result.correlations if row.p_holm is not None]
    there = [cell for cell in result.cells if cell.metrics is not None]
    if not tested:
        missing = "" if result.undoped else "; --undoped lets LLZO stand in for doped garnets"
        text += _wrapped(
            f"Measured: {len(there)} cells could be computed, too few for any correlation{missing}."
        )
        return text + _bare(result.cells)
    good = [row for row in tested if row.p_holm is not None and row.p_holm < LEVEL]
    if good:
        names = "; ".join(
            f"{_METRICS[r.metric][0]} with {r.measurement} ({r.cells}): {r.verdict}" for r in good
        )
        text += _wrapped(f"Measured: beyond chance in {len(good)} of {len(tested)}: {names}.")
    else:
        text += _wrapped(
            "Measured: no metric, the score among them, orders the resistances or the critical "
            f"current densities of these cells ({len(tested)} correlations, none beyond chance). "
            "The calculations say which contacts can react and to what, not how good a cell is."
        )
    most = max(row.n_cells for row in tested)
    text += _wrapped(
        f"With {most} cells only |rho| above {smallest_significant(most, LEVEL):.2f} would show in "
        f"one test and above {smallest_significant(most, LEVEL / len(tested)):.2f} among "
        f"{len(tested)}; the cells differ in electrolyte, method, thickness, temperature and "
        "pressure, so this is no proof that there is no effect."
    )
    changed = max(tested, key=_artefact_change)
    if _artefact_change(changed) >= 0.005:
        text += _wrapped(
            "Whether artefacts of the hull are counted or left out moves a coefficient by at most "
            f"{_artefact_change(changed):.2f} ({_METRICS[changed.metric][0]} with "
            f"{changed.measurement}, {changed.cells})."
        )
    return text + _bare(result.cells)


def _artefact_change(row: Correlation) -> float:
    pair = (row.spearman_with_artefacts, row.spearman_without_artefacts)
    return abs(pair[0] - pair[1]) if pair[0] is not None and pair[1] is not None else 0.0


def _bare(cells: Iterable[Cell]) -> list[str]:
    """Count the interlayers that beat the best cell without one, on the same electrolyte."""
    groups: dict[str, tuple[list[MeasuredCell], list[MeasuredCell]]] = {}
    for cell in cells:
        if cell.status == BARE or cell.measured.computable:
            group = groups.setdefault(cell.measured.electrolyte, ([], []))
            group[cell.status == BARE].append(cell.measured)
    text = []
    for electrolyte, (mine, without) in groups.items():
        least = min(_values(without, "resistance_after_ohm_cm2"), default=None)
        most = max(_values(without, "ccd_after_mA_cm2"), default=None)
        if least is not None and most is not None:
            lower = [value < least for value in _values(mine, "resistance_after_ohm_cm2")]
            higher = [value > most for value in _values(mine, "ccd_after_mA_cm2")]
            text += _wrapped(
                f"For scale: clean {electrolyte} without any interlayer reaches {least:g} ohm cm2 "
                f"and {most:g} mA/cm2; {sum(lower)} of {len(lower)} interlayers have a lower "
                f"resistance, {sum(higher)} of {len(higher)} a higher critical current density."
            )
    return text


def _values(cells: Iterable[MeasuredCell], key: str) -> list[float]:
    found = (getattr(cell, key) for cell in cells)
    return [value for value in found if value is not None]
