"""Reaction energies of an interface against the potential of a reservoir of Li."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...answers.profile_result import Profile
from .labels import wrap
from .page import Page
from .style import (
    BLUE,
    BODY,
    GREEN,
    MARGIN,
    MUTED,
    ORANGE,
    SMALL,
    VOLT_AXIS,
    WIDTHS,
    Width,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHTS: dict[Width, float] = {"one": 1.35, "two": 1.8}  # of a panel [in]
_LEFT = MARGIN + 0.44  # room for the numbers of the axis [in]
_HEAD = 0.22
_KEY = 0.15  # one line of the legend [in]
_LOOSE, _STRICT = ("loose", 0.13), ("strict", 0.18)  # shades of the windows, one over the other
_LEAST = 10.0  # an axis never spans less than this [meV/atom]

_Curve = tuple[str, str, list[float], list[float], list[bool]]


@styled
def profile_plot(profile: Profile, *, note: str = "", width: Width = "two") -> Figure:
    """Draw the mutual part and both self-decompositions against the potential.

    Two panels, because self-decomposition is often ten times the mutual part; zero, where nothing
    happens, is at the top of both.  Dots are kinks.

    Parameters
    ----------
    profile : Profile
    note : str
        Where the energies come from, for the foot of the figure.
    width : str
        ``one`` or ``two`` columns of a journal page.
    """
    a, b = (reactant["input"] for reactant in profile.reactants)
    points = profile.points
    volts = [point.potential_V for point in points]
    kinks = [point.is_kink for point in points]
    mutual = [1000.0 * point.mutual_eV_per_atom for point in points]
    alone: list[_Curve] = []
    for side, colour in (("a", BLUE), ("b", ORANGE)):
        values = [getattr(point, f"self_{side}_eV_per_atom") for point in points]
        if None not in values:
            energies = [1000.0 * value for value in values]
            alone.append((f"self-{side}", colour, volts, energies, kinks))
    panels: list[tuple[str, list[_Curve]]] = [
        ("Mutual reaction, meV per atom of both", [("mutual", GREEN, volts, mutual, kinks)]),
        ("Each side alone, meV per atom of it", alone),
    ]
    if len(alone) < 2:
        del panels[0]  # beside Li metal there is no mutual part: a remark says so
    wide, height = WIDTHS[width] - _LEFT - MARGIN - 0.12, _HEIGHTS[width]
    left = MARGIN if width == "one" else _LEFT
    keys = _keys(profile, [(a, BLUE), (b, ORANGE)], alone, WIDTHS[width] - left - MARGIN - 0.36)
    body = (
        len(panels) * (_HEAD + height)
        + 0.12 * (len(panels) - 1)
        + 0.44
        + _KEY * sum(len(lines) for _, lines in keys)
    )
    page = Page(
        f"{a} | {b} open to Li",
        "Reaction energies at 0 K against the potential of a reservoir of Li; dots: the products "
        "change.",
        width,
        body,
        list(profile.notes),
        note,
    )
    y = page.top
    for number, (heading, curves) in enumerate(panels):
        page.text(_LEFT, y + _HEAD / 2, heading, BODY)
        axes = page.axes(_LEFT, y + _HEAD, wide, height)
        last = number == len(panels) - 1
        _panel(axes, profile, curves, last=last)
        y += _HEAD + height + (0.0 if last else 0.12)
    _legend(page, left, y + 0.46, keys)
    return page.figure


def _panel(axes: Axes, profile: Profile, curves: list[_Curve], *, last: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    start, end = (profile.points[i].potential_V for i in (0, -1))
    lowest = min((min(energies) for _, _, _, energies, _ in curves), default=0.0)
    axes.set(xlim=(start, end), ylim=(min(1.06 * lowest, -_LEAST), 0.0))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel(VOLT_AXIS)
    axes.grid(True)
    # nothing happens at zero: the frame closes there, as a line the curves rest on
    axes.spines["top"].set_visible(True)
    for (name, alpha), windows in (
        (_LOOSE, profile.stable_window_10meV_V),
        (_STRICT, profile.stable_window_V),
    ):
        for number, (low, high) in enumerate(windows):
            axes.axvspan(low, high, color=MUTED, alpha=alpha, linewidth=0.0, gid=f"{name}-{number}")
    for name, colour, volts, energies, kinks in curves:
        # rests on zero without being cut in half by the frame
        axes.plot(volts, energies, color=colour, linewidth=1.4, clip_on=False, gid=name, zorder=3)
        marked = [i for i, kink in enumerate(kinks) if kink and _bends(volts, energies, i)]
        axes.plot(
            [volts[i] for i in marked],
            [energies[i] for i in marked],
            "o",
            color=colour,
            markersize=2.6,
            clip_on=False,
            gid=f"kinks-{name}",
            zorder=4,
        )


def _bends(volts: list[float], energies: list[float], i: int) -> bool:
    """Tell whether this curve has a kink here (the others may be the ones that do)."""
    if i in (0, len(volts) - 1):
        return False
    share = (volts[i] - volts[i - 1]) / (volts[i + 1] - volts[i - 1])
    chord = energies[i - 1] + share * (energies[i + 1] - energies[i - 1])
    return abs(energies[i] - chord) > 1e-4


def _keys(
    profile: Profile, names: list[tuple[str, str]], alone: list[_Curve], room: float
) -> list[tuple[str, list[str]]]:
    """Return colours or names of shades, and the lines that say what they mean."""
    drawn = {curve[1] for curve in alone}
    keys = [
        (colour, f"{name} alone: decomposition, with Li taken up or given off")
        for name, colour in names
        if colour in drawn
    ]
    if len(alone) == 2:
        keys.insert(0, (GREEN, "mutual reaction: what the contact adds to both"))
    if profile.stable_window_V:
        keys.append(("strict", f"nothing reacts: {_ranges(profile.stable_window_V)}"))
    if profile.stable_window_10meV_V:
        ranges = _ranges(profile.stable_window_10meV_V)
        keys.append(("loose", f"nothing beyond 10 meV/atom: {ranges}"))
    else:
        keys.append(("", "no potential at which nothing reacts beyond 10 meV/atom"))
    return [(mark, wrap(meaning, room, SMALL)) for mark, meaning in keys]


def _ranges(windows: tuple[tuple[float, float], ...], most: int = 3) -> str:
    shown = [f"{low:.2f} to {high:.2f} V" for low, high in windows[:most]]
    return ", ".join(shown) + (f" and {len(windows) - most} more" if len(windows) > most else "")


def _legend(page: Page, x: float, y: float, keys: list[tuple[str, list[str]]]) -> None:
    for mark, lines in keys:
        if mark.startswith("#"):
            page.rule([x, x + 0.26], [y, y], color=mark, linewidth=1.6)
        elif mark:
            for _, alpha in (_LOOSE, _STRICT)[: 2 if mark == _STRICT[0] else 1]:
                page.box(x, y - 0.05, 0.26, 0.1, facecolor=MUTED, alpha=alpha)
        for line in lines:
            page.text(x + 0.34, y, line, SMALL)
            y += _KEY
