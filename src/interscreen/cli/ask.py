"""Commands that answer one question, and the list of electrolytes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from ..errors import InputError
from ..phases.formula import parse_formula, split_mixture
from ..phases.source import ANCHORED
from .command import (
    EXIT_OK,
    Decorator,
    Output,
    option,
    output_options,
    root,
    together,
)
from .electrode import Moves, electrode_options, ion_option
from .heat import Gases, Heat, gases_only, heat_options
from .source import Choice, asked, source_options

if TYPE_CHECKING:
    import pandas as pd

    from ..database.database import Database
    from ..phases.material import Material

NAMED = "formula, mixture or name"


# -- options that `plot` has, too -----------------------------------------------------------------


def material(name: str, help: str = "the same") -> Decorator:
    """Return the argument for a material, with the options for its energy."""
    suffix, of = ("", "") if name == "m" else (f"-{name}", f" of {name.upper()}")
    keys = [f"{key}{suffix}".replace("-", "_") for key in ("energy", "above_hull")]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            energy, above_hull = (values.pop(key) for key in keys)
            if energy is not None and above_hull is not None:
                raise click.UsageError(
                    f"--above-hull{suffix} {above_hull}: not beside --energy{suffix}",
                    click.get_current_context(),
                )
            unit = values.get("energy_unit") or ""
            values[name] = _with_energy(values[name], energy, above_hull, unit)
            return function(**values)

        return together(
            click.argument(name, help=help),
            option(
                f"--energy{suffix}",
                f"formation energy{of} [eV/atom], or with its unit ('-542.7 kJ/mol')",
                metavar="E",
            ),
            option(
                f"--above-hull{suffix}",
                f"energy above hull{of} [eV/atom], or with its unit ('7 meV/atom')",
                metavar="E",
            ),
        )(command)

    return decorate


def _with_energy(text: str, energy: str | None, above_hull: str | None, unit: str) -> Material:
    """Return a material with an energy that may state its unit; ``unit`` is that of bare ones."""
    from ..phases.energy_units import PER_ATOM, converted, read_energy, read_unit
    from ..phases.material import Material, resolve

    def read(given: str | None, otherwise: str) -> float | None:
        if given is None:
            return None
        value, stated = read_energy(given)
        stated = stated or otherwise
        if stated == PER_ATOM:
            return value
        return converted(value, stated, float(resolve(text)[1].n_atoms))

    return Material(
        text,
        energy_eV_per_atom=read(energy, read_unit(unit) if unit else PER_ATOM),
        energy_above_hull_eV_per_atom=read(above_hull, PER_ATOM),
    )


reaction_options = together(
    material("a", "formula, mixture ('Cu + 2 LiF') or name (LLZO)"),
    material("b"),
    option("--potential", "open the interface to Li at V vs Li/Li+", type=float, metavar="V"),
)
_samples = option(
    "--samples", "for error bars, as 1000 (default none)", type=int, default=0, metavar="N"
)


# -- commands -------------------------------------------------------------------------------------


@root.command("reaction")
@reaction_options
@option(
    "--open",
    "an element at a fixed potential: Li@3.8V, or a gas: O2=0.21",
    key="opened",
    multiple=True,
    metavar="X",
)
@option("--at", "give the energies at this share of A, too", type=float, metavar="X")
@option(
    "--by",
    "share of atoms (default), moles, weight or volume",
    default="atom",
    type=click.Choice(["atom", "mole", "weight", "volume"]),
)
@_samples
@heat_options
@source_options
@output_options
def reaction(
    a: Material, b: Material, potential: float | None, opened: tuple[str, ...], at: float | None,
    by: str, samples: int, heat: Heat, choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Answer with the reaction energies of two materials."""
    from ..report.text import answers as text

    elements = {}
    for word in opened:
        name, sign, amount = word.replace("@", "=").partition("=")
        if not sign:
            raise InputError(f"--open {word}: write it as Li@3.8V or O2=0.21")
        elements[name.strip()] = amount.strip()
    if samples and (potential is not None or opened):
        raise InputError(
            "--samples: error bars are there for closed interfaces only; leave out --potential"
        )
    return answer(
        choice,
        output,
        lambda db: heat.on(db).reaction(
            a, b, potential, samples, open_elements=elements, at=at, by=by
        ),
        lambda found: text.with_spreads(text.reaction_text(found), found),
    )


