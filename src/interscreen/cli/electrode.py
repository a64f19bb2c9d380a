"""The options for what moves, and for the negative electrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .command import gathered, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..database.database import Database
    from ..screen.study import Study

ion_option = option(
    "--ion", "what moves: Li (default), Na, K, Mg, Ca, Zn, Al", default="Li", metavar="X"
)


@dataclass(frozen=True)
class Moves:
    """The ion and the negative electrode as a command line names them."""

    ion: str | None
    anode: str | None

    def against(self, db: Database) -> Database:
        """Return a database with this electrode; as it is where none is named."""
        if self.ion is None and self.anode is None:
            return db
        return db.against(self.anode or "", ion=self.ion or "Li")

    def of_study(self, study: Study) -> Study:
        """Return a study with this electrode in place of its own."""
        from ..answers.anode import anode_parts
        from ..phases.electrode import Ion

        if self.ion is None and self.anode is None:
            return study
        ion = self.ion or study.ion
        anode = self.anode or (ion if self.ion else study.anode)
        metal = anode_parts(anode, Ion(ion)) == ("", 0.0)
        return study.model_copy(update={"ion": ion, "anode": ion if metal else anode})

    def element_sets(self, materials: Sequence[str]) -> list[frozenset[str]]:
        """Elements of some materials with the ion, and those that decide the anode's potential."""
        from ..answers.anode import elements_of_anode
        from ..phases.electrode import Ion
        from ..phases.material import elements_of

        ion = Ion(self.ion or "Li")
        asked = elements_of([*materials, ion.symbol], lithium=False)
        return list(dict.fromkeys([asked, elements_of_anode(self.anode or "", ion)]))


electrode_options = gathered(
    "moves",
    Moves,
    option("--ion", "what moves: Li (default), Na, K, Mg, Ca, Zn, Al", metavar="X"),
    option(
        "--anode",
        "negative electrode in place of the metal: LiIn (potential from the hull of the source), "
        "0.62V or LiIn@0.62V",
        metavar="A",
    ),
)
