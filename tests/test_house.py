"""What the house promises, counted from its imports (those inside functions included)."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import interscreen

PACKAGE = Path(interscreen.__file__).parent
ROOMS = (
    "errors version files engine phases sources energies answers screen validation report "
    "database cli"
).split()
STRANGERS = ({"answers", "sources"}, {"energies", "sources"})  # neither knows the other


def module(file):
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


FILES = {module(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def imports(file):
    """Modules of the package that a file imports, wherever the statement stands."""
    base = file.relative_to(PACKAGE).parts[:-1]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in for_types:
            head = base[: len(base) - node.level + 1] + tuple((node.module or "").split("."))
            head = tuple(part for part in head if part)
            for alias in node.names:
                yield (*head, alias.name) if (*head, alias.name) in FILES else head


GRAPH = {name: {other for other in imports(file) if other != name} for name, file in FILES.items()}


def room(name):
    return name[0] if name else "__init__"


def test_every_module_stands_in_a_room():
    assert {room(name) for name in FILES} <= {*ROOMS, "__init__", "__main__"}


def test_no_file_is_part_of_a_circle():
    try:
        list(TopologicalSorter(GRAPH).static_order())
    except CycleError as error:
        raise AssertionError(f"circle: {error.args[1]}") from None


def test_a_room_imports_only_from_rooms_below_it():
    back = [
        (name, other)
        for name, others in GRAPH.items()
        for other in others
        if room(name) in ROOMS and room(other) in ROOMS
        and (ROOMS.index(room(other)) > ROOMS.index(room(name))
             or {room(name), room(other)} in STRANGERS)
    ]  # fmt: skip
    assert not back


def test_the_engine_knows_no_chemistry():
    for name, file in FILES.items():
        if room(name) == "engine":
            assert {room(other) for other in GRAPH[name]} <= {"engine", "errors"}
            found = set(re.findall(r"^\s*(?:import|from) (\w+)", file.read_text(), re.M))
            assert not found & {"pandas", "pymatgen", "scipy", "pyarrow"}
