"""What to cite: the data of a run and the methods behind its numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Paper:
    """One entry.

    Attributes
    ----------
    key, doi, authors, title, journal, volume, pages, year : str
    use : str
        What a report uses it for.
    """

    key: str
    doi: str
    authors: str
    title: str
    journal: str
    volume: str
    pages: str
    year: str
    use: str

    def bibtex(self) -> str:
        """Return the entry for a BibTeX file."""
        fields = {
            "author": self.authors,
            "title": f"{{{self.title}}}",
            "journal": self.journal.replace("&", r"\&"),
            "volume": self.volume,
            "pages": self.pages,
            "year": self.year,
            "doi": self.doi,
        }
        body = ",\n".join(f"  {name:<7} = {{{value}}}" for name, value in fields.items() if value)
        return f"@article{{{self.key},\n{body}\n}}"


JAIN = Paper(
    "Jain2013", "10.1063/1.4812323",
    "Jain, Anubhav and Ong, Shyue Ping and Hautier, Geoffroy and Chen, Wei and Richards, William "
    "Davidson and Dacek, Stephen and Cholia, Shreyas and Gunter, Dan and Skinner, David and Ceder, "
    "Gerbrand and Persson, Kristin A.",
    "Commentary: The Materials Project: A materials genome approach to accelerating materials "
    "innovation", "APL Materials", "1", "011002", "2013", "the Materials Project",
)  # fmt: skip
DUNN = Paper(
    "Dunn2020", "10.1038/s41524-020-00406-3",
    "Dunn, Alexander and Wang, Qi and Ganose, Alex and Dopp, Daniel and Jain, Anubhav",
    "Benchmarking materials property prediction methods: the Matbench test set and Automatminer "
    "reference algorithm", "npj Computational Materials", "6", "138", "2020",
    "formation energies as published in Matbench",
)  # fmt: skip
HORTON = Paper(
    "Horton2025", "10.1038/s41563-025-02272-0", "Horton, Matthew K. and others",
    "Accelerated data-driven materials science with the Materials Project", "Nature Materials",
    "24", "1522", "2025", "the Materials Project as it is today",
)  # fmt: skip
RICHARDS = Paper(
    "Richards2016", "10.1021/acs.chemmater.5b04082",
    "Richards, William D. and Miara, Lincoln J. and Wang, Yan and Kim, Jae Chul and Ceder, "
    "Gerbrand", "Interface Stability in Solid-State Batteries", "Chemistry of Materials", "28",
    "266--273", "2016", "reaction energies of two materials over the mixing fraction",
)  # fmt: skip
WINDOWS = Paper(
    "Zhu2015", "10.1021/acsami.5b07517", "Zhu, Yizhou and He, Xingfeng and Mo, Yifei",
    "Origin of Outstanding Stability in the Lithium Solid Electrolyte Materials: Insights from "
    "Thermodynamic Analyses Based on First-Principles Calculations",
    "ACS Applied Materials & Interfaces", "7", "23685--23693", "2015", "stability windows",
)  # fmt: skip

DATA = (JAIN, DUNN, HORTON)
METHODS = (RICHARDS, WINDOWS)


def papers(source: dict[str, Any]) -> tuple[list[Paper], list[Paper]]:
    """Return the papers of a source and those of the methods.

    Parameters
    ----------
    source : dict
        As in a manifest; its citation names the papers by DOI.
    """
    stated = str(source.get("citation") or "")
    return [paper for paper in DATA if paper.doi in stated], list(METHODS)


def bibtex(source: dict[str, Any], version: str) -> str:
    """Return everything to cite as one BibTeX text.

    Parameters
    ----------
    source : dict
        As in a manifest.
    version : str
        Of this program, as the run was made with.
    """
    data, methods = papers(source)
    note = f"version {version}" if version else ""
    own = (
        "@software{interscreen,\n"
        "  author  = {{The interscreen developers}},\n"
        "  title   = {{interscreen: interlayers between Li metal and solid electrolytes from "
        "phase diagrams}},\n"
        f"  version = {{{re.sub(r'[{}]', '', version)}}}\n}}"
        if note
        else ""
    )
    entries = [*(paper.bibtex() for paper in [*data, *methods]), own]
    return "\n\n".join(entry for entry in entries if entry) + "\n"
