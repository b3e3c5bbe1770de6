"""The sample files, and the models that take them."""

import pytest
from keras import tree

import seqzoo
from seqzoo.processors import (
    DetectionProcessor,
    ImageProcessor,
    LogMelProcessor,
    TimedSeriesProcessor,
)
from seqzoo.samples import FOLDER

DIGITS = [str(digit) for digit in range(10)]
PROCESSORS = [
    ImageProcessor(DIGITS, 28),
    ImageProcessor(["cat", "dog"], 32),
    DetectionProcessor(DIGITS, 128, 128),
    DetectionProcessor(["Platelets"], 128, 128),
    LogMelProcessor(DIGITS),
    TimedSeriesProcessor(["5 to 6 ms", "another period"]),
]


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda one: type(one).__name__)
def test_a_processor_reads_its_sample(processor):
    given = str(seqzoo.sample(processor.sample))
    (one,), _ = processor.as_list([given])
    if hasattr(processor, "read"):
        one = processor.read(one)  # as `detect` does
    for array in tree.flatten(processor.encode([one])):
        assert len(array) == 1


def test_every_sample_has_its_source_and_licence():
    readme = (FOLDER / "README.md").read_text("utf-8")
    files = {path.name for path in FOLDER.iterdir()} - {"README.md", "__init__.py"}
    assert all(f"`{name}`" in readme for name in files - {"__pycache__"})


def test_an_unknown_sample_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match="cat, cells, digit, dog, scene, seven, sine"):
        seqzoo.sample("lion")
