"""Figures inside a notebook: drawn by the report modules, embedded as one image."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..figures.saving import save
from ..figures.style import drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_SVG = 120_000  # bytes; a larger drawing becomes a picture of points
_SCREEN, _FINE = 96.0, 192.0  # points per inch of a page in the browser, and of a picture


def embedded(draw: Callable[[], Figure], description: str) -> tuple[str, bool]:
    """Return the HTML of a figure and whether it could be drawn.

    An image element keeps the style sheet of an SVG away from the page around it, and no script in
    it can run.  The card is white in every theme.

    Parameters
    ----------
    draw : callable
        Returns the figure.
    description : str
        Text for those who cannot see it.
    """
    try:
        kind, content, width = _image(draw())
    except Exception as error:  # the tables hold the numbers; a figure must not hide them
        return f"<p>No figure: {escape(_reason(error))}.</p>", False
    data = base64.b64encode(content).decode("ascii")
    said = escape(description, quote=True)
    return (
        f'<div class="interscreen-figure"><img alt="{said}" width="{width}" '
        f'src="data:image/{kind};base64,{data}"></div>'
    ), True


def _image(figure: Figure) -> tuple[str, bytes, int]:
    """Kind, bytes and width on the page [px]: SVG, or PNG in 256 colours where that is smaller."""
    from PIL import Image  # comes with matplotlib

    width = round(figure.get_size_inches()[0] * _SCREEN)
    with TemporaryDirectory() as folder:
        (file,) = save(figure, Path(folder), "figure", ["svg"])
        svg = file.read_bytes()
    if len(svg) <= MOST_SVG:
        return "svg+xml", svg, width
    stream = io.BytesIO()
    with drawing():
        figure.savefig(stream, format="png", dpi=_FINE, metadata={"Software": None})
    picture = Image.open(stream).convert("RGB").quantize(256)
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    png = stream.getvalue()
    return ("png", png, width) if len(png) < len(svg) else ("svg+xml", svg, width)


def _reason(error: Exception) -> str:
    if isinstance(error, ImportError):
        return f"matplotlib is missing ({error})"
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
