"""Libraries that only some features need, and the command that installs them."""

import importlib
import importlib.metadata
import re
from typing import Any


def imported(feature: str, extra: str, *modules: str) -> list[Any]:
    """The modules that a feature needs.

    Args:
        feature: What needs them, such as "BLEU".
        extra: The extra of this package that they belong to.
        *modules: Their names.

    Raises:
        ImportError: If one is missing; it says how to install what the extra needs.
    """
    try:
        return [importlib.import_module(module) for module in modules]
    except ImportError as error:
        names = " and ".join(dict.fromkeys(m.partition(".")[0] for m in modules))
        raise ImportError(
            f"{feature} needs {names}. Install: {install_line(extra)}"
        ) from error


def install_line(extra: str) -> str:
    """The command that installs what an extra of this package needs.

    It names the libraries themselves, so that it works wherever the package came from.
    """
    try:
        lines = importlib.metadata.requires("seqzoo") or []
    except importlib.metadata.PackageNotFoundError:  # a clone that is not installed
        lines = []
    needed = [
        line.partition(";")[0].strip()
        for line in lines
        if re.search(rf"extra == ['\"]{re.escape(extra)}['\"]", line)
    ]
    named = " ".join(f'"{library}"' for library in needed)
    return f"pip install {named}" if named else f'pip install ".[{extra}]" in a clone'
