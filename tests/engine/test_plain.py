"""Plain Python gives the numbers of compiled code, and spares a short process its import."""

import json
import subprocess
import sys

import numpy as np
import pytest

from interscreen.engine import walk

# a stack, and compositions over more rows than one word of bits has
QUESTIONS = """
import json, sys
import numpy as np
from interscreen.answers.stacks import stacks
from interscreen.engine.batch import Problem, Sparse, mutual_minima, row_lines
from interscreen.phases.table import PhaseTable

def answers():
    found = stacks(PhaseTable.reference(), ["CuF2", "Cu + 2 LiF", "LiF"], ["LATP", "LLZO"])
    numbers = [np.ravel(values) for values in found.numbers.values()]
    rng = np.random.default_rng(1)
    compounds = np.zeros((100, 40))
    for column in compounds.T:
        column[[0, *rng.choice(np.arange(60, 68), 2, replace=False)]] = rng.dirichlet(np.ones(3))
    problem = Problem.of_dense(np.column_stack([np.eye(100), compounds]),
                               np.concatenate([np.zeros(100), -rng.random(40)]))
    firsts, each = Sparse.of_dense(compounds.T), np.arange(40)
    none = np.zeros(40, dtype=np.int64)
    for row in (0, 67):
        found = row_lines(problem, firsts, each, none, row)
        numbers += [found.hull, found.reduction, found.uptake, found.mutual, found.solved]
        found = mutual_minima(problem, firsts, each, none, compounds[:, 7], row=row,
                              added=np.full(40, 0.5))
        numbers += [found.mutual, found.mixing, found.hull, found.solved]
    return np.concatenate(numbers).astype(float)
"""
PLAIN = """
from interscreen.engine.walk import plain_walks
with plain_walks(10 ** 9):
    print(json.dumps(answers().tolist()))
sys.exit("numba was imported" if "numba" in sys.modules else 0)
"""


@pytest.fixture(scope="module")
def questions():
    names = {}
    exec(QUESTIONS, names)
    return names["answers"]


def test_plain_loops_give_the_numbers_of_compiled_ones(questions):
    done = subprocess.run(
        [sys.executable, "-c", QUESTIONS + PLAIN],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compiled = questions()
    assert len(compiled) > 600
    assert compiled[-1] == 1.0
    np.testing.assert_allclose(json.loads(done.stdout), compiled, rtol=0, atol=1e-9)


def test_code_is_compiled_after_all_when_much_is_asked(monkeypatch):
    monkeypatch.setattr(walk, "_warm", [])
    with walk.plain_walks(100):
        assert walk.may_be_plain(60)
        assert not walk.may_be_plain(60)
    assert not walk.may_be_plain(1)


def test_a_flipped_byte_in_compiled_code_is_not_loaded(tmp_path):
    from interscreen.engine.compiled_files import checked_file

    def files():
        return checked_file()(str(tmp_path), "f", "stamp")

    files().save("key", ("code", b"machine code"))
    assert files().load("key") == ("code", b"machine code")
    (file,) = tmp_path.glob("*.nbc")
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert files().load("key") is None
    next(tmp_path.glob("*.nbi")).write_bytes(b"garbage")
    assert files().load("key") is None
