"""Interfaces open to Li over a range of potentials."""

from .results import Profile, ProfilePoint, ProfileSegment
from .search import NEARLY_STABLE, STABLE, profile

__all__ = ["NEARLY_STABLE", "STABLE", "Profile", "ProfilePoint", "ProfileSegment", "profile"]
