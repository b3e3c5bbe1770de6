"""What seqzoo knows about one family of checkpoints."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from seqzoo.convert.rules import Rule
from seqzoo.convert.settings import Settings, parse_object

if TYPE_CHECKING:
    from seqzoo.ops.types import Array

GENERATION = "generation_config.json"  # `Family.spec` adds it to the settings
# pattern -> replacement, as `re.sub` takes them
Renamed = Mapping[str, str | Callable[[re.Match[str]], str]]


@dataclass(frozen=True)
class Family:
    """How checkpoints of one `model_type` become models of ours.

    transformers 4 and 5 name the same tensors differently, and files hold either names.
    Rules use the names of transformers 5; `renamed` turns the older ones into these.
    """

    class_name: str  # of our model
    task: str  # of that class; it stands here so that `info` need not import Keras
    # config.json, the checkpoint as errors name it -> the fields of our Config
    config: Callable[[Settings, str], dict[str, Any]]
    # config.json, the checkpoint's files, the checkpoint -> our `processor`, or None
    processor: Callable[[Settings, Mapping[str, bytes], str], dict[str, Any] | None]
    # our Config -> each of our weights, and what it is made from
    rules: Callable[[Any], Iterator[Rule]]
    files: tuple[str, ...] = ()  # what the processor reads; patterns as of a shell
    renamed: Renamed = field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # patterns of tensors that our model does not use
    prefix: str = ""  # of the tensors below a head; a headless checkpoint lacks it
    head: str = ""  # prefix of the head's tensors
    our_head: str = ""  # prefix of our keys for them
    # config.json, the checkpoint -> the family of this checkpoint, if its head or
    # another setting decides about other fields
    variant: "Callable[[Settings, str], Family] | None" = None

    def spec(
        self, settings: Settings, files: Mapping[str, bytes], where: str
    ) -> dict[str, Any]:
        """What our own `config.json` would say of a checkpoint.

        Args:
            settings: The checkpoint's `config.json`.
            files: Its other files by name, without the tensors.
            where: The checkpoint, as errors name it.

        Raises:
            ValueError: If a setting has a value for which our model would not be exact.
        """
        try:
            if GENERATION in files:
                given = parse_object(files[GENERATION], f"{GENERATION} of {where}")
                settings = {**settings, GENERATION: given}
            return {
                "class": self.class_name,
                "task": self.task,
                "config": self.config(settings, where),
                "processor": self.processor(settings, files, where),
            }
        except ValueError as error:
            if where in str(error):
                raise
            raise ValueError(f"{where}: {error}. Fetch it again.") from error
        except (TypeError, AttributeError, LookupError, ArithmeticError) as error:
            raise ValueError(
                f"The config.json or the preprocessor of {where} has a setting of "
                f"another type than transformers writes ({error}). Fetch it again."
            ) from error

    def full_names(self, names: Iterable[str]) -> dict[str, str]:
        """The tensors' names in a file -> in a checkpoint with its head."""
        names = list(names)
        known = tuple(filter(None, (self.prefix, self.head)))
        has_prefix = any(name.startswith(known) for name in names)
        prefix = "" if has_prefix else self.prefix
        return {name: prefix + name for name in names}

    def weights(
        self,
        readers: Mapping[str, Callable[[], "Array"]],
        config: Any,
        fresh_head: bool,
        where: str,
    ) -> dict[str, Callable[[], "Array"]]:
        """Functions that make our weights, by key; each reads its tensors when called.

        Args:
            readers: Functions that read the tensors, by name, without ignored ones.
            config: The Config of our model.
            fresh_head: Whether a checkpoint without a head will do.
            where: The checkpoint, as errors name it.

        Raises:
            ValueError: If a tensor is missing, or no rule uses it.
        """
        names = {self._new_name(name): name for name in readers}
        rules = dict(self.rules(config))
        if self.head and not any(name.startswith(self.head) for name in names):
            if not fresh_head:
                raise ValueError(
                    f"{where} has no head: it is a {self.class_name} without its last "
                    "layer. Pass num_classes for a fresh one, and train it."
                )
            rules = {
                key: rule
                for key, rule in rules.items()
                if not key.startswith(self.our_head)
            }
        wanted = {name for sources, _ in rules.values() for name in sources}
        problems = [f"missing {name}" for name in sorted(wanted - names.keys())]
        problems += [f"unknown {names[name]}" for name in sorted(names.keys() - wanted)]
        if problems:
            raise ValueError(
                f"The tensors of {where} do not fit its config.json: "
                f"{'; '.join(problems[:8])}{' and more' if len(problems) > 8 else ''}. "
                f"seqzoo reads {self.class_name} checkpoints with their heads; another "
                "head or another kind of checkpoint does not fit."
            )

        def weight(sources: tuple[str, ...], make: Callable[..., "Array"]) -> "Array":
            return make(*(readers[names[name]]() for name in sources))

        return {key: partial(weight, *rule) for key, rule in rules.items()}

    def without(self, *patterns: str) -> "Family":
        """The family of checkpoints whose tensors of these patterns are not used."""
        return replace(self, ignored=(*self.ignored, *patterns), variant=None)

    def is_ignored(self, name: str) -> bool:
        """Whether our model does not use the tensor of this name."""
        return any(re.search(pattern, name) for pattern in self.ignored)

    def _new_name(self, name: str) -> str:
        for pattern, replacement in self.renamed.items():
            name = re.sub(pattern, replacement, name)
        return name
