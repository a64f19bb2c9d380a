"""What every answer says about itself: what it was made from, what may be wrong, error bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from ..energies.spread import Spread, spread
from ..phases.artefacts import known_artefacts
from ..phases.columns import COLUMNS
from ..phases.result import Result
from ..phases.source import Source
from ..phases.system import Floats, System
from ..version import version
from .reactant import Reactant

if TYPE_CHECKING:
    import pandas as pd

_SAID = 3  # changes that one line has room for
_LABELS = {"stable_window_V": "nothing reacts from"}  # what is no column of a table


@dataclass(frozen=True)
class PutBack:
    """What an answer would be with phases counted that were left out.

    Attributes
    ----------
    phases : tuple of str
        Phases that change it.
    changes : dict of str to (value, value)
        By column: the number or text of the answer, and the one with these phases.
    """

    phases: tuple[str, ...]
    changes: dict[str, tuple[float | str | None, float | str | None]]

    def __str__(self) -> str:
        """Say the first of them in one line."""
        said = []
        for key, (value, then) in list(self.changes.items())[:_SAID]:
            label = COLUMNS[key].label if key in COLUMNS else _LABELS[key]
            unit = "meV/atom" if key.endswith("_eV_per_atom") else "V" if key.endswith("_V") else ""
            now, others = (_written(one, key) for one in (value, then))
            name = f"{label[0].lower()}{label[1:]}"
            said.append(f"{name} {others}{unit and ' ' + unit} in place of {now}")
        return f"with {', '.join(self.phases)}: {'; '.join(said)}"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object."""
        changes = [
            {"quantity": key, "value": value, "value_then": then}
            for key, (value, then) in self.changes.items()
        ]
        return {"phases": list(self.phases), "changes": changes, "text": str(self)}


def _written(value: float | str | None, key: str) -> str:
    if value is None or isinstance(value, str):
        return value or "none"
    return f"{1000 * value:.1f}" if key.endswith("_eV_per_atom") else f"{value:.3f}"


_NAMED = 5  # phases that a warning names


@dataclass(frozen=True, kw_only=True)
class Answered(Result):
    """Base of the answers to single questions.

    Attributes
    ----------
    put_back : PutBack or None
        What changes with the phases that were left out; None where nothing does or nobody asked
        (the questions of a database ask).
    """

    put_back: PutBack | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        found = super().to_dict()
        found.pop("put_back", None)
        return found | ({"put_back": self.put_back.to_dict()} if self.put_back else {})


@dataclass(frozen=True, kw_only=True)
class Answer(Answered):
    """Base of the answers whose numbers can have error bars.

    Attributes
    ----------
    uncertainty : mapping of str to Spread
        By the name of the number, in its unit; empty where nobody asked for error bars.
    samples : int
        How often the energies were sampled for them.
    """

    uncertainty: Mapping[str, Spread] = field(default_factory=dict)
    samples: int = 0

    def with_bars(self, values: Mapping[str, Floats], samples: int) -> Self:
        """Return the answer with the error bars of numbers; the first is no sample."""
        bars = {key: spread(numbers[1:], numbers[0]) for key, numbers in values.items()}
        return replace(self, uncertainty=bars, samples=samples)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision); error bars where there are samples."""
        found = super().to_dict()
        for key in ("samples", "uncertainty"):
            found.pop(key, None)
        if self.samples:
            found["samples"] = self.samples
            found["uncertainty"] = {key: asdict(value) for key, value in self.uncertainty.items()}
        return found

    def uncertainty_frame(self) -> pd.DataFrame:
        """Return one row per number with error bars."""
        import pandas as pd

        columns = ["quantity", *Spread.__dataclass_fields__]
        rows = [{"quantity": key, **asdict(value)} for key, value in self.uncertainty.items()]
        return pd.DataFrame(rows, columns=columns)


def provenance(
    source: Source,
    system: System,
    reactants: Iterable[Reactant],
    outcome: Iterable[str] = (),
    doubts: Iterable[str] = (),
) -> dict[str, Any]:
    """Source, its version, the phases left out and warnings, for one question.

    ``reactants`` are asked what may be wrong with their formulas; ``outcome`` are phases that the
    answer rests on, and a warning names those that nobody has made.  ``doubts`` are further
    warnings.
    """
    return {
        **source.to_dict(),
        "elements": list(system.elements),
        "left_out_phases": sorted(system.left_out),
        "warnings": [
            *warnings_of(source, reactants, outcome),
            *doubts,
            *_beyond(source, system),
        ],
        "interscreen_version": version(),
    }


def warnings_of(
    source: Source, reactants: Iterable[Reactant], outcome: Iterable[str] = ()
) -> list[str]:
    """Return what may be wrong with an answer; parameters as those of ``provenance``."""
    met = set(outcome)
    doubtful = sorted(met & known_artefacts()) if met else ()
    read = (line for reactant in reactants for line in reactant.composition.warnings)
    return list(dict.fromkeys([*source.notes, *read, *map(artefact_warning, doubtful)]))


def _beyond(source: Source, system: System) -> list[str]:
    """Say which phases have no energy at the temperature."""
    if not system.unknown or source.conditions is None:
        return []
    names = ", ".join(system.unknown[:_NAMED])
    more = f" and {len(system.unknown) - _NAMED} more" if len(system.unknown) > _NAMED else ""
    return [
        f"not counted at {source.conditions.temperature_K:g} K, as what is measured of their "
        f"parts does not reach so far: {names}{more}"
    ]


def artefact_warning(phase: str) -> str:
    """Say that an answer rests on a known artefact."""
    return (
        f"{phase} is among the products with Li metal, but a known artefact of computed hulls, "
        "counted because it was asked for (--all-phases, --keep, or by name: docs/sources.md)"
    )
