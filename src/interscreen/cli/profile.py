"""A contact over potentials, temperatures or pressures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .ask import NAMED, answer, drawn_into, material
from .command import Output, force_option, option, output_options, root, together, write_csv
from .electrode import ion_option
from .heat import Heat, heat_options
from .source import Choice, source_options

if TYPE_CHECKING:
    from ..answers.scan import Scan
    from ..phases.material import Material


profile_options = together(
    material("a", NAMED),
    material("b"),
    option("--from", "default 0 V vs Li/Li+", key="start", type=float, default=0.0, metavar="V"),
    option("--to", "default 5", key="end", type=float, default=5.0, metavar="V"),
    option("--step", "list points at this distance, too", type=float, metavar="V"),
)


@root.command("profile")
@material("a", NAMED)
@material("b")
@option(
    "--over",
    "potential (default), temperature, a gas: CO2; or both, for a map: temperature,CO2",
    default="potential",
    metavar="X",
)
@option(
    "--from", "default 0 V vs Li/Li+, 25C, 1e-6bar; of a map 25C,1e-6bar", key="start", metavar="V"
)
@option("--to", "default 5 V, 1000C, 1bar; of a map 1000C,1bar", key="end", metavar="V")
@option("--step", "over potentials: list points at this distance, too", type=float, metavar="V")
@option(
    "--out",
    "write profile.csv there, of potentials profile.png, .svg and .pdf, too; of a map phase_map.*",
    metavar="FOLDER",
)
@option("--potential", "over others: open the interface to Li at V", type=float, metavar="V")
@ion_option
@force_option
@heat_options
@source_options
@output_options
def profile(
    a: Material, b: Material, over: str, start: str | None, end: str | None, step: float | None,
    out: str | None, potential: float | None, ion: str, force: bool, heat: Heat, choice: Choice,
    output: Output,
) -> int:  # fmt: skip
    """Answer with the reactions of two materials over potentials, temperatures or pressures."""
    from ..report.text.profile import profile_text, scan_text

    if over != "potential":
        if step is not None:
            raise InputError("--step: goes with potentials only; leave it out")
        if ion != "Li":
            raise InputError("--ion: goes with a profile over potentials only; leave it out")
        if "," in over:
            return _phase_map(a, b, over, (start, end), out, potential, force, heat, choice, output)
        low, high = ("25C", "1000C") if over == "temperature" else ("1e-6bar", "1bar")

        def listed_points(found: Scan) -> None:
            if out:
                write_csv(found.to_frame(), str(Path(out) / "profile.csv"), force)
                output.say(f"wrote {Path(out) / 'profile.csv'}")

        return answer(
            choice,
            output,
            lambda db: heat.scan(db, a, b, over, start or low, end or high, potential_V=potential),
            scan_text,
            first=listed_points,
        )
    if potential is not None:
        raise InputError("--potential: a profile goes over it; say --over temperature with it")
    volts = _volts("--from", start, 0.0), _volts("--to", end, 5.0)

    return answer(
        choice,
        output,
        lambda db: heat.on(db).against(ion=ion).profile(a, b, *volts, step),
        profile_text,
        first=drawn_into(out, "profile", force, output),
    )


def _phase_map(
    a: Material, b: Material, over: str, ends: tuple[str | None, str | None], out: str | None,
    potential: float | None, force: bool, heat: Heat, choice: Choice, output: Output,
) -> int:  # fmt: skip
    """Answer with the regions of temperature and a gas in which the same happens."""
    from ..report.text.profile import phase_map_text

    if potential is not None:
        raise InputError("--potential: not over temperature and a gas; leave it out")

    return answer(
        choice,
        output,
        lambda db: heat.map(db, a, b, over, *ends),
        phase_map_text,
        first=drawn_into(
            out, "phase_map", force, output, regions=lambda found: found.regions_frame()
        ),
    )


def _volts(name: str, text: str | None, default: float) -> float:
    try:
        return default if text is None else float(text.strip().removesuffix("V"))
    except ValueError:
        raise InputError(
            f"{name} {text}: give a potential in V, or say --over temperature"
        ) from None
