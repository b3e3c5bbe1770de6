"""Characters to token ids and back."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from seqzoo.ops.types import Array
from seqzoo.processors.base import TextProcessor, check_text, read_file, write_file

FILE = "characters.json"
BOM = "\ufeff"  # marks the byte order at the start of a file; not part of its text
OTHER = "\ufffd"  # Unicode's replacement character


class CharacterProcessor(TextProcessor):
    """One token id for each character of an alphabet, in code-point order.

    Args:
        characters: The alphabet: different characters, at least one.
        unknown: The character of the alphabet that replaces any other; None refuses
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
            text: The text that the model is going to learn.
            max_characters: Largest alphabet. If the text has more characters, U+FFFD
                joins the alphabet and replaces the rarest.

        Raises:
            ValueError: If the text is empty.
        """
        text = check_text(text).removeprefix(BOM)
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

    def encode(self, text: str) -> Array:
        """The id of each character, int32 `(characters,)`.

        Raises:
            ValueError: If `text` is no str, or if it has a character outside the
                alphabet and `unknown` is None.
        """
        text = check_text(text)
        if BOM not in self._ids:
            text = text.removeprefix(BOM)
        others = sorted(set(text) - self._ids.keys())
        if not others:
            return np.array([self._ids[c] for c in text], "int32")
        if self.unknown is None:
            names = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in others[:5])
            raise ValueError(
                f"This model knows {self.vocab_size} characters, and not {names}. "
                f"Leave them out. It knows: {self.characters!r}"
            )
        unknown = self._ids[self.unknown]
        return np.array([self._ids.get(c, unknown) for c in text], "int32")

    def doubt(self, given: str) -> str:
        """Says which characters are replaced by `unknown`."""
        others = [c for c in dict.fromkeys(given) if c not in self._ids]
        if not others:
            return ""
        return f"The model does not know {', '.join(map(repr, others[:10]))}."

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids.

        Raises:
            ValueError: If an id is outside [0, vocab_size).
        """
        ids = [int(token_id) for token_id in ids]
        if wrong := [i for i in ids if not 0 <= i < self.vocab_size]:
            raise ValueError(
                f"Token ids must be in [0, {self.vocab_size}). Received: {wrong[0]}."
            )
        return "".join(self.characters[i] for i in ids)

    def save(self, folder: Path) -> None:
        """Writes `characters.json` into the folder, whole or not at all."""
        content = {"characters": self.characters, "unknown": self.unknown}
        write_file(folder, FILE, json.dumps(content) + "\n")

    @classmethod
    def load(cls, config: dict[str, Any], folder: Path) -> "CharacterProcessor":
        """The processor that `save` wrote.

        Raises:
            ValueError: If `characters.json` is missing or holds no alphabet.
        """
        need = "A character model needs its alphabet"
        path, text = read_file(folder, FILE, need)
        try:
            content = json.loads(text)
            return cls(content["characters"], content["unknown"], **config)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path} must hold an alphabet. Received: {error}. Fetch or save the "
                "model again."
            ) from error
