"""The Materials Project's own server code on this machine, with documents of the tests.

pytest puts ``tests/`` on the import path (conftest.py lies there), so any test may say ``from
service import Service, small_set``.
"""

from .documents import Documents, from_entries, from_recorded, from_table, make, small_set
from .server import (
    HEARTBEAT,
    KEY,
    SUMMARY,
    THERMO,
    VERSION,
    Service,
    bare,
    doubled,
    empty,
    nodata,
    require_server_code,
    short,
)

__all__ = [
    "HEARTBEAT",
    "KEY",
    "SUMMARY",
    "THERMO",
    "VERSION",
    "Documents",
    "Service",
    "bare",
    "doubled",
    "empty",
    "from_entries",
    "from_recorded",
    "from_table",
    "make",
    "nodata",
    "require_server_code",
    "short",
    "small_set",
]
