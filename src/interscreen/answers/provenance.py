"""What every answer says about itself: what it was made from, what may be wrong, error bars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..energies.spread import Spread
from ..phases.result import Result
from ..phases.source import Source
from ..phases.suspects import known_artefacts
from ..phases.system import System
from ..version import version

if TYPE_CHECKING:
    import pandas as pd


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

    def error_bars(self) -> dict[str, Any]:
        """Return the entries of the JSON object on error bars; none without samples."""
        if not self.samples:
            return {}
        bars = {key: asdict(value) for key, value in self.uncertainty.items()}
        return {"samples": self.samples, "uncertainty": bars}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON object (full precision)."""
        found = super().to_dict()
        del found["samples"], found["uncertainty"]
        return {**found, **self.error_bars()}

    def uncertainty_frame(self) -> pd.DataFrame:
        """Return one row per number with error bars."""
        import pandas as pd

        columns = ["quantity", *Spread.__dataclass_fields__]
        rows = [{"quantity": key, **asdict(value)} for key, value in self.uncertainty.items()]
        return pd.DataFrame(rows, columns=columns)


def provenance(source: Source, system: System, outcome: Iterable[str] = ()) -> dict[str, Any]:
    """Source, its version, the phases left out and warnings, for one question.

    Parameters
    ----------
    source : Source
    system : System
        The phases that were counted.
    outcome : iterable of str
        Phases that the answer rests on; a warning names those that nobody has made.
    """
    return {
        **source.to_dict(),
        "elements": list(system.elements),
        "left_out_phases": sorted(system.left_out),
        "warnings": warnings_of(source, outcome),
        "interscreen_version": version(),
    }


def warnings_of(source: Source, outcome: Iterable[str] = ()) -> list[str]:
    """Return what may be wrong with an answer; parameters as those of ``provenance``."""
    return [*source.notes, *(artefact_warning(phase) for phase in sorted(_artefacts(outcome)))]


def artefact_warning(phase: str) -> str:
    """Say that nobody made a phase that an answer rests on."""
    return (
        f"{phase} is among the products with Li metal, but no experiment shows it (leave "
        "it out with --ban, or such phases by rule with --min-stability: docs/sources.md)"
    )


def _artefacts(phases: Iterable[str]) -> set[str]:
    found = set(phases)
    return found & known_artefacts() if found else found
