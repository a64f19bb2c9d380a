"""Text as HTML: escaped, formulas with subscripts, numbers as people read them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

MINUS = "\N{MINUS SIGN}"
# the periodic table by periods; a dot is an empty place
PERIODS = (
    "H . . . . . . . . . . . . . . . . He",
    "Li Be . . . . . . . . . . B C N O F Ne",
    "Na Mg . . . . . . . . . . Al Si P S Cl Ar",
    "K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr",
    "Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe",
    "Cs Ba La Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn",
    "Fr Ra Ac Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og",
    ". . . Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu .",
    ". . . Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr .",
)
# longest first: Co is read before C; D and T are hydrogen to the people who deposit it
SYMBOLS = sorted(
    {symbol for period in PERIODS for symbol in period.split() if symbol != "."},
    key=lambda symbol: (-len(symbol), symbol),
)
_UNIT = rf"(?:{'|'.join(SYMBOLS)}|[()\[\]])(?:\d+(?:\.\d+)?)?"
# what stands before a formula (an amount, a bracket), the formula, and punctuation after it
FORMULA = rf"^(\(*(?:\d[\d./]*\*?)?)((?:{_UNIT})+)([,;:.]*)$"
AMOUNT = r"([A-Za-z)\]])(\d+(?:\.\d+)?)"
_LONGEST = 1000  # characters of a word
_FORMULA, _AMOUNT = re.compile(FORMULA), re.compile(AMOUNT)


def marked(text: str) -> str:
    """Escape a text and write the amounts in its formulas as subscripts.

    Parameters
    ----------
    text : str
        A name, formula, mixture, equation or sentence.

    Returns
    -------
    str
        HTML whose text is that of ``text``, with an arrow for ``->``.
    """
    return "".join(
        word if word.isspace() else _marked_word(word) for word in re.split(r"(\s+)", text)
    )


def _marked_word(word: str) -> str:
    if len(word) > _LONGEST:  # no formula, and slow to find out
        return html.escape(word)
    if word == "->":
        return "\N{RIGHTWARDS ARROW}"
    match = _FORMULA.match(word)
    if not match:
        return html.escape(word)
    before, formula, after = match.groups()
    return html.escape(before) + _AMOUNT.sub(r"\1<sub>\2</sub>", formula) + html.escape(after)


def rounded(value: float, digits: int = 0) -> str:
    """Write a number without a minus sign before zero."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def number(value: float, digits: int = 0) -> str:
    """Write a number with a true minus sign and a comma between thousands."""
    text = rounded(value, digits)
    return f"{MINUS if text.startswith('-') else ''}{abs(float(text)):,.{digits}f}"


def unit_text(unit: str) -> str:
    """Write a unit of the registry of columns as people read it: ``mAh/cm²/µm``."""
    found = unit.replace("cm2", "cm²").replace("/um", "/µm").replace("ohm", "Ω")
    return found.replace("% by volume", "vol%")


def listed(items: Iterable[str], most: int = 6) -> str:
    """Join pieces of HTML: ``A, B and C``; beyond ``most`` only how many more there are."""
    items = list(items)
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + f" and {items[-1]}"


def link(doi: str) -> str:
    """Return a link to a DOI (followed only when somebody clicks)."""
    doi = html.escape(doi)
    return f'<a href="https://doi.org/{doi}" rel="noreferrer">doi:{doi}</a>'


def linked(text: str) -> str:
    """Escape a text and make links of the DOIs in it."""
    parts = re.split(r"((?:doi:)?10\.\d{4,9}/[^\s,;\"<>]+)", text)
    return "".join(
        link(part.removeprefix("doi:").rstrip(".)")) + part[len(part.rstrip(".)")) :]
        if index % 2
        else marked(part)
        for index, part in enumerate(parts)
    )
