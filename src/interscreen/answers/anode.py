"""The negative electrode as people write it: a metal, an alloy, or a potential."""

from __future__ import annotations

import re

from ..errors import InputError
from ..phases.electrode import CHARGES, LITHIUM, Electrode, Ion
from ..phases.material import elements_of
from ..phases.table import PhaseTable
from .lithium import lithium_line

_VOLTS = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*V?\s*")


def anode_parts(text: str | float, ion: Ion = LITHIUM) -> tuple[str, float | None]:
    """Read an anode: its material, and its potential [V] where one is stated.

    Parameters
    ----------
    text : str or float
        The metal of the ion (or nothing), another material (``LiIn``), a potential (``0.62V``, or
        a number), or both (``LiIn@0.62V``).
    ion : Ion

    Raises
    ------
    InputError
        For what cannot be read, and a potential below -0.5 V.
    """
    written = f"{text} V" if isinstance(text, int | float) else text.strip()
    material, at, stated = written.rpartition("@")
    if at and not material.strip():
        raise InputError(f"anode {written}: name the material before the @, as LiIn@0.62V")
    found = _VOLTS.fullmatch(stated)
    if at and not found:
        raise InputError(f"anode {written}: write its potential as LiIn@0.62V")
    material = (material if found else stated).strip()
    volts = ion.checked(float(found[1])) if found else None
    if material and material != ion.symbol:
        if CHARGES.get(material) == 1 and volts is None:
            raise InputError(
                f"anode {material}: the metal of another ion; say that {material} moves (--ion "
                f"{material}, or ion: {material} in a study)"
            )
        elements_of([material], lithium=False)  # a misspelled one is a line, not a traceback
        return material, volts
    return "", 0.0 if volts is None else volts


def elements_of_anode(text: str | float, ion: Ion = LITHIUM) -> frozenset[str]:
    """Elements that decide the potential of an anode, the ion among them; errors as above."""
    material, volts = anode_parts(text, ion)
    named = [material] if material and volts is None else []
    return elements_of([*named, ion.symbol], lithium=False)


def against(table: PhaseTable, anode: str | float = "", ion: Ion | None = None) -> PhaseTable:
    """Return a table whose negative electrode is another.

    Of a material that is named alone the potential follows from the hull of the table: the one at
    which it gives off the ion (LiIn), or takes it up where it holds none (In: within 1 mV of LiIn).

    Parameters
    ----------
    table : PhaseTable
    anode : str or float
        As for ``anode_parts``; the metal of the ion by default.
    ion : Ion, optional
        That of the table by default.

    Raises
    ------
    InputError
        For an anode that cannot be read, an element that the table does not know, and a material
        that neither holds nor takes up the ion.

    Examples
    --------
    >>> from interscreen import PhaseTable
    >>> from interscreen.answers.anode import against
    >>> against(PhaseTable.reference(), "0.62V").electrode.text
    'Li at 0.62 V against Li/Li+'
    """
    moves = table.electrode.ion if ion is None else ion
    metal = table.against(Electrode(moves))
    material, volts = anode_parts(anode, moves)
    if volts is not None:
        return table.against(Electrode(moves, volts, material))
    line = lithium_line(metal, material)
    symbol, start = moves.symbol, line.walk.start
    holds = symbol in line.reactant.composition.elements
    found = line.voltage(start - 1) if holds else line.voltage(start)
    if found <= 0.0:
        others = [s for s in line.reactant.composition.elements if s != symbol]
        does = "gives off" if holds else "takes up"
        alone = len(others) == 1 and others[0] in CHARGES
        hint = f"; --ion {others[0]} asks for {others[0]} itself" if alone else ""
        raise InputError(
            f"anode {material}: {does} no {symbol} above 0 V against {moves.couple} in "
            f"{table.source.name}; state its potential, as {material}@0.62V{hint}"
        )
    return table.against(Electrode(moves, moves.checked(found), material, computed=True))
