"""Trained models by name: list, describe, load, build, verify and push them."""

import fnmatch
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqzoo.hub.build import build_model
from seqzoo.hub.info import ModelInfo, describe
from seqzoo.hub.names import (
    Name,
    UnknownModelError,
    bundle_folder,
    bundled_names,
    hub_name,
    is_bare,
    is_hub,
    local_folder,
)
from seqzoo.hub.origin import origin_of
from seqzoo.hub.push import push_folder, push_model
from seqzoo.hub.repo import is_offline, resolve
from seqzoo.hub.saved import parse
from seqzoo.hub.sources import (
    Files,
    read_bundled,
    read_folder,
    read_repo,
    verify_folder,
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
        max_params: Only models with at most this number of weights.

    Example:
        >>> list_models("no_such_model_*")
        []
    """
    names = [name for name in bundled_names() if fnmatch.fnmatchcase(name, pattern)]
    if task is not None:
        names = [name for name in names if info(name).task == task]
    if max_params is not None:
        sizes = {name: info(name).params for name in names}
        names = [name for name, size in sizes.items() if size and size <= max_params]
    return names


def info(name: Name) -> ModelInfo:
    """The record of a trained model, read without importing Keras.

    The weights are read only if the record does not say how many there are.

    Args:
        name: A name of the zoo, a folder, or `hf:owner/name[@revision]`.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.

    Example:
        >>> print(info("bilstm_attn_translate").task)  # doctest: +SKIP
        translation
    """
    record = describe(os.fspath(name), parse(_files(name, weights=False)))
    if record.params is None:
        record = describe(os.fspath(name), parse(_files(name)))
    return record


def fetch(
    name: Name,
    *,
    revision: str | None = None,
    source: str = "auto",
    cache_dir: Name | None = None,
    local_files_only: bool | None = None,
) -> None:
    """Downloads and verifies the files that `load` would read, and builds nothing.

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
    with a wrong hash is never loaded.

    Args:
        name: A name of the zoo; a folder (a `Path`, or a string that begins with `.`,
            `/` or `~`); or `hf:owner/name[@revision]`.
        revision: Branch, tag or commit of the model's Hub repository, instead of the
            commit that this version of seqzoo pins.
        source: Where to look for the files of a zoo name: "auto" (the package's own
            bundle, then the Hub cache, then the Hub), "bundle", "cache" or "hub".
        cache_dir: The Hub cache; by default huggingface_hub's own.
        local_files_only: True forbids the network, as `HF_HUB_OFFLINE=1` does.
        dtype: Keras dtype policy of the model, such as "bfloat16"; None is Keras's
            current one.
        **config_overrides: Fields of the model's Config to replace, such as
            `dropout=0.0`. Only these may change the shape of a weight: a classifier's
            `num_classes` gives it a fresh last layer, also where a checkpoint of
            transformers has none; `image_size` resamples learned
            positions; a Swin's `window_size` resamples its bias tables; a DETR's
            `num_queries` gives it fresh queries.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        FileNotFoundError, ConnectionError, PermissionError: If a file is missing or
            cannot be fetched.
        ValueError: If a file is damaged, or an argument does not fit.

    Example:
        >>> model = load("bilstm_attn_translate")  # doctest: +SKIP
        >>> model.translate("Two dogs play in the snow.")  # doctest: +SKIP
    """
    saved = parse(_files(name, revision, source, cache_dir, local_files_only))
    model = build_model(saved, config_overrides, dtype)
    model.info = describe(os.fspath(name), saved)
    # In __dict__, where Keras does not track it.
    model.__dict__["origin"] = origin_of(os.fspath(name), saved)
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
    saved = parse(_files(name, weights=False))
    return build_model(saved, config_overrides, dtype)


def verify(name: Name) -> list[tuple[str, bool]]:
    """Hashes every file of a model, in the bundle or the Hub cache, or of a folder.

    Args:
        name: A name of the zoo, or a folder.

    Returns:
        `(file, ok)` for each file that the manifest pins, with the training record.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        ValueError: For a Hub repository; `load` checks those as it reads.
    """
    if is_hub(name):
        raise ValueError(
            f"verify wants a name of the zoo or a folder. Received: {name!r}. Loading "
            "a Hub repository checks its files."
        )
    return verify_folder(local_folder(name))


def push(
    model_or_folder: "Task | Name",
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | None = None,
) -> str:
    """Uploads a model to a repository of the Hub, as one commit.

    The folder's own manifest is then pinned to that commit, so that `load` can fetch a
    file from there if the folder loses it. A second push of the same bytes makes no
    commit and changes nothing. An interrupted push can simply be repeated.

    Args:
        model_or_folder: A model of the zoo, or the name or folder of a saved one.
        repo_id: `owner/name`; created if it does not exist. Its other files stay, and
            so does its model card if the folder has none.
        private: Whether a new repository is visible to its owner only.
        token: A token with write permission; by default that of `hf auth login` or
            `HF_TOKEN`.

    Returns:
        `hf:owner/name@commit`, a name for `load`.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        FileNotFoundError: If the folder or a file in it is missing.
        PermissionError: Without a token, if the token may not write there, or if the
            folder is read-only.
        ConnectionError: If the Hub cannot be reached or the upload fails.
        ValueError: If `repo_id` is malformed, or a file does not match the folder's
            manifest.

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
    return push_folder(local_folder(model_or_folder), repo_id, private, token)


def _files(
    name: Name,
    revision: str | None = None,
    source: str = "auto",
    cache_dir: Name | None = None,
    local_files_only: bool | None = None,
    weights: bool = True,
) -> Files:
    """The verified files of the model that `name` means."""
    if source not in SOURCES:
        raise ValueError(
            f"source must be one of {', '.join(SOURCES)}. Received: {source!r}."
        )
    cache = None if cache_dir is None else Path(cache_dir).expanduser()
    repo_id = None
    if is_hub(name):
        repo_id, revision = hub_name(str(name), revision)
    elif is_bare(name):
        folder = local_folder(name)
        if revision is None:
            return read_bundled(folder, source, cache, local_files_only, weights)
        # Another revision than the pinned one has its own manifest, on the Hub.
        repo_id = info(name).repo_id
        if repo_id is None:
            raise ValueError(
                f"The manifest of {name} names no Hub repository, so "
                f"revision={revision!r} cannot be looked up. Leave it out."
            )
    else:
        if revision is not None or source != "auto":
            raise ValueError(
                f"{os.fspath(name)} is a folder: it has no revision and no other "
                f"source. Received: revision={revision!r}, source={source!r}."
            )
        return read_folder(local_folder(name), weights)
    if source == "bundle":
        raise ValueError(
            f"source='bundle' has only the revision that this seqzoo pins. Received: "
            f"{name!r}, revision={revision!r}. Use source='auto'."
        )
    offline = is_offline(local_files_only) or source == "cache"
    return read_repo(resolve(repo_id, revision, cache, offline), weights)
