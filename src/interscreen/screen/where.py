"""Conditions on rows: one small language for candidates of a source and for results of a run.

The text is read twice: once by its words, so that a mistake has its place and its remedy, and once
by Python's own ``ast``, which knows what ``and``, ``or``, ``not`` and brackets bind.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import load_yaml
from ..phases.formula import nearest, parse_formula, reduced_text

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NUMBER, TEXT, ELEMENTS, PRODUCTS, EMPTY = "number", "text", "elements", "products", "nothing"
_LISTS = "element_lists.yaml"
_TOKEN = re.compile(
    r"(?P<atom>\"[^\"]*\"|'[^']*'|[+-]?(?:\w|\.\d)[\w.-]*(?:(?<=[\d.][eE])\+\d+)?)"
    r"|(?P<sign><=|>=|==|!=|[<>()])|(?P<odd>\S)"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_INSTEAD = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "not"}
# words of the language, and operators of Python's of the same rank (and no more letters)
_PYTHON = {"and": "and", "or": "or", "not": "not", "has": "in", "only": "is"}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SIGNS = (*_COMPARE, "has", "only")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
# what may follow what: state -> kind of the token -> next state
_NEXT = {
    "start": {"not": "start", "(": "start", "atom": "name"},
    "name": dict.fromkeys(_SIGNS, "sign"),
    "sign": {"atom": "value"},
    "value": {**dict.fromkeys(_COMPARE, "sign"), "and": "start", "or": "start", ")": "closed"},
    "closed": {"and": "start", "or": "start", ")": "closed"},
}
_WANTED = {
    "start": "the name of a column",
    "name": "a comparison (< <= > >= == !=), has or only",
    "sign": "a number or a word",
}
_DEEPEST = 50
_FAR = {"_eV_per_atom": "eV/atom", "_V": "V"}  # no number in these units is beyond ...
_BEYOND = 10.0


class Columns(Protocol):
    """Rows that a condition is asked about."""

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN for missing ones."""

    def texts(self, name: str, test: Callable[[str], bool]) -> Bools:
        """Return which rows have a text that meets a test; a missing one meets none."""

    def elements(self, symbols: Collection[str]) -> tuple[Ints, Ints]:
        """Return how many of some elements each row has, and how many of all."""


Mask = Callable[[Columns], Bools]


class Kind(NamedTuple):
    """What a column holds, and its texts where all of them are known."""

    kind: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One of the conditions that the outermost ``and`` joins.

    Attributes
    ----------
    text : str
    columns : tuple of str
        Columns it reads.
    symbols : tuple of str
        Elements it names one by one.
    only : bool
        Whether it is ``elements only ...`` and nothing else.
    mask : callable
        Rows -> (n,) bool array.  A missing number or text makes a comparison false (only
        ``== ""`` asks for missing texts).
    """

    text: str
    columns: tuple[str, ...]
    symbols: tuple[str, ...]
    only: bool
    mask: Mask


@dataclass(frozen=True)
class Where:
    """A condition, in parts that must all be met."""

    parts: tuple[Part, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it reads."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    def mask(self, columns: Columns) -> Bools:
        """Return which rows meet it."""
        return _joined(np.logical_and, [part.mask for part in self.parts])(columns)


@lru_cache(maxsize=1)
def element_lists() -> Mapping[str, tuple[str, ...]]:
    """Elements of the lists that come with the package (data/element_lists.yaml), by name."""
    text = (files("interscreen") / "data" / _LISTS).read_text(encoding="utf-8")
    return {
        str(name): tuple(str(symbol) for symbol in entry["elements"])
        for name, entry in load_yaml(text, _LISTS).items()
    }


def parse_where(text: str, kinds: Mapping[str, Kind]) -> Where:
    """Read a condition such as ``"elements has F and not elements has toxic and x < 0.05"``.

    Columns are compared (``< <= > >= == !=``, also as in ``2 <= n_elements <= 3``) with numbers,
    with bare or quoted words, or with other columns of numbers.  ``elements has F`` asks for an
    element, ``elements has toxic`` for any of a list (``element_lists``), ``elements only Cu-F``
    for no others; ``has`` asks for a whole phase in a column of products.  ``and``, ``or``, ``not``
    and brackets join conditions.

    Parameters
    ----------
    text : str
    kinds : mapping of str to Kind
        Columns of the rows.

    Raises
    ------
    InputError
        For the first mistake, with its position in the text (counted from 1) and a remedy.
    """
    tokens = _tokens(text)
    _check_order(tokens)
    source = [" "] * len(text)
    for token in tokens[:-1]:
        written = _PYTHON.get(token.kind, "_" * len(token.text) if token.kind == "atom" else "")
        source[token.place : token.place + len(token.text)] = (written or token.text).ljust(
            len(token.text)
        )
    first = tokens[0].place
    tree = ast.parse("".join(source[first:]), mode="eval").body
    reader = _Reader(text, first, tokens, kinds)
    return Where(tuple(reader.part(node) for node in _anded(tree)))


class _Token(NamedTuple):
    kind: str  # atom, end, or the word or sign itself
    text: str
    place: int

    @property
    def word(self) -> str:
        """The text without quotation marks."""
        return self.text[1:-1] if self.text[:1] in ("'", '"') else self.text

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


def _refuse(token: _Token, message: str) -> NoReturn:
    raise InputError(f"where, position {token.place + 1}: {message}")


def _tokens(text: str) -> list[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        found = match[0]
        if match.lastgroup == "odd":
            odd = _Token("odd", found, match.start())
            if found in "\"'":
                _refuse(odd, f"the quotation mark {found} is never closed")
            instead = _INSTEAD.get(found)
            remedy = f"write {instead}" if instead else "put text in quotation marks"
            _refuse(odd, f"cannot read {found!r}; {remedy}")
        kind = found.lower()
        if match.lastgroup == "atom" and kind not in _PYTHON:
            kind = "atom"
        tokens.append(_Token(kind, found, match.start()))
    return [*tokens, _Token("end", "", len(text.rstrip()))]


def _check_order(tokens: list[_Token]) -> None:
    """Refuse what Python could not read, or would read as something else."""
    state, nots = "start", 0
    brackets: list[_Token] = []
    for token in tokens:
        following = _NEXT[state].get(token.kind)
        if token.kind == "end" and state in ("value", "closed"):
            if brackets:
                where = brackets[-1].place + 1
                _refuse(token, f"the end where the bracket of position {where} should be closed")
            return
        if following is None and state in _WANTED:
            _refuse(token, f"{token} where {_WANTED[state]} should stand")
        if following is None:
            _refuse(token, f"{token} is too much here; join with and or or")
        nots = nots + 1 if token.kind == "not" else nots if token.kind == "(" else 0
        if token.kind == "(":
            brackets.append(token)
        elif token.kind == ")" and not brackets:
            _refuse(token, "')' is too much here; no bracket is open")
        elif token.kind == ")":
            brackets.pop()
        if max(len(brackets), nots) > _DEEPEST:
            _refuse(
                token, f"more than {_DEEPEST} brackets or nots inside each other; take some out"
            )
        state = following


def _anded(tree: ast.expr) -> list[ast.expr]:
    """Conditions that the outermost ``and`` joins."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [part for value in tree.values for part in _anded(value)]
    return [tree]


