"""The base class of all models: a `keras.Model` that one frozen Config describes."""

import dataclasses
import functools
import os
from collections.abc import (
    Callable,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import Any, ClassVar

import keras
from keras import tree

from seqzoo.ops.compilation import as_graph, compile_for
from seqzoo.samples import sample
from seqzoo.tasks.persistence import (
    extras,
    plain_config,
    plain_value,
    rebuilt,
    restored,
    with_plain_values,
)

# The names of states that training carries from batch to batch begin so.
CARRIED = "carried_"


@dataclasses.dataclass
class GraphIdentity:
    """What a graph of a model holds for ever, besides the values of its weights.

    Attributes:
        identities: The ids of the weights, and of the layers with their attributes.
        parts: The objects that have these ids: the id of a dead object may return.
    """

    identities: list[Any] = dataclasses.field(default_factory=list)
    parts: list[Any] = dataclasses.field(default_factory=list, compare=False)


def graph_identity(model: "Task") -> GraphIdentity:
    """The `GraphIdentity` of a model as it is now."""
    parts: list[Any] = [model.config, *model.weights]
    identities: list[Any] = [keras.config.floatx(), *map(id, parts)]
    for layer in model._flatten_layers(include_self=False):
        parts.append(layer)
        identities += id(layer), layer.dtype_policy.name
        for name, value in vars(layer).items():
            if name.startswith("_") or name == "built":
                continue
            if isinstance(value, int | float | str):
                identities += name, value
            elif value is None or callable(value):
                parts.append(value)
                identities += name, id(value)
    return GraphIdentity(identities, parts)


class Task(keras.Model):
    """A `keras.Model` that is rebuilt from its Config and answers one task's verb.

    The class of a task states every fact about the task. The command line, the demo,
    the figures, the model cards and the tables read them here.

    Subclasses name their frozen dataclass in `Config`, make their layers in
    `__init__` from `self.config`, give every layer `name=` equal to its attribute, so
    that `variables_by_key` is the same in every process, and build all of them in
    `build`.

    Args:
        config: An instance of the class's `Config`.
        name: Name of the Keras model; the class name in snake case by default.
    """

    task: ClassVar[str]  # such as "translation"
    verb: ClassVar[str]  # name of the method; `seqzoo run` offers its arguments
    hub_task: ClassVar[str | None] = None  # the Hub's own name of the task
    # Metrics that a model is known by, as in its record. Empty: all in the record.
    headline_metrics: ClassVar[tuple[str, ...]] = ()
    headline_format: ClassVar[str] = "{:.2f} %"
    figure: ClassVar[str] = "training"  # what `seqzoo plot` draws without --kind
    demo_panel: ClassVar[str | None] = None  # the part of the demo's page
    examples: ClassVar[tuple[str, ...]] = ()  # texts for the verb
    # Python that uses `model`, for `format` with example, image or threshold.
    usage: ClassVar[str]
    Config: ClassVar[type]

    def __init_subclass__(cls, **options: Any) -> None:
        """Registers the class, so that Keras can load its saved models."""
        super().__init_subclass__(**options)
        package = cls.__module__.split(".")[0]
        keras.saving.register_keras_serializable(package)(cls)

    def __init__(self, config: Any, name: str | None = None):
        super().__init__(name=name)
        if not isinstance(config, self.Config):
            raise ValueError(
                f"{type(self).__name__} wants a {self.Config.__name__}. "
                f"Received: config={config!r}. Write "
                f"{type(self).__name__}({self.Config.__name__}(...))."
            )
        self.config: Any = with_plain_values(config)
        self.processor: Any = None
        self.info: Any = None
        # In __dict__, where Keras does not track it.
        self.__dict__["compiled_functions"] = {}
        self.__dict__["graph_identity"] = GraphIdentity()
        self.__dict__["process_id"] = os.getpid()

    @classmethod
    def headline(cls, metrics: Mapping[str, Mapping[str, Any]]) -> str:
        """The score that a model is known by, such as "1.47 nats a character".

        Args:
            metrics: Of the model's record, `{name: {"value": ...}}`.
        """
        if not cls.headline_metrics:
            values = (metric["value"] for metric in metrics.values())
            return " / ".join(cls.headline_format.format(value) for value in values)
        if not metrics.keys() >= set(cls.headline_metrics):  # of a model of one's own
            if not metrics:
                return ""
            name = cls.main_metric(metrics)
            unit = metrics[name].get("unit", "")
            return f"{name} {metrics[name]['value']:.2f} {unit}".rstrip()
        values = (metrics[name]["value"] for name in cls.headline_metrics)
        return cls.headline_format.format(*values)

    @classmethod
    def main_metric(cls, metrics: Mapping[str, Any]) -> str:
        """The name of the first headline metric, or else of the record's first."""
        return next(
            name for name in (*cls.headline_metrics, *metrics) if name in metrics
        )

    @classmethod
    def answers(
        cls, model: Any, inputs: Sequence[str], as_json: bool, **options: Any
    ) -> Iterable[Any]:
        """The verb's answer to each input of `seqzoo run`, one input after another.

        Args:
            model: A model of this task.
            inputs: Texts or paths, as the verb takes them.
            as_json: Whether the answers are printed as JSON.
            **options: Arguments of the verb.
        """
        verb = getattr(model, cls.verb)
        return (verb(one_input, **options) for one_input in inputs)

    @classmethod
    def answer_lines(cls, given: str, answer: Any) -> Iterator[str]:
        """What `seqzoo run` prints for one input and its answer."""
        raise NotImplementedError(f"{cls.__name__} does not define answer_lines().")

    @classmethod
    def answer_json(
        cls, given: str, answer: Any, attention: bool = False
    ) -> dict[str, Any]:
        """What `seqzoo run --json` prints for one input and its answer.

        Args:
            given: The input.
            answer: What the verb returned.
            attention: Whether to add the attention weights, if the verb returns them.
        """
        raise NotImplementedError(f"{cls.__name__} does not define answer_json().")

    def example_inputs(self) -> Any:
        """Small inputs that the model can be called on."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define example_inputs()."
        )

    def build(self, input_shape: Any = None) -> None:
        """Creates every variable, from the Config alone."""
        raise NotImplementedError(f"{type(self).__name__} does not define build().")

    def ensure_built(self) -> None:
        """Builds the model if it is not built yet."""
        if not self.built:
            self.build()

    def require_processor(self) -> Any:
        """The processor.

        Raises:
            ValueError: If the model has none.
        """
        if self.processor is None:
            raise ValueError(
                "This model has no processor, so it cannot read inputs. Load a trained "
                "model with seqzoo.load, or set model.processor."
            )
        return self.processor

    def compiled_function(
        self,
        function: Callable[..., Any],
        *settings: Hashable,
        any_size: bool = False,
        eager_first: bool = False,
    ) -> Callable[..., Any]:
        """`function(*settings, ...)` as a compiled function of its other arguments.

        It is compiled at its first call, and the model keeps it until a layer or the
        set of weights changes, as by `enable_lora` or `quantize`.

        Args:
            function: A method of the model, or a function that reads its variables.
            *settings: First arguments, fixed at compilation; each combination is
                compiled anew.
            any_size: Trace one graph for inputs of any size instead of compiling for
                each shape (see `compile_for`).
            eager_first: Trace that graph after some eager calls (see `as_graph`).

        Raises:
            RuntimeError: In a forked process, if the model comes from its parent.
        """
        if self.process_id != os.getpid():
            raise RuntimeError(
                "This model was loaded before the process was forked. The threads of "
                "the backend stay in the parent, so the model would hang. Load it in "
                'each process, or start processes with multiprocessing.get_context("'
                'spawn").'
            )
        self.ensure_built()
        identity = graph_identity(self)
        if identity != self.graph_identity:
            self.__dict__["graph_identity"] = identity
            self.__dict__["compiled_functions"] = {}
        key = (function, *settings, any_size)
        if key not in self.compiled_functions:
            bound = functools.partial(function, *settings)
            self.compiled_functions[key] = (
                as_graph(bound) if eager_first else compile_for(self, bound, any_size)
            )
        return self.compiled_functions[key]

    def example(self) -> str:
        """An input of the verb: one of `examples`, or the path of a sample.

        Raises:
            ValueError: If there is none.
        """
        if self.examples:
            return self.examples[0]
        name = self.require_processor().sample
        if not name:
            raise ValueError(
                f"There is no example for a {type(self).__name__}. Give an input."
            )
        return str(sample(name))

    def warm_up(self) -> None:
        """Answers an example, so that later answers wait for no tracing or compiling.

        Raises:
            ValueError: If there is no example.
        """
        list(self.answers(self, [self.example()], as_json=False))

    def adapted_weight(self, key: str, array: Any, shape: Any, saved: Any) -> Any:
        """A saved weight, adapted to this model, whose Config differs.

        Args:
            key: As in `variables_by_key`.
            array: The saved weight.
            shape: The shape that this model needs.
            saved: The Config of the saved model.

        Returns:
            An array of that shape, or None for a fresh weight.

        Raises:
            ValueError: If it cannot be adapted; the error names the shapes.
        """
        raise ValueError(f"{key}: the model's is {shape}, the file's {array.shape}")

    def has_other_meaning(self, key: str, saved: Any) -> bool:
        """Whether a saved weight of the right shape must be adapted all the same.

        Args:
            key: As in `variables_by_key`.
            saved: The Config of the saved model.
        """
        return False

    def adapt_processor(self, saved: Any) -> None:
        """Adapts the processor to a Config that differs from the saved one."""

    def get_config(self) -> dict[str, Any]:
        """The fields of the Config, the name, the dtype policy and the processor.

        All are plain JSON values, from which Keras rebuilds the model: from a `.keras`
        file, a pickle, a copy or a clone.
        """
        return {**plain_config(self.config), **extras(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Task":
        """A model with fresh weights, from the fields of its Config at least."""
        model: Task = rebuilt(cls, config)
        return model

    def get_build_config(self) -> dict[str, Any]:
        """Tells Keras to build the model when it loads it."""
        return {"built": self.built}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Creates the weights that Keras then loads."""
        if config.get("built"):
            self.ensure_built()

    def __reduce__(self) -> Any:
        """Pickles and copies as Keras does, with the facts about the model."""
        restore, arguments = super().__reduce__()
        return restored, (restore, arguments, {"info": self.info})

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **settings: Any,
    ) -> None:
        """As in Keras; the model need not have been called before.

        Args:
            filepath: Where to write.
            format: As in Keras.
            verbose: Whether to print a message.
            input_signature: Shapes and dtypes of the inputs; `export_signature` by
                default.
            **settings: As in Keras.
        """
        self.ensure_built()
        if input_signature is None:
            input_signature = [self.export_signature()]
        super().export(filepath, format, verbose, input_signature, **settings)

    def export_signature(self) -> Any:
        """Shapes and dtypes of the inputs of an exported model.

        The batch size is unknown, and so is the number of steps of a sequence.
        """

        def specification(array: Any) -> keras.InputSpec:
            shape: list[int | None] = list(array.shape)
            shape[0] = None
            if len(shape) < 4:  # not an image
                shape[1] = None
            return keras.InputSpec(shape=shape, dtype=str(array.dtype))

        return tree.map_structure(specification, self.example_inputs())

    def quantize(self, *arguments: Any, **settings: Any) -> None:
        """Refuses: recurrent kernels and tied embeddings have no quantized form.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f"{type(self).__name__}.quantize is not supported, because recurrent "
            "kernels, attention and tied embeddings have no quantized form here. For "
            'half the memory load it with dtype="float16" or "bfloat16". A single '
            'Dense layer can be quantized: model.logits.quantize("int8").'
        )

    @classmethod
    def read_config(cls, config: dict[str, Any]) -> Any:
        """The Config from plain JSON values; lists become tuples.

        Raises:
            ValueError: If the Config lacks a field; the error lists its fields.
        """
        known = {field.name for field in dataclasses.fields(cls.Config)}
        unknown = sorted(set(config) - known)
        if unknown:
            raise ValueError(
                f"{cls.Config.__name__} has no field {', '.join(unknown)}. "
                f"Its fields: {', '.join(sorted(known))}."
            )
        values = {key: plain_value(value) for key, value in config.items()}
        return cls.Config(**values)


def check_choices(config: Any, **known: Sequence[Any]) -> None:
    """Checks that fields of a Config have one of the known values.

    Raises:
        ValueError: If not; it names the field and lists the choices.
    """
    for field, choices in known.items():
        if getattr(config, field) not in choices:
            raise ValueError(
                f"`{field}` must be one of {', '.join(map(str, choices))}. "
                f"Received: {field}={getattr(config, field)!r}"
            )


def check_positive(config: Any, *fields: str) -> None:
    """Checks that these sizes of a Config are at least 1.

    Raises:
        ValueError: If not; it names the field.
    """
    for field in fields:
        if getattr(config, field) < 1:
            raise ValueError(
                f"`{field}` must be at least 1. "
                f"Received: {field}={getattr(config, field)}"
            )


def variables_by_key(model: keras.Model) -> dict[str, keras.Variable]:
    """The weights of a built model under their attribute paths.

    A key is the path without the model's own name, such as
    `encoder/layer_0/forward/cell/recurrent_kernel`. The states of random number
    generators and the states carried from batch to batch are not weights; they are
    left out.

    Raises:
        ValueError: If two variables share a key, because a layer's `name=` differs
            from its attribute.
    """
    variables: dict[str, keras.Variable] = {}
    for variable in model.weights:
        if variable.name.startswith(CARRIED):
            continue
        key = variable.path.split("/", 1)[1]
        if key in variables:
            raise ValueError(
                f"Two variables of {type(model).__name__} share the key {key!r}. "
                "Give every sublayer `name=` equal to its attribute."
            )
        variables[key] = variable
    return variables
