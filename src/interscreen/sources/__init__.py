"""Sources of phases; each gives rows, one per structure (``rows.Rows``)."""

REFERENCE = "reference"
MATERIALS_PROJECT = "mp"
MATBENCH = "matbench"
NAMES = (REFERENCE, MATERIALS_PROJECT, MATBENCH)
