"""Weights of the score: the defaults stand in one file, a study changes single ones.

``data/weights.yaml`` holds every default and the reason for it; ``docs/ranking.md`` explains the
formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from ..files import load_yaml

FILE = "weights.yaml"
TIE = "tie_meV_per_atom"


@lru_cache(maxsize=1)
def default_weights() -> Mapping[str, Any]:
    """Return the tie limit and the weights of each role as ``data/weights.yaml`` has them."""
    text = (files("interscreen") / "data" / FILE).read_text(encoding="utf-8")
    return {
        str(key): {str(name): float(value) for name, value in entry.items()}
        if isinstance(entry, Mapping)
        else float(entry)
        for key, entry in load_yaml(text, FILE).items()
    }


def _weight(role: str, name: str) -> Any:
    """Field of a model whose default stands in the file."""
    return Field(
        default_factory=lambda: default_weights()[role][name],
        ge=0,
        strict=True,
        allow_inf_nan=False,
    )


class ConversionWeights(BaseModel):
    """Weights of a conversion interlayer (it reacts with Li; its products do the work).

    Attributes
    ----------
    layer, worst_product, deposited : float
        Factors of the mutual energies of converted layer, worst product and candidate itself
        with the electrolyte.
    bridge_meV_per_V : float
        Penalty for each volt by which no Li-bearing salt of the layer reaches the reduction limit
        of the electrolyte [meV/atom per V].
    driving_force : float
        Factor of what the driving force with Li lacks of ``enough_meV_per_atom``.
    enough_meV_per_atom : float
        Driving force that is enough for the conversion [meV/atom].
    volume_change_meV_per_percent : float
        Penalty for each percent of volume change on conversion [meV/atom per %].
    percolation_meV : float
        Penalty for a layer whose metal percolates [meV/atom].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layer: float = _weight("conversion", "layer")
    worst_product: float = _weight("conversion", "worst_product")
    deposited: float = _weight("conversion", "deposited")
    bridge_meV_per_V: float = _weight("conversion", "bridge_meV_per_V")
    driving_force: float = _weight("conversion", "driving_force")
    enough_meV_per_atom: float = _weight("conversion", "enough_meV_per_atom")
    volume_change_meV_per_percent: float = _weight("conversion", "volume_change_meV_per_percent")
    percolation_meV: float = _weight("conversion", "percolation_meV")


class AlloyWeights(BaseModel):
    """Weights of an alloy former (it takes up Li and conducts electrons before and after).

    Attributes
    ----------
    layer, worst_product, deposited, bridge_meV_per_V, driving_force, enough_meV_per_atom,
    volume_change_meV_per_percent : float
        As for a conversion interlayer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    layer: float = _weight("alloy", "layer")
    worst_product: float = _weight("alloy", "worst_product")
    deposited: float = _weight("alloy", "deposited")
    bridge_meV_per_V: float = _weight("alloy", "bridge_meV_per_V")
    driving_force: float = _weight("alloy", "driving_force")
    enough_meV_per_atom: float = _weight("alloy", "enough_meV_per_atom")
    volume_change_meV_per_percent: float = _weight("alloy", "volume_change_meV_per_percent")


class CoatingWeights(BaseModel):
    """Weights of a coating (inert to both sides).

    Attributes
    ----------
    lithium, deposited : float
        Factors of the mutual energies with Li and with the electrolyte.
    bridge_meV_per_V : float
        As for a conversion interlayer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    lithium: float = _weight("coating", "lithium")
    deposited: float = _weight("coating", "deposited")
    bridge_meV_per_V: float = _weight("coating", "bridge_meV_per_V")


class Weights(BaseModel):
    """Weights of every role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion: ConversionWeights = Field(default_factory=ConversionWeights)
    alloy: AlloyWeights = Field(default_factory=AlloyWeights)
    coating: CoatingWeights = Field(default_factory=CoatingWeights)

    def by_role(self) -> dict[str, dict[str, float]]:
        """Return the weights of each role by name."""
        return self.model_dump()


class Ranking(BaseModel):
    """How a study ranks.

    Attributes
    ----------
    weights : Weights
    tie_meV_per_atom : float
        Scores nearer than this are tied [meV/atom].
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Weights = Field(default_factory=Weights)
    tie_meV_per_atom: float = Field(
        default_factory=lambda: default_weights()[TIE], ge=0, allow_inf_nan=False
    )
