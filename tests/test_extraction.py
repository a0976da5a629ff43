"""The pipeline: one picture, many pictures, threads, every way to hand a picture in."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facenet_app.bootstrap import open_extractor
from facenet_app.domain import Extraction, Selection
from facenet_app.errors import FacenetAppError, NoFaceFound, NotAnImage
from facenet_app.extraction import content_sha256
from facenet_app.service import FaceService
from facenet_app.settings import load_settings


def vector(outcome: Extraction | FacenetAppError) -> np.ndarray:
    assert isinstance(outcome, Extraction)
    return outcome.face.embedding.vector


def test_path_bytes_pil_and_array_are_the_same_picture(verifier: FaceService, hopper: Path) -> None:
    extract = verifier.extractor.extract
    expected = extract(hopper)
    with Image.open(hopper) as picture:
        picture.load()
        others = [str(hopper), hopper.read_bytes(), picture, expected.pixels]
    for source in others:
        again = extract(source)
        np.testing.assert_array_equal(again.face.crop.pixels, expected.face.crop.pixels)
        np.testing.assert_array_equal(vector(again), vector(expected))


def test_many_are_in_order_and_errors_are_in_their_place(
    verifier: FaceService, hopper: Path, astronaut: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    empty = np.full((80, 80, 3), 200, np.uint8)
    sources = [hopper, broken, astronaut, empty] * 20  # more than one batch
    outcomes = list(verifier.extractor.extract_many(sources))
    first, second = vector(verifier.extractor.extract(hopper)), vector(verifier.extractor.extract(astronaut))
    for index, outcome in enumerate(outcomes):
        match index % 4:
            case 0:
                np.testing.assert_allclose(vector(outcome), first, atol=1e-5)
            case 1:
                assert isinstance(outcome, NotAnImage)
            case 2:
                np.testing.assert_allclose(vector(outcome), second, atol=1e-5)
            case _:
                assert isinstance(outcome, NoFaceFound)
    assert len(outcomes) == 80
    assert list(verifier.extractor.extract_many([])) == []


def test_a_caller_who_stops_early_leaves_nothing_running(verifier: FaceService, hopper: Path) -> None:
    taken = []

    def endless() -> object:
        while True:
            taken.append(1)
            yield hopper

    outcomes = verifier.extractor.extract_many(endless())
    next(outcomes)
    outcomes.close()
    assert len(taken) <= 64


def test_threads_get_what_one_thread_gets(verifier: FaceService, hopper: Path, astronaut: Path) -> None:
    expected = [vector(verifier.extractor.extract(path)) for path in (hopper, astronaut)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(verifier.extractor.extract, [hopper, astronaut] * 12))
    for index, outcome in enumerate(outcomes):
        np.testing.assert_allclose(vector(outcome), expected[index % 2], atol=1e-5)


def test_no_face_is_an_error_never_an_embedding(verifier: FaceService) -> None:
    with pytest.raises(NoFaceFound, match="no face was found in the picture; use a picture"):
        verifier.extractor.extract(np.full((300, 300, 3), 180, np.uint8))


def test_all_faces_of_a_group(verifier: FaceService, hopper: Path, astronaut: Path) -> None:
    with Image.open(hopper) as left, Image.open(astronaut) as right:
        group = np.hstack([np.array(left.convert("RGB"))[:512], np.array(right.convert("RGB"))])
    extraction = verifier.extractor.extract(group, Selection.ALL)
    alone = [vector(verifier.extractor.extract(path)) for path in (hopper, astronaut)]
    assert extraction.found == len(extraction.faces) == 2
    for face, expected in zip(extraction.faces, alone, strict=True):
        assert np.linalg.norm(face.embedding.vector - expected) < 0.3
    one = verifier.extractor.extract(group)
    assert (one.found, len(one.faces)) == (2, 1)
    assert one.to_dict()["used_because"] == "the most prominent face (large and central) was used"


def test_the_digest_is_of_the_picture_whatever_looks_at_it(
    verifier: FaceService, hopper: Path, astronaut: Path, tmp_path: Path
) -> None:
    first = verifier.extractor.extract(hopper)
    Image.fromarray(first.pixels).save(tmp_path / "same.png")
    again = open_extractor(load_settings(detection_side=320)).extract(tmp_path / "same.png")
    assert content_sha256(again) == content_sha256(first)
    assert content_sha256(verifier.extractor.extract(astronaut)) != content_sha256(first)
