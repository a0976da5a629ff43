"""What a person may be called, and which names are the same person's."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.errors import InvalidName
from facenet_app.gallery.names import LONGEST_NAME, checked_name, name_key

texts = st.text(st.characters(codec="utf-8"), max_size=20) | st.text(
    st.sampled_from("aA éÉßſıİǅΐﬁ\u0301\u0345\u0323\u00a0\u2003\t~./ⅣＡ①"), max_size=12
)


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("Grace Hopper", "Grace Hopper"),
        ("  Grace \t  Hopper\n", "Grace Hopper"),
        ("Grace\u00a0\u2003Hopper", "Grace Hopper"),
        ("Jose\u0301", "José"),
        ("O'Brien-Smith, Jr.", "O'Brien-Smith, Jr."),
        ("张伟", "张伟"),
        ("...", "..."),
        ("a~b", "a~b"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
    ],
)
def test_is_stored_composed_trimmed_and_with_single_spaces(given_name: str, stored: str) -> None:
    assert checked_name(given_name) == stored


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "empty"),
        (" \t\n ", "empty"),
        ("x" * (LONGEST_NAME + 1), "201"),
        ("a/b", "path"),
        ("C:\\people", "path"),
        (".", "path"),
        (" .. ", "path"),
        ("~root", "path"),
        ("a\x00b", "U+0000"),
        ("a\nb", "control"),
        ("a\x1b[31mb", "control"),
        ("evil\u202egpj", "U+202E"),
        ("a\u200bb", "formatting"),
        ("a\u2066b", "formatting"),
        ("a\u2028b", "line separator"),
        ("a\u2029b", "paragraph separator"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_what_cannot_be_a_name(name: str, says: str) -> None:
    with pytest.raises(InvalidName) as caught:
        checked_name(name)
    assert says in caught.value.message
    assert caught.value.hint


@given(texts)
def test_checking_twice_changes_nothing(text: str) -> None:
    try:
        name = checked_name(text)
    except InvalidName:
        return
    assert checked_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert name_key(name) == name_key(text)
    assert name_key(name) != ""


@given(texts)
def test_key_is_a_fixed_point(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)


@given(texts, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_key_forgives_case_composition_and_spaces(text: str, form: str) -> None:
    key = name_key(text)
    assert name_key(unicodedata.normalize(form, text)) == key
    assert name_key(unicodedata.normalize("NFD", text).casefold()) == key
    assert name_key(f" {text}\t") == key


@given(st.text("abcdefghijklmnopqrstuvwxyz 0123456789", max_size=10), st.data())
def test_plain_names_have_one_key_only_if_they_differ_in_case_or_spaces(
    text: str, data: st.DataObject
) -> None:
    other = data.draw(st.text("abcdefghijklmnopqrstuvwxyz 0123456789", max_size=10) | st.just(text.upper()))
    same = text.lower().split() == other.lower().split()
    assert (name_key(text) == name_key(other)) is same


def test_other_letters_are_other_people() -> None:
    assert name_key("Jose") != name_key("José")
    assert name_key("Straße") == name_key("STRASSE")
    assert name_key("Ａｎｎａ") == name_key("anna")
