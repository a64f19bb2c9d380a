"""Formulas as people write them, put in plain notation: symbols, numbers and brackets.

Hydrates (``CuSO4.5H2O``), sums and variables in subscripts (``Li1+xAlxTi2-x(PO4)3 (x=0.3)``),
Unicode, markup, prefixes of polymorphs and states of matter.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from ..errors import InputError

NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)(?:/\d+)?"
_LONE = r"\((?:B|I{1,3}|I?V|VI{0,3})\)"  # a polymorph, or an oxidation state
SIMPLE = re.compile(rf"(?:Dy|[A-Z][a-w]?|\d+|(?!{_LONE})[()\[\]])+")  # needs no reading at all

_TERM = rf"(?:(?:\d+(?:\.\d+)?|\.\d+)?[xyzδ](?:/\d+)?|{NUMBER})"
_SUM = rf"{_TERM}(?:[+-]{_TERM})*"
_SUBSCRIPT = re.compile(rf"(Dy|(?!Dy)[A-Z][a-w]?|[)\]}}])(\({_SUM}\)|{_SUM})")
_VALUES = re.compile(r"[\s,;]*\(?\s*(?:with|for)?\s*((?:[xyzδ]\s*=\s*[\d./]+[\s,;]*)+)\)?\s*$")
_ADDUCT = re.compile(rf"(?:\(({_SUM})\)|({_SUM}))?(?=[A-Z(\[])")
_CRYSTALS = (
    "amorphous|anatase|brookite|crystalline|cubic|glassy|hexagonal|monoclinic|orthorhombic|quartz|"
    "rhombohedral|rutile|tetragonal|trigonal"
)
_GREEK = "[αβγδεζηθκλσω]|alpha|beta|gamma|delta|epsilon|[a-z]"
POLYMORPH = re.compile(rf"(?:(?:{_GREEK})['\"]{{0,3}}-|(?:{_CRYSTALS})[- ])(?=[A-Z(\[])")
# TiO2(B) and VO2(B) hold no boron
_POLYMORPH_BEHIND = re.compile(rf"\s*\((?:{_CRYSTALS})\)$|(?<=\d)\s*\(B\)$|(?<=O2)-B$")
_ROMAN = re.compile(r"(?<=[A-Za-z\d])\((?:I{1,3}|I?V|VI{0,3})\)")
_STATE = re.compile(r"\((s|l|g|cr|aq)\)$")
_CHARGE = re.compile(r"[A-Za-z)\]](?:\d*[+-]|[+-]\d*)+(?=$|[A-Z(\[])")
_CHARGED = re.compile(r"[A-Za-z)\]]\d+([+-])[1-9]$")  # SO4-2 is no SO2
# a nonmetal before a sum: the plus may as well stand between two formulas (CuF2+2LiF)
_MIXTURE = re.compile(
    rf"(?:B|C|N|O|F|P|S|Cl|Se|Br|Te|I|H|[)\]])({NUMBER})(?:\+{NUMBER}|-[1-9]\d*)(?=[A-Z(\[])"
)
# a point is one of decimals unless water, ammonia or a letter follows (MgCl2.6H2O)
_POINT = re.compile(
    r"([A-Z][a-z]?|[)\]])(?!0\.)(\d*(?:\.\d+)??)\."
    rf"((?:{NUMBER}|[xyzδ])?(?:H2O2?|D2O|NH3)(?![a-z0-9])|(?=[A-Z(\[])|(?=\d+\.\d+[A-Z(\[]))"
)
# nor where a compound of the same anion follows (Na2O.11Al2O3)
_ANION = "(?:O|F|S|N|Cl|Br|I|Se|Te)(?![a-z])"
_SAME_ANION = re.compile(
    rf"(?P<anion>{_ANION})(?P<number>[1-9]\d*)?\.(?=[1-9]\d*(?:/\d+)?(?!{_ANION})[A-Z(\[]"
    r"[A-Za-z\d()\[\]]*?(?P=anion)(?![a-z]))"
)
_ALONE = re.compile(r"[A-Z][a-z]?[\d.]+")  # before a blank: Li1 F1, as pymatgen writes it
_SOLVATE = re.compile(r"[\d./xyzδ]*(?:H2O2?|D2O|NH3)")

_ALIKE = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
        **dict.fromkeys("·•∙⋅‧・●˙⸱ꞏ･᛫", "·"),
        **dict.fromkeys("×✕✖∗", "*"),
        **dict.fromkeys("⁄∕", "/"),
        **dict.fromkeys("’‘ʹ′", "'"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad"),  # no width at all
    }
)
_SUPERSCRIPT = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")


def cleaned(text: str) -> str:
    """Return a text in the characters of a keyboard: subscripts, dashes, blanks, markup.

    InputError for superscripts, which are charges or isotopes.
    """
    if text.isascii() and not re.search(r"[<$_\\]", text):
        return text.strip()
    raised = _SUPERSCRIPT.search(text)
    if raised:
        raise InputError(
            f"formula {text!r}: {raised.group()!r} is a charge or an isotope; write it without"
        )
    plain = re.sub(r"</?(?:sub|i|b|em)>", "", text)
    plain = re.sub(r"_\{([^{}]*)\}", r"\1", plain.replace("$", ""))
    plain = re.sub(r"\\(?:mathrm|ce|text)|_(?=[\w.])", "", plain)
    plain = unicodedata.normalize("NFKC", plain.translate(_ALIKE)).translate(_ALIKE)
    return plain.strip().strip("\"'“”„").strip()


def in_plain_notation(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a formula in symbols, numbers and brackets, and what was set aside in reading it.

    Raises
    ------
    InputError
        For a charge, a variable without a value, a blank before a number, and what may be a
        mixture; the message says how to write what is meant.
    """
    plain, notes = cleaned(text), []
    known: dict[str, Fraction] = {}
    if values := _VALUES.search(plain):
        known, plain = _values(text, values.group(1)), plain[: values.start()]
    if state := _STATE.search(plain):
        plain = plain[: state.start()]
        if state.group(1) == "aq":
            raise InputError(f"formula {text!r}: solutions lie outside the method; write a solid")
    prefix, behind = POLYMORPH.match(plain), _POLYMORPH_BEHIND.search(plain)
    plain = plain[prefix.end() if prefix else 0 : behind.start() if behind else None]
    if roman := _ROMAN.search(plain):
        raise InputError(
            f"formula {text!r}: {roman.group()} is an oxidation state; leave it out (an element "
            "needs no brackets)"
        )
    plain = _joined(text, plain)
    first, *others = _parts(plain)
    if _SAME_ANION.search(_solvates(plain)):
        notes.append(f"{text} read as {'·'.join((first, *others))}")
    if others:
        numbered = _ADDUCT.match(first)
        front = _part(text, first) if numbered and numbered.group() else first
        plain = front + "".join(_part(text, part) for part in others)
    plain = _with_sums(text, plain, known)
    if prefix or behind:
        notes.append(polymorph_note(text, plain))
    if state and state.group(1) in "lg":
        notes.append(f"{text} read as {plain}: the energies know no liquid and no gas")
    return plain, tuple(notes)


