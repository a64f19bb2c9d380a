"""The registry of result columns: key, label, unit and one line of meaning.

Tables, figures and docs/columns.md read it; nothing writes a column that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column of a result file.

    Attributes
    ----------
    key : str
        Name in files, with the unit at its end.
    label : str
        Name in figures and tables.
    unit : str
        Unit, empty for text and pure numbers.
    meaning : str
        One line.
    """

    key: str
    label: str
    unit: str
    meaning: str


_ENTRIES = """
candidate | Candidate | | name or formula of the interlayer, as written in the study
formula | Formula | | formula or mixture of the candidate
electrolyte | Electrolyte | | name of the electrolyte, as written in the study
electrolyte_formula | Electrolyte formula | | its formula
status | Status | | ok, or failed (see reason)
reason | Reason | | why the row could not be computed
role | Role | | conversion (takes up Li and becomes something else) or coating (inert to Li)
candidate_energy_eV_per_atom | Energy of the candidate | eV/atom | formation energy used for the candidate
candidate_energy_source | Energy source | | given, phase (its own phase in the source) or hull (no such phase)
candidate_energy_above_hull_eV_per_atom | Above hull | eV/atom | energy of the candidate minus the hull energy of its composition
electrolyte_energy_eV_per_atom | Energy of the electrolyte | eV/atom | formation energy used for the electrolyte
electrolyte_energy_source | Electrolyte energy source | | given, phase or hull
electrolyte_energy_above_hull_eV_per_atom | Electrolyte above hull | eV/atom | energy of the electrolyte minus the hull energy of its composition
bare_mutual_eV_per_atom | Bare Li | eV/atom | minimum mutual reaction energy of Li with the electrolyte (the baseline)
lithium_mutual_eV_per_atom | Li | eV/atom | minimum mutual reaction energy of Li with the candidate (driving force of the conversion)
lithium_total_eV_per_atom | Li (total) | eV/atom | total reaction energy of Li with the candidate at that mixing fraction
lithium_equation | Conversion with Li | | balanced equation at that mixing fraction
conversion_products | Products with Li metal | | phases in equilibrium with Li metal, per formula unit of the candidate
first_voltage_V | First step | V | equilibrium voltage of the first step of the lithiation, against Li/Li+
average_voltage_V | Mean voltage | V | mean voltage of the whole conversion, from the energy of the candidate itself
li_uptake_per_formula | Li uptake | | Li taken up per formula unit until equilibrium with Li metal
capacity_mAh_per_g | Capacity | mAh/g | the same as a charge per gram of the candidate
deposited_mutual_eV_per_atom | As deposited | eV/atom | minimum mutual reaction energy of the candidate with the electrolyte
deposited_mixing_fraction | Mixing fraction | | atom fraction of the candidate there; empty when the two coexist
deposited_equation | Reaction as deposited | | balanced equation there
layer | Converted layer | | phases of the layer after contact with Li metal, in whole formula units
layer_mutual_eV_per_atom | Converted layer | eV/atom | minimum mutual reaction energy of that mixture with the electrolyte
layer_equation | Reaction of the layer | | balanced equation there
worst_product | Worst product | | phase of the layer that reacts most with the electrolyte
worst_product_mutual_eV_per_atom | Worst product | eV/atom | minimum mutual reaction energy of that phase with the electrolyte
product_energies | Products one by one | meV/atom | minimum mutual reaction energy of each phase of the layer with the electrolyte
improvement_eV_per_atom | Improvement | eV/atom | converted layer minus bare Li (positive: better than bare Li)
reduction_limit_V | Reduction limit | V | lower end of the window of the assemblage, against Li/Li+
oxidation_limit_V | Oxidation limit | V | upper end of the window of the assemblage; empty when there is no Li to give off
electrolyte_reduction_limit_V | Electrolyte reduction limit | V | lower end of the window of the electrolyte
bridge_product | Bridge | | Li-bearing salt of the layer, stable at 0 V, whose window reaches highest
bridge_margin_V | Bridge margin | V | its oxidation limit minus the reduction limit of the electrolyte (positive: the two windows overlap)
left_out_phases | Left out | | phases of these elements that were not counted (never observed)
warnings | Warnings | | what may be wrong with the row
contact | Contact | | the two sides of the interface
contact_kind | Kind of contact | | bare, lithium, deposited, layer or product
reactant_a | First reactant | | formula of the first side
reactant_b | Second reactant | | formula of the second side
reactant_a_energy_source | First energy source | | given, phase or hull
reactant_b_energy_source | Second energy source | | given, phase or hull
is_minimum | Minimum | | whether the mutual energy has its minimum at this kink
mixing_fraction | Mixing fraction | | atom fraction of the first reactant
mutual_energy_eV_per_atom | Mutual energy | eV/atom | reaction energy less what either side gains by decomposing alone
total_energy_eV_per_atom | Total energy | eV/atom | reaction energy, self-decomposition included
equation | Equation | | balanced equation
material | Material | | formula
name | Name | | name in the study, or formula
part | Part | | candidate, electrolyte or product
phase_reduction_limit_V | Reduction limit of the phase | V | lower end of the window of the phase itself; empty when it has none
phase_oxidation_limit_V | Oxidation limit of the phase | V | upper end of the window of the phase itself
phase_window_reason | No window of the phase | | why the phase has no window of its own
energy_eV_per_atom | Energy | eV/atom | formation energy used
energy_source | Energy source | | given, phase or hull
energy_above_hull_eV_per_atom | Above hull | eV/atom | energy minus the hull energy of the composition
decomposition_energy_0V_eV_per_atom | Decomposition at 0 V | eV/atom | energy of the equilibrium with Li metal minus that of the material
reduction_products | Reduction products | | phases after the first step below the window
oxidation_products | Oxidation products | | phases after the first step above the window
step | Step | | number of the voltage plateau
voltage_V | Voltage | V | equilibrium voltage of the plateau, against Li/Li+
li_per_formula_start | Li at the start | | Li per formula unit at the start of the plateau, own Li included
li_per_formula_end | Li at the end | | Li per formula unit at its end
products | Products | | phases at the end of the plateau, per formula unit
rank | Rank | | one more than the number of candidates that are better by more than the tie limit
score_meV_per_atom | Score | meV/atom | weighted sum of the metrics, 0 at best (docs/method.md)
tied_with | Tied with | | candidates whose score is nearer than the tie limit
score_terms | Terms of the score | meV/atom | what each metric adds
electrolytes_counted | Electrolytes | | how many electrolytes the overall score is a mean of
"""

COLUMNS: dict[str, Column] = {
    key: Column(key, label, unit, meaning)
    for key, label, unit, meaning in (
        tuple(part.strip() for part in line.split(" | "))
        for line in _ENTRIES.strip().replace(" | | ", " |  | ").splitlines()
    )
}


def label_with_unit(key: str) -> str:
    """``Capacity [mAh/g]``, for axes and headers."""
    column = COLUMNS[key]
    return f"{column.label} [{column.unit}]" if column.unit else column.label


def columns_markdown() -> str:
    """Text of docs/columns.md."""
    lines = [
        "# Columns of the result files",
        "",
        "Made from `src/interscreen/columns.py`; `make docs` writes it again.",
        "",
        "| column | unit | meaning |",
        "|---|---|---|",
        *(f"| `{c.key}` | {c.unit} | {c.meaning} |" for c in COLUMNS.values()),
        "",
    ]
    return "\n".join(lines)
