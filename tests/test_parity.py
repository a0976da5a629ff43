"""Python, the command line and the page give one and the same answer about the same pictures."""

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from facenet_app.cli.main import app
from facenet_app.cli.run import run
from facenet_app.service import FaceService
from facenet_app.web import handlers
from facenet_app.web.examples import make_examples

CLOSE = 1e-4
"""Of distances, 0 … 2."""
THRESHOLD = 1.131
"""Given by hand, so that these tests do not depend on what was measured for the model."""


@pytest.fixture(scope="module")
def service() -> FaceService:
    return FaceService.open(threshold=THRESHOLD)


@pytest.fixture(scope="module", params=["same", "different"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Paths of probe and reference: Eileen Collins twice, or with Grace Hopper."""
    examples = make_examples(tmp_path_factory.mktemp("examples"))
    return examples.same if request.param == "same" else examples.different


def answer_of_the_program(probe: Path, reference: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    code = run(app, ["verify", str(probe), str(reference), "--threshold", str(THRESHOLD), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (0 if document["decision"] == "match" else 1)
    return document


def answer_of_the_page(service: FaceService, probe: Path, reference: Path) -> dict[str, Any]:
    answer = handlers.verify(service, probe, reference)
    _, _, rest = answer.html.partition('<pre tabindex="0">')
    document: dict[str, Any] = json.loads(html.unescape(rest.partition("</pre>")[0]))
    return document


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def picture(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image


def test_every_way_in_gives_the_same_document(
    service: FaceService, pair: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = json.loads(json.dumps(service.verify(*pair).to_dict()))
    assert expected["decision"] in ("match", "non_match")
    for document in (answer_of_the_program(*pair, capsys), answer_of_the_page(service, *pair)):
        assert set(document) == set(expected)
        assert document["distance"] == pytest.approx(expected["distance"], abs=CLOSE)
        same = ("decision", "threshold", "operating_point", "review_point", "model", "warnings")
        assert {key: document[key] for key in same} == {key: expected[key] for key in same}
        for which in ("probe", "reference"):
            assert document["faces"][which]["box"] == expected["faces"][which]["box"]


@pytest.mark.parametrize("given", [Path.read_bytes, pixels, picture, str])
def test_every_kind_of_picture_gives_the_same_answer(
    service: FaceService, pair: tuple[Path, Path], given: Callable[[Path], Any]
) -> None:
    expected, result = service.verify(*pair), service.verify(given(pair[0]), given(pair[1]))
    assert result.decision is expected.decision
    assert result.distance == pytest.approx(expected.distance, abs=CLOSE)


def test_the_pairs_differ_in_their_answer(service: FaceService, tmp_path: Path) -> None:
    examples = make_examples(tmp_path)
    decisions = [service.verify(*pair).decision.value for pair in (examples.same, examples.different)]
    assert decisions == ["match", "non_match"]
