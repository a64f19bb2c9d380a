"""YAML 1.2 with line numbers: a bare NO stays text, a repeated key is an error."""

from __future__ import annotations

from typing import Any

from .errors import InputError


def load_yaml(text: str, where: str) -> Any:
    """Read a YAML document; mappings and lists keep their line numbers (``.lc``).

    Raises
    ------
    InputError
        When the text is not YAML; the message holds file, line and column.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = (error.problem or str(error)).strip().splitlines()[0]
        raise InputError(f"{where}{place}: not readable as YAML ({problem})") from None
    except YAMLError as error:
        raise InputError(
            f"{where}: not readable as YAML ({str(error).strip().splitlines()[0]})"
        ) from None
