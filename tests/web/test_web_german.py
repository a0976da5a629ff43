"""What the core says is said in German on the German page: errors, refusals, advice, warnings, findings."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

import facenet_app
from facenet_app import errors
from facenet_app.comparison.rules import Rule
from facenet_app.domain import Finding, Notice, NoticeCode, OperatingPoint, SearchRisk, Selection
from facenet_app.enrollment.refusal import refusal
from facenet_app.errors import FacenetAppError, PoorQuality
from facenet_app.evaluation.datasets import OWN_PICTURES
from facenet_app.gallery.check import _SAMPLE_FAULTS
from facenet_app.imaging.quality import ADVICE
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.batch import compare_batch
from facenet_app.web.doctor import show_finding
from facenet_app.web.enroll_preview import preview_photos
from facenet_app.web.enroll_zip import enroll_zip
from facenet_app.web.handlers import about, enroll, identify, verify
from facenet_app.web.language import FOLDER, load_language
from facenet_app.web.people import Removed, remove, rename, undo
from facenet_app.web.said import said_advice, said_error, said_finding, said_notice, said_refusal

OTHERS = sorted({path.stem for path in FOLDER.glob("*.toml")} - {"en"})
PACKAGE = Path(facenet_app.__file__).parent

VALUES = {
    NoticeCode.SEVERAL_FACES: {"number", "selection"},
    NoticeCode.OTHER_DETECTOR: {"measured", "used"},
    NoticeCode.RATE_NOT_KEPT: {"pictures", "strangers", "asked"},
    NoticeCode.EMPTY_GALLERY: set(),
    NoticeCode.ENROLLED_ALREADY: {"picture"},
    NoticeCode.NOT_COMPARED: set(),
    NoticeCode.ALSO_LIKE: {"name", "distance", "threshold"},
    NoticeCode.MAY_BELONG: {"name", "distance", "threshold", "pictures", "strangers"},
}
"""What the core gives with each notice."""


@pytest.fixture
def german() -> Iterator[None]:
    text.speak("de")
    yield
    text.speak("en")


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


def codes_of_errors() -> set[str]:
    return {getattr(errors, name).code for name in errors.__all__}


def codes_of_findings() -> set[str]:
    """Those that the core gives as they are, those of samples, and that of an error."""
    literal = {
        node.args[0].value
        for folder in ("gallery", "cli")
        for path in (PACKAGE / folder).glob("*.py")
        if "Finding(" in (source := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Finding"
        and isinstance(node.args[0], ast.Constant)
    }
    return literal | _SAMPLE_FAULTS.keys() | {errors.ModelMismatch.code}


@pytest.mark.parametrize("code", OTHERS)
def test_every_code_of_the_core_has_a_sentence(code: str) -> None:
    language = load_language(code)
    core = language.core
    assert core["ERRORS"].keys() == codes_of_errors()
    assert core["ADVICE"].keys() == ADVICE.keys()
    assert core["SELECTIONS"].keys() == {*Selection, "number"}
    assert core["DATASETS"].keys() == {OWN_PICTURES}
    assert core["FINDINGS"].keys() == codes_of_findings() == language.texts["FINDINGS"].keys()
    own = language.texts["FINDING_ADVICE"].keys()
    assert core["FINDING_ADVICE"].keys() == codes_of_findings() - own
    for table in core.values():
        assert all(each.strip() == each != "" for each in table.values())


@pytest.mark.parametrize("code", OTHERS)
def test_every_notice_has_a_sentence_with_what_the_core_gives(code: str) -> None:
    notices = load_language(code).core["NOTICES"]
    asked = {
        code: {name for _, name, _, _ in string.Formatter().parse(form) if name}
        for code, form in notices.items()
    }
    assert asked == VALUES
    assert not ADVICE.keys() & notices.keys()


def test_the_cores_own_language_goes_without() -> None:
    assert load_language("en").core == {}


def test_the_english_sentence_follows_where_it_says_more(german: None) -> None:
    error = errors.ImageTooLarge("/tmp/x/<b>.png has 9 pixels", "scale it down")
    own, _, english = said_error(error, [Path("/tmp/x/<b>.png")]).partition(" <small")
    assert own == "Das Bild ist zu groß. Verkleinern Sie es."
    assert english == ' lang="en">&lt;b&gt;.png has 9 pixels; scale it down.</small>'


def test_a_poor_face_needs_no_english(german: None) -> None:
    poor = PoorQuality("too poor", "come closer", reasons=("face_too_small", "face_turned"))
    said = said_refusal(refusal("/tmp/x/a.png", poor), [Path("/tmp/x/a.png")], named=True)
    assert said.startswith("a.png: Das Bild des Gesichts ist zu schlecht")
    assert "Gehen Sie näher heran" in said
    assert "Sehen Sie in die Kamera" in said
    assert "lang=" not in said


def test_in_english_nothing_is_added() -> None:
    error = errors.EmptyImage("it is empty", "save it again")
    assert said_error(error) == "It is empty; save it again."
    assert said_advice("face_turned") == "The face is turned away: look into the camera."
    assert said_notice(Notice("face_turned", "it is turned.", "probe")) == "Probe: it is turned."
    assert (
        said_finding(Finding("outlier", "a sample is unlike others", "look")) == "A sample is unlike others."
    )


def test_warnings_of_a_rule_in_german(german: None) -> None:
    point = OperatingPoint(1.0, "f", target_fmr=1e-5, detector="yunet")
    rule = Rule(point, risk=SearchRisk(40_000, 1e-2, 1e-7, 1e-5))
    kept, detector = (said_notice(each) for each in rule.warnings("mtcnn"))
    assert kept == (
        "Gesichter Fremder, die bei einer Suche unter 40.000 aufgenommenen Bildern einen Namen bekämen: bis "
        "zu 40 von 100, gewünscht waren höchstens 1 von 100. Keine gemessene Schwelle ist streng genug; "
        "lassen Sie einen Menschen die Namen prüfen."
    )
    assert detector == "Die Schwelle wurde mit dem Detektor yunet gemessen, nicht mit mtcnn."


def test_own_pictures_are_called_so(german: None) -> None:
    point = OperatingPoint(1.0, "f", target_fmr=1e-3, dataset=OWN_PICTURES, measured_on="2026-11-21")
    assert text.measured_on(point) == "„eigene Bilder“, 21.11.2026"


def test_what_the_gate_warns_of_in_german(german: None) -> None:
    alike = {"name": "<Anna>", "distance": 0.0871, "threshold": 0.1742}
    also = Notice(NoticeCode.ALSO_LIKE, "it is like Anna.", "a.png", alike)
    assert said_notice(also, [Path("a.png")]) == (
        "a.png: Das Gesicht ist auch dem von &lt;Anna&gt; ähnlich (Abstand 0,087, Schwelle 0,174)."
    )
    chance = Notice(
        NoticeCode.MAY_BELONG, "it may be Anna.", "a.png", alike | {"pictures": 1100, "strangers": 0.011}
    )
    assert said_notice(chance, named=False).endswith(
        "Unter 1.100 aufgenommenen Bildern sehen zufällig bis zu 1 von 91 neuen Personen jemandem so ähnlich."
    )


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


def test_findings_in_german(german: None, service: FaceService) -> None:
    for code in sorted(codes_of_findings()):
        html = show_finding(service, Finding(code, "something <is> wrong", "run a command")).html
        assert text.core("FINDINGS", code) in html
        assert '<small lang="en">Something &lt;is&gt; wrong.</small>' in html
        assert ('<small lang="en">Run a command.</small>' in html) is (code not in text.FINDING_ADVICE)


def test_every_error_is_said_in_german(german: None) -> None:
    for name in errors.__all__:
        error: FacenetAppError = getattr(errors, name)("in English")
        assert not said_error(error).startswith(("In English", "<"))
