import numpy as np
import pytest
from PIL import Image

from seqzoo.processors import DetectionProcessor

LABELS = ["cat", "dog"]


def random_image(height, width):
    shape = (height, width, 3)
    return np.random.default_rng(0).integers(256, size=shape).astype("uint8")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((480, 640), (800, 1066)),  # cut off: 1066.67
        ((640, 480), (1066, 800)),
        ((500, 500), (800, 800)),
        ((375, 1242), (402, 1333)),  # the longer side decides: 402.48 is rounded
        ((800, 1000), (800, 1000)),
        ((3, 3000), (1, 1333)),
    ],
)
def test_sizes_of_the_original(size, expected):
    assert DetectionProcessor(LABELS).resized_size(*size) == expected


def test_padding_is_below_and_to_the_right_and_marked():
    processor = DetectionProcessor(LABELS, 8, 16)
    arrays = processor.encode([random_image(8, 12), random_image(20, 10)])
    assert arrays["images"].shape == (2, 16, 12, 3)
    assert arrays["mask"].shape == (2, 16, 12)
    for i, (height, width) in enumerate([(8, 12), (16, 8)]):
        assert arrays["mask"][i, :height, :width].all()
        assert arrays["mask"][i].sum() == height * width
        assert not arrays["images"][i][~arrays["mask"][i]].any()


def test_pixels_are_resized_by_pillow_and_normalised():
    image = random_image(20, 10)
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.1, 0.5)
    found = DetectionProcessor(LABELS, 8, 16, mean, std).encode([image / 255])
    small = Image.fromarray(image).resize((8, 16), Image.Resampling.BILINEAR)
    expected = (np.asarray(small) / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(found["images"][0], expected, atol=1e-5)


def test_grey_models_see_grey():
    processor = DetectionProcessor(LABELS, 4, 4, (0.0,), (1.0,))
    grey = np.full((4, 4, 3), 51, "uint8")
    np.testing.assert_allclose(processor.encode([grey])["images"], 0.2, atol=1e-6)


def test_it_comes_back_from_its_config(tmp_path):
    config = DetectionProcessor(LABELS, 8, 16, resample="bicubic").get_config()
    assert DetectionProcessor.load(config, tmp_path).get_config() == config


@pytest.mark.parametrize(
    "arguments",
    [{"resample": "cubic"}, {"std": (1.0,)}, {"shortest_edge": 1400}],
    ids=lambda arguments: next(iter(arguments)),
)
def test_what_it_cannot_do_is_refused(arguments):
    with pytest.raises(ValueError, match="must"):
        DetectionProcessor(LABELS, **arguments)
