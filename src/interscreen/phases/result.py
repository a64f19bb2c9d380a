"""What every result can do."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import InputError
from .hooks import given

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Keyed:
    """Something with a JSON object: the attributes that ``_keys`` names.

    By default its fields, but for those that do not tell it from another, and what ``_also`` names.
    """

    _keys: ClassVar[str] = ""
    _also: ClassVar[str] = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        own = (field.name for field in dataclasses.fields(self) if field.compare)  # type: ignore[arg-type]
        names = self._keys.split() or [*own, *self._also.split()]
        return {name: _plain(getattr(self, name)) for name in names}


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class Displayed:
    """Shows itself in Jupyter as tables and a figure, and in a terminal as one line.

    Both are made by ``report.notebook``, which is imported when something is shown (``hooks``).
    ``figure`` is the name of the figure that ``plot`` draws, as ``hooks`` knows it.
    """

    _figure: ClassVar[str] = ""

    def __init_subclass__(cls, figure: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._figure = figure or cls._figure
        # a dataclass writes a __repr__ of all its fields unless the class has one of its own
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Displayed.__repr__  # type: ignore[method-assign]

    def __repr__(self) -> str:
        return str(given("headline")(self))

    def _repr_html_(self) -> str:
        return str(given("result_html")(self))

    def plot(self, **options: Any) -> Figure:
        """Draw the figure of this result; save it with its ``savefig``.

        Parameters
        ----------
        **options
            ``width="one"`` for one column of a journal page, ``bare=True`` without title and
            source; for a map also ``level`` [eV/atom].

        Raises
        ------
        InputError
            When there is no figure of such a result.
        """
        if not self._figure:
            raise InputError(
                f"{type(self).__name__}: there is no figure of it; draw one from to_frame()"
            )
        figure: Figure = given(f"{self._figure}_figure")(self, **options)
        return figure


class Result(Displayed, Keyed):
    """Base of the frozen result dataclasses: attributes are named like the JSON keys."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may be wrong with the answer, each line once."""
        return tuple(dict.fromkeys(getattr(self, "provenance", {}).get("warnings", ())))

    @property
    def conditions(self) -> dict[str, Any]:
        """Temperature [K], gases [bar] and open elements the answer holds for."""
        return dict(getattr(self, "provenance", {}).get("conditions", {}))

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """Documents of the Materials Project behind the phases named here, by formula.

        Each has its identifier in both spellings, whether it is theoretical, its licence and the
        energy above hull that the service states [eV/atom]; of other sources there are none.
        """
        return dict(getattr(self, "_documents", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        found = super().to_dict()
        more = {"conditions": self.conditions, "documents": self.documents}
        return found | {key: value for key, value in more.items() if value}
