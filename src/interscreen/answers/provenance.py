"""What every answer says about itself: what it was made from, what may be wrong, error bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from ..energies.spread import Spread, spread
from ..phases.result import Result
from ..phases.source import Source
from ..phases.suspects import known_artefacts
from ..phases.system import Floats, System
from ..version import version

if TYPE_CHECKING:
    import pandas as pd


_NAMED = 5  # phases that a warning names


@dataclass(frozen=True, kw_only=True)
class Answer(Result):
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
        """Return the answer with the error bars of sampled numbers."""
        bars = {key: spread(numbers) for key, numbers in values.items()}
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


def provenance(source: Source, system: System, outcome: Iterable[str] = ()) -> dict[str, Any]:
    """Source, its version, the phases left out and warnings, for one question.

    ``outcome`` are phases that the answer rests on; a warning names those that nobody has made.
    """
    return {
        **source.to_dict(),
        "elements": list(system.elements),
        "left_out_phases": sorted(system.left_out),
        "warnings": [*warnings_of(source, outcome), *_beyond(source, system)],
        "interscreen_version": version(),
    }


def warnings_of(source: Source, outcome: Iterable[str] = ()) -> list[str]:
    """Return what may be wrong with an answer; parameters as those of ``provenance``."""
    met = set(outcome)
    doubtful = sorted(met & known_artefacts()) if met else ()
    return [*source.notes, *map(artefact_warning, doubtful)]


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
    """Say that nobody made a phase that an answer rests on."""
    return (
        f"{phase} is among the products with Li metal, but no experiment shows it (leave "
        "it out with --ban, or such phases by rule with --min-stability: docs/sources.md)"
    )
