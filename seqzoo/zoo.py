"""Names to models.

A name says by its form what it is, nothing is guessed: a bare name is a model of the
zoo, a `Path` or a string that begins with `.`, `/` or `~` is a folder, and
`hf:owner/name[@revision]` is a Hub repository.
"""

import difflib
import fnmatch
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub import (
    Files,
    ModelInfo,
    describe,
    is_offline,
    read_bundled,
    read_folder,
    read_repo,
    resolve,
    restore,
    verify_folder,
)

if TYPE_CHECKING:
    from seqzoo.tasks.base import Task

Name = str | os.PathLike[str]
SOURCES = ("auto", "bundle", "cache", "hub")

_HUB_NAME = re.compile(r"hf:(?P<repo_id>[^@/]+/[^@/]+)(@(?P<revision>[^@]+))?")
_BARE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class UnknownModelError(KeyError):
    """No model has this name; the message names the nearest ones."""

    def __str__(self) -> str:
        return str(self.args[0])  # KeyError itself would show it in quotes


def list_models(
    pattern: str = "*", task: str | None = None, max_params: int | None = None
) -> list[str]:
    """Names of the trained models, sorted.

    Args:
        pattern: Shell wildcards, as in `"*_translate"`.
        task: Only models of this task, such as "translation".
        max_params: Only models of at most so many weights.

    Example:
        >>> list_models("no_such_model_*")
        []
    """
    root = bundle_folder()
    if not root.is_dir():
        return []
    names = sorted(
        path.name
        for path in root.iterdir()
        if (path / "config.json").is_file()
        and _BARE_NAME.fullmatch(path.name)
        and fnmatch.fnmatchcase(path.name, pattern)
    )
    if task is None and max_params is None:
        return names
    return [name for name in names if _is_wanted(info(name), task, max_params)]


def info(name: Name) -> ModelInfo:
    """What is known of a trained model, without Keras and, if it can be, its weights.

    Args:
        name: A name of the zoo, a folder, or `hf:owner/name[@revision]`.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.

    Example:
        >>> print(info("bilstm_attn_translate").task)  # doctest: +SKIP
        translation
    """
    described = describe(_label(name), _files(name, weights=False))
    if described.params is None:  # no record says it, the weights do
        described = describe(_label(name), _files(name))
    return described


def fetch(
    name: Name,
    *,
    revision: str | None = None,
    source: str = "auto",
    cache_dir: Name | None = None,
    local_files_only: bool | None = None,
) -> None:
    """Downloads and checks what `load` would read, and builds nothing.

    Args and errors are those of `load`.
    """
    _files(name, revision, source, cache_dir, local_files_only)


def load(
    name: Name,
    *,
    revision: str | None = None,
    source: str = "auto",
    cache_dir: Name | None = None,
    local_files_only: bool | None = None,
    dtype: Any = None,
    **config_overrides: Any,
) -> "Task":
    """A trained model: a built `keras.Model` with its `.processor` and its `.info`.

    Every file is checked against the sha256 that the model's manifest pins; a file
    whose hash is wrong is never loaded.

    Args:
        name: A name of the zoo; a folder (a `Path`, or a string that begins with `.`,
            `/` or `~`); or `hf:owner/name[@revision]`.
        revision: Branch, tag or commit of the model's Hub repository, instead of the
            one that this version of seqzoo pins.
        source: Where the bytes of a zoo name may be from: "auto" (the package's own
            bundle, then the Hub cache, then the Hub), "bundle", "cache" or "hub".
        cache_dir: The Hub cache; by default huggingface_hub's own.
        local_files_only: True keeps off the network, as `HF_HUB_OFFLINE=1` does.
        dtype: Keras dtype policy of the model, such as "bfloat16"; None is Keras's
            current one.
        **config_overrides: Fields of the model's Config to replace, such as
            `dropout=0.0`. A classifier's `num_classes` gives it a fresh last layer,
            an `image_size` resamples learned positions, and a Swin's `window_size` its
            biases; nothing else may change the shape of a weight.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        FileNotFoundError, ConnectionError, PermissionError: If a file is nowhere to
            be had.
        ValueError: If a file is damaged, or an argument does not fit.

    Example:
        >>> model = load("bilstm_attn_translate")  # doctest: +SKIP
        >>> model.translate("Two dogs play in the snow.")  # doctest: +SKIP
    """
    files = _files(name, revision, source, cache_dir, local_files_only)
    model = restore(files, config_overrides, dtype)
    model.info = describe(_label(name), files)
    return model


