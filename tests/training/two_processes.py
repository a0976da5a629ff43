"""An epoch in each of the processes that torchrun started: ``two_processes.py OUT CHUNK…``."""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from small import config, images, network

from facenet_app.training.distributed import World, joined
from facenet_app.training.loop import Loop, Position
from facenet_app.training.losses import make_loss


def learn(world: World, out: Path, chunk: int) -> None:
    """Write loss, gradients (as the optimizer found them) and the weights after an epoch."""
    settings = config(
        augment=None,  # each process draws its own changes
        batch={"people": 4, "images": 3, "chunk": chunk},
        optimizer={"rate": 0.01, "name": "sgd", "clip": None},
    )
    model = network(dropout=0, norm=False).double()
    loop = Loop(
        model, images(), make_loss("triplet_semi_hard", margin=0.4), settings, world, torch.device("cpu")
    )
    gradients: dict[str, torch.Tensor] = {}

    def note(*_: object) -> None:
        for name, each in model.named_parameters():
            if each.grad is not None and name not in gradients:
                gradients[name] = each.grad.clone()

    loop.optimizer.register_step_pre_hook(note)
    losses = [step.numbers["loss"] for step in loop.steps(Position())]
    if world.leads:
        weights = {f"weight.{name}": each for name, each in model.state_dict().items()}
        found = {f"gradient.{name}": each for name, each in gradients.items()}
        tensors = {"losses": torch.tensor(losses, dtype=torch.float64), **found, **weights}
        save_file({name: each.contiguous() for name, each in tensors.items()}, out)


def train(world: World, run: Path) -> None:
    """A whole run, with all that processes have to agree on."""
    from facenet_app.training.trainer import Trainer

    loss = make_loss("triplet_semi_hard", margin=0.4)
    held_out = {"share": 0.25, "fmr": 0.1, "patience": 2}
    settings = config(epochs=6, checkpoint_every=2, held_out=held_out)
    result = Trainer(network(), images(), loss, settings, run, world=world).fit()
    assert (result.weights is not None) == world.leads


if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined(cuda=False) as several:
        for each in sys.argv[2:]:
            learn(several, Path(sys.argv[1]) / f"{each}.safetensors", int(each))
        train(several, several.agreed_path(Path(sys.argv[1]) / f"run{several.rank or ''}"))
