"""What the site holds beside docs/: pages of the root, the API reference, the example run.

A hook of mkdocs (mkdocs.yml); ``make docs`` builds the site with it.
"""

from __future__ import annotations

import logging
import re
from importlib import import_module
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
# where files from outside docs/ stand in the site; a page called README.md would be its start
MOVED = {
    "README.md": "start.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "RELEASING.md": "RELEASING.md",
    "SECURITY.md": "SECURITY.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "CITATION.cff": "CITATION.cff",
    "reports/example/heatmap_reaction_energy.png": "example/heatmap_reaction_energy.png",
    "reports/example/report.html": "example/report.html",
}
_LINK = re.compile(r"(?<=\]\()(?:\.\./)*([^():#\s]+)")
_REQUEST = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|pre\w+)\b[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|\bimport\(["'](?:https?:)?//[^"')]+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^"'\s)]+|url\(["']?(?:https?:)?//[^"'\s)]+"""
)
_SCRIPT = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)

log = logging.getLogger("mkdocs.hooks.build_site")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages and files that do not stand in docs/."""
    for name, place in MOVED.items():
        if place.endswith(".md"):
            text = (ROOT / name).read_text(encoding="utf-8")
            files.append(File.generated(config, place, content=text))
        else:
            files.append(File.generated(config, place, abs_src_path=str(ROOT / name)))
    files.append(File.generated(config, "api.md", content=api_reference()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to and from the root of the repository to where these pages stand in the site."""
    up = "../" * page.file.src_uri.count("/")

    def moved(found: re.Match[str]) -> str:
        target = found[1].rstrip("/")
        if target == "reports/example":
            target += "/report.html"
        if target in MOVED:
            return up + MOVED[target]
        inside = target.startswith("docs/")
        return up + target.removeprefix("docs/") if inside else str(found[0])

    return _LINK.sub(moved, markdown)


def on_post_page(output: str, **_: Any) -> str:
    """Leave out scripts from another host, which every notebook brings along; mend its links.

    The scripts draw diagrams and formulas; the tutorial has neither.
    """

    def kept(found: re.Match[str]) -> str:
        outside = _REQUEST.search(found[0]) or found[0].startswith('<script src="">')
        return "" if outside else found[0]

    output = _SCRIPT.sub(kept, output)
    return re.sub(r'href="([\w-]+)\.md(?=["#])', r'href="\1.html', output)  # links of notebooks


def api_reference() -> str:
    """Return the page that documents every name of ``interscreen.__all__``, and the results."""
    package = import_module("interscreen")
    public = {name: _place(package, name) for name in sorted(package.__all__, key=str.lower)}
    door = [place for place in public.values() if place.startswith("interscreen.database.")]
    rest = [place for place in public.values() if place not in door]
    results = sorted(
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in _below(import_module("interscreen.phases.result").Displayed)
        if not kind.__name__.startswith("_")
    )
    lines = [
        "# API reference",
        "",
        "Everything that `import interscreen` offers, and what the answers hold; everything else "
        "may change from version to version.",
    ]
    for head, places in (
        ("The front door", door),
        ("Functions and classes", rest),
        ("Results", [place for place in results if place not in public.values()]),
    ):
        lines += ["", f"## {head}" if places else ""]
        for place in places:
            lines += ["", f"::: {place}"]
    return "\n".join(lines) + "\n"


def _place(package: Any, name: str) -> str:
    """Return where a public name is defined."""
    found = getattr(package, name)
    home = getattr(found, "__qualname__", None)
    return f"{found.__module__}.{home}" if home else f"interscreen.{name}"


def _below(kind: type) -> set[type]:
    """Return the classes that are derived from one."""
    return {kind for sub in kind.__subclasses__() for kind in (sub, *_below(sub))}


def on_post_build(config: Any) -> None:
    """Warn, which fails the build, where a page asks another host for something."""
    for path in sorted(Path(config.site_dir).rglob("*")):
        if path.suffix in {".html", ".css"}:
            for found in sorted(set(_REQUEST.findall(path.read_text(encoding="utf-8")))):
                log.warning("%s asks for something outside: %s", path.name, found[:160])
