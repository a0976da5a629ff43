"""Wrong inputs and poor pictures on the German page: its handlers answer in German."""

from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from facenet_app.service import FaceService
from facenet_app.web.batch import compare_batch
from facenet_app.web.enroll_preview import preview_photos
from facenet_app.web.enroll_zip import enroll_zip
from facenet_app.web.handlers import about, enroll, identify, verify
from facenet_app.web.people import Removed, remove, rename, undo


@pytest.fixture
def wall(tmp_path: Path) -> Path:
    """A picture without a face."""
    path = tmp_path / "wall.png"
    Image.fromarray(np.full((200, 200, 3), 128, np.uint8)).save(path)
    return path


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear reader, this is no picture.")
    return path


def test_wrong_inputs_are_answered_in_german(
    german: None, tmp_path: Path, astronaut: Path, wall: Path, letter: Path
) -> None:
    with FaceService.open(gallery=tmp_path / "g.db", threshold=1.131, max_bytes=500_000) as service:
        for answer, sentence, english in (
            (
                identify(service, wall),
                "In dem Bild wurde kein Gesicht gefunden",
                "No face was found in wall.png",
            ),
            (identify(service, letter), "Das ist kein Bild. Nehmen Sie", "letter.jpg is"),
            (identify(service, astronaut), "Das Bild ist zu groß. Verkleinern Sie es.", "500,000 bytes"),
            (enroll(service, "a/b", [wall]), "Das kann kein Name sein.", "looks like a path"),
            (rename(service, "Ann", "Bea"), "Niemand dieses Namens ist aufgenommen.", "Nobody called"),
        ):
            assert not answer.done
            assert sentence in answer.html
            own, _, more = answer.html.partition('<small lang="en">')
            assert english in more
            assert english not in own
            assert str(tmp_path) not in answer.html
        own_words = undo(service, Removed(60, later=lambda *_: None), "no key").html
        assert "Es ist zu spät, das rückgängig zu machen" in own_words
        assert "lang=" not in own_words


def test_a_comparison_that_needs_a_word_is_told_in_german(
    german: None, tmp_path: Path, two_faces: Path, astronaut: Path
) -> None:
    with FaceService.open(gallery=tmp_path / "g.db", threshold=1.131, min_eye_distance=200) as service:
        html = verify(service, two_faces, astronaut).html.partition("<details")[0]
    assert (
        "<li>Probe: 2 Gesichter gefunden; verwendet wurde das auffälligste, groß und in der Mitte.</li>"
        in html
    )
    assert "<li>Referenz: Das Gesicht ist zu klein im Bild: Gehen Sie näher heran" in html
    assert "faces found" not in html
    assert "come closer" not in html


def test_what_the_gate_says_is_german(
    german: None, service: FaceService, astronaut: Path, hopper: Path, two_faces: Path, letter: Path
) -> None:
    service.close()
    with FaceService.open(gallery=service.settings.gallery) as gated:
        assert enroll(gated, "Eileen Collins", [astronaut]).done
        other = enroll(gated, "Grace Hopper", [two_faces, astronaut, letter])
        assert "both.png: 2 Gesichter gefunden" in other.html
        assert "astronaut.png: Genau dieses Bild ist schon aufgenommen." in other.html
        assert "letter.jpg: Das ist kein Bild." in other.html
        assert "Genau dieses Bild ist schon aufgenommen." in preview_photos(gated, "Grace", [astronaut]).html
        again = enroll(gated, "Eileen Collins", [astronaut])
        assert "astronaut.png ist schon aufgenommen und wurde nicht noch einmal gespeichert." in again.html
        mirrored = letter.with_name("mirrored.png")
        with Image.open(astronaut) as picture:
            picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored)
        html = preview_photos(gated, "Somebody Else", [mirrored]).html
        assert "Dieses Gesicht gehört jemandem, der schon unter einem anderen Namen aufgenommen ist." in html
        gated.settings = gated.settings.model_copy(update={"read_only": True})
        refused = remove(gated, Removed(60, later=lambda *_: None), "Eileen Collins")
        assert "Die Galerie darf hier nicht geändert werden." in refused.html


def test_many_at_once_in_german(german: None, service: FaceService, hopper: Path, wall: Path) -> None:
    folder = wall.parent
    with ZipFile(people := folder / "people.zip", "w") as packed:
        packed.write(wall, "Ann/front.png")
    html = enroll_zip(service, people).html
    assert "Ann/front.png: In dem Bild wurde kein Gesicht gefunden." in html
    assert "No face was found in Ann/front.png" in html.partition('<small lang="en">')[2]
    packs = []
    for name, picture in (("probes", wall), ("references", hopper)):
        with ZipFile(pack := folder / f"{name}.zip", "w") as packed:
            packed.write(picture, "door.png" if picture == wall else "door.jpg")
        packs.append(pack)
    answer = compare_batch(service, packs)
    assert "<td>In dem Bild wurde kein Gesicht gefunden." in answer.html
    assert "No face was found in door.png" in answer.csv  # a document, as the commands give it


def test_without_a_threshold_the_page_says_so_in_german(german: None, tmp_path: Path, unmeasured) -> None:
    with FaceService.open(gallery=tmp_path / "g.db", **unmeasured) as service:
        assert "Für dieses Modell wurde bei dieser Fehlerrate keine Schwelle gemessen." in about(service)
