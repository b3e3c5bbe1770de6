"""The models of the page: which there are, what is said of them, the ones in memory."""

import functools
import re
import threading
from pathlib import Path
from typing import Any

import seqzoo
from seqzoo.hub.names import bundle_folder, is_bare, is_hub

MODELS_KEPT = 4  # the last ones that were used
_loading = threading.Lock()


def panel_of(info: Any) -> str | None:
    """The name of the panel for a model, None if there is none.

    Its processor may have a panel of its own, such as a sheet to draw digits on.

    Args:
        info: The model's `seqzoo.ModelInfo`.
    """
    from seqzoo.processors import PROCESSORS
    from seqzoo.tasks import TASKS

    classes = (PROCESSORS.get(info.processor), TASKS.get(info.task))
    return next(filter(None, (getattr(c, "demo_panel", None) for c in classes)), None)


def panels(name: str | None = None) -> dict[str, str]:
    """The panel of every model to choose from, by the model's name.

    Args:
        name: One more, which may be a folder or a Hub repository.

    Raises:
        UnknownModelError: A KeyError, if no model has the name.
        ValueError: If there is no panel for it, or no model at all.
    """
    found = {}
    for each in dict.fromkeys([*seqzoo.list_models(), *([name] if name else [])]):
        info = seqzoo.info(each)
        if panel := panel_of(info):
            found[each] = panel
        elif each == name:
            raise ValueError(
                f"The page has nothing to show for {name}, a model for {info.task}"
                + (f" that reads with {info.processor}" if info.processor else "")
                + ". Use seqzoo run."
            )
    if not found:
        raise ValueError("There is no trained model here. seqzoo train makes one.")
    return found


def first(panels: dict[str, str]) -> str:
    """The model that the page begins with: a translator, if there is one."""
    translators = [name for name, panel in panels.items() if panel == "translation"]
    return [*translators, *panels][0]


def model(name: str) -> Any:
    """The trained model, loaded if it is not in memory.

    Raises:
        UnknownModelError: A KeyError, if no model has this name.
        OSError, ValueError: If it cannot be loaded.
    """
    with _loading:  # two at once would load it twice
        return _loaded(name)


@functools.lru_cache(maxsize=MODELS_KEPT)
def _loaded(name: str) -> Any:
    return seqzoo.load(name)


def card(name: str) -> str:
    """What is known of a model, as Markdown: scores, data, limits, licence."""
    info = seqzoo.info(name)
    size = "" if info.params is None else f", {info.params:,} parameters"
    task = f"{info.task}, {info.class_name}{size}"
    rows: list[tuple[str, str | None]] = [("task", task)]
    for metric, record in info.metrics.items():
        on = [record["split"]] if record.get("split") else []
        if record.get("examples"):
            on.append(f"{record['examples']:,} examples")
        value = f"{record['value']:.4g} {record.get('unit') or ''}".strip()
        rows.append((metric.replace("_", " "), f"{value} ({', '.join(on)})"))
    rows += [("paper", info.paper), ("data", info.data), ("limits", _limits(name))]
    rows.append(("licence", info.licence))
    return "\n".join(f"- **{label}**: {text}" for label, text in rows if text)


def _limits(name: str) -> str | None:
    """What the model's card says that it cannot do."""
    if is_hub(name):
        return None
    folder = bundle_folder() / name if is_bare(name) else Path(name).expanduser()
    readme = folder / "README.md"
    text = readme.read_text("utf-8") if readme.is_file() else ""
    found = re.search(r"^## Limits\n+(.+?)\n(?:\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else None
