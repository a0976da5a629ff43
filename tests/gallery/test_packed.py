"""Packed texts are the texts."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facenet_app.gallery.packed import PackedText

ids = st.uuids().map(lambda uuid: uuid.hex)


@given(st.lists(st.one_of(st.text(), ids)) | st.lists(ids))
def test_reads_back_what_was_packed(texts: list[str]) -> None:
    packed = PackedText(texts)
    assert len(packed) == len(texts)
    assert list(packed) == texts
    assert [packed[i] for i in range(len(texts))] == texts


@pytest.mark.parametrize("texts", [["A" * 32], ["0 " * 16], ["0" * 31, "0" * 33], ["é" * 32], ["g" * 32]])
def test_what_only_looks_like_an_id_stays_as_it_is(texts: list[str]) -> None:
    assert list(PackedText(texts)) == texts


@given(st.lists(ids | st.sampled_from(["a", "sample-7", "0" * 31]), min_size=1))
def test_reads_back_what_an_array_held(texts: list[str]) -> None:
    assert list(PackedText.of_ascii(np.array(texts, "S32"))) == texts


def test_ids_take_half_of_their_digits() -> None:
    packed = PackedText([UUID(int=number).hex for number in range(100)])
    assert len(packed._data) == 1600
