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
ROOT_PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "RELEASING.md", "CHANGELOG.md")
EXAMPLE = ("heatmap_reaction_energy.png", "report.html")  # of reports/example
_LINKED = "|".join(re.escape(name) for name in ROOT_PAGES)
_REQUEST = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|<link\b[^>]*\brel=["']?(?:stylesheet|preload|preconnect)\b[^>]*\bhref=["']?(?:https?:)?//[^"'\s>]+"""
    r"""|\bimport\(["'](?:https?:)?//[^"')]+"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//[^"'\s)]+|url\(["']?(?:https?:)?//[^"'\s)]+"""
)
_MODULE = re.compile(r'<script type="module">.*?</script>|<script src=""> ?</script>', re.S)

log = logging.getLogger("mkdocs.hooks.build_site")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that do not stand in docs/."""
    for name in ROOT_PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    files.append(File.generated(config, "api.md", content=api_reference()))
    for name in EXAMPLE:
        source = ROOT / "reports" / "example" / name
        files.append(File.generated(config, f"example/{name}", abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Point links between docs/ and the root to where these pages stand in the site."""
    markdown = re.sub(rf"\]\((?:\.\./)+({_LINKED})", r"](\1", markdown)
    markdown = re.sub(r"\]\((?:\.\./)?reports/example/", "](example/", markdown)
    return re.sub(r"\]\(docs/", "](", markdown)


def on_post_page(output: str, **_: Any) -> str:
    """Leave out what notebooks bring along for diagrams and formulas that the tutorial has not.

    These scripts would be loaded from another host.
    """
    return _MODULE.sub(
        lambda found: "" if "import(" in found[0] or 'src=""' in found[0] else found[0], output
    )


def api_reference() -> str:
    """Return the page that documents every name of ``interscreen.__all__``."""
    package = import_module("interscreen")
    lines = [
        "# API reference",
        "",
        "Everything that `import interscreen` offers; everything else may change from version to "
        "version.",
    ]
    for name in sorted(package.__all__, key=str.lower):
        found = getattr(package, name)
        lines += ["", f"::: {found.__module__}.{found.__qualname__}"]
    return "\n".join(lines) + "\n"


def on_post_build(config: Any) -> None:
    """Warn, which fails the build, where a page asks another host for something."""
    for path in sorted(Path(config.site_dir).rglob("*")):
        if path.suffix in {".html", ".css"}:
            for found in sorted(set(_REQUEST.findall(path.read_text(encoding="utf-8")))):
                log.warning("%s asks for something outside: %s", path.name, found[:160])
