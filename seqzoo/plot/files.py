"""The files of figures: their formats, and writing them whole or not at all."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from seqzoo.ops.extras import imported

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# None leaves out the metadata that changes from run to run.
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Creator": None, "Date": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None},
}


def checked_path(out: str | os.PathLike[str], html: bool = False) -> tuple[Path, str]:
    """The path of a figure and its format, checked before any work is done.

    Args:
        out: The file to write.
        html: Whether the figure can be a page, .html, too.

    Raises:
        ValueError: If the suffix is no known format, or the folder does not exist.
        ImportError: If matplotlib is needed and not installed.
    """
    path = Path(out)
    file_format = path.suffix.lower().removeprefix(".")
    known = [*METADATA, *(["html"] if html else [])]
    if file_format not in known:
        wanted = ", ".join(f".{suffix}" for suffix in known)
        raise ValueError(
            f"A figure's name must end in one of {wanted}. Received: {str(path)!r}."
        )
    if not path.parent.is_dir():
        raise ValueError(
            f"{path.parent} must be a folder that exists, to write {path.name} into it."
        )
    if file_format == "html":
        return path, file_format
    imported("A figure", "plot", "matplotlib")
    return path, file_format


def write_figure(figure: "Figure", path: Path, file_format: str) -> Path:
    """Writes the figure, cropped to its content, and returns the path."""
    import matplotlib

    with (
        _replacing(path) as temporary,
        matplotlib.rc_context({"svg.hashsalt": "seqzoo"}),
        warnings.catch_warnings(),
    ):
        # A character that the font lacks (an emoji) is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(
            temporary,
            format=file_format,
            dpi=150,
            bbox_inches="tight",
            pad_inches=0.08,
            metadata=METADATA[file_format],
        )
    return path


def write_page(page: str, path: Path) -> Path:
    """Writes the HTML page and returns the path."""
    with _replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    return path


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A temporary file that replaces `path` if no error occurs."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
