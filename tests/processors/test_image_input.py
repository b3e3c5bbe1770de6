"""Images as people have them: files of every kind, bytes, arrays, tensors."""

import io
import sys

import numpy as np
import pytest
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from seqzoo.processors import DetectionProcessor, GreyImageProcessor, ImageProcessor
from seqzoo.processors.base import class_names
from seqzoo.processors.image_input import FORMATS, read_image

COLOUR = np.random.default_rng(0).integers(256, size=(9, 13, 3)).astype("uint8")


def file_of(image, file_format, **options):
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_named_formats_are_read(file_format):
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = file_of(Image.fromarray(COLOUR), file_format, **options)
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    np.testing.assert_array_equal(read_image(data).convert("RGB"), expected)


POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 8 8
%%EndComments
showpage
"""


@pytest.mark.parametrize(
    "content",
    [
        POSTSCRIPT,
        b"%PDF-1.4\n",
        b"P6 1 1 255\n\0\0\0",
        b"",
        b"hello",
        b"RIFF\0\0\0\0WEBPVP8 ",
        file_of(Image.fromarray(COLOUR), "PNG")[:60],
        file_of(Image.fromarray(COLOUR), "JPEG")[:400],
        file_of(Image.fromarray(COLOUR), "PPM"),
    ],
    ids=["eps", "pdf", "ppm", "empty", "text", "webp", "png", "jpeg", "netpbm"],
)
def test_other_and_damaged_files_are_refused_by_name_and_start_no_program(
    tmp_path, content
):
    started = []
    sys.addaudithook(
        lambda event, _: (
            started.append(event)
            if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn")
            else None
        )
    )
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.png is no image .* PNG, JPEG"):
        GreyImageProcessor(["a"]).encode([path])
    with pytest.raises(ValueError, match="is no image"):
        DetectionProcessor(["a"]).encode([content])
    assert not started


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_as_the_camera_says(tmp_path, orientation):
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(COLOUR).save(path, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(path))
    for given in (path, path.read_bytes(), Image.open(path)):
        np.testing.assert_array_equal(read_image(given), expected)
    read = DetectionProcessor(["a"]).read(path)
    assert read.size == ((13, 9) if orientation < 5 else (9, 13))
    assert DetectionProcessor(["a"]).read(read).size == read.size


RAMP = np.linspace(0, 65535, 28 * 28).reshape(28, 28)


@pytest.mark.parametrize(
    ("file_format", "dtype"),
    [("PNG", "uint16"), ("TIFF", "uint16"), ("TIFF", ">u2"), ("TIFF", "int32")],
)
def test_16_bits_are_scaled_to_8(file_format, dtype):
    data = file_of(Image.fromarray(RAMP.astype(dtype)), file_format)
    found = GreyImageProcessor(["a"]).grey(data) * 255
    np.testing.assert_allclose(found, RAMP / 257, atol=0.6)


@pytest.mark.parametrize("highest", [1, 255])
def test_floating_grey_values_are_fractions_or_bytes(highest):
    image = Image.fromarray((RAMP / 65535 * highest).astype("float32"))
    found = GreyImageProcessor(["a"]).grey(image) * 255
    np.testing.assert_allclose(found, RAMP / 257, atol=0.6)


@pytest.mark.parametrize("values", [np.nan, -1, 256])
def test_other_grey_values_are_refused(values):
    with pytest.raises(ValueError, match="Grey values"):
        read_image(Image.fromarray(np.full((4, 4), values, "float32")))


def test_transparent_pixels_are_white():
    pixels = np.zeros((4, 4, 4), "uint8")
    pixels[:2, :, 3] = 255
    expected = np.repeat([0, 0, 255, 255], 4).reshape(4, 4)
    palette = Image.fromarray(pixels).quantize(4)
    for image in (pixels, Image.fromarray(pixels), palette):
        np.testing.assert_array_equal(read_image(image).convert("L"), expected)
    two = Image.merge(
        "LA", [Image.fromarray(p) for p in (pixels[..., 0], pixels[..., 3])]
    )
    np.testing.assert_array_equal(read_image(two).convert("L"), expected)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_tensors_of_every_backend_are_images(backend):
    tensor = {
        "tensorflow": lambda: pytest.importorskip("tensorflow").constant(COLOUR),
        "jax": lambda: pytest.importorskip("jax").numpy.array(COLOUR),
        "torch": lambda: pytest.importorskip("torch").tensor(COLOUR),
    }[backend]()
    np.testing.assert_array_equal(read_image(tensor), COLOUR)
    images, is_one = ImageProcessor(["a"]).as_list(tensor[None])
    assert not is_one
    np.testing.assert_array_equal(read_image(images[0]), COLOUR)


def test_channels_that_come_first_are_named():
    with pytest.raises(ValueError, match="Move the channels"):
        read_image(np.moveaxis(COLOUR, -1, 0))


def test_a_long_thin_image_stays_small():
    processor = DetectionProcessor(["a"])
    for size in ((1_000_000, 1), (1, 1_000_000), (1, 1334), (1, 2**40)):
        assert max(processor.resized_size(*size)) == 1333
        assert min(processor.resized_size(*size)) == 1
    thin = Image.new("L", (1, 1_000_000))
    assert processor.encode([thin])["images"].shape == (1, 1333, 1, 3)


@pytest.mark.parametrize(
    "labels",
    [
        ["cat", "dog"],
        {0: "cat", 1: "dog"},
        {"1": "dog", "0": "cat"},
        {"dog": 1, "cat": 0},
    ],
    ids=["list", "id2label", "JSON", "label2id"],
)
def test_labels_may_be_a_dict(labels):
    for make in (GreyImageProcessor, ImageProcessor, DetectionProcessor):
        assert make(labels).labels == ["cat", "dog"]


@pytest.mark.parametrize(
    "labels", [{1: "cat", 2: "dog"}, {"cat": "dog"}, {0: "a", 2: "b"}]
)
def test_a_dict_of_labels_must_have_all_indices(labels):
    with pytest.raises(ValueError, match="0, 1, 2 and so on"):
        class_names(labels)


def test_a_size_may_be_one_number():
    assert ImageProcessor(["a"], 224, resize=np.int64(256)).resize == (256, 256)
    assert ImageProcessor(["a"], (8, 14)).size == (8, 14)
    for size in (0, (1, 2, 3), "224", 2.5):
        with pytest.raises(ValueError, match="A size must be"):
            ImageProcessor(["a"], size)
