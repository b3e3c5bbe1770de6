"""The models of the page: their panels, their cards, and those in memory."""

import functools
import re
import threading
from typing import Any

import seqzoo
from seqzoo.hub.names import is_hub, local_folder

MODELS_KEPT = 4  # in memory: those used last
_loading = threading.Lock()


def panel_of(info: Any) -> str | None:
    """The name of the panel for a model, None if there is none.

    A processor may have a panel of its own, such as a sheet to draw digits on.

    Args:
        info: The model's `seqzoo.ModelInfo`.
    """
    from seqzoo.processors import PROCESSORS
    from seqzoo.tasks import TASKS

    processor, task = PROCESSORS.get(info.processor), TASKS.get(info.task)
    panel: str | None = getattr(processor, "demo_panel", None)
    return panel or getattr(task, "demo_panel", None)


def panels(name: str | None = None) -> dict[str, str]:
    """The panel of every model to choose from, by the model's name.

    Args:
        name: One more model, which may be a folder or a Hub repository.

    Raises:
        UnknownModelError: A KeyError, if no model has the name.
        ValueError: If there is no panel for it, or no model at all.
    """
    names = [*seqzoo.list_models(), *([name] if name else [])]
    infos = {name: seqzoo.info(name) for name in dict.fromkeys(names)}
    panels = {name: panel for name in infos if (panel := panel_of(infos[name]))}
    if name and name not in panels:
        task, processor = infos[name].task, infos[name].processor
        raise ValueError(
            f"The page has no panel for {name}, a model for {task}"
            + (f" that reads with {processor}" if processor else "")
            + ". Use seqzoo run."
        )
    if not panels:
        raise ValueError("There is no trained model here. seqzoo train makes one.")
    return panels


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
    with _loading:  # two requests at once would load it twice
        return _loaded(name)


@functools.lru_cache(maxsize=MODELS_KEPT)
def _loaded(name: str) -> Any:
    return seqzoo.load(name)


def card(name: str) -> str:
    """A model's record and its limits, as Markdown."""
    rows = seqzoo.info(name).rows()
    if limits := _limits(name):
        rows.append(("limits", limits))
    lines = (f"- **{label.replace('_', ' ')}**: {text}" for label, text in rows)
    return "\n".join(lines)


def _limits(name: str) -> str:
    """The limits that the model's card states, or nothing."""
    if is_hub(name):
        return ""
    readme = local_folder(name) / "README.md"
    text = readme.read_text("utf-8") if readme.is_file() else ""
    limits = re.search(r"^## Limits\n+(.+?)\n(?:\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(limits[1].split()) if limits else ""
