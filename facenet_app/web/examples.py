"""Two pairs of photos to try, made from pictures in the public domain that are installed anyway.

Eileen Collins (NASA) comes with scikit-image, Grace Hopper (US Navy) with Matplotlib; neither
package is imported.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile

from PIL import Image, ImageEnhance, ImageOps

__all__ = ["Examples", "make_examples"]


@dataclass(frozen=True, slots=True)
class Examples:
    """Paths of (probe, reference): one person twice, and two people."""

    same: tuple[Path, Path]
    different: tuple[Path, Path]


def make_examples(folder: Path) -> Examples:
    """Write the pictures into ``folder``, which must exist.

    The second picture of Eileen Collins is the first one mirrored, cut, turned and darkened.
    """
    collins = folder / "eileen-collins.png"
    hopper = folder / "grace-hopper.jpg"
    copyfile(_installed("skimage", "data/astronaut.png"), collins)
    copyfile(_installed("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"), hopper)
    other = folder / "eileen-collins-mirrored.jpg"
    with Image.open(collins) as image:
        turned = ImageOps.mirror(image).rotate(8, Image.Resampling.BICUBIC, center=(288, 120))
    ImageEnhance.Brightness(turned.crop((180, 20, 400, 284))).enhance(0.6).save(other, quality=85)
    return Examples(same=(collins, other), different=(collins, hopper))


def _installed(package: str, path: str) -> Path:
    found = find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / path
