"""A run in one of several processes: ``torchrun --nproc-per-node 8 -m facenet_app.training CONFIG``.

For one process `facenet-app train` is the same with more help.
"""

import argparse
import sys
from pathlib import Path

from facenet_app.errors import FacenetAppError
from facenet_app.settings import load_settings
from facenet_app.training.config import load_config
from facenet_app.training.start import begin, go_on

__all__ = ["main"]


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(prog="facenet_app.training", description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, nargs="?", help="TOML file")
    parser.add_argument("--data", type=Path, help="pack or folder, instead of the file's data.path")
    # Not `--run`: torchrun would take what one of its own options, --run-path, begins with for itself.
    parser.add_argument("--run-dir", type=Path, metavar="DIR", help="folder of the run, for all processes")
    parser.add_argument("--resume", type=Path, metavar="RUN", help="go on with a run")
    given = parser.parse_args()
    if (given.config is None) == (given.resume is None):
        parser.error("give a configuration or --resume")
    try:
        if given.resume is not None:
            go_on(given.resume, load_settings(), given.data)
        else:
            begin(load_config(given.config).with_data(given.data), load_settings(), given.run_dir)
    except FacenetAppError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
