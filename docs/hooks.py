"""Formulas for MkDocs, and the path of the modules that mkdocs.yml runs."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from builder import formulas


def on_config(config: Any) -> Any:
    """Makes a fence called `math` a formula."""
    fence = {"name": "math", "class": "formula", "format": formulas.fence}
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = [fence]
    return config


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Converts the formulas within lines."""
    return formulas.with_inline_formulas(html)