def _joined(how: np.ufunc, masks: list[Mask]) -> Mask:
    return lambda columns: np.asarray(how.reduce([mask(columns) for mask in masks]), dtype=bool)


class _Reader:
    """Turns the tree of a condition into masks."""

    def __init__(
        self, text: str, first: int, tokens: list[_Token], kinds: Mapping[str, Kind]
    ) -> None:
        self._text, self._first, self._tokens, self._kinds = text, first, tokens, kinds
        self._number = {token.place: number for number, token in enumerate(tokens)}
        self._columns: list[str] = []
        self._symbols: list[str] = []

    def part(self, node: ast.expr) -> Part:
        self._columns, self._symbols = [], []
        mask = self._mask(node)
        return Part(
            text=" ".join(
                self._text[self._place(node) : self._first + (node.end_col_offset or 0)].split()
            ),
            columns=tuple(dict.fromkeys(self._columns)),
            symbols=tuple(dict.fromkeys(self._symbols)),
            only=isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is),
            mask=mask,
        )

    def _place(self, node: ast.expr) -> int:
        return self._first + node.col_offset

    def _mask(self, node: ast.expr) -> Mask:
        if isinstance(node, ast.BoolOp):
            how = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return _joined(how, [self._mask(value) for value in node.values])
        if isinstance(node, ast.UnaryOp):
            inner = self._mask(node.operand)
            return lambda columns: ~inner(columns)
        assert isinstance(node, ast.Compare)  # _check_order lets nothing else through
        start = self._number[self._place(node)]
        places = range(start, start + 2 * len(node.ops), 2)
        return _joined(np.logical_and, [self._comparison(*self._tokens[n : n + 3]) for n in places])

    def _comparison(self, left: _Token, sign: _Token, right: _Token) -> Mask:
        if left.text not in self._kinds and right.text in self._kinds and sign.kind in _TURNED:
            left, right = right, left
            sign = sign._replace(kind=_TURNED[sign.kind])
        name = self._column(left)
        kind, known = self._kinds[name]
        if kind == ELEMENTS:
            return self._of_elements(sign, right)
        if sign.kind == "has" and kind == PRODUCTS:
            names = _phase(right)
            return lambda columns: columns.texts(
                name, lambda text: any(part.split(" ")[-1] in names for part in text.split(" + "))
            )
        if sign.kind in ("has", "only"):
            _refuse(
                sign,
                f"{name} has no parts; has asks for an element in elements or for a phase in "
                "columns such as conversion_products",
            )
        if kind == EMPTY:
            return lambda columns: np.zeros_like(columns.texts(name, bool))
        return (
            self._of_number(name, sign, right)
            if kind == NUMBER
            else _of_text(name, known, sign, right)
        )

    def _column(self, token: _Token) -> str:
        if token.text not in self._kinds:
            _refuse(token, f"no column {token.text!r}{like(token.text, list(self._kinds))}")
        self._columns.append(token.text)
        return token.text

    def _of_number(self, name: str, sign: _Token, value: _Token) -> Mask:
        """Compare a column of numbers with a number or with another such column."""
        other = ""
        if value.text in self._kinds:
            other = self._column(value)
            if self._kinds[other].kind not in (NUMBER, EMPTY):
                _refuse(value, f"{name} holds numbers and {other} text; compare with a number")
        elif not _NUMBER.fullmatch(value.text):
            close = nearest(value.word, list(self._kinds), 1)
            _refuse(value, f"{name} holds numbers and {value.text!r} is none{close}")
        else:
            _check_unit(name, value)

        def mask(columns: Columns) -> Bools:
            mine = columns.numbers(name)
            right = columns.numbers(other) if other else float(value.text)
            found = _COMPARE[sign.kind](mine, right) & ~(np.isnan(mine) | np.isnan(right))
            return np.asarray(found, dtype=bool)

        return mask

    def _of_elements(self, sign: _Token, value: _Token) -> Mask:
        if sign.kind == "has" and value.word in element_lists():
            symbols = element_lists()[value.word]
        else:
            symbols = tuple(value.word.split("-")) if sign.kind != "has" else (value.word,)
            for symbol in symbols:
                _check_symbol(value, symbol)
            self._symbols += symbols
        wanted = set(symbols)
        if sign.kind not in ("has", "only", "==", "!="):
            _refuse(sign, "elements holds symbols; ask with has, only, == or !=")

        def mask(columns: Columns) -> Bools:
            listed, every = columns.elements(wanted)
            if sign.kind == "has":
                return listed > 0
            nothing_else = (listed == every) & (every > 0)
            if sign.kind == "only":
                return nothing_else
            same = nothing_else & (listed == len(wanted))
            return same if sign.kind == "==" else ~same & (every > 0)

        return mask


