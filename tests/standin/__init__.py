"""A stand-in for the REST service of the Materials Project, for tests without a network.

pytest puts ``tests/`` on the import path (conftest.py lies there), so any test may say ``from
standin import StandIn, small_set``.  As a program: ``python tests/standin/server.py --port 0``.
"""

from .documents import Documents
from .makers import from_entries, from_table, ids_of, small_set
from .phases import Phase, make_phase
from .query import QueryError
from .server import Request, StandIn

__all__ = [
    "Documents",
    "Phase",
    "QueryError",
    "Request",
    "StandIn",
    "from_entries",
    "from_table",
    "ids_of",
    "make_phase",
    "small_set",
]
