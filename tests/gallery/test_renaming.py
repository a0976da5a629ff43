"""Other names for people, and two people who become one."""

import pytest
from drafts import contents, draft, embedding

from facenet_app.errors import FacenetAppError, IdentityExists, IdentityNotFound, InvalidName
from facenet_app.gallery.store import GalleryStore


def test_renaming_keeps_the_person(store: GalleryStore) -> None:
    anna, (sample,) = store.add("Anna", [draft(1)])
    renamed = store.rename("anna", " Anna   Lee ")
    assert (renamed.id, renamed.name, renamed.samples) == (anna.id, "Anna Lee", 1)
    assert store.find("Anna") is None
    assert store.sample(sample.id).identity_id == anna.id
    assert store.rename("Anna Lee", "ANNA LEE").name == "ANNA LEE"


def test_renaming_to_somebody_else_is_refused_unless_merged(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    bea, _ = store.add("Bea", [draft(2)])
    before = (contents(store), store.revision())
    with pytest.raises(IdentityExists, match="--merge"):
        store.rename("Anna", "BEA")
    assert (contents(store), store.revision()) == before
    merged = store.rename("Anna", "BEA", merge=True)
    assert (merged.id, merged.name, merged.samples) == (bea.id, "Bea", 2)
    digests = [draft(seed).content_sha256 for seed in (1, 2)]
    assert contents(store) == [("Bea", digests)]
    assert [c.name for c in store.index().search(embedding(1), 5)] == ["Bea"]


def test_merging_with_oneself_changes_the_name_only(store: GalleryStore) -> None:
    store.add("Anna", [draft(1)])
    merged = store.rename("Anna", "anna", merge=True)
    assert (merged.name, merged.samples) == ("anna", 1)


@pytest.mark.parametrize(("old", "new", "error"), [("Bo", "C", IdentityNotFound), ("Anna", "~", InvalidName)])
def test_renaming_that_cannot_be(
    store: GalleryStore, old: str, new: str, error: type[FacenetAppError]
) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(error):
        store.rename(old, new)
    assert [who.name for who in store.identities()] == ["Anna"]
