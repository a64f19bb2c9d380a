"""Tables and entries with something broken in them: one line, and never another error."""

from __future__ import annotations

import gzip
import json
import random

import pandas as pd
import pytest
from pymatgen.analysis.phase_diagram import PDEntry
from pymatgen.entries.computed_entries import ComputedEntry, ManualEnergyAdjustment

from interscreen.errors import InputError
from interscreen.sources.build import table_from_rows
from interscreen.sources.tables import TableFile

ROWS = {"Li": 0.0, "F2": 0.0, "LiF": -3.181, "Cu": 0.0, "CuF2": -1.815, "LiCuF3": -2.35}
FRAME = pd.DataFrame({"formula": list(ROWS), "e_form": list(ROWS.values()), "observed": "yes"})
JUNK = [
    None, True, [], {}, "x", 1e309, -1e309, float("nan"), 10**400, "NaN", [[]], -5, 0, "\0",
    {"@module": "os", "@class": "system"}, [None],
]  # fmt: skip
BYTES = [b",", b";", b'"', b"\n", b"\0", b"[", b"{", b"-", b"\xff", b"NaN", b"\x1b[31m"]


def entries():
    made = [ComputedEntry("Li", -1.9), ComputedEntry("F2", -3.6), ComputedEntry("LiF", -8.7)]
    made[2].energy_adjustments.append(ManualEnergyAdjustment(-0.9))
    return [one.as_dict() for one in made]


def documents():
    return [
        {"material_id": "mp-1", "formula_pretty": formula, "formation_energy_per_atom": energy,
         "thermo_type": "GGA_GGA+U", "theoretical": False, "composition": {"Li": 1}}
        for formula, energy in ROWS.items()
    ]  # fmt: skip


def broken_value(rng, data):
    """Put junk in place of a value, or take one out."""
    places = []

    def walk(value):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in list(items) if isinstance(value, dict | list) else ():
            places.append((value, key))
            if isinstance(inner, dict | list):
                walk(inner)

    walk(data)
    where, key = rng.choice(places)
    if rng.random() < 0.3:
        del where[key]
    else:
        where[key] = rng.choice(JUNK)
    return data


def broken_bytes(rng, content):
    """Change, take out or put in a few bytes, or cut."""
    for _ in range(rng.choice([1, 1, 3])):
        place = rng.randrange(max(len(content), 1))
        kind = rng.randrange(4)
        if kind == 0:
            content = content[:place] + bytes([rng.randrange(256)]) + content[place + 1 :]
        elif kind == 1:
            content = content[:place] + content[place + rng.randrange(1, 20) :]
        elif kind == 2:
            content = content[:place] + rng.choice(BYTES) + content[place:]
        else:
            content = content[:place]
    return content


def mutants(tmp_path):
    rng = random.Random(1)
    FRAME.to_parquet(tmp_path / "t.parquet")
    csv = FRAME.to_csv(index=False)
    whole = {
        "t.csv": csv.encode(),
        "s.csv": FRAME.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
        "t.csv.gz": gzip.compress(csv.encode()),
        "t.parquet": (tmp_path / "t.parquet").read_bytes(),
        "t.json.gz": gzip.compress(json.dumps(entries()).encode()),
        "t.jsonl": "\n".join(map(json.dumps, entries())).encode(),
    }
    values = {
        "entries": entries, "documents": documents, "dict": lambda: {"entries": entries()},
        "pd": lambda: [PDEntry("LiF", -9.7).as_dict()], "columns": lambda: FRAME.to_dict("list"),
    }  # fmt: skip
    for _ in range(50):
        for name, content in whole.items():
            yield name, broken_bytes(rng, content)
        for name, make in values.items():
            yield f"{name}.json", json.dumps(broken_value(rng, make())).encode()


def test_what_is_broken_is_refused_in_one_line(tmp_path):
    refused = 0
    for number, (name, content) in enumerate(mutants(tmp_path)):
        path = tmp_path / f"{number}_{name}"
        path.write_bytes(content)
        try:
            rows, source = TableFile(path).read()
            table_from_rows(rows, source)
        except InputError as error:
            refused += 1
            message = str(error)
        except Exception as error:
            pytest.fail(f"{path}: {error!r}")
        else:
            continue
        if "\n" in message or path.name not in message:
            pytest.fail(f"{path}: {message}")
    assert refused > 300
