"""Names to models; `seqzoo.hub.names` says what a name means."""

import fnmatch
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub import (
    Files,
    ModelInfo,
    describe,
    is_offline,
    push_folder,
    push_model,
    read_bundled,
    read_folder,
    read_repo,
    resolve,
    restore,
    verify_folder,
)
from seqzoo.hub.names import (
    Name,
    UnknownModelError,
    bundle_folder,
    bundled_folder,
    bundled_names,
    hub_name,
    is_bare,
    is_hub,
    label,
)

if TYPE_CHECKING:
    from seqzoo.tasks.base import Task

__all__ = [
    "UnknownModelError",
    "build",
    "bundle_folder",
    "fetch",
    "info",
    "list_models",
    "load",
    "push",
    "verify",
]

SOURCES = ("auto", "bundle", "cache", "hub")


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
    names = [name for name in bundled_names() if fnmatch.fnmatchcase(name, pattern)]
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
    described = describe(label(name), _files(name, weights=False))
    if described.params is None:  # no record says it, the weights do
        described = describe(label(name), _files(name))
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
            an `image_size` resamples learned positions, a Swin's `window_size` its
            biases, and a DETR's `num_queries` are fresh; nothing else may change the
            shape of a weight.

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
    model.info = describe(label(name), files)
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
    if is_bare(name):
        return verify_folder(bundled_folder(str(name)))
    if is_hub(name):
        raise ValueError(
            f"verify wants a name of the zoo or a folder. Received: {name!r}. Loading "
            "a Hub repository checks its files."
        )
    return verify_folder(Path(name).expanduser())


def push(
    model_or_folder: "Task | Name",
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | None = None,
) -> str:
    """Uploads a model to a repository of the Hub, as one commit.

    The folder's own manifest is then pinned to that commit, so that `load` finds there
    what the folder may lose. A second push of the same bytes makes no commit and
    changes nothing; a push that was interrupted is simply repeated.

    Args:
        model_or_folder: A model of the zoo, or the name or folder of a saved one.
        repo_id: `owner/name`; made if there is none. Files of other kinds in it are
            kept, and so is a model card if there is none to replace it.
        private: Whether a repository that is made is for its owner only.
        token: A token with write permission; by default that of `hf auth login` or
            `HF_TOKEN`.

    Returns:
        `hf:owner/name@commit`, which `load` takes.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        PermissionError: Without a token, or if it may not write there.
        ConnectionError: If the Hub cannot be reached or does not take it.
        ValueError: If `repo_id` is of another form, or a file is not what the folder's
            manifest pins.

    Example:
        >>> push("./my_model", "me/my_model")  # doctest: +SKIP
    """
    if not isinstance(model_or_folder, str | os.PathLike):
        return push_model(model_or_folder, repo_id, private, token)
    if is_hub(model_or_folder):
        raise ValueError(
            "push wants a model, a name of the zoo or a folder. Received: "
            f"{model_or_folder!r}, which is on the Hub already."
        )
    folder = (
        bundled_folder(str(model_or_folder))
        if is_bare(model_or_folder)
        else Path(model_or_folder).expanduser()
    )
    return push_folder(folder, repo_id, private, token)


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
    if is_hub(name):
        repo_id, revision = hub_name(str(name), revision)
    elif not is_bare(name):
        if revision is not None or source != "auto":
            raise ValueError(
                f"{label(name)} is a folder: it has no revision and no other source. "
                f"Received: revision={revision!r}, source={source!r}."
            )
        return read_folder(Path(name).expanduser(), weights)
    else:
        folder = bundled_folder(str(name))
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


def _is_wanted(found: ModelInfo, task: str | None, max_params: int | None) -> bool:
    return (task is None or found.task == task) and (
        max_params is None or (found.params is not None and found.params <= max_params)
    )
