"""Weights of the score: the defaults stand in one file, a study changes single ones.

``data/weights.yaml`` holds every default and the reason for it; ``docs/ranking.md`` explains the
formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ..files import data_yaml

FILE = "weights.yaml"
TIE = "tie_meV_per_atom"

Weight = Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)]


@lru_cache(maxsize=1)
def default_weights() -> Mapping[str, Any]:
    """Return the tie limit and the weights of each role as ``data/weights.yaml`` has them."""
    return {
        str(key): {str(name): float(value) for name, value in entry.items()}
        if isinstance(entry, Mapping)
        else float(entry)
        for key, entry in data_yaml(FILE).items()
    }


class _Role(BaseModel):
    """Weights of one role; those that a study does not name are the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    role: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        for name, field in cls.model_fields.items():
            field.default_factory = partial(_default, cls.role, name)
        cls.model_rebuild(force=True)


def _default(role: str, name: str) -> float:
    return float(default_weights()[role][name])


class CoatingWeights(_Role):
    """Weights of a coating (inert to both sides)."""

    role = "coating"
    lithium: Weight
    deposited: Weight
    bridge_meV_per_V: Weight


class AlloyWeights(_Role):
    """Weights of an alloy former (it takes up Li and conducts electrons before and after)."""

    role = "alloy"
    layer: Weight
    worst_product: Weight
    deposited: Weight
    bridge_meV_per_V: Weight
    driving_force: Weight
    enough_meV_per_atom: Weight
    volume_change_meV_per_percent: Weight


class ConversionWeights(AlloyWeights):
    """Weights of a conversion interlayer (it reacts with Li; its products do the work)."""

    role = "conversion"
    percolation_meV: Weight


class Weights(BaseModel):
    """Weights of every role."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    conversion: ConversionWeights = Field(
        default_factory=lambda: ConversionWeights.model_validate({})
    )
    alloy: AlloyWeights = Field(default_factory=lambda: AlloyWeights.model_validate({}))
    coating: CoatingWeights = Field(default_factory=lambda: CoatingWeights.model_validate({}))

    def by_role(self) -> dict[str, dict[str, float]]:
        """Return the weights of each role by name."""
        return self.model_dump()


class Ranking(BaseModel):
    """How a study ranks: the weights, and scores nearer than what are tied [meV/atom]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Weights = Field(default_factory=Weights)
    tie_meV_per_atom: float = Field(
        default_factory=lambda: default_weights()[TIE], ge=0, allow_inf_nan=False
    )
