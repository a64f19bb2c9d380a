"""Parts of a study: materials, cathodes, conditions, treatments, and how energies are sampled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from ..answers.treat import read_step
from ..energies.conditions import read_conditions, read_pressure, read_temperature
from ..energies.sampling import FEWEST, MOST
from ..phases.cathodes import Cathode, find_cathode
from ..phases.conditions import ROOM_K, Conditions
from ..phases.material import Material, elements_of, resolve
from ..phases.series import MOST_POINTS, at, has_x, read_span, require_x, values_of
from ..phases.texts import checked_text

POINTS = 5  # of a series in a study


class MaterialEntry(BaseModel):
    """A candidate or an electrolyte in a study: a formula, or a mapping with more about it.

    Attributes
    ----------
    formula : str
        Formula, mixture (``Cu + 2 LiF``) or name (``LATP``, ``NCM811``).
    name : str
        How tables and figures call it; the formula if empty.
    energy_eV_per_atom, energy_above_hull_eV_per_atom : float, optional
        Energy of the material itself, or above the hull [eV/atom].
    role : auto, conversion, alloy, coating or cathode coating
        For candidates; ``auto`` decides from the reaction with Li.  A cathode coating is judged on
        the cathode side, too, where a study names a cathode.
    route : auto, deposited, molten or surface
        For candidates: whether the candidate itself touches the electrolyte, reacted with molten Li
        first, or grew from the electrolyte by a reagent; ``auto`` is the library's route of it.
    arrangement : mixture, facing or worst
        For candidates: which phase of the converted layer meets the electrolyte.
    products : str
        What is expected of the contact with Li, or reported; free text.
    reference : str
        Where that comes from; free text.
    x : str
        ``0..4`` makes a series of a formula with x (``Cu + x LiF``, ``Li{7-3x}Al{x}La3Zr2O12``): a
        study has one entry for each of ``points`` values of x, evenly spaced.
    points : int
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    formula: str
    name: str = ""
    energy_eV_per_atom: float | None = Field(None, strict=True)
    energy_above_hull_eV_per_atom: float | None = Field(None, strict=True)
    role: Literal["auto", "conversion", "alloy", "coating", "cathode coating"] = "auto"
    route: Literal["auto", "deposited", "molten", "surface"] = "auto"
    arrangement: Literal["mixture", "facing", "worst"] = "mixture"
    products: str = ""
    reference: str = ""
    x: str = ""
    points: int = Field(POINTS, ge=2, le=MOST_POINTS, strict=True)

    @field_validator("products", "reference")
    @classmethod
    def _one_line(cls, value: str, info: ValidationInfo) -> str:
        return checked_text(" ".join(value.split()), str(info.field_name))

    def model_post_init(self, context: Any) -> None:
        """Read the formula, so that a misspelled one is found before anything is computed."""
        if not self.x:
            if has_x(self.formula):
                raise ValueError(f"{self.formula}: a series; give the range of x, as x: 0..4")
            resolve(self.material)
            return
        require_x([self.formula])
        if (self.energy_eV_per_atom, self.energy_above_hull_eV_per_atom) != (None, None):
            raise ValueError(f"{self.formula}: a series has no energy of its own; leave it out")
        for one in self.series():
            resolve(one.material)

    def series(self) -> list[MaterialEntry]:
        """Return one entry for each x of a series; the entry itself where it is none."""
        if not self.x:
            return [self]
        return [
            self.model_copy(
                update={
                    "x": "",
                    "points": POINTS,
                    "formula": at(self.formula, value),
                    "name": self.name and f"{self.name}, x = {float(value):.4g}",
                }
            )
            for value in values_of(read_span(self.x), self.points)
        ]

    @property
    def material(self) -> Material:
        """The entry as a reactant."""
        return Material(
            formula=self.formula,
            energy_eV_per_atom=self.energy_eV_per_atom,
            energy_above_hull_eV_per_atom=self.energy_above_hull_eV_per_atom,
            name=self.name,
        )

    @property
    def label(self) -> str:
        """Name, or formula."""
        return self.material.label