def own_number(text: str, formula: str) -> bool:
    """Whether the number before a formula belongs to its first part (``0.5Li2MnO3·0.5LiCoO2``).

    ``formula`` is the text without that number.  InputError where it may be that of the whole:
    2CaSO4·H2O is one compound, 2CuSO4·5H2O may be two of them.
    """
    others = _parts(re.sub(r"\s+", "", cleaned(formula)))[1:]
    if not all(_SOLVATE.fullmatch(part) for part in others):
        return True
    if others and not re.match(r"[\d./]+\s*[\s*]", text):
        number = text.removesuffix(formula).strip()
        raise InputError(
            f"formula {text!r}: is {number} the number of the whole or of its first part? Write "
            f"{number} {formula}, or the first part in brackets, as (CaSO4)2(H2O)"
        )
    return False


def _parts(plain: str) -> list[str]:
    """Split a hydrate or another adduct at its points."""
    return re.split(r"[·*]", _SAME_ANION.sub(r"\1\2·", _solvates(plain)))


def _solvates(plain: str) -> str:
    """Write raised dots for the points that can be none of decimals."""
    return _POINT.sub(r"\1\2·\3", plain)


def polymorph_note(text: str, plain: str) -> str:
    """Say that a table knows no polymorphs."""
    return f"{text} read as {plain}: of each formula the table holds only the lowest energy"


def _values(text: str, stated: str) -> dict[str, Fraction]:
    found = {}
    for name, number in re.findall(r"([xyzδ])\s*=\s*([\d./]+)", stated):
        try:
            found[name] = Fraction(number)
        except (ValueError, ZeroDivisionError):
            raise InputError(f"formula {text!r}: {name}={number} is no number") from None
    return found


def _joined(text: str, plain: str) -> str:
    """Take out blanks; one that may hide a mixture is refused."""
    plain = re.sub(r"\s*([·*])\s*", r"\1", plain)
    plain = re.sub(r"(?<=[\w)\]])\s*\.\s+(?=[\d(A-Z])|\s+\.\s*(?=[\d(A-Z])", "·", plain)
    plain = re.sub(r"((?:^|[·*])[\d./]+)\s+(?=[A-Z(\[])", r"\1", plain)
    sign = re.search(r"\s[+&/|@,;]|[+&/|@,;]\s|\s(?:and|plus)\s", plain)
    if sign:
        parts = re.split(r"\s*(?:[+&/|@,;]|\band\b|\bplus\b)\s*", plain)
        raise InputError(
            f"formula {text!r}: no single formula; write {' + '.join(filter(None, parts))} for a "
            "mixture, with blanks around the plus"
        )
    apart = re.search(r"(\S+)\s+([\d.])", plain)
    if apart:
        joined, front = re.sub(r"\s+", "", plain), plain[: apart.start(2)].replace(" ", "")
        adduct = re.match(r"[\d.]+[A-Z(]", plain[apart.start(2) :])
        raise InputError(
            f"formula {text!r}: a number after a blank; write {joined} for one formula"
            + (f", {front}·{joined[len(front) :]} for a hydrate or the like" if adduct else "")
        )
    chunks = plain.split()
    if not all(_ALONE.fullmatch(chunk) for chunk in chunks[:-1]):
        raise InputError(
            f"formula {text!r}: write {''.join(chunks)} for one formula, {' + '.join(chunks)} for "
            "a mixture"
        )
    return "".join(chunks)


