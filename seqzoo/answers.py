"""What `seqzoo run` prints for each task: a generator of lines, one function a task."""

import json
from collections.abc import Callable, Iterator
from typing import Any


def json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON that keeps umlauts; what JSON lacks becomes text."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def _translate(
    model: Any,
    texts: list[str],
    *,
    as_json: bool,
    attention: bool,
    beam_size: int,
    length_penalty: float,
    n_best: int,
) -> Iterator[str]:
    """A line for each translation; with --json, one for each text."""
    options = {"beam_size": beam_size, "length_penalty": length_penalty}
    if n_best == 1 and not as_json:
        # A translation is one line, whatever the model makes of its input.
        yield from (" ".join(t.split()) for t in model.translate(texts, **options))
        return
    answers = model.translate(texts, n_best=n_best, return_attention=True, **options)
    for text, best in zip(texts, answers, strict=True):
        translations = best if isinstance(best, list) else [best]
        if not as_json:
            for translation in translations:
                yield f"{translation.score:.4f}\t{' '.join(translation.text.split())}"
            continue
        yield json_text(
            {
                "input": text,
                "translations": [
                    {"text": t.text, "score": float(t.score)}
                    | (_alignment(t) if attention else {})
                    for t in translations
                ],
            }
        )


def _alignment(translation: Any) -> dict[str, Any]:
    if translation.attention is None:
        raise ValueError("--attention: this model has no attention. Leave it out.")
    return {
        "source_tokens": list(translation.source_tokens),
        "target_tokens": list(translation.target_tokens),
        "attention": [
            [round(float(w), 6) for w in row] for row in translation.attention
        ],
    }


# What `seqzoo run` does for each task.
PRINTERS: dict[str, Callable[..., Iterator[str]]] = {"translation": _translate}


def printer(model: Any) -> Callable[..., Iterator[str]]:
    """The function that prints this model's answers.

    It takes the model, a list of texts and the options of `seqzoo run`.

    Raises:
        ValueError: If no function is known for the model's task.
    """
    if model.task not in PRINTERS:
        raise ValueError(
            f"`seqzoo run` knows {', '.join(PRINTERS)}. Received: a model for "
            f"{model.task}. Load it in Python with seqzoo.load."
        )
    return PRINTERS[model.task]
