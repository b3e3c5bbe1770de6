"""Numbers within sentences, from the records of training runs and benchmarks.

    It reaches 79.52<!-- fact: vit_patch_cifar10 accuracy .2f --> %.

A mark stands behind the number that it writes: a trained model and one of its metrics,
or a dotted path into its `metrics.json`, and Python's format of the number. A source
`results/NAME` is `benchmarks/results/NAME.json`.
"""

import functools
import json
import re
from typing import Any

from builder.records import RESULTS, WEIGHTS

FACT = re.compile(r"[\d,.]*\d(?=\s*<!-- fact: (\S+) (\S+) (\S+) -->)")


def with_facts(text: str) -> str:
    """The text with each marked number as its record has it now."""
    return FACT.sub(lambda mark: format(value(mark[1], mark[2]), mark[3]), text)


def value(source: str, path: str) -> Any:
    """The number that a mark names.

    Raises:
        KeyError: If the record has no such entry.
    """
    entry = _record(source)
    if path in entry.get("metrics", {}):
        return entry["metrics"][path]["value"]
    for key in path.split("."):
        entry = entry[int(key) if isinstance(entry, list) else key]
    return entry


@functools.cache
def _record(source: str) -> Any:
    if source.startswith("results/"):
        path = RESULTS / f"{source.removeprefix('results/')}.json"
    else:
        path = WEIGHTS / source / "metrics.json"
    return json.loads(path.read_text("utf-8"))