def _part(text: str, part: str) -> str:
    """Write a part of an adduct in brackets with its number."""
    match = _ADDUCT.match(part)
    if match is None or not part[match.end() :]:
        raise InputError(f"formula {text!r}: cannot read {part!r}; write a hydrate as CuSO4(H2O)5")
    formula, number = part[match.end() :], match.group(1) or match.group(2) or ""
    return f"({formula}){number}"


def _with_sums(text: str, plain: str, known: dict[str, Fraction]) -> str:
    """Work out sums, differences and variables in subscripts."""
    if doubtful := _MIXTURE.search(plain):
        here = doubtful.end(1)
        raise InputError(
            f"formula {text!r}: {doubtful.group()} is a sum in a subscript, or a mixture; write "
            f"the sum worked out, or {plain[:here]} + {plain[here + 1 :]} with blanks"
        )
    if charged := _CHARGED.search(plain):
        here = charged.start(1)
        raise InputError(
            f"formula {text!r}: {plain[here:]} is a charge, or a sum in a subscript; leave the "
            f"charge out ({plain[:here]}), or write the sum worked out"
        )
    from pymatgen.core import Element

    used: set[str] = set()

    def worked_out(match: re.Match[str]) -> str:
        symbol, subscript = match.groups()
        if symbol.isalpha() and not Element.is_valid_symbol(symbol):
            return match.group()  # Xx
        subscript = subscript.strip("()") if re.search(r"[+\-xyzδ]", subscript) else subscript
        if re.fullmatch(NUMBER, subscript):
            return symbol + subscript
        if subscript.startswith("("):
            return symbol + subscript[1:-1]
        value = Fraction(0)
        for sign, term in re.findall(rf"([+-]?)({_TERM})", subscript):
            value += (-1 if sign == "-" else 1) * _term(text, term, known, used)
        if value < 0:
            raise InputError(
                f"formula {text!r}: negative amount of {symbol} ({subscript}); amounts must be "
                "positive"
            )
        return symbol + number_text(value)

    plain = _SUBSCRIPT.sub(worked_out, plain)
    if unused := sorted(set(known) - used):
        raise InputError(f"formula {text!r}: it has no {unused[0]}; leave the value out")
    if charge := _CHARGE.search(plain):
        if charge.end() == len(plain):
            sign, bare = charge.group()[1:], plain[: charge.start() + 1]
            also = ", or a negative amount" if re.fullmatch(r"-\d+", sign) else ""
            form = f" ({bare})" if sign[0] in "+-" else ""
            raise InputError(
                f"formula {text!r}: cannot read {sign.strip('0123456789')!r}: a charge{also}; "
                f"leave it out{form}"
            )
        if re.fullmatch(r".-\d+", charge.group()):
            raise InputError(
                f"formula {text!r}: negative amount; amounts must be positive "
                "(a mixture is written 3 Li2S + P2S5)"
            )
        raise InputError(
            f"formula {text!r}: cannot read {charge.group()[1:].strip('0123456789')!r}; write no "
            "charges, a sum in a subscript behind a number (Li1+0.3), a mixture with blanks "
            "around its plus (Cu + 2 LiF)"
        )
    return plain


def _term(text: str, term: str, known: dict[str, Fraction], used: set[str]) -> Fraction:
    match = re.fullmatch(r"((?:\d+(?:\.\d+)?|\.\d+)?)([xyzδ])(?:/(\d+))?", term)
    try:
        if match is None:
            return Fraction(*(Fraction(part) for part in term.split("/")))
        front, name, below = match.groups()
        if name not in known:
            raise InputError(
                f"formula {text!r}: {name} has no value; give it behind the formula, as in "
                "'Li1+xAlxTi2-x(PO4)3 (x=0.3)'"
            )
        used.add(name)
        return Fraction(front or 1) * known[name] / Fraction(below or 1)
    except ZeroDivisionError:
        raise InputError(f"formula {text!r}: {term} divides by zero") from None


def number_text(value: Fraction) -> str:
    """Write an amount exactly: with decimals where they end, else as a fraction; 1 is empty."""
    if value == 1:
        return ""
    below = value.denominator
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    if below > 1 or value.denominator > 1_000_000_000:
        return f"{value.numerator}/{value.denominator}"
    return f"{float(value):.9f}".rstrip("0").rstrip(".")
