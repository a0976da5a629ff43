"""Two runs in a process of its own, ``stopped.py RUNS``: Ctrl-C stops one, and the other is to be killed."""

import os
import signal
import sys
from pathlib import Path

import torch
from small import LEARNS, config, images, network, train

from facenet_app.training.loop import Position, Step
from facenet_app.training.losses import make_loss
from facenet_app.training.trainer import Trainer
from facenet_app.training.watcher import Silent


class Interrupting(Silent):
    """Presses Ctrl-C in the fourth step."""

    def step(self, at: Position, _: Step) -> None:
        if at.step == 4:
            os.kill(os.getpid(), signal.SIGINT)


def interrupted(run: Path) -> bool:
    """Whether the run ended with KeyboardInterrupt, and left Ctrl-C as it was."""
    # A shell ignores Ctrl-C on behalf of what it runs in the background, this process perhaps.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    loss = make_loss("triplet_semi_hard", margin=0.4)
    try:
        Trainer(network(), images(24, 6), loss, config(**LEARNS), run, watcher=Interrupting()).fit()
    except KeyboardInterrupt:
        return signal.getsignal(signal.SIGINT) is signal.default_int_handler
    return False


if __name__ == "__main__":
    torch.set_num_threads(1)
    runs = Path(sys.argv[1])
    if not interrupted(runs / "interrupted"):
        sys.exit("Ctrl-C did not stop the run as it should")
    train(runs / "killed")
