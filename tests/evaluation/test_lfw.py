"""LFW's lists of pairs: read exactly, refused if they are not."""

from pathlib import Path

import pytest

from facenet_app.errors import UsageError
from facenet_app.evaluation.lfw import Pair, read_pairs

LIST = "2\t1\nAda\t1\t4\nAda\t1\tBob_B\t12\nCy\t2\t3\nBob_B\t1\tCy\t1\n"


def test_folds_and_both_kinds(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(LIST)
    assert read_pairs(tmp_path / "pairs.txt") == [
        Pair("Ada/Ada_0001.jpg", "Ada/Ada_0004.jpg", mated=True, fold=0),
        Pair("Ada/Ada_0001.jpg", "Bob_B/Bob_B_0012.jpg", mated=False, fold=0),
        Pair("Cy/Cy_0002.jpg", "Cy/Cy_0003.jpg", mated=True, fold=1),
        Pair("Bob_B/Bob_B_0001.jpg", "Cy/Cy_0001.jpg", mated=False, fold=1),
    ]


@pytest.mark.parametrize("text", ["", "x\n", "2\t1\nAda\t1\t4\n", LIST + "Ada\t1\n", LIST.replace("12", "a")])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pairs.txt").write_text(text)
    with pytest.raises(UsageError, match="pairs"):
        read_pairs(tmp_path / "pairs.txt")


@pytest.mark.lfw
def test_the_official_lists(lfw: Path) -> None:
    view2 = read_pairs(lfw.parent / "pairs.txt")
    assert len(view2) == 6000
    assert sum(pair.mated for pair in view2) == 3000
    assert {pair.fold for pair in view2} == set(range(10))
    assert len({picture for pair in view2 for picture in (pair.probe, pair.reference)}) == 7701
    assert all((lfw / pair.probe).is_file() for pair in view2)
    dev_test = read_pairs(lfw.parent / "pairsDevTest.txt")
    assert len(dev_test) == 1000
    assert {pair.fold for pair in dev_test} == {0}
