"""Settings: ranges, names, the environment."""

from pathlib import Path

import pytest

from facenet_app.errors import UsageError
from facenet_app.service import FaceService
from facenet_app.settings import load_settings


def test_the_environment_and_what_overrides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACENET_APP_FMR", "1e-2")
    monkeypatch.setenv("FACENET_APP_LFW", "somewhere")  # the tests' own variable: no setting, no error
    assert load_settings().fmr == 0.01
    assert load_settings(fmr=1e-3).fmr == 0.001
    assert load_settings(fmr=None, gallery="staff.db").gallery == Path("staff.db")


@pytest.mark.parametrize(
    ("name", "value"),
    [("fmr", 0), ("fmr", 2), ("threshold", 3), ("port", 70000), ("device", "tpu"), ("engine", "x")],
)
def test_values_out_of_range_name_the_setting(name: str, value: object) -> None:
    with pytest.raises(UsageError, match=f"{name!r} cannot be .*FACENET_APP_{name.upper()}"):
        load_settings(**{name: value})


def test_a_misspelled_setting_is_not_ignored() -> None:
    with pytest.raises(UsageError, match="thresold"):
        FaceService.open(thresold=0.1)


def test_settings_do_not_change() -> None:
    with pytest.raises(Exception, match="frozen"):
        load_settings().fmr = 0.5  # type: ignore[misc]  # that is the point
