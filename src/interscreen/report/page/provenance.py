"""Where the numbers of a page come from, what may be done with them, and what to cite."""

from __future__ import annotations

import html
import json
import re
from typing import Any

from .citations import bibtex, papers
from .data import Run
from .markup import element, link, linked, marked

_LICENCE = re.compile(r"CC[ -]BY[ -](?:NC[ -])?\d\.\d|CC0")


def date_of(run: Run) -> str:
    """Day of the run, as 2026-11-21; empty where it is not stated."""
    return str(run.manifest.get("date") or "")[:10]


def source_sentence(run: Run) -> str:
    """Return the source and its date in one sentence of HTML."""
    source = run.source
    if not source:
        return "The folder has no manifest.json: where the energies come from is not known."
    version = str(run.manifest.get("versions", {}).get("interscreen") or "")
    n = source.get("n_phases")
    phases = f", {n:,} formulas" if isinstance(n, int) else ""
    made = f"computed on {html.escape(date_of(run))}" if date_of(run) else "date not stated"
    with_what = f" with interscreen {html.escape(version)}" if version else ""
    label = str(source.get("source_label") or source.get("source") or "not stated")
    return f"Energies: {marked(label)}{phases}; {made}{with_what}."


def provenance(run: Run) -> str:
    """Return the section as HTML."""
    source, manifest = run.source, run.manifest
    _, methods = papers(source)
    statement = str(source.get("statement") or "")
    licence = _LICENCE.search(statement)
    rows: list[tuple[str, str]] = [
        ("Study", marked(str(run.study.get("name") or "not stated"))),
        ("Command", element("code", html.escape(str(manifest.get("command") or "not stated")))),
        ("Date", html.escape(str(manifest.get("date") or "not stated"))),
        ("Source", marked(str(source.get("source_label") or "not stated"))),
        ("Family of energies", html.escape(str(source.get("thermo_type") or "not stated"))),
        ("Size", _size(source)),
        ("Checksum", element("code", html.escape(str(source.get("sha256") or "not stated")))),
        (
            "Licence of the data",
            html.escape(licence.group(0))
            if licence
            else "not stated by the source; ask whoever made the table before you pass it on",
        ),
        (
            "Citation of the data",
            linked(str(source.get("citation") or "")) or "none stated; cite whoever made the table",
        ),
        ("Methods", "; ".join(f"{html.escape(p.use)}: {link(p.doi)}" for p in methods)),
        ("Versions", _versions(manifest.get("versions") or {})),
        ("Run", _counts(manifest)),
    ]
    listing = "".join(element("dt", head) + element("dd", body) for head, body in rows)
    parts = [element("dl", listing, class_="facts")]
    for title, content in (
        ("Study as it was run", run.study),
        ("Warnings of the run", manifest.get("warnings") or []),
        ("Checksums of the files", manifest.get("files_sha256") or {}),
    ):
        if content:
            text = json.dumps(content, indent=1, ensure_ascii=False)
            parts.append(
                element(
                    "details",
                    element("summary", title) + element("pre", html.escape(text), tabindex="0"),
                )
            )
    version = str(manifest.get("versions", {}).get("interscreen") or "")
    parts.append(
        element("h3", "BibTeX")
        + element("p", element("button", "Copy BibTeX", type="button", id="copy-bibtex")
        + element("span", "", id="copied", role="status"))
        + element(
            "pre", html.escape(bibtex(source, version)), id="bibtex", tabindex="0",
            role="region", aria_label="BibTeX",
        )
    )  # fmt: skip
    return "".join(parts)


def _size(source: dict[str, Any]) -> str:
    named = (("n_rows", "rows"), ("n_phases", "formulas"))
    known = [f"{source[key]:,} {name}" for key, name in named if isinstance(source.get(key), int)]
    return ", ".join(known) or "not stated"


def _versions(versions: dict[str, Any]) -> str:
    pairs = [f"{html.escape(str(name))} {html.escape(str(v))}" for name, v in versions.items()]
    return ", ".join(pairs) or "not stated"


def _counts(manifest: dict[str, Any]) -> str:
    parts = []
    for key, name in (("candidates", "candidates"), ("rows", "rows"), ("failed_rows", "failed")):
        if isinstance(manifest.get(key), int):
            parts.append(f"{manifest[key]:,} {name}")
    if isinstance(manifest.get("wall_time_s"), int | float):
        parts.append(f"{manifest['wall_time_s']:.0f} s")
    return ", ".join(parts) or "not stated"
