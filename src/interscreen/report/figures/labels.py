"""Text on a figure: formulas with subscripts, measured and wrapped."""

from __future__ import annotations

import re
from functools import lru_cache

from ...errors import InputError
from ...phases.formula import read_amounts
from ..markup import MINUS, rounded
from .style import BODY, FONT

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUM = re.compile(r"(?<=[A-Za-z)\]])\{([^{}]*)\}")  # of a series: Li{7-3x}
_AMOUNT = re.compile(rf"(?<=[A-Za-z)\]}}])\d+(?:\.\d+)?|{_SUM.pattern}")
# what ``formula_label`` writes; how much smaller matplotlib draws it, and the space behind it
_SUBSCRIPT = re.compile(r"\$_\{(?:\\mathbf\{)?([^{}]*)\}?\}\$")
_SMALLER, _GAP = 0.7, 0.042
_WORD = re.compile(r"^(\(*(?:\d[\d./]*\*?(?=[A-Z(\[]))?)(.*?)([,;:]*\.?)$")
_NUMBER = re.compile(r"^\d[\d./]*$")
# a space, a bracket or an element with its amount, or a single character
_PIECE = re.compile(r" |\([^()]*\)[\d.]*|[A-Z][a-z]?\d*(?:\.\d+)?|.")


def formula_label(text: str, bold: bool = False) -> str:
    """Write the amounts in formulas as subscripts, for matplotlib.

    Works on names (``LLZO`` stays), formulas, mixtures (``Li9Al4 + 12 LiF``: the 12 is an amount of
    LiF and stays) and sentences that hold formulas.
    """
    return " ".join(_word_label(word, bold) for word in text.split())


@lru_cache(maxsize=65536)
def _word_label(word: str, bold: bool) -> str:
    match = _WORD.match(word)
    before, core, after = match.groups() if match else ("", word, "")
    plain = core.translate(_SUBSCRIPTS)
    # an opening bracket belongs to the formula if the formula closes it
    while before.endswith("(") and plain.count(")") > plain.count("("):
        before, plain = before[:-1], "(" + plain
    if not _AMOUNT.search(plain) or not _is_formula(_SUM.sub("1", plain)):
        return word.replace("$", r"\$")

    def lowered(match: re.Match[str]) -> str:
        amount = match[1] or match[0]
        return rf"$_{{\mathbf{{{amount}}}}}$" if bold else f"$_{{{amount}}}$"

    return before + _AMOUNT.sub(lowered, plain) + after


def _is_formula(text: str) -> bool:
    try:
        read_amounts(text.rstrip(")") if text.count(")") > text.count("(") else text)
    except InputError:
        return False
    return True


def text_width(label: str, size: float = BODY, weight: str = "normal") -> float:
    """Return the width of one line of text [in], with a little to spare for hinting."""
    # formulas piece by piece: matplotlib takes 30 times as long to read one as a whole
    pieces = _SUBSCRIPT.split(label)
    width = sum(_points(piece, size, weight) for piece in pieces[::2])
    width += sum(_points(piece, _SMALLER * size, weight) + _GAP * size for piece in pieces[1::2])
    return width / 72.0 * 1.03


@lru_cache(maxsize=65536)
def _points(text: str, size: float, weight: str) -> float:
    from matplotlib.cbook import is_math_text
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=FONT, size=size, weight=weight, math_fontfamily="dejavusans")
    width, _, _ = text_to_path.get_text_width_height_descent(
        text, font, ismath=bool(is_math_text(text))
    )
    return float(width)


def line_height(size: float) -> float:
    """Return the distance of two lines of text [in]."""
    return size * 1.35 / 72.0


def wrap(text: str, width: float, size: float = BODY) -> list[str]:
    """Break text into labels no wider than ``width`` [in].

    An amount stays with its formula and a plus sign with what follows; a word that is wider than
    a line by itself is broken, a formula between its elements.
    """
    words: list[str] = []
    for word in text.split():
        last = words[-1].rsplit(" ", 1)[-1] if words else ""
        if last == "+" or (_NUMBER.match(last) and re.match(r"[A-Z(\[]", word)):
            words[-1] += f" {word}"
        else:
            words.append(word)
    lines: list[str] = []
    current = ""
    for word in words:
        label = formula_label(word)
        if text_width(label, size) > width:
            lines += [current] if current else []
            *full, current = _broken(word, width, size)
            lines += full
            continue
        longer = f"{current} {label}" if current else label
        if current and text_width(longer, size) > width:
            lines.append(current)
            current = label
        else:
            current = longer
    return [*lines, current] if current else lines


def _broken(word: str, width: float, size: float) -> list[str]:
    """Return labels of the pieces of a word that is too wide for a line."""
    lines: list[str] = []
    current = ""
    for piece in _PIECE.findall(word):
        if current and text_width(formula_label(current + piece), size) > width:
            lines.append(formula_label(current))
            current = piece.lstrip()
        else:
            current += piece
    return [*lines, formula_label(current)]


def shorten(text: str, width: float, size: float = BODY, weight: str = "normal") -> str:
    """Return the label of a text, cut off with an ellipsis to be no wider than ``width`` [in]."""
    bold = weight == "bold"
    label = formula_label(text, bold=bold)
    for end in range(len(text) - 1, 0, -1):
        if text_width(label, size, weight) <= width:
            break
        label = formula_label(text[:end].rstrip(" (+"), bold=bold) + "\N{HORIZONTAL ELLIPSIS}"
    return label


def printed(value: float) -> str:
    """Write whole meV/atom with a true minus sign."""
    return rounded(value).replace("-", MINUS)
