"""All pairs of LFW, counted exactly: how long it takes, and how much memory.

    uv run benchmarks/allpairs_speed.py

87.5 million pairs of 13,233 pictures, as vectors of 128 and of 512 components: directions drawn at
random around one for each person, because the time does not depend on whose faces they are. Only the
names of the pictures are read. Prints each target with PASS or FAIL and ends with 1 if one was missed.
"""

import resource
import sys
import time

import numpy as np
from lfw import lfw_root
from measurement import Measurement, as_text, at_most, machine_lines
from numpy.typing import NDArray

from facenet_app.evaluation import bootstrap
from facenet_app.evaluation.allpairs import all_pairs

MOST_SECONDS = 60
MOST_GIGABYTES = 1.5


def random_vectors(identities: NDArray[np.intp], components: int) -> NDArray[np.float32]:
    """Unit vectors whose mated and non-mated distances lie about as those of a face network do."""
    rng = np.random.default_rng(0)
    people = rng.standard_normal((int(identities.max()) + 1, components), np.float32)
    vectors = people[identities] + 0.6 * rng.standard_normal((identities.size, components), np.float32)
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def peak_gigabytes() -> float:
    """Of this process, from its start on (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def measure(identities: NDArray[np.intp], components: int) -> list[Measurement]:
    vectors = random_vectors(identities, components)
    start = time.perf_counter()
    counts = all_pairs(vectors, identities)
    counted = time.perf_counter() - start
    pairs = counts.distances()
    threshold = pairs.threshold_at(1e-3)
    start = time.perf_counter()
    bootstrap.fmr(counts.subjects, threshold)
    bootstrap.fnmr(counts.subjects, threshold)
    intervals = time.perf_counter() - start
    all_of_them = f"{pairs.mated.size + pairs.non_mated_pairs:,} pairs, {components} components"
    memory = peak_gigabytes()
    return [
        at_most(all_of_them, f"{counted:.1f} s", counted, MOST_SECONDS, f"< {MOST_SECONDS} s"),
        Measurement("FMR and FNMR with intervals, 1,000 replicates", f"{intervals:.1f} s"),
        at_most("peak memory so far", f"{memory:.2f} GB", memory, MOST_GIGABYTES, f"< {MOST_GIGABYTES} GB"),
    ]


def main() -> None:
    pictures = sorted((lfw_root() / "images").glob("*/*.jpg"))
    _, identities = np.unique([picture.parent.name for picture in pictures], return_inverse=True)
    rows = [row for components in (128, 512) for row in measure(identities, components)]
    print("\n".join(machine_lines(["numpy", "scipy"])))
    print(as_text(rows))
    sys.exit(any(row.passed is False for row in rows))


if __name__ == "__main__":
    main()
