"""One file: template, style, scripts and data put together."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from ...errors import OutputError
from ...files import checksum, write_whole
from ...phases.units import is_number
from ...screen.folder import check_file, own_files, record_file
from ..markup import MINUS, linked, marked, number
from . import sentences
from .data import Run, page_data, read_run
from .glossary import words
from .picture import picture
from .treatments import treatments
from .verdicts import MEANINGS, verdict

NAME = "report.html"
DRAWN = 24  # candidates in the picture of the first screen
SCRIPTS = (
    "base.js", "tooltip.js", "words.js", "download.js", "table.js", "heatmap.js", "ranking.js",
    "windows.js", "charts.js", "lithiation.js", "candidate.js", "whole.js", "start.js",
)  # fmt: skip
# papers behind the numbers of every run, and what the page uses them for
METHODS = {
    "10.1021/acs.chemmater.5b04082": "reaction energies of two materials over the mixing fraction",
    "10.1021/acsami.5b07517": "stability windows",
}
_MARK = b'<meta name="generator" content="interscreen'
_LICENCE = re.compile(r"CC[ -]BY[ -](?:NC[ -])?\d\.\d|CC0")


def write_report(folder: str | Path, out: str | Path | None = None, *, force: bool = False) -> Path:
    """Write the page of a run: the same folder gives the same bytes, and nothing else is read.

    Parameters
    ----------
    folder : path
        Folder of a finished run.
    out : path, optional
        File to write; report.html in the folder when nothing is given.
    force : bool
        Replace a file that is no page of interscreen, or was changed since it was written.

    Raises
    ------
    InputError
        When the folder holds no run, or files that cannot be read or were changed.
    OutputError
        When the file cannot be written, or one is there that is not ours; what was there stays.
    """
    target = Path(out) if out is not None else Path(folder) / NAME
    text = report_html(read_run(Path(folder)))
    known = own_files(Path(folder)) if out is None else {}
    if NAME in known and target.is_file():
        if not force and checksum(target) not in known[NAME]:
            raise OutputError(
                f"output file {target}: was changed since it was written; name another with --out, "
                "or replace it with --force"
            )
    elif out is not None or target.exists():
        check_file(target, force or _is_page(target))
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
    from jinja2 import Environment
    from markupsafe import Markup

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["marked"] = lambda text: Markup(marked(str(text)))
    environment.filters["linked"] = lambda text: Markup(linked(str(text)))
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=1, ensure_ascii=False)
    environment.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False, "allow_nan": False, "separators": (",", ":"),
    }  # fmt: skip
    environment.filters["whole"] = lambda value: number(value) if is_number(value) else ""
    environment.filters["milli"] = lambda value: number(1000 * value) if is_number(value) else ""
    style, put = _asset("report.css"), run.electrode.words
    script = "\n".join(['"use strict";', *(put(_asset(name), script=True) for name in SCRIPTS)])
    version = str(run.stated("versions").get("interscreen") or "")
    data = page_data(run)
    blocks = sentences.blocks(run)
    drawn = run.order()[:DRAWN]
    licence = _LICENCE.search(str(run.source.get("statement") or ""))
    return environment.from_string(put(_asset("template.html"), script=True)).render(
        run=run,
        manifest=_without_itself(run),
        source=run.source,
        title=str(run.study.get("name") or run.folder.name),
        # scripts and styles that are not these two do not run, whatever a name in the data holds
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        version=version,
        licence=licence.group(0) if licence else "",
        say=sentences,
        methods=METHODS,
        bibtex=bibtex(run.source, version),
        data=data,
        blocks=blocks,
        treated=treatments(run),
        # the first electrolyte with somebody to try
        opened=next((n for n, block in enumerate(blocks) if block.lists[0][1]), 0),
        picture=picture(run, drawn, data["range"]),
        legend=f"{MINUS}{data['range']}",
        signs=any(map(verdict, (*run.results, *run.ranking))),
        more=len(run.order()) - len(drawn),
        verdict=verdict,
        meanings={word: put(meaning) for word, meaning in MEANINGS.items()},
        words=words(data["columns"], put),
    )


def _without_itself(run: Run) -> dict[str, Any]:
    """Manifest of a run without the checksum of the page, which cannot hold its own."""
    sums = run.stated("files_sha256")
    others = {name: value for name, value in sums.items() if name != NAME}
    return {**run.manifest, "files_sha256": others} if sums else run.manifest


def bibtex(source: dict[str, Any], version: str) -> str:
    """Return everything to cite as one BibTeX text.

    The citation of a source names the papers behind the data by DOI; ``version`` is that of the
    program that made the run, empty where it is not known.
    """
    *papers, software = _asset("papers.bib").strip().split("\n\n")
    cited = f"{source.get('citation') or ''} {' '.join(METHODS)}"
    dois = [re.findall(r"doi += \{(.+)\}", paper)[0] for paper in papers]
    entries = [paper for paper, doi in zip(papers, dois, strict=True) if doi in cited]
    if version:
        entries.append(software.replace("VERSION", re.sub(r"[{}]", "", version)))
    return "\n\n".join(entries) + "\n"


def _is_page(file: Path) -> bool:
    """Whether a file begins as our pages do."""
    try:
        with file.open("rb") as stream:
            return _MARK in stream.read(2000)
    except (OSError, ValueError):
        return False


def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