def build(name: Name, *, dtype: Any = None, **config_overrides: Any) -> "Task":
    """The architecture of a name with fresh weights, and its processor.

    Args:
        name: As for `load`.
        dtype: As for `load`.
        **config_overrides: Fields of the model's Config to replace.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        ValueError: If an override names no field or is invalid.
    """
    return restore(_files(name, weights=False), config_overrides, dtype, weights=False)


def verify(name: Name) -> list[tuple[str, bool]]:
    """Hashes every file of a model, in the bundle or the Hub cache, or of a folder.

    Args:
        name: A name of the zoo, or a folder.

    Returns:
        `(file, ok)` of each file that the manifest pins, the training record included.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        ValueError: For a Hub repository; `load` checks those as it reads.
    """
    if _is_bare(name):
        return verify_folder(_known(str(name)))
    if isinstance(name, str) and name.startswith("hf:"):
        raise ValueError(
            f"verify wants a name of the zoo or a folder. Received: {name!r}. Loading "
            "a Hub repository checks its files."
        )
    return verify_folder(Path(name).expanduser())


def bundle_folder() -> Path:
    """Where the trained models lie: `SEQZOO_WEIGHTS`, else the wheel's, the clone's."""
    if given := os.environ.get("SEQZOO_WEIGHTS"):
        return Path(given).expanduser()
    package = Path(__file__).resolve().parent
    inside = package / "weights"
    return inside if inside.is_dir() else package.parent / "weights"


def _files(
    name: Name,
    revision: str | None = None,
    source: str = "auto",
    cache_dir: Name | None = None,
    local_files_only: bool | None = None,
    weights: bool = True,
) -> Files:
    """The verified bytes of whatever `name` means."""
    if source not in SOURCES:
        raise ValueError(
            f"source must be one of {', '.join(SOURCES)}. Received: {source!r}."
        )
    cache = None if cache_dir is None else Path(cache_dir).expanduser()
    if isinstance(name, str) and name.startswith("hf:"):
        repo_id, revision = _hub_name(name, revision)
    elif not _is_bare(name):
        if revision is not None or source != "auto":
            raise ValueError(
                f"{_label(name)} is a folder: it has no revision and no other source. "
                f"Received: revision={revision!r}, source={source!r}."
            )
        return read_folder(Path(name).expanduser(), weights)
    else:
        folder = _known(str(name))
        if revision is None:
            return read_bundled(folder, source, cache, local_files_only, weights)
        # Another revision than the pinned one has its own manifest, on the Hub.
        pinned = info(name).repo_id
        if pinned is None:
            raise ValueError(
                f"The manifest of {name} names no Hub repository, so "
                f"revision={revision!r} cannot be looked up. Leave it out."
            )
        repo_id = pinned
    if source == "bundle":
        raise ValueError(
            f"source='bundle' has only what this seqzoo pins. Received: {name!r}, "
            f"revision={revision!r}. Use source='auto'."
        )
    offline = is_offline(local_files_only) or source == "cache"
    return read_repo(resolve(repo_id, revision, cache, offline), weights)


def _hub_name(name: str, revision: str | None) -> tuple[str, str | None]:
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


def _is_bare(name: Name) -> bool:
    """Whether `name` is neither a folder nor a Hub repository, by its form alone."""
    return isinstance(name, str) and not name.startswith((".", "/", "~", "hf:"))


def _label(name: Name) -> str:
    return name if isinstance(name, str) else os.fspath(name)


def _known(name: str) -> Path:
    """The bundle's folder of a zoo name."""
    folder = bundle_folder() / name
    if _BARE_NAME.fullmatch(name) and (folder / "config.json").is_file():
        return folder
    names = list_models()
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


def _is_wanted(found: ModelInfo, task: str | None, max_params: int | None) -> bool:
    return (task is None or found.task == task) and (
        max_params is None or (found.params is not None and found.params <= max_params)
    )
