"""Augmentation: whole batches, each picture on its own, and true to what cameras and files do."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from facenet_app.errors import UsageError
from facenet_app.training.augment import Augmentation, AugmentConfig
from facenet_app.training.degrade import blurring_matrices, jpeg, shrinking_matrices

NOTHING = {"mirror": 0.0, "geometry": 0.0, "light": 0.0, "gray": 0.0, "blur": 0.0, "low_resolution": 0.0,
           "jpeg": 0.0, "erase": 0.0, "mask": 0.0}  # fmt: skip
EACH = ("mirror", "geometry", "light", "gray", "blur", "low_resolution", "jpeg", "erase", "mask")


@pytest.fixture(scope="module")
def faces(astronaut: Path, hopper: Path) -> Tensor:
    """uint8 (2, 3, 112, 112), about where the faces are."""
    boxes = {astronaut: (160, 40, 300, 180), hopper: (160, 40, 420, 300)}
    pictures = []
    for path, box in boxes.items():
        with Image.open(path) as opened:
            face = opened.convert("RGB").crop(box).resize((112, 112), Image.Resampling.BICUBIC)
        pictures.append(torch.from_numpy(np.array(face)).permute(2, 0, 1))
    return torch.stack(pictures)


def augmented(images: Tensor, seed: int = 0, **changes: float) -> Tensor:
    config = AugmentConfig(**{**NOTHING, **changes})  # type: ignore[arg-type]
    result = Augmentation(config)(images, torch.Generator().manual_seed(seed))
    assert result.dtype == torch.uint8
    assert result.shape == images.shape
    assert isinstance(result, Tensor)
    return result


def test_nothing_changes_nothing(faces: Tensor) -> None:
    assert Augmentation(AugmentConfig.none())(faces).equal(faces)
    assert AugmentConfig.none() == AugmentConfig(**NOTHING)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EACH)
def test_a_share_of_the_pictures_is_changed(faces: Tensor, name: str) -> None:
    batch = faces[:1].repeat(200, 1, 1, 1)
    result = augmented(batch, **{name: 0.3})
    changed = (result != batch).flatten(1).any(1)
    assert 35 <= int(changed.sum()) <= 85
    if name not in ("mirror", "gray"):
        assert len({bytes(picture.numpy()) for picture in result[changed]}) > int(changed.sum()) / 2


def test_the_generator_decides(faces: Tensor) -> None:
    batch = faces.repeat(8, 1, 1, 1)
    augmentation = Augmentation()
    before = batch.clone()
    first, again, other = (augmentation(batch, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.equal(again)
    assert not first.equal(other)
    assert batch.equal(before)
    torch.manual_seed(5)
    plain = augmentation(batch)
    torch.manual_seed(5)
    assert plain.equal(augmentation(batch))


def test_autocast_does_not_matter(faces: Tensor) -> None:
    plain = augmented(faces, blur=1, low_resolution=1, jpeg=1)
    with torch.autocast("cpu", torch.bfloat16):
        assert plain.equal(augmented(faces, blur=1, low_resolution=1, jpeg=1))


def test_mirroring_is_exact(faces: Tensor) -> None:
    assert augmented(faces, mirror=1).equal(faces.flip(3))


def test_gray_is_luma(faces: Tensor) -> None:
    pictures = [Image.fromarray(face.permute(1, 2, 0).numpy()).convert("L") for face in faces]
    expected = np.stack([np.asarray(picture, np.int16) for picture in pictures])
    for channel in augmented(faces, gray=1).short().unbind(1):
        assert np.abs(channel.numpy() - expected).max() <= 1


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        ({"rotation": 20.0, "scale": 0.0, "shift": 0.0}, 1, 20),
        ({"rotation": 0.0, "scale": 0.0, "shift": 0.1}, 9, 16),
        ({"rotation": 0.0, "scale": 0.3, "shift": 0.0}, 1, 20),
    ],
)
def test_geometry_moves_a_point_no_farther_than_allowed(
    settings: dict[str, float], low: float, high: float
) -> None:
    batch = torch.zeros(100, 3, 113, 113, dtype=torch.uint8)
    batch[:, :, 15:18, 55:58] = 255  # 40 pixels above the middle
    moved = augmented(batch, geometry=1, **settings)[:, 0].double()
    mass = moved.sum((1, 2))
    at = torch.arange(113.0, dtype=torch.float64)
    y, x = (moved.sum(2) * at).sum(1) / mass, (moved.sum(1) * at).sum(1) / mass
    distance = torch.hypot(x - 56, y - 16)
    assert low < float(distance.max()) <= high
    assert float(distance.min()) < float(distance.max()) / 3


def test_light_stays_within_its_factors(faces: Tensor) -> None:
    flat = torch.full((200, 3, 16, 16), 100, dtype=torch.uint8)
    level = augmented(flat, light=1, brightness=0.2, contrast=0.5)[:, 0, 0, 0]
    assert 79 <= int(level.min()) < 85
    assert 115 < int(level.max()) <= 121
    spread = augmented(faces[:1].repeat(100, 1, 1, 1), light=1, brightness=0, contrast=0.2, saturation=0)
    factor = spread.float().std((1, 2, 3)) / faces[0].float().std()
    assert 0.78 < float(factor.min()) < 0.85
    assert 1.1 < float(factor.max()) < 1.21


def slow_blur(side: int, sigma: float) -> np.ndarray:
    """The definition, a number at a time."""
    blur = np.zeros((side, side))
    for row in range(side):
        for column in range(side):
            blur[row, column] = np.exp(-0.5 * ((row - column) / sigma) ** 2)
        blur[row] /= blur[row].sum()
    return blur


def slow_shrinking(side: int, small: int) -> np.ndarray:
    shrink = np.zeros((small, side))
    for row in range(small):
        first, last = row * side // small, -(-(row + 1) * side // small)
        shrink[row, first:last] = 1 / (last - first)
    enlarge = np.zeros((side, small))
    for row in range(side):
        at = min(max((row + 0.5) * small / side - 0.5, 0), small - 1)
        below = min(int(at), small - 1)
        enlarge[row, below] += 1 - (at - below)
        enlarge[row, min(below + 1, small - 1)] += at - below
    return enlarge @ shrink


def test_blurring_matrices() -> None:
    sigma = [0.3, 1, 2.5]
    for matrix, each in zip(blurring_matrices(24, torch.tensor(sigma)), sigma, strict=True):
        np.testing.assert_allclose(matrix.numpy(), slow_blur(24, each), atol=1e-6)
    (nothing,) = blurring_matrices(24, torch.zeros(1))
    assert nothing.equal(torch.eye(24))


def test_shrinking_matrices() -> None:
    small = [1, 5, 7, 23, 24]
    for matrix, each in zip(shrinking_matrices(24, torch.tensor(small)), small, strict=True):
        np.testing.assert_allclose(matrix.numpy(), slow_shrinking(24, each), atol=1e-6)


def test_low_resolution_is_as_pillow_makes_it(faces: Tensor) -> None:
    ours = augmented(faces, low_resolution=1, low_side=28)
    config = {"low_resolution": 1.0, "low_side": 112}
    assert augmented(faces, **config).equal(faces), "no picture is shrunk to its own size"
    matrices = shrinking_matrices(112, torch.tensor([28]))
    small = (matrices @ faces[0].float() @ matrices.mT).numpy()
    picture = Image.fromarray(faces[0].permute(1, 2, 0).numpy())
    theirs = picture.resize((28, 28), Image.Resampling.BOX).resize((112, 112), Image.Resampling.BILINEAR)
    assert np.abs(small - np.asarray(theirs).transpose(2, 0, 1)).max() < 2
    assert not ours.equal(faces)


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 95])
@pytest.mark.parametrize("side", [112, 100])
def test_jpeg_is_what_libjpeg_makes(faces: Tensor, quality: int, side: int) -> None:
    cut = faces[:, :, :side, :side]
    ours = jpeg(cut.float(), torch.full((2,), float(quality))).round()
    theirs = []
    for face in cut:
        file = io.BytesIO()
        Image.fromarray(face.permute(1, 2, 0).numpy()).save(file, "JPEG", quality=quality, subsampling=2)
        theirs.append(torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1))
    expected = torch.stack(theirs).float()
    # Libjpeg rounds to whole numbers on the way, which is worth about a level; the rest is the same.
    assert float((ours - expected).abs().mean()) < 1.3
    lost, ours_lost = ((each - cut.float()).abs().mean((1, 2, 3)) for each in (expected, ours))
    np.testing.assert_allclose(ours_lost.numpy(), lost.numpy(), rtol=0.05)


def test_rectangles_cover_what_they_may(faces: Tensor) -> None:
    result = augmented(faces[:1].repeat(200, 1, 1, 1), erase=1, erase_area=0.2)
    covered = (result != faces[:1]).any(1)
    share = covered.float().mean((1, 2))
    assert 0.01 < float(share.min()) < 0.05
    assert 0.15 < float(share.max()) < 0.22
    for picture, hidden in zip(result[:20], covered[:20], strict=True):
        rows, columns = hidden.any(1).nonzero(), hidden.any(0).nonzero()
        box = picture[:, int(rows[0]) : int(rows[-1]) + 1, int(columns[0]) : int(columns[-1]) + 1]
        assert (box == box[:, :1, :1]).float().mean() > 0.97


def test_masks_cover_the_mouth_and_not_the_eyes(faces: Tensor) -> None:
    result = augmented(faces.repeat(50, 1, 1, 1), mask=1)
    covered = (result != faces.repeat(50, 1, 1, 1)).any(1).float().mean(0)
    assert float(covered[:58].max()) == 0  # the eyes are at 52 in a crop of 112, the tip of the nose at 72
    assert float(covered[88:97, 42:71].min()) > 0.9  # and the mouth at 92


@pytest.mark.parametrize(
    "batch",
    [
        torch.zeros(2, 3, 8, 8),
        torch.zeros(2, 8, 8, 3, dtype=torch.uint8),
        torch.zeros(2, 3, 8, 9, dtype=torch.uint8),
        torch.zeros(3, 8, 8, dtype=torch.uint8),
    ],
)
def test_other_batches_are_refused(batch: Tensor) -> None:
    with pytest.raises(UsageError, match="a batch is uint8"):
        Augmentation()(batch)


def test_an_empty_batch_stays_empty() -> None:
    assert Augmentation()(torch.zeros(0, 3, 112, 112, dtype=torch.uint8)).shape == (0, 3, 112, 112)


@pytest.mark.parametrize("wrong", [{"mirror": 1.5}, {"jpeg_quality": 0}, {"rotation": -3}, {"low_side": 2}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        AugmentConfig(**wrong)  # type: ignore[arg-type]
