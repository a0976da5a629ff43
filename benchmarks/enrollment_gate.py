"""What the enrollment gate refuses rightly and wrongly, on LFW.

    uv run benchmarks/enrollment_gate.py --people 400

People of LFW with two pictures or more, five of each at most, drawn by lot, are enrolled one after
another, but for a fifth of them. Counted are, for each mode of the gate:

* wrongly refused: pictures of the right person, in a gallery of everybody before them;
* caught, a second name: a new picture of somebody enrolled, under a name of its own;
* caught, a wrong picture: one of a person who is not enrolled, for somebody with two pictures or more.

The labels of LFW are taken as they are, wrong ones included.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from lfw import lfw_root
from measurement import machine_lines

from facenet_app.bootstrap import measured_points, open_extractor
from facenet_app.comparison.rules import Measured
from facenet_app.domain import GateMode, SampleDraft
from facenet_app.errors import FacenetAppError
from facenet_app.extraction import content_sha256
from facenet_app.gallery.store import GalleryStore
from facenet_app.gate import Gate
from facenet_app.settings import Settings, load_settings

MOST = 5

People = list[tuple[str, list[SampleDraft]]]


def read_people(settings: Settings, count: int) -> People:
    """Names and drafts, without crops; pictures in which no face is found are left out."""
    folders = sorted(path for path in (lfw_root() / "images").iterdir() if len(list(path.iterdir())) > 1)
    chosen = [folders[i] for i in np.random.default_rng(0).permutation(len(folders))[:count]]
    extractor = open_extractor(settings)
    people = []
    for folder in chosen:
        drafts = []
        for outcome in extractor.extract_many(sorted(folder.glob("*.jpg"))[:MOST]):
            if not isinstance(outcome, FacenetAppError) and outcome.face.quality.usable:
                face = outcome.face
                drafts.append(SampleDraft(face.embedding, None, face.quality, content_sha256(outcome)))
        if len(drafts) > 1:
            people.append((folder.name, drafts))
    return people


def refused(gate: Gate, store: GalleryStore, name: str, drafts: Sequence[SampleDraft]) -> list[str | None]:
    return [each.error.code if each.error else None for each in gate.judge(store, name, drafts)]


def count(people: People, gate: Gate, store: GalleryStore) -> Iterator[tuple[str, int, int, int]]:
    """What was counted, how many refused as somebody else's, as unlike the own ones, and out of how many."""
    outside, inside = people[: len(people) // 5], people[len(people) // 5 :]
    codes: list[str | None] = []
    enrolled: People = []
    for name, drafts in inside:
        found = refused(gate, store, name, drafts)
        codes += found
        kept = [draft for draft, code in zip(drafts, found, strict=True) if code is None]
        if len(kept) > 1:  # the last one is for the second question
            store.add(name, kept[:-1])
            enrolled.append((name, kept))
    yield _row("the right person's pictures", codes)
    second = [code for name, kept in enrolled for code in refused(gate, store, f"Alias {name}", kept[-1:])]
    yield _row("somebody enrolled, under a second name", second)
    strangers = cycle(draft for _, drafts in outside for draft in drafts)
    wrong = [
        code
        for (name, kept), stranger in zip(enrolled, strangers, strict=False)
        if len(kept) > 2
        for code in refused(gate, store, name, [stranger])
    ]
    yield _row("a stranger's picture for somebody of two or more", wrong)


def _row(what: str, codes: Sequence[str | None]) -> tuple[str, int, int, int]:
    return what, codes.count("belongs_to_other"), codes.count("unlike_own_samples"), len(codes)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=400, help="how many people to enroll")
    settings = load_settings()
    people = read_people(settings, parser.parse_args().people)
    fingerprint = people[0][1][0].embedding.fingerprint
    measured = Measured(settings.model, fingerprint, measured_points(settings, fingerprint))
    print(f"{len(people)} people, {sum(len(drafts) for _, drafts in people)} pictures\n")
    print("| mode | pictures | belongs_to_other | unlike_own_samples | of |\n|---|---|---|---|---|")
    for mode in (GateMode.STANDARD, GateMode.STRICT):
        gate = Gate(settings.model_copy(update={"gate": mode}), measured)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "gallery.db"
            with GalleryStore.open(path, model=settings.model, fingerprint=fingerprint) as store:
                for row in count(people, gate, store):
                    print("| " + " | ".join(map(str, (mode.value, *row))) + " |")
    print("\n" + "\n".join(machine_lines(["facenet-app", "numpy"])))


if __name__ == "__main__":
    main()
