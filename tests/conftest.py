"""Tables and helpers that several test modules share; nothing here needs a network."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).parents[1].parent / "shared"

# the same examples in every run: a failure here is a failure for everybody
settings.register_profile(
    "proof",  # make proofs
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
settings.register_profile("quick", parent=settings.get_profile("proof"), max_examples=20)
settings.load_profile("quick")

PROOFS_LEFT_OUT = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Forget the API key of whoever runs the tests, before pymatgen reads it, and the terminal."""
    config.stash[PROOFS_LEFT_OUT] = 0
    for name in ("MP_API_KEY", "PMG_MAPI_KEY", "MP_API_ENDPOINT", "MPRESTER_ENDPOINT", "COLUMNS"):
        os.environ.pop(name, None)
    os.environ["PMG_CONFIG_FILE"] = os.devnull


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the proofs that this run leaves out; a worker tells the session."""
    for item in items:
        if item.get_closest_marker("proof"):
            item.config.stash[PROOFS_LEFT_OUT] += 1
            if hasattr(item.config, "workeroutput"):
                item.config.workeroutput["proofs"] = item.config.stash[PROOFS_LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over the count of a worker; all of them collect the same."""
    count = getattr(node, "workeroutput", {}).get("proofs", 0)
    node.config.stash[PROOFS_LEFT_OUT] = max(node.config.stash[PROOFS_LEFT_OUT], count)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last line what was left out."""
    count = config.stash.get(PROOFS_LEFT_OUT, 0)
    if count and not hasattr(config, "workeroutput"):
        print(f"left out: {count} proofs, which take minutes (make proofs runs them)")


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache and electrolyte list out of the tests (and the tests out of them).

    The workers of one session share their cache: the full table is parsed once.
    """
    from interscreen.phases.names import names

    before = dict(os.environ)
    base = tmp_path_factory.getbasetemp()
    one_of_several = "PYTEST_XDIST_WORKER" in os.environ
    cache = (base.parent if one_of_several else base) / "cache"
    cache.mkdir(exist_ok=True)
    os.environ["INTERSCREEN_CACHE"] = str(cache)
    if one_of_several:
        from interscreen.engine import batch

        with FileLock(cache / "compiled.lock"):  # the first one compiles for all
            batch._kernel()
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
    os.environ.pop("INTERSCREEN_ELECTROLYTES", None)
    names.cache_clear()
    yield
    os.environ.clear()
    os.environ.update(before)
    names.cache_clear()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of shared material beside the repository; tests that need it are skipped without."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there (shared data beside the repository)")
    return SHARED


@pytest.fixture(scope="session")
def full_csv(shared: Path) -> Path:
    path = shared / "data" / "mp_formation_energies.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there (132,752 formation energies of the Materials Project)")
    return path


@pytest.fixture(scope="session")
def full_table(full_csv: Path, _own_folders: None) -> Any:
    """Lowest energy of 95,118 formulas of the Materials Project (Matbench v0.1), all counted."""
    from interscreen import PhaseTable
    from interscreen.phases.hull import known_hull_phases

    with FileLock(Path(os.environ["INTERSCREEN_CACHE"]) / "full_table.lock"):
        table = PhaseTable.read(full_csv, all_phases=True)
        known_hull_phases(table)
    return table


SMALL_SET = Path(__file__).parent / "small_set.csv"


def small_table(*, all_phases: bool = False) -> Any:
    """290 phases of the embedded table: small enough to compare, to sample, to solve twice."""
    from interscreen import PhaseTable

    table = PhaseTable.read(SMALL_SET, all_phases=all_phases)
    named = {"name": "small set", "version": "Matbench v0.1", "thermo_type": "GGA_GGA+U"}
    said = {"statement": "290 phases (CC BY 4.0)", "citation": "doi:10.1063/1.4812323"}
    source = replace(table.source, **named, **said)
    return replace(table, source=source)


@pytest.fixture(scope="session")
def reference(_own_folders: None) -> Any:
    return small_table()


@pytest.fixture(scope="session")
def reference_all(_own_folders: None) -> Any:
    return small_table(all_phases=True)


@pytest.fixture(scope="session")
def embedded(_own_folders: None) -> Any:
    from interscreen import PhaseTable

    return PhaseTable.reference()


@pytest.fixture(scope="session")
def make_table() -> Callable[..., Any]:
    """Build a small table from ``{formula: formation energy [eV/atom]}``."""
    from interscreen.phases.source import Source
    from interscreen.sources.build import table_from_rows
    from interscreen.sources.rows import Rows

    def make(phases: dict[str, float], *, all_phases: bool = False, **kwargs: Any) -> Any:
        rows = Rows(list(phases), np.array(list(phases.values()), dtype=float), **kwargs)
        return table_from_rows(rows, Source("made up"), all_phases=all_phases)

    return make


