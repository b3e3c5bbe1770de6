"""Names of models: the form of a name alone decides what it means.

A bare name is a model of the zoo; a `Path`, or a string that begins with `.`, `/` or
`~`, is a folder; `hf:owner/name[@revision]` is a Hub repository.
"""

import difflib
import os
import re
from pathlib import Path

Name = str | os.PathLike[str]

_HUB_NAME = re.compile(r"hf:(?P<repo_id>[^@/]+/[^@/]+)(@(?P<revision>[^@]+))?")
_BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class UnknownModelError(KeyError):
    """No model has this name; the message lists similar names."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError itself would put it in quotes


def bundle_folder() -> Path:
    """The folder of the trained models: `SEQZOO_WEIGHTS`, the wheel's, the clone's."""
    if folder := os.environ.get("SEQZOO_WEIGHTS"):
        return Path(folder).expanduser()
    package = Path(__file__).resolve().parent.parent
    in_wheel = package / "weights"
    return in_wheel if in_wheel.is_dir() else package.parent / "weights"


def bundled_names() -> list[str]:
    """The names of the models in the bundle, sorted."""
    root = bundle_folder()
    if not root.is_dir():
        return []
    return sorted(path.name for path in root.iterdir() if _is_model(root, path.name))


def is_bare(name: Name) -> bool:
    """Whether `name` has the form of a zoo model's name."""
    return isinstance(name, str) and not name.startswith((".", "/", "~", "hf:"))


def is_hub(name: Name) -> bool:
    """Whether `name` has the form of a Hub repository's name."""
    return isinstance(name, str) and name.startswith("hf:")


def hub_name(name: str, revision: str | None) -> tuple[str, str | None]:
    """The repository and revision that `hf:owner/name[@revision]` names.

    Raises:
        UnknownModelError: If the name is malformed.
        ValueError: If both the name and `revision` give a revision.
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


def local_folder(name: Name) -> Path:
    """The folder that a name of the zoo, or of a folder, means.

    Raises:
        UnknownModelError: If no zoo model has this name; the message lists similar
            names.
    """
    if not isinstance(name, str) or not is_bare(name):
        return Path(name).expanduser()
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
