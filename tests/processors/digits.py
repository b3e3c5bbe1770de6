"""A digit that is drawn on a sheet of paper."""

from PIL import Image, ImageDraw


def seven(paper="white", ink="black", box=(180, 20)):
    """A seven of 60 x 100 pixels near the upper right corner of a large sheet."""
    image = Image.new("RGB", (280, 280), paper)
    left, top = box
    pen = ImageDraw.Draw(image)
    points = [(left, top), (left + 60, top), (left + 20, top + 100)]
    pen.line(points, ink, 14, "curve")
    return image