def _of_text(name: str, known: tuple[str, ...], sign: _Token, value: _Token) -> Mask:
    if sign.kind not in ("==", "!="):
        _refuse(sign, f"{name} holds text; compare it with == or !=")
    word, wanted = value.word, sign.kind == "=="
    if known and word not in known:
        among = " or ".join(part for part in (", ".join(known[:-1]), known[-1]) if part)
        _refuse(
            value, f"{name} is never {word!r}{nearest(word, list(known), 1) or f'; it is {among}'}"
        )
    if not word:  # == "" asks for rows without a text
        return lambda columns: columns.texts(name, bool) ^ wanted
    # not "is another": a phase has several classes of anions
    if wanted:
        return lambda columns: columns.texts(name, word.__eq__)
    return lambda columns: columns.texts(name, bool) & ~columns.texts(name, word.__eq__)


def _check_unit(name: str, value: _Token) -> None:
    """Refuse what was meant in thousandths of the unit."""
    unit = next((unit for end, unit in _FAR.items() if name.endswith(end)), "")
    if unit and not name.endswith("_meV_per_atom") and abs(float(value.text)) > _BEYOND:
        _refuse(
            value,
            f"{value.text} {unit} is far beyond any use; is it meant in m{unit}? Then write "
            f"{float(value.text) / 1000:g}",
        )


def _check_symbol(value: _Token, symbol: str) -> None:
    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol) or symbol in ("D", "T"):
        right = symbol.capitalize()
        close = f"; did you mean {right}?" if Element.is_valid_symbol(right) else ""
        close = close or nearest(symbol, list(element_lists()), 1)
        lists = ", ".join(element_lists())
        _refuse(
            value,
            f"{symbol!r} is no symbol of an element{close or f', such as F or Pb, nor a list ({lists})'}",
        )


def _phase(value: _Token) -> set[str]:
    """Names that a phase may have in a column of products."""
    try:
        unit = parse_formula(value.word)
    except InputError as error:
        _refuse(value, str(error))
    names = {value.word}
    if all(amount.denominator == 1 for _, amount in unit.amounts):
        names.add(reduced_text(dict(zip(unit.elements, unit.counts, strict=True))))
    return names


def like(word: str, columns: Collection[str]) -> str:
    """Columns that may have been meant, or all of them, as the end of a message."""
    inside = [name for name in columns if len(word) > 2 and word.lower() in name.lower()]
    if inside:
        return f"; did you mean {' or '.join(inside[:3])}?"
    return nearest(word, list(columns)) or f" (columns: {', '.join(columns)})"
