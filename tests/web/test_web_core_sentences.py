"""What the core says has a sentence in every other language: errors, advice, warnings, findings."""

import ast
import string
from pathlib import Path

import pytest

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
from facenet_app.web.doctor import show_finding
from facenet_app.web.language import FOLDER, load_language
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


def test_every_error_is_said_in_german(german: None) -> None:
    for name in errors.__all__:
        error: FacenetAppError = getattr(errors, name)("in English")
        assert not said_error(error).startswith(("In English", "<"))


def test_findings_in_german(german: None, service: FaceService) -> None:
    for code in sorted(codes_of_findings()):
        html = show_finding(service, Finding(code, "something <is> wrong", "run a command")).html
        assert text.core("FINDINGS", code) in html
        assert '<small lang="en">Something &lt;is&gt; wrong.</small>' in html
        assert ('<small lang="en">Run a command.</small>' in html) is (code not in text.FINDING_ADVICE)


def test_the_english_sentence_follows_where_it_says_more(german: None) -> None:
    error = errors.ImageTooLarge("/tmp/x/<b>.png has 9 pixels", "scale it down")
    own, _, english = said_error(error, [Path("/tmp/x/<b>.png")]).partition(" <small")
    assert own == "Das Bild ist zu groß. Verkleinern Sie es."
    assert english == ' lang="en">&lt;b&gt;.png has 9 pixels; scale it down.</small>'


def test_a_poor_face_needs_no_english(german: None) -> None:
    poor = PoorQuality("too poor", "come closer", reasons=("face_too_small", "face_turned"))
    said = said_refusal(refusal("/tmp/x/a.png", poor), "a.png", named=True)
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


def test_own_pictures_are_called_so(german: None) -> None:
    point = OperatingPoint(1.0, "f", target_fmr=1e-3, dataset=OWN_PICTURES, measured_on="2026-11-21")
    assert text.measured_on(point) == "„eigene Bilder“, 21.11.2026"


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
