"""What `seqzoo run` prints for each task: a generator of lines, one function a task."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any


def json_text(value: Any, indent: int | None = None) -> str:
    """The value as JSON that keeps umlauts; what JSON lacks becomes text."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=str)


def _translate(
    model: Any,
    texts: list[str],
    *,
    as_json: bool,
    attention: bool = False,
    beam_size: int = 5,
    length_penalty: float = 1.0,
    n_best: int = 1,
) -> Iterator[str]:
    """A line for each translation; with --json, one for each text."""
    if attention and not as_json:
        raise ValueError("--attention needs --json: the weights are numbers.")
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


def _generate(
    model: Any,
    texts: list[str],
    *,
    as_json: bool,
    max_new_tokens: int = 256,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | None = None,
) -> Iterator[str]:
    """Each prompt and how it goes on; with --json, one line for each prompt."""
    for text in texts:
        settings = (max_new_tokens, temperature, top_k, top_p, seed)
        continuation = model.generate(text, *settings)
        if as_json:
            yield json_text({"prompt": text, "continuation": continuation})
        else:
            yield text + continuation


def _classify(
    model: Any, inputs: list[str], *, as_json: bool, top: int = 1
) -> Iterator[str]:
    """The labels of each file and their probabilities, on one line."""
    for path in inputs:
        found = model.classify(path, top=top)
        predictions = found if isinstance(found, list) else [found]
        if as_json:
            answers = [
                {"label": each.label, "probability": each.probability}
                for each in predictions
            ]
            yield json_text({"input": path, "predictions": answers})
        else:
            yield "  ".join(f"{p.label} {p.probability:.4f}" for p in predictions)


def _detect(
    model: Any, inputs: list[str], *, as_json: bool, threshold: float = 0.5
) -> Iterator[str]:
    """A line for each object: label, score, x0, y0, x1, y1 and its file, with tabs."""
    for path in inputs:
        found = model.detect(path, threshold=threshold)
        objects = [
            {"label": label, "score": float(score), "box_xyxy": list(map(float, box))}
            for label, score, box in zip(
                found.labels, found.scores, found.boxes_xyxy, strict=True
            )
        ]
        if as_json:
            yield json_text({"input": path, "objects": objects})
            continue
        for each in objects:
            box = "\t".join(f"{value:.1f}" for value in each["box_xyxy"])
            yield f"{each['label']}\t{each['score']:.4f}\t{box}\t{path}"


# What `seqzoo run` does for each task.
PRINTERS: dict[str, Callable[..., Iterator[str]]] = {
    "image-classification": _classify,
    "object-detection": _detect,
    "sequence-classification": _classify,
    "text-generation": _generate,
    "translation": _translate,
}


def printer(
    model: Any, options: Mapping[str, Any]
) -> Callable[[Any, list[str]], Iterator[str]]:
    """The function that prints this model's answers to a list of texts.

    Args:
        model: What was loaded.
        options: What the command line says, by name; None where it says nothing.

    Raises:
        ValueError: If no function is known for the model's task, or an option is not
            for it.
    """
    if model.task not in PRINTERS:
        raise ValueError(
            f"`seqzoo run` knows {', '.join(PRINTERS)}. Received: a model for "
            f"{model.task}. Load it in Python with seqzoo.load."
        )
    answer = PRINTERS[model.task]
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in inspect.signature(answer).parameters:
            raise ValueError(
                f"--{name.replace('_', '-')} is not for {model.task}, which this model "
                "does. Leave it out."
            )
    return lambda model, texts: answer(model, texts, **given)
