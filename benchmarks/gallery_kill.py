"""Kill a writer (SIGKILL) at random points and look at what is left, hundreds of times.

Each writer enrolls, renames, merges and removes people, says what it begins and what is committed, and is
killed; the next one goes on with the same gallery. After each kill the gallery has to open, `gallery check`
has to find it sound, every acknowledged change has to be there, and the one that was under way wholly or
not at all. The tests do the same a few times. ::

    python benchmarks/gallery_kill.py --kills 200
    python benchmarks/gallery_kill.py --postgres
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from measurement import Measurement, as_markdown, as_text, machine_lines
from own_server import own_server

PACKAGES = ("sqlalchemy", "psycopg")
TESTS = Path(__file__).resolve().parents[1] / "tests" / "gallery"


def crash(what: str, gallery: str, count: int, seed: int) -> tuple[dict[str, int], float]:
    """What a crash run counted, and its seconds; ends here if the gallery was not as it must be."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parents[1]), *filter(None, sys.path)])
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, TESTS / "crash_runs.py", what, gallery, str(count), str(seed)],
        stdout=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    if done.returncode != 0:
        raise SystemExit(f"FAIL  {what}: the gallery is not as it must be; see above.")
    return json.loads(done.stdout), time.perf_counter() - start


def main() -> int:
    """Crash and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="(default %(default)s)")
    parser.add_argument("--cuts", type=int, default=50, help="power cuts, four copies each (%(default)s)")
    parser.add_argument("--server-kills", type=int, default=20, help="with --postgres (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="decides what is written and when it ends")
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL server; no power cuts")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table and the machine")
    options = parser.parse_args()
    machine = machine_lines(PACKAGES)
    with ExitStack() as stack:
        made = stack.enter_context(tempfile.TemporaryDirectory())
        gallery = str(stack.enter_context(own_server())) if options.postgres else f"{made}/gallery.db"
        counts, seconds = crash("kills", gallery, options.kills, options.seed)
        rows = [
            Measurement(
                f"{counts['kills']} kills at random points, {'PostgreSQL' if options.postgres else 'SQLite'}",
                f"0 of {counts['acknowledged']:,} acknowledged changes lost; of those under way "
                f"{counts['kept']} were kept whole and {counts['left_out']} left out; {seconds:.0f} s",
                "0 lost, 0 unsound",
                True,
            )
        ]
        if options.server_kills and options.postgres:
            counts, seconds = crash("server_kills", f"{made}/server", options.server_kills, options.seed)
            rows.append(
                Measurement(
                    f"{counts['kills']} kills of all processes of a PostgreSQL server",
                    f"0 of {counts['acknowledged']:,} acknowledged changes lost; of those under way "
                    f"{counts['kept']} were kept whole and {counts['left_out']} left out; {seconds:.0f} s",
                    "0 lost, 0 unsound",
                    True,
                )
            )
        if options.cuts and not options.postgres:
            counts, seconds = crash("power_cuts", f"{made}/cut.db", options.cuts, options.seed)
            rows.append(
                Measurement(
                    f"{counts['copies']} copies as a power cut leaves them",
                    f"0 of {counts['acknowledged']:,} acknowledged changes lost; in {counts['spoiled']} "
                    f"copies the unsynced end of the log was cut off or spoiled; {seconds:.0f} s",
                    "0 lost, 0 unsound",
                    True,
                )
            )
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print("", *machine, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
