"""How far the numbers can be trusted: against published computations and against measured cells."""

from .run import PARTS, Validation, element_sets, validate

__all__ = ["PARTS", "Validation", "element_sets", "validate"]
