"""Commands that answer one question: reaction, window, lithiate, stack; and the list of names."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..answers.lithiation import lithiate
from ..answers.reaction import react
from ..answers.sampled import sampled_reaction, sampled_stack, sampled_window
from ..answers.stack import stack
from ..answers.window import Window, stability_window
from ..errors import InputError, SolverError
from ..phases.filters import Filters
from ..phases.material import Material, electrolytes, elements_of, user_electrolytes_file
from ..phases.table import PhaseTable
from ..report.text import answers as text
from ..sources.open import open_table
from .source import open_source, source_options


def reaction_command(arguments: argparse.Namespace) -> int:
    """Reaction energies of two materials."""
    a = reactant_of(arguments.a, arguments.energy_a, arguments.above_hull_a)
    b = reactant_of(arguments.b, arguments.energy_b, arguments.above_hull_b)
    if arguments.samples and arguments.potential is not None:
        raise InputError(
            "--samples: error bars are there for closed interfaces only; leave out --potential"
        )
    return answer(
        arguments,
        elements_of([a, b], lithium=arguments.potential is not None),
        lambda table: (
            sampled_reaction(table, a, b, samples=arguments.samples)
            if arguments.samples
            else react(table, a, b, potential_V=arguments.potential)
        ),
        lambda result: text.with_spreads(text.reaction_text(result), result),
        lambda result: {
            "the minimum mutual energy [meV/atom]": 1000 * result.min_mutual_energy_eV_per_atom
        },
    )


def window_command(arguments: argparse.Namespace) -> int:
    """Stability window of a material."""
    m = reactant_of(arguments.m, arguments.energy, arguments.above_hull)
    return answer(
        arguments,
        elements_of([m]),
        lambda table: (
            sampled_window(table, m, samples=arguments.samples)
            if arguments.samples
            else stability_window(table, m)
        ),
        lambda result: text.with_spreads(text.window_text(result), result),
        _limits,
    )


def _limits(window: Window) -> dict[str, Any]:
    """Return what a note on left-out phases compares."""
    return {
        "the reduction limit [V]": window.assemblage_window_V[0],
        "the oxidation limit [V]": window.assemblage_window_V[1],
    }


def lithiate_command(arguments: argparse.Namespace) -> int:
    """Lithiation path of a material."""
    m = reactant_of(arguments.m, arguments.energy, arguments.above_hull)
    return answer(
        arguments,
        elements_of([m]),
        lambda table: lithiate(table, m),
        text.lithiation_text,
        lambda result: {"the products with Li metal": " + ".join(result.final_products)},
    )


def stack_command(arguments: argparse.Namespace) -> int:
    """Every contact of Li | candidate | electrolyte, with error bars where they are asked for."""
    pair = (arguments.candidate, arguments.electrolyte)
    return answer(
        arguments,
        elements_of(pair),
        lambda table: (
            sampled_stack(table, *pair, samples=arguments.samples)
            if arguments.samples
            else stack(table, *pair)
        ),
        text.stack_text,
        lambda result: {
            "the converted layer": result.layer.label,
            "its mutual energy [meV/atom]": 1000 * result.layer.energy,
        },
    )


def reactant_of(formula: str, energy: float | None, above_hull: float | None) -> Material:
    """Return a reactant with the energy that the options give it."""
    return Material(formula, energy_eV_per_atom=energy, energy_above_hull_eV_per_atom=above_hull)


def answer(
    arguments: argparse.Namespace,
    elements: frozenset[str],
    ask: Callable[[PhaseTable], Any],
    write: Callable[[Any], str],
    essence: Callable[[Any], dict[str, Any]],
) -> int:
    """Open the source, ask, print; say what the phases that were left out would change."""
    options = source_options(arguments)
    table = open_source(arguments, [elements], options=options)
    result = ask(table)
    found = result.to_dict()
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, allow_nan=False))
    else:
        print(write(result))
    if not arguments.quiet:
        for warning in _warnings(found):
            print(f"interscreen: warning: {warning}", file=sys.stderr)
        if table.left_out:
            with contextlib.suppress(SolverError):  # a note is a courtesy
                everything = open_table(
                    arguments.source,
                    [elements],
                    options=replace(options, all_phases=True, filters=Filters()),
                )
                other = essence(ask(everything))
                how = "every phase counted" if options.filters.active else "--all-phases"
                for line in _differences(essence(result), other, how):
                    print(f"interscreen: note: {line}", file=sys.stderr)
    return 0


def _warnings(answer: Any) -> list[str]:
    """All warnings in a result, once each."""
    found: list[str] = []
    if isinstance(answer, dict):
        found += answer.get("warnings", [])
        for value in answer.values():
            found += _warnings(value)
    elif isinstance(answer, list):
        for value in answer:
            found += _warnings(value)
    return list(dict.fromkeys(found))


def _differences(mine: dict[str, Any], other: dict[str, Any], how: str) -> list[str]:
    """Say what changes when the phases that were left out are counted."""
    lines = []
    for key, value in mine.items():
        if isinstance(value, float) and isinstance(other[key], float):
            if abs(value - other[key]) > 1e-3:
                lines.append(f"with {how} {key} would be {other[key]:.3f}, not {value:.3f}")
        elif value != other[key]:
            lines.append(f"with {how} {key} would be {other[key]}, not {value}")
    return lines


def electrolytes_command(arguments: argparse.Namespace) -> int:
    """List the names that stand for electrolytes."""
    known = {name: entry.formula for name, entry in electrolytes().items()}
    if arguments.json:
        print(json.dumps(known, ensure_ascii=False))
    else:
        print(
            "\n".join(
                text.table([["name", "formula"], *([n, f] for n, f in known.items())], (0, 1))
            )
        )
    if not arguments.quiet:
        print(f"interscreen: entries of your own: {user_electrolytes_file()}", file=sys.stderr)
    return 0
