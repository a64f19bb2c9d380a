"""The set embedded in the package: the shipped interlayers against Li, LLZO, LATP and LAGP."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import as_file, files

from ..phases.source import GGA, Source
from ..phases.table import PhaseTable
from .tables import TableFile, read_file

VERSION = "Matbench v0.1"
STATEMENT = (
    "formation energies of the Materials Project as published in Matbench v0.1 (CC BY 4.0), quoted "
    "to 1 meV/atom; only the phases that take part in an equilibrium of the shipped interlayers "
    "with Li, LLZO, LATP and LAGP"
)
CITATION = (
    "A. Dunn et al., npj Comput. Mater. 6, 138 (2020), doi:10.1038/s41524-020-00406-3; "
    "A. Jain et al., APL Mater. 1, 011002 (2013), doi:10.1063/1.4812323"
)

# The interlayers the set was made for; with Li and one electrolyte each they span the chemical
# systems that it covers.
INTERLAYERS = tuple(
    "CuF2 CuS Cu3N AlF3 AlN MgF2 SnF2 ZnF2 AgF ZnO Al2O3 Nb2O5 SnS MoS2 SiO2 ZrO2 Al Si Ge Sn Zn "
    "Mg Ag Cu LiF Li3N Li2O Li2S Li3PO4 LiAlO2 LiNbO3 Li2SiO3 Li2ZrO3".split()
)
ELECTROLYTES = ("Li7La3Zr2O12", "Li1.3Al0.3Ti1.7(PO4)3", "Li1.5Al0.5Ge1.5(PO4)3")
# What the interlayers become in contact with Li metal.  On the full Matbench table the contacts
# of these with the electrolytes agree to 3.5 meV/atom, except mixtures: Cu + Li2S 15, see docs.
CONVERTED = tuple("Li9Al4 Li15Ge4 Li17Sn4 Li21Si5 Li3Ag Li5Mg LiZn Mo".split())


def covered_systems() -> tuple[frozenset[str], ...]:
    """Chemical systems of Li, one shipped interlayer and one of the three electrolytes."""
    symbol = re.compile("[A-Z][a-z]?")
    return tuple(
        frozenset({"Li", *symbol.findall(interlayer), *symbol.findall(electrolyte)})
        for interlayer in INTERLAYERS
        for electrolyte in ELECTROLYTES
    )


def reference_file() -> TableFile:
    """Open the embedded table."""
    source = Source(
        name="reference",
        version=VERSION,
        thermo_type=GGA,
        statement=STATEMENT,
        citation=CITATION,
        systems=covered_systems(),
        materials=frozenset(("Li", *INTERLAYERS, *ELECTROLYTES, *CONVERTED)),
    )
    with as_file(files("interscreen") / "data" / "reference_phases.csv") as path:
        return TableFile(path, source=source)


@lru_cache(maxsize=2)
def reference_table(*, all_phases: bool = False) -> PhaseTable:
    """Read the embedded table; ``all_phases`` counts the never-observed ones, too."""
    return read_file(reference_file(), all_phases=all_phases)
