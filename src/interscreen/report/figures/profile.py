"""Reaction energies of an interface against the potential of a reservoir of Li."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...answers.profile_result import Profile
from .labels import wrap
from .page import Keys, Page, ticked
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
    worded,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHTS: dict[Width, float] = {"one": 1.35, "two": 1.8}  # of a panel [in]
_LEFT = MARGIN + 0.44  # room for the numbers of the axis [in]
_HEAD, _BETWEEN = 0.22, 0.12  # above a panel, and between two [in]
_KEY = 0.15  # one line of the legend [in]
_SHADES = {"loose": 0.13, "strict": 0.18}  # of the windows, one over the other
_LEAST = 10.0  # an axis never spans less than this [meV/atom]
_BENDS = 1e-4  # a smaller deviation from a straight line is no kink [meV/atom]

_Curve = tuple[str, str, list[float]]  # name, colour, energies at the points


@styled
def profile_plot(profile: Profile, *, note: str = "", width: Width = "two") -> Figure:
    """Draw the mutual part and both self-decompositions against the potential.

    Two panels, because self-decomposition is often ten times the mutual part; zero, where nothing
    happens, is at the top of both.  Dots are kinks.
    """
    a, b = (reactant["input"] for reactant in profile.reactants)
    alone: list[_Curve] = []
    for side, colour in (("a", BLUE), ("b", ORANGE)):
        values = [getattr(point, f"self_{side}_eV_per_atom") for point in profile.points]
        if None not in values:
            alone.append((f"self-{side}", colour, [1000.0 * value for value in values]))
    mutual = ("mutual", GREEN, [1000.0 * point.mutual_eV_per_atom for point in profile.points])
    panels: list[tuple[str, list[_Curve]]] = [
        ("Mutual reaction, meV per atom of both", [mutual]),
        ("Each side alone, meV per atom of it", alone),
    ]
    if len(alone) < 2:
        del panels[0]  # beside Li metal there is no mutual part: a remark says so
    wide, height = WIDTHS[width] - _LEFT - MARGIN - 0.12, _HEIGHTS[width]
    left = MARGIN if width == "one" else _LEFT
    keys = _keys(profile, {BLUE: a, ORANGE: b}, alone, WIDTHS[width] - left - MARGIN - 0.36)
    body = len(panels) * (_HEAD + height + _BETWEEN) - _BETWEEN + 0.44
    page = Page(
        f"{a} | {b} {worded('open to Li')}",
        worded(
            "Reaction energies against the potential of a reservoir of Li; dots: the "
            "products change."
        ),
        width,
        body + _KEY * sum(len(lines) for _, lines in keys),
        profile.notes,
        note,
    )
    y = page.top
    for heading, curves in panels:
        page.text(_LEFT, y + _HEAD / 2, heading, BODY)
        axes = page.axes(_LEFT, y + _HEAD, wide, height)
        _panel(axes, profile, curves, last=curves is panels[-1][1])
        y += _HEAD + height + _BETWEEN

    def mark(key: str, y: float) -> None:
        if key.startswith("#"):
            page.rule([left, left + 0.26], [y, y], color=key, linewidth=1.6)
        for shade in [name for name in _SHADES if key in (name, "strict")]:
            page.box(left, y - 0.05, 0.26, 0.1, facecolor=MUTED, alpha=_SHADES[shade])

    page.legend(left, y - _BETWEEN + 0.46, keys, mark, 0.34, _KEY)
    return page.figure


def _panel(axes: Axes, profile: Profile, curves: list[_Curve], *, last: bool) -> None:
    volts = [point.potential_V for point in profile.points]
    lowest = min((min(energies) for _, _, energies in curves), default=0.0)
    axes.set(xlim=(volts[0], volts[-1]), ylim=(min(1.06 * lowest, -_LEAST), 0.0))
    ticked(axes, 8, 5)
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel(worded(VOLT_AXIS))
    axes.grid(True)
    # nothing happens at zero: the frame closes there, as a line the curves rest on
    axes.spines["top"].set_visible(True)
    windows = (profile.stable_window_10meV_V, profile.stable_window_V)
    for (name, alpha), found in zip(_SHADES.items(), windows, strict=True):
        for number, (low, high) in enumerate(found):
            axes.axvspan(low, high, color=MUTED, alpha=alpha, linewidth=0.0, gid=f"{name}-{number}")
    for name, colour, energies in curves:
        # rests on zero without being cut in half by the frame
        axes.plot(volts, energies, color=colour, linewidth=1.4, clip_on=False, gid=name, zorder=3)
        marked = [
            i for i, point in enumerate(profile.points)
            if point.is_kink and _bends(volts, energies, i)
        ]  # fmt: skip
        axes.plot(
            [volts[i] for i in marked], [energies[i] for i in marked], "o", color=colour,
            markersize=2.6, clip_on=False, gid=f"kinks-{name}", zorder=4,
        )  # fmt: skip


def _bends(volts: list[float], energies: list[float], i: int) -> bool:
    """Tell whether this curve has a kink here (the others may be the ones that do)."""
    if i in (0, len(volts) - 1):
        return False
    share = (volts[i] - volts[i - 1]) / (volts[i + 1] - volts[i - 1])
    chord = energies[i - 1] + share * (energies[i + 1] - energies[i - 1])
    return abs(energies[i] - chord) > _BENDS


def _keys(profile: Profile, names: dict[str, str], alone: list[_Curve], room: float) -> Keys:
    """Return colours or names of shades, and the lines that say what they mean."""
    keys = [
        (colour, f"{names[colour]} alone: {worded('decomposition, with Li taken up or given off')}")
        for _, colour, _ in alone
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
