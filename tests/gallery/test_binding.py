"""A gallery is for one model: others are refused with the way out."""

import pytest
from drafts import FINGERPRINT, MODEL, draft

from facenet_app.domain import Place
from facenet_app.errors import ModelMismatch
from facenet_app.gallery.store import GalleryStore


def test_a_gallery_of_another_model_is_refused_with_the_way_out(store: GalleryStore, place: Place) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(ModelMismatch) as caught:
        GalleryStore.open(place, model="net-b", fingerprint="net-b:1")
    for part in (str(place), MODEL, FINGERPRINT, "net-b", "net-b:1", "facenet-app gallery reembed"):
        assert part in str(caught.value)
    assert store.fingerprint == FINGERPRINT
    with GalleryStore.open(place, model="net-b", fingerprint=None) as opened:
        assert opened.model == MODEL


@pytest.mark.parametrize(
    ("model", "fingerprint", "go_on"),
    [
        ("net-b", "net-b:1", ", or go on with --model net-a"),
        (MODEL, f"{FINGERPRINT}-mirror", ", or go on with FACENET_APP_MIRROR=0"),
        ("net-b", "net-b:1-mirror", ", or go on with --model net-a and FACENET_APP_MIRROR=0"),
        (MODEL, "net-a:9999", ""),  # its weights or preprocessing have changed
    ],
)
def test_the_way_out_names_the_settings_that_differ(
    store: GalleryStore, model: str, fingerprint: str, go_on: str
) -> None:
    store.add("Anna", [draft(1)])
    with pytest.raises(ModelMismatch) as caught:
        store.refuse_other_model(model, fingerprint)
    assert caught.value.hint == f"run `facenet-app gallery reembed`{go_on}"


def test_the_way_back_to_a_gallery_of_mirrored_faces(place: Place) -> None:
    mirrored = f"{FINGERPRINT}-mirror"
    with GalleryStore.open(place, model=MODEL, fingerprint=mirrored) as store:
        store.add("Anna", [draft(1, fingerprint=mirrored)])
        store.refuse_other_model(MODEL, mirrored)
        with pytest.raises(ModelMismatch, match=r"or go on with FACENET_APP_MIRROR=1\.$"):
            store.refuse_other_model(MODEL, FINGERPRINT)


def test_an_empty_gallery_is_bound_to_whatever_model_opens_it(store: GalleryStore, place: Place) -> None:
    store.add("Anna", [draft(1)])
    store.remove("Anna")
    store.refuse_other_model("net-b", "net-b:1")
    assert store.fingerprint == FINGERPRINT  # asking changes nothing
    with GalleryStore.open(place, model="net-b", fingerprint="net-b:1") as other:
        other.add("Bea", [draft(2, fingerprint="net-b:1")])
        assert (other.model, other.index().people, other.check()) == ("net-b", 1, [])
    assert store.model == "net-b"
    with pytest.raises(ModelMismatch):  # whoever had it open before cannot mix models in it
        store.add("Cleo", [draft(3)])


def test_opening_with_the_same_model_writes_nothing(store: GalleryStore, place: Place) -> None:
    GalleryStore.open(place, model=MODEL, fingerprint=FINGERPRINT).close()
    assert store.revision() == 0
