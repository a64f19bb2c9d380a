"""The one engine gives what the three engines of version 0.1 gave (see tests/golden/README.md)."""

from pathlib import Path

import numpy as np
import pandas as pd

from interscreen import Study, run_study
from interscreen.answers.materials import Phases, materials_of, materials_of_rows
from interscreen.answers.stacks import Partners, stacks
from interscreen.energies.spread import spread
from interscreen.phases.material import Material
from interscreen.screen.batch import hull_rows
from interscreen.screen.tables import results_table
from interscreen.screen.weights import Weights

GOLDEN = Path(__file__).parents[1] / "golden"
CANDIDATES = [
    "CuF2", "CuS", Material("Cu3N", energy_eV_per_atom=0.19),
    *"AlF3 SnF2 ZnO MgF2 Al2O3 LiF Li3N AlN ZnCl2 Bi2O3 Sn C LiNbO3 MoS2 Li3PO4 LaF3 InN".split(),
]  # fmt: skip
ELECTROLYTES = "LLZO LLZTO LATP LAGP LPSCl LGPS Li3PS4 LLTO LiPON Li3YCl6".split()
STACK = ["candidate", "electrolyte"]


def recorded(name: str) -> pd.DataFrame:
    return pd.read_parquet(GOLDEN / f"{name}.parquet").reset_index(drop=True)


def assert_golden(found: pd.DataFrame, golden: pd.DataFrame) -> None:
    """Every recorded column to 1e-9, percentages to 1e-8 of their size, texts as they are."""
    assert list(found.columns) == list(golden.columns)
    for column in golden:
        if pd.api.types.is_numeric_dtype(golden[column]):
            relative = 1e-8 if column.endswith("percent") else 0.0
            one, other = (
                frame[column].to_numpy(dtype=float, na_value=np.nan) for frame in (found, golden)
            )
            np.testing.assert_allclose(one, other, rtol=relative, atol=1e-9, err_msg=column)
        else:
            one, other = (frame[column].fillna("").astype(str) for frame in (found, golden))
            different = np.flatnonzero(one.to_numpy() != other.to_numpy())
            assert not len(different), (
                column, different[:5], one[different[:5]].tolist(), other[different[:5]].tolist()
            )  # fmt: skip


def test_whole_source(full_table):
    golden = recorded("whole")
    rng = np.random.default_rng(20261129)
    rows = np.sort(rng.choice(len(full_table), 2000, replace=False))
    partner = rng.integers(0, 3, 2000)
    theirs = materials_of(full_table, ["LLZO", "LATP", "LAGP"], len(full_table))
    plan = Partners(Phases.of(full_table, hull_rows(full_table), theirs.own), theirs)
    numbers = plan.stacks(materials_of_rows(full_table, rows))
    table = results_table(numbers, Weights(), {"id": full_table.ids[rows].tolist()}).to_pandas()
    found = table.iloc[3 * np.arange(2000) + partner].reset_index(drop=True)
    assert_golden(found[list(golden.columns)], golden)


def test_stacks_of_a_study(full_table):
    golden = recorded("stacks")
    given = [{"formula": m.formula, "energy_eV_per_atom": m.energy_eV_per_atom}
             if isinstance(m, Material) else m for m in CANDIDATES]  # fmt: skip
    study = Study(
        name="golden", candidates=given, electrolytes=ELECTROLYTES, sensitivity=False,
        uncertainty={"samples": 0},
    )  # fmt: skip
    found = run_study(study, full_table, jobs=1).results.reset_index(drop=True)
    assert_golden(found[list(golden.columns)], golden)


def test_sampled_stacks(full_table):
    golden = recorded("sampled")
    found = stacks(full_table, CANDIDATES, ELECTROLYTES, samples=60).numbers
    labels = [m.formula if isinstance(m, Material) else m for m in CANDIDATES]
    shape = len(ELECTROLYTES), len(labels), 61
    values = {key: np.broadcast_to(array, shape) for key, array in found.items()}
    rows = []
    for candidate, electrolyte, quantity in golden[[*STACK, "quantity"]].itertuples(index=False):
        drawn = values[quantity][ELECTROLYTES.index(electrolyte), labels.index(candidate), 1:]
        bars = spread(drawn)
        rows.append([*drawn[:4], bars.standard_deviation, bars.low, bars.high])
    measured = pd.DataFrame(rows, columns=golden.columns[3:]).astype(float)
    assert set(golden["quantity"]) == set(found)
    assert len(golden) == len(found) * len(labels) * len(ELECTROLYTES)
    assert_golden(measured, golden[measured.columns])