@root.command("window")
@material("m", NAMED)
@ion_option
@_samples
@option(
    "--tolerance",
    "driving force for decomposition that the window within tolerance allows (default 10)",
    type=float,
    default=10.0,
    metavar="MEV",
)
@heat_options
@source_options
@output_options
def window(
    m: Material, ion: str, samples: int, tolerance: float, heat: Heat, choice: Choice,
    output: Output,
) -> int:  # fmt: skip
    """Answer with the stability window of a material."""
    from ..report.text import answers as text

    return answer(
        choice,
        output,
        lambda db: heat.on(db).window(m, samples, tolerance_meV_per_atom=tolerance, ion=ion),
        lambda found: text.with_spreads(text.window_text(found), found),
    )


@root.command("lithiate")
@material("m", NAMED)
@ion_option
@_samples
@heat_options
@source_options
@output_options
def lithiate(
    m: Material, ion: str, samples: int, heat: Heat, choice: Choice, output: Output
) -> int:
    """Answer with the lithiation path of a material."""
    from ..report.text import answers as text

    return answer(
        choice,
        output,
        lambda db: heat.on(db).lithiation(m, samples, ion=ion),
        lambda found: text.with_spreads(text.lithiation_text(found), found),
    )


@root.command("stack")
@click.argument("candidate", help=f"{NAMED}; A | B for two layers, the one on Li first")
@click.argument("electrolyte", help="formula or name")
@electrode_options
@_samples
@option(
    "--thickness",
    "of the layer as deposited (50nm, 15um): Li taken up, expansion, electrolyte consumed",
    metavar="LENGTH",
)
@option("--potential", "the layer at V vs Li/Li+, too", type=float, metavar="V")
@option("--cathode", "on the other side: LCO, or LiCoO2/Li0.5CoO2@3.0-4.2V", metavar="C")
@option("--coating", "between electrolyte and cathode", metavar="M")
@heat_options
@source_options
@output_options
def stack(
    candidate: str, electrolyte: str, moves: Moves, samples: int, thickness: str | None,
    potential: float | None, cathode: str | None, coating: str | None, heat: Heat, choice: Choice,
    output: Output,
) -> int:  # fmt: skip
    """Answer with every contact of Li | candidate | electrolyte, and on to a cathode."""
    from ..answers.thickness import of_thickness, read_thickness
    from ..phases.electrode import Electrode
    from ..report.text.answers import stack_text
    from ..report.text.cathode import cathode_lines
    from ..report.text.explain import judgement, judgement_lines
    from ..report.text.way import potential_lines, way_lines
    from ..screen.judge import judged

    if "|" in candidate:
        if samples or thickness or cathode or coating or potential is not None:
            raise InputError(
                f"{candidate}: two layers have no --samples, --thickness, --potential, --cathode "
                "or --coating; ask for each layer alone, and for the cathode side with one layer"
            )
        return _two_layers(candidate, electrolyte, moves, heat, choice, output)
    rows: list[dict[str, Any]] = []
    scales: list[str] = []
    nm = None if thickness is None else read_thickness(thickness)

    def ask(db: Database) -> Any:
        db = moves.against(heat.on(db))
        found = db.stack(
            candidate, electrolyte, samples,
            potential_V=potential, cathode=cathode, coating=coating,
        )  # fmt: skip
        rows.append(judged(db.table, candidate, electrolyte))
        scales.append(db.table.source.scale)
        if nm is not None:
            sized = of_thickness(db.table, candidate, electrolyte, found, nm)
            found = replace(found, of_thickness=sized)
        return found

    def write(found: Any) -> str:
        anode = Electrode.of(found.conditions)
        more = [*way_lines(found.way), *potential_lines(found.at_potential)]
        more += cathode_lines(found.cathode_side) if found.cathode_side else []
        judged_so = judgement_lines(rows[0], anode, anchored=ANCHORED in scales)
        return stack_text(found, [*judged_so, *more])

    return answer(choice, output, ask, write, more=lambda: {"judgement": judgement(rows[0])})


def _two_layers(
    layers: str, electrolyte: str, moves: Moves, heat: Heat, choice: Choice, output: Output
) -> int:
    from ..report.text.two_layers import two_layers_text
    from ..screen.judge import judged_layers

    names = [name.strip() for name in layers.split("|")]
    if len(names) != 2 or not all(names):
        raise InputError(f"{layers}: two layers are written A | B, the one on Li first")
    said: dict[str, Any] = {}

    def ask(db: Database) -> Any:
        found = moves.against(heat.on(db)).two_layers(names[0], names[1], electrolyte)
        said.update(judged_layers(found))
        return found

    return answer(
        choice, output, ask, lambda found: two_layers_text(found, said),
        more=lambda: {"judgement": said},
    )  # fmt: skip


