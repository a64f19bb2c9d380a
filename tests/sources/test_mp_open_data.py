"""Everything from published Delta tables, in the layout of the project's own; on this disk."""

import pytest

from interscreen.errors import SourceError
from interscreen.sources.materials_project.check import audit
from interscreen.sources.materials_project.open_data import pull_open_data
from service.documents import NON_COMMERCIAL, legacy


@pytest.fixture
def published(tmp_path, small):
    """Tables ``thermo`` and ``summary`` of two database versions."""
    import pyarrow as pa
    from deltalake import write_deltalake

    for route in ("thermo", "summary"):
        for version in ("2025.09.25", "2026.04.13"):
            rows = [
                {
                    **{k: v for k, v in d.items() if k != "decomposes_to"},
                    "builder_meta": {"license": d["builder_meta"]["license"]},
                    "version": version,
                }
                for d in getattr(small, route)
            ]
            table = pa.Table.from_pylist(rows)
            known = [f.name for f in table.schema if not pa.types.is_null(f.type)]
            table = table.select(known)  # a column without any value has no type here
            place = str(tmp_path / "open" / route)
            write_deltalake(place, table, mode="append", partition_by=["version"])
    return str(tmp_path / "open")


def test_everything_of_the_newest_version_but_the_closed_documents(home, published, small):
    seen = []
    report = pull_open_data("GGA_GGA+U", where=published, progress=lambda *n: seen.append(n))
    with report.store as store:
        assert store.complete
        assert store.database == "2026.04.13"
        held = dict(store.read("SELECT material_id, formation_energy_eV_per_atom FROM documents"))
        wanted = small.energies()
        del wanted[legacy(NON_COMMERCIAL)]
        assert held == wanted
        assert report.documents == len(wanted)
        assert store.count("summaries WHERE theoretical IS NOT NULL") > 250
        assert audit(store)["licences"] == {"BY-C": 291}
    assert seen


def test_tables_that_are_not_there_are_one_line(home, tmp_path):
    with pytest.raises(SourceError, match=r"cannot be read .* `interscreen data pull --all`"):
        pull_open_data("GGA_GGA+U", where=str(tmp_path / "nothing"))
