"""Which kind of file some bytes are, told from how they begin, and what is said of bad ones."""

from facenet_app.errors import NotAnImage, TruncatedImage, UnsupportedImage

__all__ = ["CONVERT", "PICTURE_SUFFIXES", "absurd", "damaged", "recognize"]

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""How the names of files end that :func:`facenet_app.imaging.decode.decode` reads, in lower case."""

CONVERT = "convert it to JPEG or PNG"

_READ = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",  # BigTIFF
    b"MM\0+": "TIFF",
    b"BM": "BMP",
}
_OTHER_PICTURES = {
    b"GIF8": "a GIF picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"8BPS": "a Photoshop document",
    b"\0\0\1\0": "an icon",
    b"v/1\x01": "an OpenEXR picture",
    b"qoif": "a QOI picture",
    b"IIU\0": "a camera's raw file",
    b"FUJIFILMCCD-RAW": "a camera's raw file",
}
_DOCUMENTS = {
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript document",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
}
_MEDIA_BRANDS = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"heim": "a HEIC picture",
    b"heis": "a HEIC picture",
    b"hevc": "a HEIC picture",
    b"mif1": "a HEIC picture",
    b"msf1": "a HEIC picture",
    b"crx ": "a camera's raw file",
}


def recognize(data: bytes, name: str) -> str:
    """The format of a file that can be read: ``JPEG``, ``PNG``, ``WEBP``, ``BMP`` or ``TIFF``.

    Args:
        data: the file; only its first kilobyte is looked at.
        name: what messages call the picture.

    Raises:
        UnsupportedImage: a picture of another format; the message names it.
        NotAnImage: something else.
    """
    for magic, kind in _READ.items():
        if data.startswith(magic):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if (other := _other_picture(data)) is not None:
        raise UnsupportedImage(f"{name} is {other}, which is not supported", CONVERT)
    if (document := _document(data)) is not None:
        raise NotAnImage(f"{name} is {document}, not an image", "give a JPEG, PNG, WebP, BMP or TIFF file")
    raise NotAnImage(f"{name} is in no known image format", "give a JPEG, PNG, WebP, BMP or TIFF file")


def _other_picture(data: bytes) -> str | None:
    for magic, kind in _OTHER_PICTURES.items():
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":  # ISO/IEC 14496-12: the file type box, then the major brand
        return _MEDIA_BRANDS.get(data[8:12])
    if data[:1] == b"P" and data[1:2] in b"1234567" and data[2:3].isspace():
        return "a Netpbm picture"
    return "an SVG drawing" if b"<svg" in data[:1024].lower() else None


def _document(data: bytes) -> str | None:
    for magic, kind in _DOCUMENTS.items():
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":
        return "a video"
    start = data[:1024].lstrip().lower()
    return "a web page" if start.startswith((b"<!doctype html", b"<html")) else None


def damaged(name: str, kind: str) -> TruncatedImage:
    """The error for a file that starts as a picture and then is not one."""
    return TruncatedImage(
        f"{name} starts as a {kind} picture but ends early or is damaged", "get a complete copy of it"
    )


def absurd(name: str, kind: str, what: str) -> UnsupportedImage:
    """The error for a file that no program writes and that would take too long to read."""
    return UnsupportedImage(f"{name} is a {kind} picture with {what}, which is not supported", CONVERT)