@root.command("decompose")
@material("m", NAMED)
@gases_only
@source_options
@output_options
def decompose(m: Material, heat: Gases, choice: Choice, output: Output) -> int:
    """Answer with the temperature at which a material gives off gas."""
    from ..report.text.answers import decomposition_text

    return answer(
        choice,
        output,
        lambda db: db.decompose(m, heat.gases, pressure=heat.pressure),
        decomposition_text,
    )


@root.command("treat")
@click.argument("m", help=NAMED)
@option(
    "--steps", "'air 25C; O2=1bar 500C; +2 HF; Li 300C; Ar 700C'", required=True, metavar="STEPS"
)
@source_options
@output_options
def treat(m: str, steps: str, choice: Choice, output: Output) -> int:
    """Answer with what is left of a surface after each treatment."""
    from ..report.text.answers import treatment_text

    return answer(
        choice,
        output,
        lambda db: db.treat(m, steps),
        treatment_text,
    )


@root.command("electrolytes")
@output_options
def list_electrolytes(output: Output) -> int:
    """List the names that stand for electrolytes, cathodes and salts."""
    from ..phases.names import names, user_electrolytes_file
    from ..report.text.layout import table

    known = {name: entry.formula for name, entry in names().items()}
    rows = [["name", "formula"], *([name, formula] for name, formula in known.items())]
    output.show(known, lambda: "\n".join(table(rows, (0, 1))))
    output.say(f"entries of your own: {user_electrolytes_file()}")
    return EXIT_OK


# -- what they share ------------------------------------------------------------------------------


def drawn_into(
    out: str | None, stem: str, force: bool, output: Output, **more: Callable[[Any], pd.DataFrame]
) -> Callable[[Any], None]:
    """Return what writes the figure of a result and its table to a folder; nothing without one.

    ``more`` are further tables: what stands behind the stem, and how to make it of the result.
    """

    def write(found: Any) -> None:
        from ..report.figures.saving import save

        if out:
            tables = {"": found.to_frame(), **{f"_{key}": of(found) for key, of in more.items()}}
            for file in save(found.plot(), out, stem, tables=tables, force=force):
                output.say(f"wrote {file}")

    return write


def answer(
    choice: Choice,
    output: Output,
    ask: Callable[[Database], Any],
    write: Callable[[Any], str],
    first: Callable[[Any], None] = lambda found: None,
    more: Callable[[], dict[str, Any]] = dict,
) -> int:
    """Open the source, ask, print.

    Parameters
    ----------
    choice, output
        Of the command line.
    ask, write : callables
        Database to result; result to text.
    first : callable
        Called with the result before anything is printed: a reader may go away.
    more : callable
        Returns what the JSON object holds beside the result.
    """
    from ..answers.documents import NON_COMMERCIAL, documents_text
    from ..engine.walk import plain_walks

    with plain_walks():
        db = asked(choice, output)
        result = ask(db)
        first(result)
        answered = {**result.to_dict(), **more()}
        if output.json and db.table.source.scale == ANCHORED:
            answered["anchors"] = db.anchors(_phases_in(answered))
        documents = result.documents
        output.show(
            answered, lambda: "\n".join(filter(None, [write(result), documents_text(documents)]))
        )
        if closed := [f for f, of in documents.items() if of["licence"] == NON_COMMERCIAL]:
            output.say(
                f"warning: the answer names {', '.join(closed)} of licence {NON_COMMERCIAL}: not "
                "for commercial use (--licence BY-C leaves such phases out)"
            )
    return EXIT_OK


def _phases_in(found: Any, key: str = "") -> list[str]:
    """Return the formulas of compounds in the JSON object of an answer, each once."""
    names: list[str] = []
    if isinstance(found, dict):
        amounts = all(isinstance(value, int | float) for value in found.values())
        names = list(found) if key.endswith("products") and amounts else []
        for inner, value in found.items():
            names += _phases_in(value, inner)
    elif isinstance(found, list):
        for value in found:
            names += _phases_in(value, key)
    elif isinstance(found, str) and (key in ("formula", "material") or key.endswith("products")):
        names = [found]
    formulas = (part for name in names for _, part in split_mixture(name))
    return list(dict.fromkeys(f for f in formulas if len(parse_formula(f).elements) > 1))
