"""Files that stand for pictures: the text in them says which face is seen, and the crew reads it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from zlib import crc32

import numpy as np
from drafts import FINGERPRINT, draft

from facenet_app.comparison.rules import Measured
from facenet_app.domain import Embedding, Enrollment, OperatingPoint, Quality, Rate, SampleDraft, Selection
from facenet_app.enrollment.admit import Rules
from facenet_app.enrollment.batch import Batch
from facenet_app.enrollment.bulk import enroll_people
from facenet_app.enrollment.examine import Examined, Outcome, Picture
from facenet_app.enrollment.people import Person, people_in_folders
from facenet_app.enrollment.reading import read_portions
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import NoFaceFound
from facenet_app.gallery.store import GalleryStore
from facenet_app.gate import Gate
from facenet_app.settings import load_settings


def point(degrees: float, fmr: float) -> OperatingPoint:
    """A threshold at the distance of this angle."""
    rate = Rate(3, 300, 0.001, 0.02)
    return OperatingPoint(2 * np.sin(np.radians(degrees / 2)), FINGERPRINT, fmr, rate, rate, "made up")


def rules(gate: str = "standard", rates: tuple[float, float] = (1e-7, 1e-6)) -> Rules:
    """A gate that takes a face for somebody's up to 1 degree, and for the person's own up to 3."""
    points = (point(1, rates[0]), point(3, rates[1]))
    made = Gate(load_settings(gate=gate), Measured("net-a", FINGERPRINT, points))
    return Rules(Selection.PROMINENT, made)


def write(root: Path, people: dict[str, Sequence[str]]) -> Path:
    """A folder a person, with a file a text."""
    for name, texts in people.items():
        (root / name).mkdir(parents=True)
        for number, text in enumerate(texts):
            (root / name / f"{number:04d}.jpg").write_bytes(text.encode())
    return root


def sample(picture: Picture) -> SampleDraft:
    """ "30 x": a face at 30 degrees; what follows makes the picture another one, but not after a "|"."""
    text = picture.data.decode()
    angle = np.radians(float(text.split()[0]))
    vector = np.zeros(16, np.float32)
    vector[:2] = np.cos(angle), np.sin(angle)
    pixels = text.partition("|")[0]
    made = draft(crc32(pixels.encode()))
    reasons = ("face_blurred",) if "blurred" in text else ()
    quality = Quality(40.0, 3.5, reasons)
    return SampleDraft(
        Embedding(vector, FINGERPRINT), made.crop, quality, made.content_sha256, picture.sha256
    )


class Crew:
    """Examines made pictures. ``seen`` are those that came; it stops at the one numbered ``dies_at``."""

    def __init__(self, dies_at: int | None = None) -> None:
        self.seen: list[str] = []
        self._dies_at = dies_at

    def __call__(self, portions: Iterable[Sequence[Picture]]) -> Iterator[list[Outcome]]:
        for portion in portions:
            yield [self._examine(picture) for picture in portion]

    def _examine(self, picture: Picture) -> Outcome:
        if len(self.seen) == self._dies_at:
            raise KeyboardInterrupt
        self.seen.append(picture.source)
        if picture.data == b"nobody":
            return refusal(picture.source, NoFaceFound("no face was found in the picture"))
        return Examined(picture.source, sample(picture), ())


def enroll(
    store: GalleryStore,
    people: Path | Sequence[Person],
    crew: Crew | None = None,
    gate: str = "standard",
    made: Rules | None = None,
) -> Iterator[Enrollment]:
    """Bulk enrollment as the service does it, with a crew for made pictures."""
    listed = people_in_folders(people) if isinstance(people, Path) else people
    portions = read_portions(listed, store, 10_000)
    batch = Batch(store, made or rules(gate))
    return enroll_people(listed, portions, crew or Crew(), batch)


def content(store: GalleryStore) -> dict[str, list[tuple[str, bytes]]]:
    """Everybody with the pictures and embeddings stored for them."""
    return {
        who.name: [(each.content_sha256, each.embedding.vector.tobytes()) for each in store.samples(who.id)]
        for who in store.identities()
    }
