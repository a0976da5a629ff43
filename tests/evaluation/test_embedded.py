"""Embedding pictures for an evaluation: failures counted, and nothing embedded twice."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facenet_app.domain import Selection
from facenet_app.errors import NoFaceFound, UsageError
from facenet_app.evaluation.cache import EmbeddingCache, MeasuredFace, open_cache
from facenet_app.evaluation.embedded import SELECTION, EmbeddedPictures, embed_pictures, face_crops
from facenet_app.evaluation.measures import MEASURES
from facenet_app.service import FaceService
from facenet_app.settings import load_settings


@pytest.fixture
def pictures(tmp_path: Path, astronaut: Path, hopper: Path) -> list[Path]:
    """Collins, Hopper, nobody, not a picture, no file, and Collins again under another name."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.new("RGB", (200, 200), "gray").save(folder / "wall.png")
    (folder / "text.jpg").write_text("not a picture")
    shutil.copy(astronaut, folder / "copy.png")
    return [
        astronaut,
        hopper,
        folder / "wall.png",
        folder / "text.jpg",
        folder / "none.jpg",
        folder / "copy.png",
    ]


def rows(faces: EmbeddedPictures) -> list[bool]:
    return [bool(each) for each in faces.found]


def test_faces_and_failures(verifier: FaceService, pictures: list[Path]) -> None:
    seen: list[tuple[int, int | None]] = []
    faces = embed_pictures(verifier.extractor, pictures, None, lambda done, total: seen.append((done, total)))
    assert rows(faces) == [True, True, False, False, False, True]
    assert [(failure.path, failure.code) for failure in faces.failures] == [
        (str(pictures[2]), "no_face"),
        (str(pictures[3]), "not_an_image"),
        (str(pictures[4]), "image_not_found"),
    ]
    assert (faces.embedded, faces.cached) == (5, 1)
    assert seen == [(done, 5) for done in range(1, 6)]
    assert np.isnan(faces.vectors[2]).all()
    direct = verifier.extractor.extract(pictures[0]).face
    # In batches the sums are in another order.
    np.testing.assert_allclose(faces.vectors[0], direct.embedding.vector, atol=2e-6)
    np.testing.assert_array_equal(faces.vectors[0], faces.vectors[5])
    measured = dict(zip((each.name for each in MEASURES), faces.measures[0], strict=True))
    assert measured["eye_distance"] == pytest.approx(direct.quality.eye_distance)
    assert measured["sharpness"] == pytest.approx(direct.quality.sharpness)
    assert measured["detector_score"] == pytest.approx(direct.face.score)
    assert measured["exposure"] == pytest.approx(direct.quality.exposure)
    assert measured["pose"] == pytest.approx(direct.quality.pose)
    assert measured["quality"] == pytest.approx(direct.quality.score)


def test_the_second_run_embeds_nothing_that_is_known(
    verifier: FaceService, pictures: list[Path], tmp_path: Path
) -> None:
    first = embed_pictures(verifier.extractor, pictures, EmbeddingCache(tmp_path / "cache", "recipe"))
    moved = tmp_path / "moved.jpg"  # content decides, not the path
    shutil.copy(pictures[1], moved)
    cache = EmbeddingCache(tmp_path / "cache", "recipe")
    second = embed_pictures(verifier.extractor, [pictures[0], moved, *pictures[2:]], cache)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    np.testing.assert_array_equal(first.measures, second.measures)
    # Nobody's face is remembered; what may be the file system's or a limit's fault is tried again.
    assert second.embedded == 2
    assert second.failures == first.failures
    assert len(EmbeddingCache(tmp_path / "cache", "another recipe")) == 0


def test_the_recipe_has_all_that_decides(tmp_path: Path) -> None:
    base = load_settings(cache=tmp_path)

    def folder(detector: str = "yunet", fingerprint: str = "f", **changes: object) -> str:
        settings = base.model_copy(update=changes)
        return open_cache(settings, fingerprint, detector, SELECTION).folder.name

    other = {
        folder(),
        folder(detector="mtcnn"),
        folder(fingerprint="f-mirror"),
        folder(detector_score=0.9),
        folder(smallest_face=40),
        folder(detection_side=1280),
        open_cache(base, "f", "yunet", Selection.LARGEST).folder.name,
    }
    assert len(other) == 7
    assert folder(fmr=0.5, threads=1) == folder()


def entry(number: int) -> tuple[bytes, MeasuredFace]:
    vector = np.zeros(4, np.float32)
    vector[number % 4] = 1
    return bytes([number]) * 32, MeasuredFace(vector, np.arange(len(MEASURES), dtype=np.float32))


def test_a_damaged_file_is_noticed_and_made_again(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "recipe")
    cache.add(dict([entry(1), (bytes(32), None)]))
    cache.add(dict([entry(2)]))
    damaged = sorted(cache.folder.glob("*.npz"))[0]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    again = EmbeddingCache(tmp_path, "recipe")
    assert len(again) < len(cache) == 3
    assert not damaged.exists()
    cache.add(dict([entry(1), (bytes(32), None), entry(2)]))
    whole = EmbeddingCache(tmp_path, "recipe")
    assert len(whole) == 3
    assert whole[bytes(32)] is None
    known = whole[entry(2)[0]]
    assert known is not None
    np.testing.assert_array_equal(known.vector, entry(2)[1].vector)


def test_files_are_the_users_own(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "recipe")
    cache.add(dict([entry(1)]))
    (file,) = cache.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="FACENET_APP_CACHE"):
        EmbeddingCache(tmp_path / "file", "recipe").add(dict([entry(1)]))


def test_several_processes_add_at_a_time(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from facenet_app.evaluation.cache import EmbeddingCache, MeasuredFace\n"
        "cache = EmbeddingCache(Path(sys.argv[1]), 'recipe')\n"
        "for number in range(20):\n"
        "    key = bytes([int(sys.argv[2]), number]) * 16\n"
        "    cache.add({key: MeasuredFace(np.eye(4, dtype=np.float32)[0], np.zeros(6, np.float32))})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, tmp_path, str(each)]) for each in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(EmbeddingCache(tmp_path, "recipe")) == 60
    assert not list(tmp_path.rglob("*.part"))


def test_an_interrupted_run_keeps_what_it_had(
    verifier: FaceService, pictures: list[Path], tmp_path: Path
) -> None:
    def stop(done: int, _: int | None) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_pictures(verifier.extractor, pictures, EmbeddingCache(tmp_path, "recipe"), stop)
    assert len(EmbeddingCache(tmp_path, "recipe")) == 2


def test_without_any_face_there_is_nothing_to_evaluate(verifier: FaceService, pictures: list[Path]) -> None:
    with pytest.raises(NoFaceFound, match="any of the 3 pictures"):
        embed_pictures(verifier.extractor, pictures[2:5])


def test_crops_are_made_again_on_demand(verifier: FaceService, pictures: list[Path]) -> None:
    face, nobody = face_crops(verifier.extractor, [pictures[0], pictures[2]])
    assert face is not None
    assert face.shape == (112, 112, 3)
    assert nobody is None
