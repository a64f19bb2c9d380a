"""One file: template, style, scripts and data put together."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from pathlib import Path

from ...errors import OutputError
from ...files import write_whole
from ...screen.folder import record_file
from . import sentences as answer
from .data import Run, page_data, read_run
from .markup import element, marked
from .provenance import provenance, source_sentence
from .rows import script_json

NAME = "report.html"
SCRIPTS = (
    "base.js", "tooltip.js", "table.js", "heatmap.js", "ranking.js", "windows.js", "charts.js",
    "candidate.js", "whole.js", "start.js",
)  # fmt: skip
# sections by identifier, heading, and for which runs
_SECTIONS = (
    ("heatmap", "Reaction energies", "both"),
    ("ranking", "Ranking", "both"),
    ("windows", "Stability windows and the bridge", "study"),
    ("candidate", "One candidate", "both"),
    ("distributions", "All candidates: distributions", "whole"),
    ("scatter", "All candidates: driving force and what remains", "whole"),
    ("elements", "All candidates: best value by element", "whole"),
)


def write_report(folder: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of a run.

    The same folder gives the same bytes; nothing but its files is read.

    Parameters
    ----------
    folder : path
        Folder of a finished run.
    out : path, optional
        File to write; report.html in the folder when nothing is given.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        When the folder holds no run, or files that cannot be read.
    OutputError
        When the file cannot be written; what was there stays.
    """
    target = Path(out) if out is not None else Path(folder) / NAME
    text = report_html(read_run(Path(folder)))
    if target.is_dir():
        raise OutputError(f"output file {target}: is a folder; name a file with --out")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, text.encode())
        if out is None:
            record_file(Path(folder), NAME)
    except OSError as error:
        raise OutputError(
            f"output file {target}: cannot be written ({error.strerror}); name another with --out"
        ) from None
    return target


def report_html(run: Run) -> str:
    """Return the page of a run as text."""
    style = _asset("report.css")
    script = "\n".join(['"use strict";', *(_asset(name) for name in SCRIPTS)])
    kind = "whole" if run.whole else "study"
    sections = [s for s in _SECTIONS if s[2] in ("both", kind)]
    name = str(run.study.get("name") or run.folder.name)
    pieces = {
        # scripts and styles that are not these two do not run, whatever a name in the data holds
        "policy": html.escape(
            "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
            f"style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'"
        ),
        "style": style,
        "script": script,
        "title": html.escape(name),
        "name": marked(name),
        "question": answer.question(run),
        "answers": "".join(element("li", text) for text in answer.answers(run)),
        "best": answer.best_table(run),
        "certainty": answer.certainty(run),
        "warnings": _warnings(answer.warnings(run)),
        "source": source_sentence(run),
        "contents": "".join(
            element("li", element("a", head, href=f"#{place}")) for place, head, _ in sections
        ),
        "sections": "\n".join(
            element("section", element("h2", head, id=f"{place}-title"), id=place,
                    aria_labelledby=f"{place}-title")
            for place, head, _ in sections
        ),
        "provenance": provenance(run),
        "data": script_json(page_data(run)),
    }  # fmt: skip
    return re.sub(r"\{\{(\w+)\}\}", lambda match: pieces[match[1]], _asset("template.html"))


def _warnings(sentences: list[str]) -> str:
    listing = "".join(element("li", text) for text in sentences)
    return element("ul", listing) if listing else element("p", "Nothing in particular.")


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
