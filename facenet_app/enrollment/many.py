"""Enrolling many people with whatever examines their pictures quickest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from facenet_app.domain import Enrollment, Selection
from facenet_app.enrollment.admit import Rules
from facenet_app.enrollment.batch import Batch
from facenet_app.enrollment.bulk import Crew, Progress, enroll_people
from facenet_app.enrollment.examine import Examiner
from facenet_app.enrollment.people import Person
from facenet_app.enrollment.reading import read_portions
from facenet_app.errors import UsageError
from facenet_app.extraction import FaceExtractor
from facenet_app.gallery.store import GalleryStore
from facenet_app.processes import in_processes, in_threads, usable_cores
from facenet_app.settings import Settings

__all__ = ["Means", "Spread", "enroll_many"]

WORTH_A_PROCESS = 100
"""Pictures that take about as long as starting a process that works on them."""
THREADS = 2
"""While one embeds, the other finds faces; the libraries use more threads by themselves."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How the work is spread.

    Attributes:
        workers: processes; 0 = as many as there are cores, or as are worth their start. On Ray, 0 = all
            cores of the cluster.
        ray: address of a Ray cluster, or "" for the one that Ray finds by itself or starts on this
            machine; None: not on Ray.
    """

    workers: int = 0
    ray: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise UsageError("the number of workers cannot be negative", "give 0 for as many as are of use")


@dataclass(frozen=True, slots=True)
class Means:
    """What there is to examine pictures with.

    Attributes:
        extractor: of this process.
        settings: that it was opened with.
        open_examiner: opens an examiner in another process, from ``Settings.of_extraction()``.
        spread: how the work is spread.
    """

    extractor: FaceExtractor
    settings: Settings
    open_examiner: Callable[[Mapping[str, object], Selection], Examiner]
    spread: Spread


def enroll_many(
    people: Sequence[Person], gallery: GalleryStore, rules: Rules, means: Means, progress: Progress | None
) -> Iterator[Enrollment]:
    """Enroll people; see :func:`facenet_app.enrollment.bulk.enroll_people`.

    Raises:
        UsageError: Ray is asked for and not installed.
    """
    pictures = sum(len(person.pictures) for person in people)
    crew = _crew(means, rules.selection, pictures)
    portions = read_portions(people, gallery, means.settings.max_bytes)
    return enroll_people(people, portions, crew, Batch(gallery, rules.for_many(pictures)), progress)


def _crew(means: Means, selection: Selection, pictures: int) -> Crew:
    spread, device = means.spread, means.extractor.embedder.engine.device
    elsewhere = spread.ray is not None
    opened = partial(means.open_examiner, means.settings.of_extraction(elsewhere=elsewhere), selection)
    if spread.ray is not None:
        from facenet_app.ray_actors import Cluster, on_ray, require_ray

        require_ray()
        gpus = int(device.startswith("cuda"))
        return partial(on_ray, opened, cluster=Cluster(spread.ray, spread.workers, gpus))
    # One process keeps a GPU busy, and has it for itself.
    most = min(usable_cores(), 1 + pictures // WORTH_A_PROCESS) if device == "cpu" else 1
    workers = spread.workers or most
    if workers == 1:
        return partial(in_threads, Examiner(means.extractor, selection), workers=THREADS)
    return partial(in_processes, opened, workers=workers)
