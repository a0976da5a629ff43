"""Any picture handed to the product -> RGB uint8 (height, width, 3), or an ImageError.

Nothing here trusts a file: it is read once and up to a limit, its format is told from its bytes,
only the parts that its pixels need reach a decoder, and its size is checked before they do. Pillow's
classes are called directly: ``Image.open`` would try formats that are not wanted, and warns of or
refuses large pictures by a process-wide limit of its own.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from facenet_app.domain import source_name
from facenet_app.errors import ImageTooLarge, UnsupportedImage
from facenet_app.imaging.color import needs_conversion, to_rgb
from facenet_app.imaging.containers import essentials
from facenet_app.imaging.formats import CONVERT, PICTURE_SUFFIXES, damaged, recognize
from facenet_app.imaging.limits import ImageLimits, check_bytes, check_pixels, read_file
from facenet_app.imaging.orientation import exif_orientation, upright

__all__ = ["PICTURE_SUFFIXES", "ImageLimits", "ImageSource", "decode"]

ImageSource = str | Path | bytes | Image.Image | NDArray[np.uint8]
"""A path, the bytes of a file, a PIL image, or an array: RGB (H, W, 3), RGBA (H, W, 4) or gray (H, W)."""

_READERS: Final[dict[str, type[ImageFile]]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
    "TIFF": TiffImageFile,
}
_DECODER_ERRORS: Final = (
    OSError,  # with EOF and "image file is truncated"
    SyntaxError,  # Pillow's word for a bad header
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_UNKNOWN_VARIANT: Final = re.compile(r"unsupported|unknown|cannot handle|not yet supported", re.IGNORECASE)


def decode(source: ImageSource, limits: ImageLimits) -> NDArray[np.uint8]:
    """The picture as it is meant to be seen: EXIF orientation applied, sRGB, transparency on white.

    Of several pages or frames the first is taken. Safe to call from several threads.

    Args:
        source: see :data:`ImageSource`. Files: JPEG, PNG, WebP, BMP, TIFF.
        limits: checked before any pixel is decoded.

    Returns:
        RGB uint8 (height, width, 3), C-contiguous. An RGB array that is contiguous already comes
        back itself, not a copy.

    Raises:
        ImageNotFound: the path leads to no readable file.
        EmptyImage: 0 bytes or no pixels.
        ImageTooLarge: beyond the limits.
        NotAnImage: not a picture at all.
        UnsupportedImage: a picture of another format, pixel type or array shape.
        TruncatedImage: a picture that ends early or is damaged.
    """
    name = source_name(source) or "the path"
    if isinstance(source, np.ndarray):
        return _from_array(source, limits)
    if isinstance(source, Image.Image):
        return _from_pil(source, limits)
    if isinstance(source, str | Path):
        return _from_bytes(read_file(source, name, limits.max_bytes), name, limits)
    if isinstance(source, bytes):
        return _from_bytes(source, name, limits)
    raise UnsupportedImage(
        f"a picture is a path, bytes, a PIL image or an array, not {type(source).__name__}",
        "hand in one of these",
    )


@contextmanager
def _as_image_errors(name: str, kind: str) -> Iterator[None]:
    """Turn what decoders raise on bad files into errors of ours."""
    try:
        yield
    except MemoryError as error:
        raise ImageTooLarge(f"{name} does not fit into memory", "scale it down") from error
    except _DECODER_ERRORS as error:
        # Only words tell a sound file of a rare variant from a damaged one; a TIFF's compression is a key.
        if isinstance(error.__cause__, KeyError) or _UNKNOWN_VARIANT.search(str(error)):
            raise UnsupportedImage(
                f"{name} is a {kind} picture of a variant that is not supported", CONVERT
            ) from error
        raise damaged(name, kind) from error


def _from_bytes(data: bytes, name: str, limits: ImageLimits) -> NDArray[np.uint8]:
    check_bytes(len(data), name, limits.max_bytes)
    kind = recognize(data, name)
    file = essentials(data, kind, name)
    with _as_image_errors(name, kind):
        image = _READERS[kind](io.BytesIO(file.data))
        _check_header(image, name, limits)
        orientation = exif_orientation(image.info.get("exif", b"")) if kind == "WEBP" else file.orientation
        pixels = _plain_jpeg(image, file.data) if kind == "JPEG" else None
        if pixels is None:
            pixels = to_rgb(image, name)
    return upright(pixels, orientation)


def _check_header(image: Image.Image, name: str, limits: ImageLimits) -> None:
    most = limits.max_pixels
    if isinstance(image, TiffImageFile):
        # Pillow measures TIFF files by its own limit while it decodes, and warns beyond it.
        most = min(most, Image.MAX_IMAGE_PIXELS or most)
        tile = [side for side in (image.tag_v2.get(322), image.tag_v2.get(323)) if isinstance(side, int)]
        if len(tile) == 2:
            check_pixels(tile[0], tile[1], name, most)
    check_pixels(image.width, image.height, name, most)


def _plain_jpeg(image: Image.Image, data: bytes) -> NDArray[np.uint8] | None:
    """The pixels of a gray or RGB JPEG in sRGB, straight into an array, or None if Pillow is needed.

    The same libjpeg-turbo and the same pixels, in half the time: Pillow copies them twice.
    """
    if image.mode not in ("L", "RGB") or needs_conversion(image.info.get("icc_profile"), image.mode):
        return None
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    fits = pixels is not None and pixels.shape == (image.height, image.width, 3)
    return np.asarray(pixels, dtype=np.uint8) if fits else None


def _from_pil(image: Image.Image, limits: ImageLimits) -> NDArray[np.uint8]:
    name = "the picture"
    _check_header(image, name, limits)
    with _as_image_errors(name, image.format or "PIL"):
        pixels = to_rgb(image, name)
        exif = image.info.get("exif")  # a PNG may bring it after its pixels
        return upright(pixels, exif_orientation(exif) if isinstance(exif, bytes) else 1)


def _from_array(array: NDArray[np.uint8], limits: ImageLimits) -> NDArray[np.uint8]:
    expected = (
        "an array is uint8 (height, width, 3) in RGB, (height, width, 4) in RGBA or (height, width) in gray"
    )
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise UnsupportedImage(f"{expected}, not {array.dtype} {array.shape}", "convert it")
    check_pixels(array.shape[1], array.shape[0], "the picture", limits.max_pixels)
    if array.ndim == 3 and array.shape[2] == 3:
        return np.ascontiguousarray(array)
    return to_rgb(Image.fromarray(np.ascontiguousarray(array)), "the picture")
