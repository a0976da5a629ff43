"""Reports to look at: the page taken apart, and faces for its pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
from numpy.typing import NDArray


@dataclass
class Crops:
    """The two public faces for every path; none for the fourth picture of a person."""

    faces: list[NDArray[np.uint8]]
    asked: list[list[str]] = field(default_factory=list)

    def __call__(self, paths: Sequence[str]) -> Mapping[str, NDArray[np.uint8] | None]:
        self.asked.append(list(paths))
        return {path: None if "0003" in path else self.faces["Hopper" in path] for path in paths}


class Tags(HTMLParser):
    """Every tag with its attributes, and all text outside of style sheets, white space made single."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside = ""
        self.feed(page)
        self.text = re.sub(r"[ \n]+", " ", " ".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.words.append(data)
