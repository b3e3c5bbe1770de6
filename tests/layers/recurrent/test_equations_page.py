"""docs/equations.md leads from each cell's equations to the file of its class."""

import inspect
import re
from pathlib import Path

import pytest

from seqzoo.layers import CELLS, TIMED_CELLS, ZoneoutCell

PAGE = Path(__file__).parents[3] / "docs" / "equations.md"
CLASSES = {**CELLS, **TIMED_CELLS, "zoneout": ZoneoutCell}
_, *PARTS = re.split(
    r"^### `(.+)`$", PAGE.read_text("utf-8").split("## Cells\n")[1], flags=re.MULTILINE
)
SECTIONS = dict(zip(PARTS[::2], PARTS[1::2], strict=True))


@pytest.mark.parametrize("name", SECTIONS)
def test_the_section_of_a_cell_links_to_its_code(name):
    links = re.findall(r"\]\(([^)]+\.py)\)", SECTIONS[name])
    source = Path(inspect.getsourcefile(CLASSES[name]))
    assert source in [(PAGE.parent / link).resolve() for link in links]
