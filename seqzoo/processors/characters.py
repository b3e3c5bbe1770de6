"""Characters to token ids and back, for models that write letter by letter."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

FILE = "characters.json"
OTHER = "\ufffd"  # Unicode's replacement character


class CharacterProcessor:
    """One token id for each character of an alphabet, in code-point order.

    Args:
        characters: The alphabet: different characters, at least one.
        unknown: The character of the alphabet that any other is read as; None refuses
            other characters.
    """

    def __init__(self, characters: str, unknown: str | None = None):
        if len(set(characters)) != len(characters) or not characters:
            raise ValueError(
                "`characters` must be different characters, at least one. "
                f"Received: {characters[:60]!r}"
            )
        if unknown is not None and unknown not in characters:
            raise ValueError(
                "`unknown` must be a character of the alphabet or None. "
                f"Received: unknown={unknown!r}"
            )
        self.characters = characters
        self.unknown = unknown
        self._ids = {character: i for i, character in enumerate(characters)}

    @classmethod
    def train(cls, text: str, max_characters: int = 512) -> "CharacterProcessor":
        """The alphabet of a text.

        Args:
            text: What the model is going to learn.
            max_characters: Of more characters the rarest are read as U+FFFD, which
                then joins the alphabet.

        Raises:
            ValueError: If the text is empty.
        """
        if not text:
            raise ValueError("The text is empty, so it has no alphabet.")
        counts = Counter(text)
        if len(counts) <= max_characters:
            return cls("".join(sorted(counts)))
        common = {character for character, _ in counts.most_common(max_characters - 1)}
        return cls("".join(sorted(common | {OTHER})), OTHER)

    @property
    def vocab_size(self) -> int:
        """Number of token ids."""
        return len(self.characters)

    def encode(self, text: str) -> np.ndarray[Any, Any]:
        """The id of each character, int32 `(characters,)`.

        Raises:
            ValueError: If `text` is no str, or has a character outside the alphabet
                and there is no unknown one.
        """
        if not isinstance(text, str):
            raise ValueError(
                f"A text must be a str. Received: {text!r} of type "
                f"{type(text).__name__}. Decode bytes."
            )
        if self.unknown is None:
            strange = sorted(set(text) - self._ids.keys())
            if strange:
                shown = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in strange[:5])
                raise ValueError(
                    f"This model knows {self.vocab_size} characters, and not {shown}. "
                    f"Leave them out. It knows: {self.characters!r}"
                )
            ids = [self._ids[character] for character in text]
        else:
            other = self._ids[self.unknown]
            ids = [self._ids.get(character, other) for character in text]
        return np.array(ids, "int32")

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids.

        Raises:
            ValueError: If an id is outside [0, vocab_size).
        """
        numbers = [int(token_id) for token_id in ids]
        if wrong := [n for n in numbers if not 0 <= n < self.vocab_size]:
            raise ValueError(
                f"Token ids must be in [0, {self.vocab_size}). Received: {wrong[0]}."
            )
        return "".join(self.characters[n] for n in numbers)

    def get_config(self) -> dict[str, Any]:
        """Plain JSON: everything but the alphabet, which `save` writes."""
        return {}

    def save(self, folder: Path) -> None:
        """Writes `characters.json` into the folder, whole or not at all."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f"{FILE}.tmp"
        content = {"characters": self.characters, "unknown": self.unknown}
        temporary.write_text(json.dumps(content) + "\n", encoding="utf-8")
        os.replace(temporary, folder / FILE)

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "CharacterProcessor":
        """The processor that `save` wrote.

        Raises:
            ValueError: If `characters.json` is missing or holds no alphabet.
        """
        path = Path(folder) / FILE
        if not path.is_file():
            raise ValueError(
                f"A character model needs its alphabet, {path}, which does not exist. "
                "Save the model again with seqzoo.save."
            )
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            return cls(content["characters"], content["unknown"], **config)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} must hold an alphabet. Received: {error}. Fetch or save the "
                "model again."
            ) from error
