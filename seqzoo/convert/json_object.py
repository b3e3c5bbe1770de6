"""JSON files of models, which anybody may have written."""

import json
from typing import Any


def parse_object(data: bytes, where: str) -> dict[str, Any]:
    """The JSON object in `data`.

    Args:
        data: The contents of the file.
        where: The file, as errors name it.

    Raises:
        ValueError: If `data` is not JSON, or not an object.
    """
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{where} is not JSON: {error}. Fetch or save it again."
        ) from None
    if not isinstance(values, dict):
        raise ValueError(
            f"{where} must hold a JSON object. Received: a {type(values).__name__}."
        )
    return values
