"""Which names several pictures agree on."""

from hypothesis import given
from hypothesis import strategies as st

from facenet_app.video.agreement import AGREE, OF, Seen

PEOPLE = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.lists(PEOPLE, max_size=3), max_size=12))
def test_agreement_is_what_counting_the_last_pictures_says(pictures: list[list[str]]) -> None:
    seen = Seen()
    for picture in pictures:
        seen = seen.after(picture)
    last = pictures[-OF:]
    expected = {person for person in "abc" if sum(person in picture for picture in last) >= AGREE}
    assert seen.agreed == expected