class CathodeEntry(BaseModel):
    """A cathode in a study: what ``phases.cathodes`` knows, or a mapping.

    Attributes
    ----------
    discharged, charged : str
        Formulas.
    potential_V : tuple of (float, float)
        Potentials between which it is cycled [V against Li/Li+].
    name : str
        How tables call it; the formula of the discharged one if empty.
    reference : str
        Free text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    discharged: str
    charged: str
    potential_V: tuple[float, float]
    name: str = ""
    reference: str = ""

    def model_post_init(self, context: Any) -> None:
        """Check the two states, so that a mistake is found before anything is computed."""
        _ = self.cathode

    @classmethod
    def of(cls, text: str) -> CathodeEntry:
        """Return the entry of a cathode as ``find_cathode`` reads it."""
        found = find_cathode(text)
        return cls(
            discharged=found.discharged.formula,
            charged=found.charged.formula,
            potential_V=found.potentials,
            name=found.name,
            reference=found.reference,
        )

    @property
    def cathode(self) -> Cathode:
        """The entry as a cathode."""
        full, less = Material(self.discharged), Material(self.charged)
        return Cathode(self.label, full, less, *self.potential_V, self.reference)

    @property
    def label(self) -> str:
        """Name, or formula."""
        return self.name or self.discharged


def _cathode(value: Any) -> Any:
    return CathodeEntry.of(value) if isinstance(value, str) else value


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


OneCathode = Annotated[CathodeEntry, BeforeValidator(_cathode)]
Cathodes = Annotated[list[OneCathode], BeforeValidator(_several)]


def repeated(entries: Sequence[Any]) -> Iterator[tuple[int, int, str]]:
    """Yield the places of entries whose name stood before, the place where, and the name."""
    first: dict[str, int] = {}
    for place, entry in enumerate(entries):
        of_material = isinstance(entry, MaterialEntry)  # LLZO and llzo are one
        label = resolve(entry.material)[0].label if of_material else entry.label
        if first.setdefault(label, place) != place:
            yield place, first[label], label


def places(given: Sequence[Any]) -> list[int]:
    """Place in a list, as it was written, of each entry that came of it (many of a series)."""
    return [
        place
        for place, one in enumerate(given)
        for _ in range(one.get("points", POINTS) if isinstance(one, dict) and one.get("x") else 1)
    ]


def _entry(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(
            f"{value} is no formula (YAML read a bare NO, no or off as a truth value); "
            'write it in quotes, as in "NO"'
        )
    if isinstance(value, str):
        return {"formula": value}
    if isinstance(value, dict) and len(value) == 1:
        ((one, other),) = value.items()
        if not str(one)[:1].islower():  # 2 LiF : LaF3
            raise ValueError(
                f"{one}: {other} is a mapping in YAML; write '{one} : {other}' in quotes"
            )
    if isinstance(value, dict | MaterialEntry):
        return value
    raise ValueError(f"{value!r} is no formula; write text such as CuF2, in quotes if need be")


Entry = Annotated[MaterialEntry, BeforeValidator(_entry)]


class StudyConditions(BaseModel):
    """Temperature and gases of a screen (docs/temperature.md).

    Attributes
    ----------
    temperature : str or float
        ``500K``, ``227C``, or a number [K].
    gases : mapping of str to str or float
        Gases of endless amount: ``{O2: 0.21, CO2: 400ppm, H2O: 20mbar}``.
    pressure : str or float
        All gases together, ``1bar`` or a number [bar].
    closed_gas : bool
        Gases without a name leave when they reach ``pressure``; otherwise at 1 ppm of 1 bar.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: str | float
    gases: dict[str, str | float] = {}
    pressure: str | float = 1.0
    closed_gas: bool = False

    @field_validator("temperature")
    @classmethod
    def _readable(cls, value: str | float) -> str | float:
        read_temperature(value)
        return value

    @field_validator("pressure")
    @classmethod
    def _whole(cls, value: str | float) -> str | float:
        read_pressure(value)
        return value

    @field_validator("gases")
    @classmethod
    def _known(cls, value: dict[str, str | float]) -> dict[str, str | float]:
        read_conditions(ROOM_K, value)
        return value

    def read(self) -> Conditions:
        """Return the conditions as a table takes them."""
        return read_conditions(
            self.temperature, self.gases, pressure=self.pressure, closed_gas=self.closed_gas
        )

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the gases."""
        return elements_of(self.read().gases, lithium=False)


DEPOSIT = re.compile(r"\bdeposit\b(?:\s+(\d+(?:\.\d+)?)(?![\w.=]))?")


class TreatmentEntry(BaseModel):
    """Treatments of a thin surface, one after another (docs/temperature.md).

    Attributes
    ----------
    steps : list of str
        As ``answers.treat.read_step`` reads them, or one text with ``;`` between them.  ``deposit``
        puts one formula unit of each candidate on one of the surface, ``deposit 0.5`` half of one.
    of : list of str
        What is treated; every electrolyte by default.
    name : str
        How tables call it; the steps if empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: list[str] = Field(min_length=1)
    of: Annotated[list[Entry], BeforeValidator(_several)] = []
    name: str = ""

    @field_validator("steps", mode="before")
    @classmethod
    def _one_by_one(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(";")] if isinstance(value, str) else value

    @field_validator("steps")
    @classmethod
    def _readable(cls, value: list[str]) -> list[str]:
        for text in value:
            read_step(with_deposit(text, "LiF"))
        return value

    @property
    def deposits(self) -> bool:
        """Whether a candidate is part of it."""
        return any(DEPOSIT.search(text) for text in self.steps)

    @property
    def label(self) -> str:
        """Its name, or the steps."""
        return self.name or "; ".join(self.steps)

    @property
    def elements(self) -> frozenset[str]:
        """Elements of what is treated by name, and of the reagents."""
        found = {symbol for entry in self.of for symbol in resolve(entry.material)[1].elements}
        for text in self.steps:
            found |= read_step(DEPOSIT.sub(" ", text)).elements
        return frozenset(found)


def with_deposit(text: str, formula: str) -> str:
    """Return a step with what is deposited by its formula, or by those of its parts."""

    def added(found: re.Match[str]) -> str:
        parts = resolve(formula)[1].parts
        amounts = [float(found[1] or 1.0) * float(factor) for factor, _ in parts]
        words = zip(amounts, parts, strict=True)
        return " ".join(f"+{amount:.6f} {unit.text}" for amount, (_, unit) in words)

    return DEPOSIT.sub(added, text)


class Uncertainty(BaseModel):
    """How the energies of the phases are sampled.

    Attributes
    ----------
    samples : int
        How often every question is answered; 0 for no error bars.
    seed : int
    independent_meV_per_atom : float, optional
        Standard deviation of what is particular to each phase [meV/atom]; by default that of its
        kind (docs/uncertainty.md).
    correlated : bool
        Whether the errors that compounds share are sampled.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    samples: int = Field(1000, ge=0, le=MOST, strict=True)
    seed: int = Field(1, ge=0, lt=2**63, strict=True)
    independent_meV_per_atom: float | None = Field(None, ge=0, le=500)
    correlated: bool = True

    @field_validator("samples")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < FEWEST:
            raise ValueError(f"{value} samples give no 90 % interval; use {FEWEST} or more, or 0")
        return value
