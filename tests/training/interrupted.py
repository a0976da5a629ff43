"""A run that Ctrl-C stops, in a process of its own: ``interrupted.py RUN``."""

import os
import signal
import sys
from pathlib import Path

import torch
from small import LEARNS, config, images, network

from facenet_app.training.loop import Position, Step
from facenet_app.training.losses import make_loss
from facenet_app.training.trainer import Trainer
from facenet_app.training.watcher import Silent

STOPPED = 3
"""Exit code of a run that ended with KeyboardInterrupt, and left Ctrl-C as it was."""


class Interrupting(Silent):
    """Presses Ctrl-C in the fourth step."""

    def step(self, at: Position, _: Step) -> None:
        if at.step == 4:
            os.kill(os.getpid(), signal.SIGINT)


def main(run: Path) -> int:
    # A shell ignores Ctrl-C on behalf of what it runs in the background, this process perhaps.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    loss = make_loss("triplet_semi_hard", margin=0.4)
    try:
        Trainer(network(), images(24, 6), loss, config(**LEARNS), run, watcher=Interrupting()).fit()
    except KeyboardInterrupt:
        return STOPPED if signal.getsignal(signal.SIGINT) is signal.default_int_handler else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
