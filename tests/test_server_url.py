"""Addresses of galleries on servers: read as they are meant, and never shown with a password."""

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.domain import ServerUrl, place_of
from facenet_app.errors import GalleryError, UsageError
from facenet_app.gallery.opening import gallery_file
from facenet_app.settings import load_settings

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


@given(
    texts,
    texts,
    st.sampled_from(["localhost", "10.0.0.7", "db.example.org"]),
    st.none() | st.integers(1, 65535),
)
def test_every_part_comes_back(user: str, password: str, host: str, port: int | None) -> None:
    at = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}{'' if port is None else f':{port}'}"
    found = ServerUrl.parse(f"postgresql+psycopg://{at}/staff?sslmode=require&host=a&host=b")
    assert (found.user, found.password, found.host, found.port) == (user, password, host, port)
    assert (found.database, found.query) == ("staff", (("sslmode", "require"), ("host", "a"), ("host", "b")))
    shown = ServerUrl.parse(str(found))
    assert shown == ServerUrl(host, port, "staff", user, "***", found.query)


@given(st.text("0123456789@:/#?é ", min_size=1, max_size=12))
def test_no_password_is_ever_shown(password: str) -> None:
    quoted = quote(password, safe="")
    for given_as in (f"u:{quoted}@h/staff", f"u@h/staff?password={quoted}"):
        found = ServerUrl.parse(f"postgresql://{given_as}")
        assert quoted not in str(found)
        assert repr(password) not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "mysql://u:s3cret@h/staff",
        "http://u:s3cret@h/staff",
        "postgresql://u:s3cret@h",
        "postgresql://u:s3cret@h/",
        "postgresql://u:s3cret@h/a/b",
        "postgresql://u:s3cret@h:port/staff",
        "postgresql://u:s3/cret@h/staff",
        "postgresql://u:s3#cret@h/staff",
        "postgresql://u:12?s3cret@h/staff",
        "postgresql://u:s3cret@[::1/staff",
        "postgresql://",
    ],
)
def test_what_cannot_be_read_is_refused_without_being_quoted(text: str) -> None:
    for use in (ServerUrl.parse, lambda text: load_settings(gallery=text)):
        with pytest.raises(UsageError, match="cannot be read; write it as postgresql") as caught:
            use(text)
        seen: BaseException | None = caught.value
        while seen is not None:
            assert "cret" not in f"{seen}{seen!r}"
            seen = seen.__cause__


def test_a_setting_is_a_path_or_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings(gallery="staff.db").gallery == Path("staff.db")
    monkeypatch.setenv("FACENET_APP_GALLERY", "postgresql+psycopg://me:s3cret@db/staff")
    settings = load_settings()
    assert settings.gallery == ServerUrl("db", None, "staff", "me", "s3cret")
    assert "s3cret" not in f"{settings!r}{settings}{settings.gallery}"
    assert str(settings.gallery) == "postgresql+psycopg://me:***@db/staff"


def test_an_address_that_was_made_a_path_is_refused() -> None:
    with pytest.raises(UsageError, match="is no path"):
        place_of(Path("postgresql://me:s3cret@db/staff"))


def test_what_needs_a_file_says_so() -> None:
    assert gallery_file(Path("a.db")) == Path("a.db")
    with pytest.raises(GalleryError, match=r"me:\*\*\*@db/staff is no file; use the tools of its server"):
        gallery_file(ServerUrl("db", None, "staff", "me", "s3cret"))
