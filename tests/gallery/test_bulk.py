"""Enrolling many people: as if one after the other, in fewer transactions, and again without repeating."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from drafts import FINGERPRINT, MODEL, draft
from made_pictures import Crew, content, enroll, rules, sample, write

from facenet_app.domain import Consent, Enrollment
from facenet_app.enrollment.admit import admit
from facenet_app.enrollment.batch import PICTURES, Batch
from facenet_app.enrollment.bulk import PIECE, enroll_people
from facenet_app.enrollment.examine import Examined, read_picture
from facenet_app.enrollment.people import people_in_folders
from facenet_app.enrollment.reading import read_portions
from facenet_app.gallery.store import GalleryStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "people of a folder"


@pytest.fixture
def second(tmp_path: Path) -> Iterator[GalleryStore]:
    with GalleryStore.open(tmp_path / "second.db", model=MODEL, fingerprint=FINGERPRINT) as opened:
        yield opened


def circle(count: int) -> dict[str, list[str]]:
    """People who look like nobody else, with one to three pictures."""
    apart = 360 / count
    return {f"Person_{n:03d}": [f"{n * apart + 0.1 * k} {k}" for k in range(1 + n % 3)] for n in range(count)}


def one_by_one(store: GalleryStore, folder: Path) -> list[Enrollment]:
    """The slow and obvious way."""
    results, made = [], rules()
    for person in people_in_folders(folder):
        pictures = [read_picture(str(path), 10_000) for path in person.pictures]
        outcomes = [Examined(each.source, sample(each), ()) for each in pictures]
        admission = admit(store, person.name, outcomes, made)
        if admission.drafts:
            results.append(admission.stored(*store.add(person.name, admission.drafts)))
        else:
            results.append(admission.stored(store.find(person.name), ()))
    return results


def told(result: Enrollment) -> tuple[object, ...]:
    """What can be compared of a result: all but ids and times."""
    samples = [each.content_sha256 for each in result.samples]
    return result.name, samples, result.refused, result.warnings, result.known


def test_everybody_in_order_in_few_transactions(store: GalleryStore, folder: Path) -> None:
    write(folder, circle(90))
    results = list(enroll(store, folder))
    assert [each.name for each in results] == [f"Person {n:03d}" for n in range(90)]
    assert [len(each.samples) for each in results] == [1 + n % 3 for n in range(90)]
    assert [each.identity and each.identity.samples for each in results] == [1 + n % 3 for n in range(90)]
    assert store.index().samples == 180
    assert store.revision() <= 180 // PICTURES + 30  # the clock may end a batch on a slow machine


@pytest.mark.parametrize("seed", range(6))
def test_as_if_one_after_the_other(
    store: GalleryStore, second: GalleryStore, folder: Path, seed: int
) -> None:
    """Faces in a narrow part of the circle, so that the gate has much to say; copies; poor pictures."""
    random = Random(seed)
    pictures = [f"{random.uniform(0, 90):.2f} {n}" for n in range(60)]
    people = {}
    for n in range(40):
        own = random.sample(pictures, random.randint(1, 4))
        near = [f"{float(own[0].split()[0]) + random.uniform(0, 5):.2f} {n}" for _ in range(2)]
        people[f"Person_{n:02d}"] = [*own, *near, own[0] + "|again", "10 blurred"][: random.randint(1, 8)]
    write(folder, people)
    bulk, slow = list(enroll(store, folder)), one_by_one(second, folder)
    assert [told(each) for each in bulk] == [told(each) for each in slow]
    assert content(store) == content(second)
    codes = {refused.code for each in bulk for refused in each.refused}
    assert {"belongs_to_other", "duplicate_sample"} <= codes


def test_what_cannot_be_used_stops_nothing(store: GalleryStore, folder: Path) -> None:
    write(
        folder,
        {
            "Anna": ["10 a", "nobody", ""],
            "Bea": ["50 b", "50 blurred"],
            "~odd": ["70 o"],
            "b\udcffd": ["80 o"],
            "Zoe": ["90 z"],
        },
    )
    (folder / "Anna" / "gone.jpg").symlink_to(folder / "nowhere")
    results = {each.name: each for each in enroll(store, folder)}
    assert {name: [r.code for r in each.refused] for name, each in results.items()} == {
        "Anna": ["no_face", "empty_image", "image_not_found"],
        "Bea": ["poor_quality"],
        "~odd": ["invalid_name"],
        "b\udcffd": ["invalid_name"],
        "Zoe": [],
    }
    assert results["Bea"].refused[0].reasons == ("face_blurred",)
    assert results["~odd"].identity is None
    assert list(content(store)) == ["Anna", "Bea", "Zoe"]


@pytest.mark.parametrize("dies_at", [0, 1, 40, 100, 179])
def test_a_run_that_was_stopped_goes_on_without_repeating(
    store: GalleryStore, second: GalleryStore, folder: Path, dies_at: int
) -> None:
    write(folder, circle(90))
    again, told_of = Crew(), set()
    with suppress(KeyboardInterrupt):
        for result in enroll(store, folder, Crew(dies_at)):
            told_of.add(result.name)
    assert content(store).keys() >= told_of
    stored = store.index().samples
    assert list(enroll(store, folder, again))[-1].name == "Person 089"
    assert len(again.seen) == 180 - stored
    list(enroll(second, folder))
    assert content(store) == content(second)
    third = Crew()
    assert sum(each.known for each in enroll(store, folder, third)) == 180
    assert third.seen == []


@pytest.mark.parametrize("dies_at", [0, 10, 39])
def test_a_run_that_is_repeated_stores_nothing_also_where_likeness_may_be_chance(
    store: GalleryStore, folder: Path, dies_at: int
) -> None:
    """From 11 pictures on these rates refuse nobody: also not the tenth, if forty are to come."""
    people = {f"Person_{n:02d}": [f"{9 * n if n != 5 else 36.5} {n}"] for n in range(40)}
    write(folder, people)
    many = rules(rates=(1e-3, 1e-2)).for_many(40)
    with suppress(KeyboardInterrupt):
        list(enroll(store, folder, Crew(dies_at), made=many))
    results = list(enroll(store, folder, made=many))
    assert [each.refused for each in results if each.refused] == []
    assert store.index().people == 40
    assert sum(len(each.samples) for each in enroll(store, folder, made=many)) == 0


def test_pictures_are_known_wherever_they_were_moved(store: GalleryStore, folder: Path) -> None:
    write(folder / "old", {"Anna": ["10 a"], "Bea": ["50 b"]})
    list(enroll(store, folder / "old"))
    (folder / "old").rename(folder / "new")
    (folder / "new" / "Bea").rename(folder / "new" / "Cleo")
    crew = Crew()
    anna, cleo = enroll(store, folder / "new", crew)
    assert crew.seen == []
    assert (anna.known, anna.refused) == (1, ())
    assert (cleo.known, [each.code for each in cleo.refused]) == (0, ["duplicate_sample"])
    assert "'Bea'" in cleo.refused[0].message


def test_somebody_removed_is_enrolled_again(store: GalleryStore, folder: Path) -> None:
    """A record beside the gallery would say that there is nothing to do."""
    write(folder, {"Anna": ["10 a"], "Bea": ["50 b"]})
    list(enroll(store, folder))
    store.remove("Anna")
    crew = Crew()
    assert [len(each.samples) for each in enroll(store, folder, crew)] == [1, 0]
    assert len(crew.seen) == 1


def test_a_person_of_many_pictures_is_one_result_of_several_transactions(
    store: GalleryStore, folder: Path
) -> None:
    count = 2 * PIECE + 30
    write(folder, {"Anna": [f"{n / 100} {n}" for n in range(count)], "Bea": ["90 b"]})
    anna, _ = enroll(store, folder)
    assert len(anna.samples) == count
    assert anna.identity is not None
    assert anna.identity.samples == count
    assert [each.content_sha256 for each in anna.samples] == [each[0] for each in content(store)["Anna"]]
    assert store.revision() >= 3


@pytest.mark.parametrize("gate", ["off", "standard"])
def test_runs_side_by_side_lose_nothing_and_store_nothing_twice(path: Path, folder: Path, gate: str) -> None:
    write(folder, circle(60))

    def run(_: int) -> list[Enrollment]:
        with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as own:
            return list(enroll(own, folder, gate=gate))

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(run, range(3)))
    assert sum(len(each.samples) for results in runs for each in results) == 120
    assert [each.refused for results in runs for each in results if each.refused] == []
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert {name: len(samples) for name, samples in content(store).items()} == {
            f"Person {n:03d}": 1 + n % 3 for n in range(60)
        }


def test_two_people_with_one_picture_in_a_batch(store: GalleryStore, folder: Path) -> None:
    write(folder, {"Anna": ["10 a"], "Bea": ["10 a"], "Cleo": ["50 c"]})
    anna, bea, cleo = enroll(store, folder, gate="off")
    assert (len(anna.samples), len(cleo.samples)) == (1, 1)
    assert [each.code for each in bea.refused] == ["duplicate_sample"]
    assert list(content(store)) == ["Anna", "Cleo"]


def test_progress_counts_every_picture_once(store: GalleryStore, folder: Path) -> None:
    write(folder, {"Anna": ["10 a", "nobody"], "~odd": ["70 o", "71 o"], "Zoe": ["90 z"]})
    people = people_in_folders(folder)
    seen: list[tuple[int, int]] = []
    portions = read_portions(people, store, 10_000)
    batch = Batch(store, rules())
    list(enroll_people(people, portions, Crew(), batch, lambda *done: seen.append(done)))
    assert seen == [(2, 5), (3, 5), (5, 5)]


def test_somebody_whose_consent_has_expired_stops_nothing(path: Path, folder: Path) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT, clock=lambda: now) as store:
        store.add("Bea", [draft(1)], Consent("form 12", now + timedelta(days=1)))
    write(folder, {"Anna": ["10 a"], "Bea": ["50 b", "51 b"], "Cleo": ["90 c"]})
    later = now + timedelta(days=2)
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT, clock=lambda: later) as store:
        anna, bea, cleo = enroll(store, folder, gate="off")
        assert (len(anna.samples), len(bea.samples), len(cleo.samples)) == (1, 0, 1)
        assert [each.code for each in bea.refused] == ["consent_expired"] * 2
