"""The figure of each kind of result, as its ``plot`` draws it (named in the front door).

All take ``width``, ``one`` or ``two`` columns of a journal page, and ``bare`` for a figure without
title, subtitle and source, which a journal wants in the caption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...answers.lithiation import Lithiation, lithiation_rows
from ...answers.map import LEVEL, CompositionMap
from ...answers.phase_map import PhaseMap
from ...answers.profile_result import Profile
from ...answers.reaction import Reaction
from ...answers.stack import Stack
from ...answers.sweep import Sweep
from ...answers.window import Window, window_row
from ...errors import InputError
from ...phases.columns import columns_of
from ...phases.electrode import Electrode
from ...phases.names import electrolytes
from ...screen.run import ScreenResult
from ..text.answers import source_note
from .page import BARE, without
from .style import Width, beside

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def reaction_figure(result: Reaction, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the mutual energy over the mixing ratio."""
    from .reaction import curve_plot

    return _drawn(curve_plot, result, of=[result], width=width, bare=bare)


def window_figure(
    result: Window | Mapping[str, Window], *, width: Width = "one", bare: bool = False
) -> Figure:
    """Draw the bar of a window, or those of several by name."""
    from .windows import window_bars

    found = _named(result)
    return _drawn(window_bars, window_frame(found), of=found.values(), width=width, bare=bare)


def window_frame(windows: Mapping[str, Window]) -> pd.DataFrame:
    """Return windows by name as rows of windows.csv."""
    known = electrolytes()
    return _frame(
        "windows",
        (
            {"part": "electrolyte" if name in known else "material", "name": name, **row}
            for name, window in windows.items()
            for row in _with_origin(window, [window_row(window)])
        ),
    )


def lithiation_figure(
    result: Lithiation | Mapping[str, Lithiation], *, width: Width = "two", bare: bool = False
) -> Figure:
    """Draw voltage against Li taken up, of one material or of several by name."""
    import pandas as pd

    from .lithiation import lithiation_staircase

    found = _named(result)
    asked = pd.DataFrame({"candidate": list(found), "status": "ok"})
    frame = lithiation_frame(found)
    return _drawn(lithiation_staircase, frame, asked, of=found.values(), width=width, bare=bare)


def lithiation_frame(paths: Mapping[str, Lithiation]) -> pd.DataFrame:
    """Return lithiation paths by name as rows of lithiation.csv."""
    return _frame(
        "lithiation",
        (
            {"candidate": name, **row}
            for name, path in paths.items()
            for row in _with_origin(path, lithiation_rows(path))
        ),
    )


def profile_figure(result: Profile, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw reaction energies over the potential."""
    from .profile import profile_plot

    return _drawn(profile_plot, result, of=[result], width=width, bare=bare)


def phase_map_figure(result: PhaseMap, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the regions of temperature and a gas in which the same happens."""
    from .phase_map import phase_map_plot

    return _drawn(phase_map_plot, result, of=[result], width=width, bare=bare)


def map_figure(
    result: CompositionMap, *, level: float = LEVEL, width: Width = "two", bare: bool = False
) -> Figure:
    """Draw the triangle of a ternary system, outlined at an energy ``level`` [eV/atom]."""
    from .map import composition_maps

    return _drawn(composition_maps, [result], of=[result], width=width, bare=bare, level=level)


def stack_figure(result: Stack, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the heatmap of one interlayer."""
    from .heatmap import reaction_heatmap

    ours, theirs = result.deposited.reaction.reactants
    contacts = {
        "bare": result.bare, "lithium": result.lithium, "deposited": result.deposited,
        "layer": result.layer, "worst_product": result.worst_product,
    }  # fmt: skip
    row = {
        "candidate": result.candidate,
        "formula": ours["formula"],
        "electrolyte": result.electrolyte,
        "electrolyte_formula": theirs["formula"],
        "status": "ok",
        **{kind: contacts[kind].label.partition(" | ")[0] for kind in ("layer", "worst_product")},
        **{f"{kind}_mutual_eV_per_atom": contact.energy for kind, contact in contacts.items()},
    }
    rests_on = [*(contact.reaction for contact in result.contacts), result.lithiation]
    return _drawn(reaction_heatmap, _frame("heatmap", [row]), of=rests_on, width=width, bare=bare)


def sweep_figure(result: Sweep, *, width: Width = "two", bare: bool = False) -> Figure:
    """Draw the contacts of a stack along a series of compositions."""
    from .sweep import sweep_plot

    return _drawn(sweep_plot, result, of=[result], width=width, bare=bare)


def screen_figure(
    result: ScreenResult, *, count: int = 40, width: Width = "two", bare: bool = False
) -> Figure:
    """Draw the heatmap of the best ``count`` candidates of a screen, in order of the ranking."""
    from .heatmap import reaction_heatmap
    from .run import ranked

    if count < 1:
        raise InputError(f"count: {count} candidates; ask for 1 or more")
    best = list(dict.fromkeys(result.ranking["candidate"]))[:count]
    results = result.results
    label = str(results["source"].iloc[0]) if "source" in results and len(results) else "not stated"
    results = ranked(results[results["candidate"].isin(best)], result.ranking)
    with without(*BARE if bare else ()), beside(result.electrode):
        return reaction_heatmap(results, note=source_note(label, result.left_out), width=width)


def _drawn(
    draw: Callable[..., Figure], *data: Any, of: Iterable[Any], bare: bool, **options: Any
) -> Figure:
    """Draw answers, with a note on where they come from and what was not counted."""
    origins = [answer.provenance for answer in of]
    left_out = {phase for one in origins for phase in one["left_out_phases"]}
    with without(*BARE if bare else ()):
        note = source_note(origins[0]["source_label"], sorted(left_out))
        with beside(Electrode.of(origins[0]["conditions"])):
            return draw(*data, note=note, **options)


def _named(result: Any) -> Mapping[str, Any]:
    return result if isinstance(result, Mapping) else {result.material: result}


def _with_origin(answer: Any, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    origin = answer.provenance
    more = {
        "left_out_phases": " ".join(origin["left_out_phases"]), "source": origin["source_label"]
    }  # fmt: skip
    return ({**row, **more} for row in rows)


def _frame(table: str, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns_of(table)))
