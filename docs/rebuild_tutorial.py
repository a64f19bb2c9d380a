"""Run docs/tutorial.ipynb and write its outputs again (make tutorial).

The kernel works in a folder of its own, so that the notebook may write files.  What changes from
run to run is taken out: the same code and the same libraries give the same bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

NOTEBOOK = Path(__file__).with_name("tutorial.ipynb")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@contextmanager
def _own_settings(folder: Path) -> Iterator[None]:
    """Keep the user's IPython (startup files, history) out, and the kernel's files in a folder."""
    before = dict(os.environ)
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    os.environ["JUPYTER_RUNTIME_DIR"] = str(folder / "runtime")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def executed(path: Path = NOTEBOOK, timeout: int = 300) -> Any:
    """Run a notebook from top to bottom, on this machine alone; return it without traces of it.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        When a cell fails.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with TemporaryDirectory() as name, _own_settings(Path(name)):
        work = Path(name, "work")
        work.mkdir()
        NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            resources={"metadata": {"path": str(work)}},
        ).execute()
    return stripped(notebook)


def stripped(notebook: Any) -> Any:
    """Take out counters, times, versions, and what libraries say on stderr."""
    notebook.metadata = dict(_METADATA)
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type != "code":
            continue
        cell.execution_count = None
        kept = [o for o in cell.outputs if o.get("name") != "stderr"]
        for output in kept:
            if "metadata" in output:
                output["metadata"] = {}
            if "execution_count" in output:
                output["execution_count"] = None
        cell.outputs = kept
    return notebook


def texts(notebook: Any) -> list[list[str]]:
    """Return the outputs of each code cell as text: HTML without the content of its pictures."""
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            said = []
            for output in cell.outputs:
                data = output.get("data", {})
                said += [output.get("text", ""), data.get("text/plain", "")]
                said += [re.sub(r'(src="data:image/)[^"]*', r"\1", data.get("text/html", ""))]
            found.append([text for text in said if text])
    return found


def main() -> None:
    """Write the notebook where it was."""
    import nbformat

    nbformat.write(executed(), NOTEBOOK)
    print(f"{NOTEBOOK}: {NOTEBOOK.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
