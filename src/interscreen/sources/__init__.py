"""Sources of phases; each gives rows, one per structure (``rows.Rows``)."""

EMBEDDED = "embedded"
REFERENCE = "reference"  # its former name, still understood
MATERIALS_PROJECT = "mp"
MATBENCH = "matbench"  # once pulled, now embedded
NAMES = (EMBEDDED, REFERENCE, MATERIALS_PROJECT, MATBENCH)
