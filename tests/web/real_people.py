"""People with several real photos each, and what a visitor could make of such photos."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from facenet_app.evaluation.lfw import picture_path

ORIENTATION = 274
TURNED = 6
"""EXIF: the file shows the picture turned by 90° to the left."""
TWELVE_MEGAPIXELS = (3024, 4032)


@dataclass(frozen=True)
class Person:
    """Somebody with at least four photos."""

    name: str
    photos: tuple[Path, ...]


def lfw_people(images: Path) -> list[Person]:
    """Those of LFW's test list with four to six pictures, in its order; four pictures of each."""
    lines = (images.parent / "peopleDevTest.txt").read_text(encoding="utf-8").splitlines()[1:]
    people = [line.split("\t") for line in lines]
    return [
        Person(name.replace("_", " "), tuple(images / picture_path(name, number) for number in range(1, 5)))
        for name, pictures in people
        if 4 <= int(pictures) <= 6
    ]


def public_people(astronaut: Path, hopper: Path, folder: Path) -> list[Person]:
    """The two in the public domain, each with three copies that are not quite the same picture."""
    people = []
    for name, photo in (("Eileen Collins", astronaut), ("Grace Hopper", hopper)):
        with Image.open(photo) as opened:
            picture = opened.convert("RGB")
        copies = (ImageOps.mirror(picture), ImageEnhance.Brightness(picture).enhance(1.2), picture.reduce(2))
        photos = [photo]
        for number, copy in enumerate(copies, 2):
            photos.append(path := folder / f"{name} {number}.png")
            copy.save(path)
        people.append(Person(name, tuple(photos)))
    return people


def side_by_side(path: Path, left: Path, right: Path) -> Path:
    """Both photos as one picture, in which the face on the right is the larger one."""
    with Image.open(left) as small, Image.open(right) as large:
        canvas = Image.new("RGB", (650, 400), "gray")
        canvas.paste(ImageOps.fit(small.convert("RGB"), (250, 250)), (0, 75))
        canvas.paste(ImageOps.fit(large.convert("RGB"), (400, 400)), (250, 0))
    canvas.save(path)
    return path


def write_large(path: Path, photo: Path) -> None:
    """As telephones make them: twelve megapixels, lying on the side in the file."""
    upright = Image.new("RGB", TWELVE_MEGAPIXELS, "gray")
    with Image.open(photo) as picture:
        upright.paste(ImageOps.fit(picture.convert("RGB"), (2000, 2000)), (512, 1000))
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    upright.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)


def write_camera(path: Path, photo: Path) -> None:
    """The person of the photo before a camera, as Motion JPEG."""
    frame = Image.new("RGB", (640, 480), "gray")
    with Image.open(photo) as picture:
        frame.paste(ImageOps.fit(picture.convert("RGB"), (480, 480)), (80, 0))
    with path.open("wb") as file:
        for _ in range(10):
            frame.save(file, "JPEG", quality=90)


def write_folders(path: Path, people: Iterable[Person], photos: int) -> None:
    """A ZIP file with a folder for each of the people, and so many of their photos in it."""
    with zipfile.ZipFile(path, "w") as archive:
        for person in people:
            for photo in person.photos[:photos]:
                archive.write(photo, f"people/{person.name}/{photo.name}")