@pytest.fixture(scope="session")
def pd_entries() -> Callable[..., list[Any]]:
    """Entries for pymatgen: every counted phase within some elements, and the elements at zero."""
    from pymatgen.analysis.phase_diagram import PDEntry
    from pymatgen.core import Composition

    def entries(table: Any, elements: set[str]) -> list[Any]:
        made = [PDEntry(Composition(symbol), 0.0) for symbol in sorted(elements)]
        for row in table.rows_within(elements):
            if table.counted[row]:
                composition = Composition(str(table.formulas[row]))
                energy = float(table.energies[row]) * composition.num_atoms
                made.append(PDEntry(composition, energy))
        return made

    return entries


@pytest.fixture(scope="session")
def draw_pairs() -> Callable[..., list[tuple[str, str, set[str]]]]:
    """Seeded pairs of stable-looking phases whose elements are not too many together."""

    def draw(
        table: Any, seed: int, count: int, most: int, with_element: str | None = None
    ) -> list[tuple[str, str, set[str]]]:
        rng = np.random.default_rng(seed)
        rows = np.flatnonzero(table.counted & (table.energies < 0.0))
        found: list[tuple[str, str, set[str]]] = []
        while len(found) < count:
            a, b = (int(row) for row in rng.choice(rows, size=2, replace=False))
            elements = set(table.composition(a)) | set(table.composition(b))
            if len(elements) <= most and (with_element is None or with_element in elements):
                found.append((str(table.formulas[a]), str(table.formulas[b]), elements))
        return found

    return draw


@pytest.fixture(scope="session")
def cheapest() -> Callable[..., float]:
    """Lowest energy of a composition by HiGHS, the second opinion on the compiled simplex."""
    from scipy.optimize import linprog

    def solve(columns: Any, costs: Any, b: Any) -> float:
        tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
        for method in ("highs", "highs-ds", "highs-ipm"):
            answer = linprog(
                costs, A_eq=columns, b_eq=np.maximum(b, 0.0), method=method, options=tight
            )
            if answer.success:
                return float(answer.fun)
        raise AssertionError(f"HiGHS gives no answer: {answer.message}")

    return solve


# -- equations, read back without any code of the package ------------------------


def read_side(side: str) -> list[tuple[Fraction, str]]:
    """``"8 CuF2 + 2 (Cu + 2 LiF)"`` -> amounts and texts; brackets hold mixtures together."""
    terms, depth, current = [], 0, ""
    for character in side:
        depth += (character == "(") - (character == ")")
        if character == "+" and depth == 0:
            terms.append(current)
            current = ""
        else:
            current += character
    terms.append(current)
    found = []
    for term in terms:
        match = re.fullmatch(r"(?:(\d+(?:\.\d+)?(?:e-\d+)?) )?(\S.*)", term.strip())
        assert match, f"cannot read {term!r}"
        found.append((Fraction(match[1] or "1"), match[2]))
    return found


def atoms_of(side: str) -> dict[str, Fraction]:
    """Atoms of each element on one side of an equation, with pymatgen's own parser."""
    from pymatgen.core import Composition

    total: dict[str, Fraction] = {}
    for number, text in read_side(side):
        if text.startswith("(") and " + " in text:
            parts = atoms_of(text[1:-1])
        else:
            parts = {
                str(element): Fraction(str(round(float(amount), 9)))
                for element, amount in Composition(text).items()
            }
        for symbol, amount in parts.items():
            total[symbol] = total.get(symbol, Fraction(0)) + number * amount
    return total


@pytest.fixture(scope="session")
def assert_balanced() -> Callable[[str], None]:
    """Every element exactly as often on the left as on the right.

    Whole numbers must balance exactly; amounts that are written as decimals to six digits.
    """

    def check(equation: str) -> None:
        left, right = (atoms_of(side) for side in equation.split(" -> "))
        numbers = [n for side in equation.split(" -> ") for n, _ in read_side(side)]
        if all(number.denominator == 1 for number in numbers):
            assert left == right, equation
            return
        assert left.keys() == right.keys(), equation
        scale = float(max(left.values()))
        for symbol, amount in left.items():
            assert abs(float(amount - right[symbol])) < 2e-5 * scale, (equation, symbol)

    return check


@pytest.fixture(scope="session")
def imbalance() -> Callable[[str], float]:
    """Worst surplus of an element, in atoms per atom of the left side."""

    def worst(equation: str) -> float:
        left, right = (atoms_of(side) for side in equation.split(" -> "))
        surplus = [abs(left.get(s, 0) - right.get(s, 0)) for s in left.keys() | right.keys()]
        return float(max(surplus) / sum(left.values()))

    return worst


@pytest.fixture(scope="session")
def equation_sides() -> Callable[[str], tuple[dict[str, Fraction], dict[str, Fraction]]]:
    """Formulas and their amounts on either side of an equation."""

    def sides(equation: str) -> tuple[dict[str, Fraction], dict[str, Fraction]]:
        left, right = equation.split(" -> ")
        return (
            {text: number for number, text in read_side(left)},
            {text: number for number, text in read_side(right)},
        )

    return sides


@pytest.fixture(scope="session")
def same_phases() -> Callable[..., bool]:
    """Whether two lists name the same phases, however the formulas are written."""
    from pymatgen.core import Composition

    def same(one: Any, other: Any) -> bool:
        return {Composition(f).reduced_formula for f in one} == {
            Composition(f).reduced_formula for f in other
        }

    return same
