"""Weights of the score: the defaults stand in one file, a study changes single ones.

``data/weights.yaml`` holds every default and the reason for it; ``docs/ranking.md`` explains the
formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..files import data_yaml

FILE = "weights.yaml"
TIE = "tie_meV_per_atom"

Weight = Annotated[float, Field(ge=0, strict=True, allow_inf_nan=False)]


@lru_cache(maxsize=1)
def default_weights() -> Mapping[str, float]:
    """Return the tie limit and the weights as ``data/weights.yaml`` has them."""
    return {str(key): float(value) for key, value in data_yaml(FILE).items()}


class Weights(BaseModel):
    """Weights of the score; those that a study does not name are the defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    layer: Weight = Field(default_factory=lambda: _default("layer"))
    deposited: Weight = Field(default_factory=lambda: _default("deposited"))
    bridge_meV_per_V: Weight = Field(default_factory=lambda: _default("bridge_meV_per_V"))
    volume_change_meV_per_percent: Weight = Field(
        default_factory=lambda: _default("volume_change_meV_per_percent")
    )
    percolation_meV: Weight = Field(default_factory=lambda: _default("percolation_meV"))

    @model_validator(mode="before")
    @classmethod
    def _of_one_score(cls, value: Any) -> Any:
        roles = [key for key in ("conversion", "alloy", "coating") if key in (value or {})]
        if isinstance(value, Mapping) and roles:
            raise ValueError(
                f"{roles[0]}: one score holds for every role; write the weights without the role"
            )
        return value

    def factors(self) -> dict[str, float]:
        """Return the weights by name."""
        return self.model_dump()


def _default(name: str) -> float:
    return float(default_weights()[name])


class Ranking(BaseModel):
    """How a study ranks: the weights, and scores nearer than what are tied [meV/atom]."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: Weights = Field(default_factory=Weights)
    tie_meV_per_atom: float = Field(
        default_factory=lambda: _default(TIE), ge=0, allow_inf_nan=False
    )
