"""Conditions on the rows of a table: a small language, compiled to masks."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from ..errors import InputError
from ..phases.formula import nearest, parse_formula, reduced_text
from .results_table import Bools, Mask, kind_of, like, matching, numbers
from .scores import ROLES
from .tables import FAILED, OK

if TYPE_CHECKING:
    import pyarrow as pa

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))"
    r"|(?P<word>[^\W\d][\w.\-]*)"
    r"|(?P<quoted>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign><=|>=|==|!=|[<>()]))"
)
_INSTEAD = {"=": "==", "&": "and", "|": "or", "!": "not", "~": "not"}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_KEYWORDS = ("and", "or", "not", "has")
_VALUES = {"role": ROLES, "status": (OK, FAILED)}
_PHASES = ("layer", "worst_product", "bridge_product")  # and every column ..._products
_DEEPEST = 50


class _Token(NamedTuple):
    kind: str  # number, word, quoted, sign, keyword or end
    text: str
    position: int  # of its first character, counted from 1


@dataclass(frozen=True)
class Where:
    """A condition on the rows of a table.

    Attributes
    ----------
    columns : tuple of str
        Columns it reads.
    mask : callable
        Table with at least these columns -> (n,) bool array.  A missing number or text makes a
        comparison false (only ``== ""`` asks for missing texts).
    """

    columns: tuple[str, ...]
    mask: Mask


def parse_where(text: str, schema: pa.Schema) -> Where:
    """Read a condition such as ``"role == conversion and not (elements has Pb)"``.

    Columns are compared (``< <= > >= == !=``) with numbers, with bare or quoted words, or with
    other columns of numbers; ``has`` asks for an element in ``elements`` or for a whole phase
    in a column of products; ``and``, ``or``, ``not`` and brackets join conditions.

    Parameters
    ----------
    text : str
    schema : pyarrow.Schema
        Columns of the table.

    Raises
    ------
    InputError
        For every mistake, with its position in the text (counted from 1) and a remedy.
    """
    parser = _Parser(list(_tokens(text)), schema)
    mask = parser.either(0)
    if parser.token.kind != "end":
        why = "no bracket is open" if parser.token.text == ")" else "join with and or or"
        _refuse(parser.token, f"{parser.token.text!r} is too much here; {why}")
    return Where(tuple(dict.fromkeys(parser.columns)), mask)


def _refuse(token: _Token, message: str) -> NoReturn:
    raise InputError(f"where, position {token.position}: {message}")


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    end = len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            place += len(text[place:]) - len(text[place:].lstrip())
            odd = _Token("odd", text[place], place + 1)
            if odd.text in "\"'":
                _refuse(odd, f"the quotation mark {odd.text} is never closed")
            instead = _INSTEAD.get(odd.text)
            remedy = f"write {instead}" if instead else "put text in quotation marks"
            _refuse(odd, f"cannot read {odd.text!r}; {remedy}")
        kind, found = match.lastgroup, match[match.lastgroup]
        if kind == "word" and found.lower() in _KEYWORDS:
            kind, found = "keyword", found.lower()
        yield _Token(kind, found, match.start(match.lastgroup) + 1)
        place = match.end()
    yield _Token("end", "the end", end + 1)


class _Parser:
    """Recursive descent: either -> both -> one -> comparison."""

    def __init__(self, tokens: Sequence[_Token], schema: pa.Schema) -> None:
        self._tokens = tokens
        self._place = 0
        self._schema = schema
        self.columns: list[str] = []

    @property
    def token(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self.token
        self._place += token.kind != "end"
        return token

    def _keyword(self, word: str) -> bool:
        found = self.token.kind == "keyword" and self.token.text == word
        self._place += found
        return found

    def either(self, depth: int) -> Mask:
        masks = [self._both(depth)]
        while self._keyword("or"):
            masks.append(self._both(depth))
        return lambda table: np.logical_or.reduce([mask(table) for mask in masks])

    def _both(self, depth: int) -> Mask:
        masks = [self._one(depth)]
        while self._keyword("and"):
            masks.append(self._one(depth))
        return lambda table: np.logical_and.reduce([mask(table) for mask in masks])

    def _one(self, depth: int) -> Mask:
        start = self.token
        if depth > _DEEPEST:
            _refuse(
                start, f"more than {_DEEPEST} brackets or nots inside each other; take some out"
            )
        if self._keyword("not"):
            inner = self._one(depth + 1)
            return lambda table: ~inner(table)
        if start.text == "(" and start.kind == "sign":
            self._next()
            inner = self.either(depth + 1)
            if self.token.text != ")":
                _refuse(
                    self.token,
                    f"{_shown(self.token)} where the bracket of position {start.position} "
                    "should be closed, or and or or follow",
                )
            self._next()
            return inner
        return self._comparison()

    def _column(self, token: _Token) -> str:
        if token.kind != "word":
            _refuse(token, f"{_shown(token)} where the name of a column should stand")
        if token.text not in self._schema.names:
            _refuse(token, f"no column {token.text!r}{like(token.text, self._schema.names)}")
        self.columns.append(token.text)
        return token.text

    def _comparison(self) -> Mask:
        name = self._column(self._next())
        sign = self._next()
        if sign.text not in _COMPARE and sign != ("keyword", "has", sign.position):
            _refuse(
                sign,
                f"{_shown(sign)} after {name}, where a comparison (< <= > >= == !=) or has "
                "should stand",
            )
        value = self._next()
        if value.kind not in ("number", "word", "quoted"):
            _refuse(value, f"{_shown(value)} where a number or a word should stand")
        kind = kind_of(self._schema.field(name).type)
        if sign.text == "has":
            return _has(name, kind, sign, value)
        if kind == "text":
            return _text_mask(name, sign, value)
        if kind != "number":
            return _nothing  # a column without any value
        if value.kind == "word" and value.text in self._schema.names:
            other = self._column(value)
            if kind_of(self._schema.field(other).type) == "text":
                _refuse(value, f"{name} holds numbers and {other} text; compare with a number")
            return _number_mask(name, sign.text, other)
        if value.kind != "number":
            close = nearest(value.text, self._schema.names, 1) if value.kind == "word" else ""
            _refuse(value, f"{name} holds numbers and {value.text!r} is none{close}")
        return _number_mask(name, sign.text, float(value.text))


def _shown(token: _Token) -> str:
    return "the end" if token.kind == "end" else repr(token.text)


def _nothing(table: pa.Table) -> Bools:
    return np.zeros(len(table), dtype=np.bool_)


def _number_mask(name: str, sign: str, other: float | str) -> Mask:
    """Compare a column of numbers with a number or with another such column."""

    def mask(table: pa.Table) -> Bools:
        mine = numbers(table, name)
        right = numbers(table, other) if isinstance(other, str) else other
        found = _COMPARE[sign](mine, right) & ~(np.isnan(mine) | np.isnan(right))
        return np.asarray(found, dtype=np.bool_)

    return mask


def _text_mask(name: str, sign: _Token, value: _Token) -> Mask:
    if sign.text not in ("==", "!="):
        _refuse(sign, f"{name} holds text; compare it with == or != or has")
    word = _bare(value)
    known = _VALUES.get(name)
    if known and word not in known:
        _refuse(value, f"{name} is never {word!r}; it is {_either(known)}")
    if name == "elements":
        symbols = {_element(value, symbol) for symbol in word.split("-")}
        has_all = [matching(name, _element_pattern(symbol)) for symbol in sorted(symbols)]
        one_more = matching(name, "-".join(["[A-Za-z]+"] * (len(symbols) + 1)))
        right: Mask = lambda table: np.logical_and.reduce(  # noqa: E731
            [*(mask(table) for mask in has_all), ~one_more(table)]
        )
    elif word:
        right = matching(name, f"^{re.escape(word)}$")
    else:  # == "" asks for rows without a text
        right = lambda table: ~there(table)  # noqa: E731
    there = matching(name, ".")
    if sign.text == "==":
        return right
    return lambda table: there(table) & ~right(table)


def _either(words: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _has(name: str, kind: str, sign: _Token, value: _Token) -> Mask:
    word = _bare(value)
    if name == "elements":
        return matching(name, _element_pattern(_element(value, word)))
    if kind == "number" or not (name.endswith("_products") or name in _PHASES):
        _refuse(
            sign,
            f"{name} has no parts; has asks for an element in elements or for a phase in columns "
            "such as conversion_products",
        )
    try:
        unit = parse_formula(word)
    except InputError as error:
        _refuse(value, str(error))
    names = [word]
    if all(amount.denominator == 1 for _, amount in unit.amounts):
        names.append(reduced_text(dict(zip(unit.elements, unit.counts, strict=True))))
    either = "|".join(re.escape(text) for text in dict.fromkeys(names))
    return matching(name, rf"(?:^| \+ )(?:[0-9][0-9.e+-]* )?(?:{either})(?:$| \+ )")


def _bare(value: _Token) -> str:
    return value.text[1:-1] if value.kind == "quoted" else value.text


def _element(value: _Token, symbol: str) -> str:
    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol):
        right = symbol.capitalize()
        remedy = f"; did you mean {right}?" if Element.is_valid_symbol(right) else ""
        _refuse(value, f"{symbol!r} is no symbol of an element{remedy or ', such as F or Pb'}")
    return symbol


def _element_pattern(symbol: str) -> str:
    return f"(?:^|-){symbol}(?:$|-)"
