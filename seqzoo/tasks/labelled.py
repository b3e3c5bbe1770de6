"""What all models share that answer with the names of classes."""

from typing import Any

from seqzoo.tasks.base import Task


class LabelledTask(Task):
    """Base class of models whose last layer `logits` has an output for each class.

    The Config has `num_classes`; the processor has `labels`, the classes' names, and
    `listed`, which tells one input from several.
    """

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """Another number of classes has fresh logits."""
        if key.startswith("logits/") and saved.num_classes != self.config.num_classes:
            return None
        return super().adapted_weight(key, array, shape, saved)

    def adapt_processor(self, saved: Any) -> None:
        """Classes that are new have no names yet: their numbers."""
        if saved.num_classes != self.config.num_classes:
            count = self.config.num_classes
            self.processor.labels = [f"class {i}" for i in range(count)]

    def listed(self, inputs: Any) -> tuple[list[Any], bool]:
        """The inputs as a list, and whether it was a single one.

        Raises:
            ValueError: If the model has no processor to read them.
        """
        if self.processor is None:
            raise ValueError(
                "This model has no processor, so it cannot read inputs. Load a trained "
                "model with seqzoo.load, or set model.processor."
            )
        return self.processor.listed(inputs)
