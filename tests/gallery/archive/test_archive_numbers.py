"""Numbers of an archive's lines, there and back."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from facenet_app.domain import Quality
from facenet_app.gallery.archive_format import QualityLine

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.one_of(FINITE, st.none()), min_size=3, max_size=3), FINITE, FINITE)
@settings(max_examples=60, deadline=None)
def test_numbers_come_back_bit_for_bit(some: Sequence[float | None], eyes: float, sharpness: float) -> None:
    line = QualityLine(
        eye_distance=eyes, sharpness=sharpness, exposure=some[0], pose=some[1], score=some[2], reasons=["x"]
    )
    back = QualityLine.model_validate_json(line.model_dump_json())
    assert repr(back.to_domain()) == repr(Quality(eyes, sharpness, ("x",), *some))
