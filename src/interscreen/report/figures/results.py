"""The figure of each kind of result, as its ``plot`` draws it (named in the front door)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...answers.lithiation import Lithiation, lithiation_rows
from ...answers.map import LEVEL, CompositionMap
from ...answers.profile_result import Profile
from ...answers.reaction import Reaction
from ...answers.stack import Stack
from ...answers.window import Window, window_row
from ...errors import InputError
from ...screen.run import ScreenResult
from ..text.answers import source_note
from .page import bare_figures
from .style import Width

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def reaction_figure(result: Reaction, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the mutual energy over the mixing ratio.

    Parameters
    ----------
    result : Reaction
    width : str
        ``one`` or ``two`` columns of a journal page.
    bare : bool
        Without title, subtitle and source, which a journal wants in the caption.
    """
    from .reaction import curve_plot

    with bare_figures(bare):
        return curve_plot(result, note=_note([result.provenance]), width=width)


def window_figure(result: Window, *, width: Width = "one", bare: bool = False) -> Figure:
    """Draw the bar of a stability window; parameters as those of ``reaction_figure``."""
    import pandas as pd

    from .windows import window_bars

    row = {"part": "material", "name": result.material, **window_row(result)}
    with bare_figures(bare):
        return window_bars(pd.DataFrame([row]), note=_note([result.provenance]), width=width)


def lithiation_figure(result: Lithiation, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw voltage against Li taken up; parameters as those of ``reaction_figure``."""
    import pandas as pd

    from .lithiation import lithiation_staircase

    rows = [{"candidate": result.material, **row} for row in lithiation_rows(result)]
    asked = pd.DataFrame({"candidate": [result.material], "status": "ok"})
    with bare_figures(bare):
        return lithiation_staircase(
            pd.DataFrame(rows), asked, note=_note([result.provenance]), width=width
        )


def profile_figure(result: Profile, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw reaction energies over the potential; parameters as those of ``reaction_figure``."""
    from .profile import profile_plot

    with bare_figures(bare):
        return profile_plot(result, note=_note([result.provenance]), width=width)


def map_figure(
    result: CompositionMap, *, level: float = LEVEL, width: Width = "two", bare: bool = False
) -> Figure:
    """Draw the triangle of a ternary system.

    Parameters
    ----------
    result : CompositionMap
    level : float
        Energy that is outlined [eV/atom].
    width, bare
        See ``reaction_figure``.
    """
    from .map import composition_maps

    with bare_figures(bare):
        return composition_maps([result], level=level, note=_note([result.provenance]), width=width)


def stack_figure(result: Stack, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the heatmap of one interlayer; parameters as those of ``reaction_figure``."""
    import pandas as pd

    from .heatmap import reaction_heatmap

    ours, theirs = result.deposited.reaction.reactants
    worst = result.worst_product
    row = {
        "candidate": result.candidate,
        "formula": ours["formula"],
        "electrolyte": result.electrolyte,
        "electrolyte_formula": theirs["formula"],
        "status": "ok",
        "reason": "",
        "bare_mutual_eV_per_atom": result.bare.energy,
        "lithium_mutual_eV_per_atom": result.lithium.energy,
        "deposited_mutual_eV_per_atom": result.deposited.energy,
        "layer": result.layer.label.partition(" | ")[0],
        "layer_mutual_eV_per_atom": result.layer.energy,
        "worst_product": worst.label.partition(" | ")[0],
        "worst_product_mutual_eV_per_atom": worst.energy,
    }
    provenances = [contact.reaction.provenance for contact in result.contacts]
    note = _note([*provenances, result.lithiation.provenance])
    with bare_figures(bare):
        return reaction_heatmap(pd.DataFrame([row]), note=note, width=width)


def screen_figure(
    result: ScreenResult, *, count: int = 40, width: Width = "two", bare: bool = False
) -> Figure:
    """Draw the heatmap of the best candidates of a screen, in order of the ranking.

    Parameters
    ----------
    result : ScreenResult
    count : int
        Candidates that are shown at most.
    width, bare
        See ``reaction_figure``.
    """
    from .heatmap import reaction_heatmap
    from .run import ranked

    if count < 1:
        raise InputError(f"count: {count} candidates; ask for 1 or more")
    best = list(dict.fromkeys(result.ranking["candidate"]))[:count]
    results = result.results
    results = ranked(results[results["candidate"].isin(best)], result.ranking)
    label = str(results["source"].iloc[0]) if "source" in results and len(results) else "not stated"
    with bare_figures(bare):
        return reaction_heatmap(results, note=source_note(label, result.left_out), width=width)


def _note(provenances: Iterable[Mapping[str, Any]]) -> str:
    """Foot of a figure: where the energies come from and what was not counted."""
    listed = list(provenances)
    left_out = {phase for one in listed for phase in one["left_out_phases"]}
    return source_note(listed[0]["source_label"], sorted(left_out))
