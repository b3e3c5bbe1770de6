"""What a name means: by its form, nothing is guessed.

A bare name is a model of the zoo, a `Path` or a string that begins with `.`, `/` or `~`
is a folder, and `hf:owner/name[@revision]` is a Hub repository.
"""

import difflib
import os
import re
from pathlib import Path

Name = str | os.PathLike[str]

_HUB_NAME = re.compile(r"hf:(?P<repo_id>[^@/]+/[^@/]+)(@(?P<revision>[^@]+))?")
_BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class UnknownModelError(KeyError):
    """No model has this name; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError itself would show it in quotes


def bundle_folder() -> Path:
    """Where the trained models lie: `SEQZOO_WEIGHTS`, else the wheel's, the clone's."""
    if given := os.environ.get("SEQZOO_WEIGHTS"):
        return Path(given).expanduser()
    package = Path(__file__).resolve().parent.parent
    inside = package / "weights"
    return inside if inside.is_dir() else package.parent / "weights"


def bundled_names() -> list[str]:
    """The names of the models in the bundle, sorted."""
    root = bundle_folder()
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if _is_model(root, path.name))


def is_bare(name: Name) -> bool:
    """Whether `name` is neither a folder nor a Hub repository, by its form alone."""
    return isinstance(name, str) and not name.startswith((".", "/", "~", "hf:"))


def is_hub(name: Name) -> bool:
    """Whether `name` is that of a Hub repository, by its form alone."""
    return isinstance(name, str) and name.startswith("hf:")


def label(name: Name) -> str:
    """The name as it is printed."""
    return name if isinstance(name, str) else os.fspath(name)


def hub_name(name: str, revision: str | None) -> tuple[str, str | None]:
    """The repository and revision that `hf:owner/name[@revision]` names.

    Raises:
        UnknownModelError: If it is not of that form.
        ValueError: If there is another revision in `revision`.
    """
    match = _HUB_NAME.fullmatch(name)
    if match is None:
        raise UnknownModelError(
            f"{name!r} is no Hub repository. Write hf:owner/name or "
            "hf:owner/name@revision."
        )
    if revision is not None and match["revision"] is not None:
        raise ValueError(
            f"Two revisions: {match['revision']!r} in the name and revision="
            f"{revision!r}. Give one."
        )
    return match["repo_id"], match["revision"] or revision


def bundled_folder(name: str) -> Path:
    """The bundle's folder of a bare name.

    Raises:
        UnknownModelError: If there is none; the message names the nearest ones.
    """
    root = bundle_folder()
    if _is_model(root, name):
        return root / name
    names = bundled_names()
    close = difflib.get_close_matches(name, names)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    if "/" in name:
        hint += f" (A Hub repository is written hf:{name}.)"
    if name and Path(name).is_dir():
        hint += f" (The folder is written ./{name}.)"
    raise UnknownModelError(
        f"No model is named {name!r}.{hint} "
        f"seqzoo.list_models() gives all {len(names)} names."
    )


def _is_model(root: Path, name: str) -> bool:
    return bool(_BARE_NAME.fullmatch(name)) and (root / name / "config.json").is_file()
