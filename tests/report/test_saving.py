"""Files of figures, the style file, and how labels are broken and shortened."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.style
import pandas as pd
import pytest

from interscreen.errors import OutputError
from interscreen.report.figures import reaction_heatmap, style
from interscreen.report.figures.labels import shorten, text_width, wrap
from interscreen.report.figures.page import message
from interscreen.report.figures.saving import save


@pytest.fixture
def figure():
    return message("Reaction of CuF2", "Nothing to draw with Li7La3Zr2O12.", note="Source: none.")


def test_a_figure_is_written_in_the_formats_asked_for_with_its_tables_beside(figure, tmp_path):
    frame = pd.DataFrame({"x": [0.1, 0.30000000000000004]})
    files = save(figure, tmp_path, "fig", ("svg", "pdf"), {"": frame, "_more": frame})
    assert [file.name for file in files] == ["fig.svg", "fig.pdf", "fig.csv", "fig_more.csv"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert files[2].read_text() == "x\n0.1\n0.30000000000000004\n"


def test_text_stays_text_in_svg_and_pdf(figure, tmp_path):
    svg, pdf = save(figure, tmp_path, "fig", ("svg", "pdf"))
    root = ET.parse(svg).getroot()
    name = "{http://www.w3.org/2000/svg}"
    said = "".join("".join(text.itertext()) for text in root.iter(f"{name}text"))
    assert "Nothing to draw with Li7La3Zr2O12." in said.replace("\N{NO-BREAK SPACE}", " ")
    assert root.find(f"{name}title").text == "Reaction of CuF2"
    # where the font is missing, one of the same widths stands in
    families = re.findall(r"font-family: ([^;\"]*)|font: [^;\"]*?px ([^;\"]*)", svg.read_text())
    assert {one or other for one, other in families} == {
        "'DejaVu Sans', 'Bitstream Vera Sans', Verdana, sans-serif"
    }
    content = pdf.read_bytes()
    assert b"/Subtype /CIDFontType2" in content or b"/CIDFontType2" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_words_of_a_pdf_can_be_searched_and_the_page_has_the_width_of_two_columns(figure, tmp_path):
    (pdf,) = save(figure, tmp_path, "fig", ("pdf",))
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
    assert "Nothing to draw with" in text.stdout
    info = subprocess.run(["pdfinfo", pdf], capture_output=True, text=True, check=True)
    assert "518.4 x" in info.stdout  # 7.2 in


def test_nothing_is_written_when_one_of_the_files_cannot_be(figure, tmp_path):
    (tmp_path / "fig.pdf").mkdir()
    with pytest.raises(OutputError, match=r"fig\.pdf: is a folder"):
        save(figure, tmp_path, "fig")
    assert [file.name for file in tmp_path.iterdir()] == ["fig.pdf"]


def test_an_old_file_stays_whole_when_drawing_fails(figure, tmp_path, monkeypatch):
    (tmp_path / "fig.png").write_bytes(b"old")

    def broken(*_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr(figure, "savefig", broken)
    with pytest.raises(RuntimeError):
        save(figure, tmp_path, "fig")
    assert [file.name for file in tmp_path.iterdir()] == ["fig.png"]
    assert (tmp_path / "fig.png").read_bytes() == b"old"


def test_users_can_load_the_style_and_it_says_what_the_figures_use():
    with mpl.style.context("interscreen.report.interscreen"):
        settings = mpl.rcParams
        assert settings["font.size"] == settings["axes.labelsize"] == style.BODY
        assert settings["legend.fontsize"] == style.SMALL
        assert settings["axes.titlesize"] == style.HEAD
        assert (settings["pdf.fonttype"], settings["svg.fonttype"]) == (42, "none")
        assert settings["savefig.dpi"] == 300
        colours = settings["axes.prop_cycle"].by_key()["color"]
        assert [f"#{c.lstrip('#')}" for c in colours[:3]] == [style.BLUE, style.ORANGE, style.GREEN]
        assert mpl.colors.to_hex(settings["text.color"]) == style.INK
        assert settings["font.sans-serif"] == [style.FONT]


def test_the_widths_are_those_of_journals():
    assert {name: round(25.4 * inches) for name, inches in style.WIDTHS.items()} == {
        "one": 89, "two": 183,
    }  # fmt: skip


def test_a_word_too_wide_for_a_line_is_broken_and_a_formula_between_its_elements():
    lines = wrap("Li1.5Al0.5Ge1.5(PO4)3", 0.8, 7.5)
    assert len(lines) > 1
    assert all(text_width(line, 7.5) <= 0.8 for line in lines)
    assert "".join(lines).replace("$_{", "").replace("}$", "") == "Li1.5Al0.5Ge1.5(PO4)3"
    assert "(PO$_{4}$)$_{3}$" in lines[-1]
    path = wrap("see /a/very/long/path/" + 20 * "name" + ".csv now", 1.5, 6.5)
    assert all(text_width(line, 6.5) <= 1.5 for line in path)
    assert "".join(path).replace(" ", "").startswith("see/a/very/long")


def test_a_long_name_is_cut_with_an_ellipsis():
    label = shorten("Li6.4La3Zr1.4Ta0.6O12", 0.8, 6.5)
    assert label.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert label.startswith("Li$_{6.4}$La$_{3}$")
    assert text_width(label, 6.5) <= 0.8
    assert shorten("CuF2", 0.8, 6.5) == "CuF$_{2}$"


def test_a_source_with_a_long_path_does_not_leave_the_page():
    note = f"Source: /data/{'folder' * 40}/table.csv (sha256 c10e1bf60fad)."
    figure = reaction_heatmap(pd.DataFrame(), note=note, width="one")
    figure.set_dpi(300)  # as in the PNG
    renderer = figure.canvas.get_renderer()
    for text in figure.findobj(mpl.text.Text):
        assert text.get_window_extent(renderer).x1 <= figure.bbox.x1
