"""Conditions on rows: one small language for candidates of a source and for results of a run.

Python's own ``ast`` reads what ``and``, ``or``, ``not`` and brackets bind.  It sees the text with
every name, word and number as underscores of the same length, so that places in it are those in
the text, and with an operator of the same rank in place of ``has`` and ``only``.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..files import data_yaml
from ..phases.formula import nearest, parse_formula

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NUMBER, TEXT, ELEMENTS, PRODUCTS, EMPTY = "number", "text", "elements", "products", "empty"
YES, NO, UNKNOWN = "yes", "no", "unknown"
_TOKEN = re.compile(
    r"(?P<atom>\"[^\"]*\"|'[^']*'|[+-]?(?:\w|\.\d)[\w.-]*(?:(?<=[\d.][eE])\+\d+)?)"
    r"|<=|>=|==|!=|[<>()]|(?P<space>\s)|(?P<odd>.)"
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PYTHON = {"and": "and", "or": "or", "not": "not", "has": "in ", "only": "is  "}
_INSTEAD = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "not", ",": "and or or"}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.In: "has", ast.Is: "only",
}  # fmt: skip
# a comparison, and the same with its sides exchanged
_COMPARE: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "<": (operator.lt, ">"), "<=": (operator.le, ">="), ">": (operator.gt, "<"),
    ">=": (operator.ge, "<="), "==": (operator.eq, "=="), "!=": (operator.ne, "!="),
}  # fmt: skip
_FORM = (
    "a condition is a column, a comparison (< <= > >= == != has only) and a value; join several "
    "with and or or"
)
_DEEPEST = 50
_FEW = 5  # words that a message lists rather than guesses
_BEYOND = 10.0  # no energy [eV/atom] and no voltage [V] is as far from zero


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


_NONE = Kind(EMPTY)
FLAG = Kind(TEXT, (YES, NO))
MAYBE = Kind(TEXT, (YES, NO, UNKNOWN))


@dataclass(frozen=True)
class Part:
    """One of the conditions that the outermost ``and`` joins.

    A missing number or text makes a comparison false; only ``== ""`` asks for missing texts.
    """

    text: str
    columns: tuple[str, ...]  # that it reads
    symbols: tuple[str, ...]  # elements that it names one by one
    lists: tuple[str, ...]  # lists of elements that it names
    names: tuple[str, ...]  # candidates that it asks for by name or formula
    only: bool  # it is ``elements only ...`` and nothing else
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


class _Value(NamedTuple):
    text: str  # without quotation marks
    place: int
    quoted: bool


def element_lists() -> Mapping[str, tuple[str, ...]]:
    """Elements of the lists that come with the package (data/element_lists.yaml), by name."""
    lists = data_yaml("element_lists.yaml")
    return {str(name): tuple(map(str, entry["elements"])) for name, entry in lists.items()}


def parse_where(text: str, kinds: Mapping[str, Kind]) -> Where:
    """Read a condition such as ``"elements has F and not elements has toxic and x < 0.05"``.

    Columns are compared (``< <= > >= == !=``, also as in ``2 <= n_elements <= 3``) with numbers,
    with bare or quoted words, or with other columns of numbers.  ``elements has F`` asks for an
    element, ``elements has toxic`` for any of a list (``element_lists``), ``elements only Cu-F``
    for no others; ``has`` asks for a whole phase in a column of products.  A column of yes and no
    may stand alone: ``not volatile`` is ``not volatile == yes``.

    Raises
    ------
    InputError
        For the first mistake, with its position in the text (counted from 1) and a remedy.
    """
    reader = _Reader(text, kinds)
    return Where(tuple(reader.part(node) for node in _anded(reader.tree)))


def _refuse(place: int, message: str) -> NoReturn:
    raise InputError(f"where, position {place + 1}: {message}")


def _anded(tree: ast.expr) -> list[ast.expr]:
    """Conditions that the outermost ``and`` joins."""
    if isinstance(tree, ast.BoolOp) and isinstance(tree.op, ast.And):
        return [part for value in tree.values for part in _anded(value)]
    return [tree]


def _joined(how: np.ufunc, masks: list[Mask]) -> Mask:
    return lambda columns: np.asarray(how.reduce([mask(columns) for mask in masks]), dtype=bool)


def _hidden(match: re.Match[str]) -> str:
    """Show Python a piece of the text."""
    found, place = match[0], match.start()
    if match["odd"] and found in "\"'":
        _refuse(place, f"the quotation mark {found} is never closed")
    if match["odd"]:
        instead = _INSTEAD.get(found)
        remedy = f"write {instead}" if instead else "put text in quotation marks"
        _refuse(place, f"cannot read {found!r}; {remedy}")
    if match["space"]:
        return " "
    return _PYTHON.get(found.lower(), "_" * len(found)) if match["atom"] else found


class _Reader:
    """Turns a text into a tree, and its branches into masks."""

    def __init__(self, text: str, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._text = text = text.strip()
        try:
            self.tree = ast.parse(_TOKEN.sub(_hidden, text), mode="eval").body
        except SyntaxError as error:
            place = (error.offset or 0) - 1
            found = _TOKEN.match(text, place) if place >= 0 else None
            if "never closed" in error.msg:
                _refuse(place, "this bracket is never closed")
            if "unmatched" in error.msg:
                _refuse(place, "')' closes no bracket")
            shown = repr(found[0]) if found else "the end"
            _refuse(place if found else len(text), f"{shown} cannot stand here; {_FORM}")
        except (RecursionError, MemoryError):
            self._too_deep(0)
        self._columns: list[str] = []
        self._symbols: list[str] = []
        self._lists: list[str] = []
        self._names: list[str] = []

    def part(self, node: ast.expr) -> Part:
        self._columns, self._symbols, self._lists, self._names = [], [], [], []
        mask = self._mask(node, 0)
        return Part(
            text=" ".join(self._source(node).split()),
            columns=tuple(dict.fromkeys(self._columns)),
            symbols=tuple(dict.fromkeys(self._symbols)),
            lists=tuple(dict.fromkeys(self._lists)),
            names=tuple(dict.fromkeys(self._names)),
            only=isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is),
            mask=mask,
        )

    def _source(self, node: ast.expr) -> str:
        return self._text[node.col_offset : node.end_col_offset]

    def _too_deep(self, place: int) -> NoReturn:
        _refuse(place, f"more than {_DEEPEST} brackets or nots inside each other; take some out")

    def _mask(self, node: ast.expr, depth: int) -> Mask:
        if depth > _DEEPEST:
            self._too_deep(node.col_offset)
        if isinstance(node, ast.BoolOp):
            how = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return _joined(how, [self._mask(value, depth + 1) for value in node.values])
        if isinstance(node, ast.UnaryOp):
            inner = self._mask(node.operand, depth + 1)
            return lambda columns: ~inner(columns)
        if isinstance(node, ast.Name) and YES in self._kinds.get(self._source(node), _NONE).known:
            return self._comparison(self._value(node), "==", _Value(YES, node.col_offset, False))
        if not isinstance(node, ast.Compare):
            _refuse(node.col_offset, f"{self._source(node)!r} is no condition; {_FORM}")
        values = [self._value(one) for one in (node.left, *node.comparators)]
        for op, right in zip(node.ops, values[1:], strict=True):
            if type(op) not in _SIGNS:
                _refuse(right.place, "not stands before the whole condition: not elements has F")
        signs = [_SIGNS[type(op)] for op in node.ops]
        triples = zip(values, signs, values[1:], strict=False)
        return _joined(np.logical_and, [self._comparison(*triple) for triple in triples])

    def _value(self, node: ast.expr) -> _Value:
        text = self._source(node)
        if not isinstance(node, ast.Name):
            _refuse(node.col_offset, f"{text!r} where a number or a word should stand; {_FORM}")
        quoted = text[0] in "\"'"
        return _Value(text[1:-1] if quoted else text, node.col_offset, quoted)

    def _comparison(self, left: _Value, sign: str, right: _Value) -> Mask:
        if left.text not in self._kinds and right.text in self._kinds and sign in _COMPARE:
            left, sign, right = right, _COMPARE[sign][1], left
        name = self._column(left)
        kind, known = self._kinds[name]
        if kind == ELEMENTS:
            return self._of_elements(sign, right, left.place)
        if sign == "has" and kind == PRODUCTS:
            return _of_products(name, right)
        if sign in ("has", "only"):
            _refuse(
                left.place,
                f"{name} has no parts; has asks for an element in elements or for a phase in "
                f"columns such as conversion_products; compare {name} with ==",
            )
        if kind == EMPTY:
            return lambda columns: np.zeros_like(columns.texts(name, bool))
        if kind == NUMBER:
            return self._of_numbers(name, sign, right)
        if sign not in ("==", "!="):
            _refuse(left.place, f"{name} holds text; compare it with == or !=")
        if name in ("candidate", "formula") and sign == "==":
            self._names.append(right.text)
        return _of_texts(name, known, sign, right)

    def _column(self, value: _Value) -> str:
        if value.text not in self._kinds or value.quoted:
            close = like(value.text, list(self._kinds))
            _refuse(value.place, f"no column {value.text!r}{close}")
        self._columns.append(value.text)
        return value.text

    def _of_numbers(self, name: str, sign: str, value: _Value) -> Mask:
        """Compare a column of numbers with a number or with another such column."""
        other = "" if value.quoted or value.text not in self._kinds else self._column(value)
        if other and self._kinds[other].kind not in (NUMBER, EMPTY):
            _refuse(value.place, f"{name} holds numbers and {other} text; compare with a number")
        if not other and (value.quoted or not _NUMBER.fullmatch(value.text)):
            close = nearest(value.text, list(self._kinds), 1)
            _refuse(value.place, f"{name} holds numbers and {value.text!r} is none{close}")
        if not other:
            _check_size(name, value)

        def mask(columns: Columns) -> Bools:
            mine = columns.numbers(name)
            right = columns.numbers(other) if other else float(value.text)
            found = _COMPARE[sign][0](mine, right) & ~(np.isnan(mine) | np.isnan(right))
            return np.asarray(found, dtype=bool)

        return mask

    def _of_elements(self, sign: str, value: _Value, place: int) -> Mask:
        symbols = element_lists().get(value.text, ()) if sign == "has" else ()
        if symbols:
            self._lists.append(value.text)
        else:
            symbols = (value.text,) if sign == "has" else tuple(value.text.split("-"))
            for symbol in symbols:
                _check_symbol(symbol, value.place)
            self._symbols += symbols
        if sign not in ("has", "only", "==", "!="):
            _refuse(place, "elements holds symbols; ask with has, only, == or !=")
        number = len(set(symbols))

        def mask(columns: Columns) -> Bools:
            listed, every = columns.elements(symbols)
            none_else = (listed == every) & (every > 0)
            found = {
                "has": listed > 0,
                "only": none_else,
                "==": none_else & (listed == number),
                "!=": (every > 0) & ~(none_else & (listed == number)),
            }
            return np.asarray(found[sign], dtype=bool)

        return mask


def _of_texts(name: str, known: tuple[str, ...], sign: str, value: _Value) -> Mask:
    word, wanted = value.text, sign == "=="
    if known and word not in known:
        close = nearest(word, list(known), 1) if len(known) > _FEW else ""
        close = close or f"; it is {', '.join(known[:-1])} or {known[-1]}"
        _refuse(value.place, f"{name} is never {word!r}{close}")
    if not word:  # == "" asks for rows without a text
        return lambda columns: columns.texts(name, bool) ^ wanted
    if wanted:
        return lambda columns: columns.texts(name, word.__eq__)
    # not "has another": a phase may be in several classes of anions
    return lambda columns: columns.texts(name, bool) & ~columns.texts(name, word.__eq__)


def _of_products(name: str, value: _Value) -> Mask:
    try:
        unit = parse_formula(value.text)
    except InputError as error:
        _refuse(value.place, str(error))
    names = {value.text}
    if all(amount.denominator == 1 for _, amount in unit.amounts):
        names.add(unit.reduced)
    part = re.compile(rf"(?:^| )(?:{'|'.join(map(re.escape, sorted(names)))})(?: |$)")
    return lambda columns: columns.texts(name, lambda text: bool(part.search(text)))


def _check_size(name: str, value: _Value) -> None:
    """Refuse what was meant in thousandths of the unit."""
    unit = "V" if name.endswith("_V") else "eV/atom" if name.endswith("_eV_per_atom") else ""
    thousandth = float(value.text) / 1000
    if unit and abs(thousandth) > _BEYOND / 1000:
        _refuse(
            value.place,
            f"{value.text} {unit} is far beyond any use; is it meant in m{unit}? "
            f"Then write {thousandth:g}",
        )


def _check_symbol(symbol: str, place: int) -> None:
    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol) or symbol in ("D", "T"):
        known = [element.symbol for element in Element]
        right = symbol.capitalize()
        close = f"; did you mean {right}?" if right in known else ""
        close = close or nearest(symbol, list(element_lists()), 1)
        close = close or f", such as F or Pb, nor a list ({', '.join(element_lists())})"
        _refuse(place, f"{symbol!r} is no symbol of an element{close}")


def like(word: str, columns: Collection[str]) -> str:
    """Columns that may have been meant, or all of them, as the end of a message."""
    inside = [name for name in columns if len(word) > 2 and word.lower() in name.lower()]
    if inside:
        return f"; did you mean {' or '.join(inside[:3])}?"
    return nearest(word, list(columns)) or f" (columns: {', '.join(columns)})"
