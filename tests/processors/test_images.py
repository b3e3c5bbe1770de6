import numpy as np
import pytest
from PIL import Image

from seqzoo.processors import GreyImageProcessor, ImageProcessor

LABELS = [str(digit) for digit in range(10)]
IMAGE = np.arange(784, dtype="uint8").reshape(28, 28)


def processor(layout="rows"):
    return GreyImageProcessor(LABELS, layout)


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        IMAGE[..., None],
        np.repeat(IMAGE[..., None], 3, axis=-1),
        IMAGE.astype("int64"),
        IMAGE / 255,
        (IMAGE / 255).astype("float32"),
        Image.fromarray(IMAGE),
        Image.fromarray(IMAGE).convert("RGB"),
    ],
    ids=["grey", "channel", "colour", "int", "double", "float", "PIL", "PIL colour"],
)
def test_every_form_of_an_image_gives_the_same_numbers(image):
    np.testing.assert_allclose(processor().grey(image), IMAGE / 255, atol=2 / 255)


def test_a_path_and_another_size(tmp_path):
    path = tmp_path / "large.png"
    Image.fromarray(IMAGE).resize((280, 280), Image.Resampling.NEAREST).save(path)
    assert processor().grey(path).shape == processor().grey(str(path)).shape == (28, 28)
    plain = np.full((100, 60), 51, "uint8")
    np.testing.assert_allclose(processor().grey(plain), 0.2, atol=1e-3)


@pytest.mark.parametrize(
    ("layout", "shape"), [("rows", (2, 28, 28)), ("pixels", (2, 784, 1))]
)
def test_sequences_are_in_reading_order(layout, shape):
    arrays = processor(layout).encode([IMAGE, IMAGE])
    assert arrays["sequences"].shape == shape
    assert arrays["mask"].shape == shape[:2] and arrays["mask"].all()
    np.testing.assert_allclose(arrays["sequences"][0].ravel(), IMAGE.ravel() / 255)


def test_a_plane_stays_one():
    images = processor("plane").encode([IMAGE])["images"]
    np.testing.assert_allclose(images[0, ..., 0], IMAGE / 255, rtol=1e-6)


def test_one_image_and_several():
    assert processor().as_list(IMAGE)[1] and processor().as_list("a.png")[1]
    assert processor().as_list([IMAGE]) == ([IMAGE], False)
    assert len(processor().as_list(np.zeros((5, 28, 28, 1)))[0]) == 5


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (3, "must be a path"),
        (None, "must be a path"),
        (np.zeros((0, 5)), "must be a path"),
        (np.zeros((5, 28, 28)), "must be a path"),
        (np.zeros((28, 28), complex), "must be a path"),
        (np.full((28, 28), 3.0), "Divide by 255"),
        (np.full((28, 28), np.nan), "Divide by 255"),
        (np.full((28, 28), -1), "from 0 to 255"),
    ],
)
def test_what_is_no_image_is_refused(image, says):
    with pytest.raises(ValueError, match=says):
        processor().encode([image])


def test_a_file_that_is_no_image_or_not_there(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ValueError, match="PNG or JPEG"):
        processor().encode([tmp_path / "text.png"])
    with pytest.raises(FileNotFoundError):
        processor().encode([tmp_path / "none.png"])


def test_it_comes_back_from_its_config(tmp_path):
    config = processor("pixels").get_config()
    assert GreyImageProcessor.load(config, tmp_path).get_config() == config
    with pytest.raises(ValueError, match="layout"):
        processor("columns")


COLOUR = np.random.default_rng(0).integers(256, size=(9, 13, 3)).astype("uint8")


def test_channels_are_shifted_and_scaled():
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.1, 0.5)
    found = ImageProcessor("ab", (9, 13), mean, std).encode([COLOUR, COLOUR / 255])
    expected = (COLOUR / 255 - np.array(mean)) / np.array(std)
    np.testing.assert_allclose(found, np.stack([expected] * 2), atol=1e-5)


@pytest.mark.parametrize("resample", ["bilinear", "bicubic"])
def test_images_are_resized_as_pillow_does_it(resample):
    found = ImageProcessor("ab", (6, 5), resample=resample).resized(COLOUR)
    how = getattr(Image.Resampling, resample.upper())
    expected = np.asarray(Image.fromarray(COLOUR).resize((5, 6), how))
    np.testing.assert_array_equal(found, expected)


def test_grey_becomes_colour_and_colour_grey():
    grey = np.full((4, 4), 51, "uint8")
    assert (ImageProcessor("ab", (4, 4)).resized(grey) == 51).all()
    one = ImageProcessor("ab", (4, 4), mean=(0.0,), std=(1.0,))
    found = one.encode([np.repeat(grey[..., None], 3, axis=-1)])
    assert found.shape == (1, 4, 4, 1)
    np.testing.assert_allclose(found, 0.2, atol=1e-6)


def test_an_image_processor_comes_back():
    processor = ImageProcessor("ab", (6, 5), (0.1,), (0.2,), "bicubic")
    config = processor.get_config()
    assert ImageProcessor.load(config, None).get_config() == config


@pytest.mark.parametrize(
    "arguments", [{"resample": "cubic"}, {"mean": (0.5, 0.5)}, {"std": (1.0,)}]
)
def test_an_image_processor_refuses_what_it_cannot_do(arguments):
    with pytest.raises(ValueError, match="must"):
        ImageProcessor("ab", **arguments)


@pytest.mark.parametrize("resize", [None, (12, 10), (9, 6)])
def test_the_region_is_what_the_pixels_are_of(resize):
    """An image of its own coordinates, whose centre the model sees."""
    processor = ImageProcessor("ab", (6, 5), resize=resize)
    rows, columns = (np.arange(count) + 0.5 for count in (90, 120))
    for axis, places in enumerate((rows[:, None] / 90, columns / 120)):
        image = np.broadcast_to(places, (90, 120))
        seen = processor.resized(image)[..., 0] / 255
        left, upper, right, lower = processor.region((120, 90), (6, 5))
        first, last, length = ((upper, lower, 90), (left, right, 120))[axis]
        centres = np.moveaxis(seen, axis, 0)[:, 0]
        step = (last - first) / len(centres)
        # The middle of each pixel; those of the border see less than the others do.
        expected = (first + step * (np.arange(len(centres)) + 0.5)) / length
        np.testing.assert_allclose(centres[1:-1], expected[1:-1], atol=0.005)
    beyond = processor.region((120, 90), (12, 10))
    np.testing.assert_allclose(
        beyond, [left, upper, 2 * right - left, 2 * lower - upper]
    )
