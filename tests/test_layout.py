"""Imports run in one direction (README, "How the code is laid out")."""

import ast
from pathlib import Path

import interscreen

PACKAGE = Path(interscreen.__file__).parent
ORDER = """
errors wholefile version units columns yamlfile filters source formula materials system phases
solids sources equilibrium equations stability suspects anions selection opening audit
difference reactants provenance result lithium kinks reactions windows lithiation profiles
stacks deciding sensitivity layers surroundings maps uncertainty screening validation manifest
report commands options parsers cli __main__
""".split()


def room(parts):
    return parts[0].removesuffix(".py")


def top_level_imports(file):
    """Rooms of the package that a module imports when it is itself imported."""
    here = file.relative_to(PACKAGE).parts
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level]
            names = node.module.split(".") if node.module else []
            for path in [[*base, *names]] if names else [[*base, a.name] for a in node.names]:
                yield room(path)


def test_every_module_has_its_place():
    rooms = {room(file.relative_to(PACKAGE).parts) for file in PACKAGE.rglob("*.py")}
    assert rooms - {"__init__"} == set(ORDER)


def test_a_module_imports_only_from_rooms_above_it():
    for file in PACKAGE.rglob("*.py"):
        mine = room(file.relative_to(PACKAGE).parts)
        if mine == "__init__":
            continue
        for other in top_level_imports(file):
            assert ORDER.index(other) <= ORDER.index(mine), f"{file}: imports {other}"


def test_the_solver_knows_no_chemistry():
    for file in (PACKAGE / "equilibrium").glob("*.py"):
        assert set(top_level_imports(file)) <= {"equilibrium", "errors"}
        assert not {"pandas", "pymatgen"} & set(file.read_text(encoding="utf-8").split())
