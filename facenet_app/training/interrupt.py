"""Ctrl-C at a good moment: after the batch that is being learned from."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Wish", "watched"]


class Wish:
    """Whether somebody asked the run to stop."""

    def __init__(self) -> None:
        self.stop = False


@contextmanager
def watched(*, active: bool = True) -> Iterator[Wish]:
    """While this lasts the first Ctrl-C (or SIGTERM) is a wish; a second one stops at once.

    Nothing is changed in other threads than the main one, to which Python gives no signals, and where
    it is not ``active``: of several processes none may leave the others waiting.
    """
    wish = Wish()
    if not active or threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, _: FrameType | None) -> None:
        wish.stop = True
        signal.signal(number, before[signal.Signals(number)])

    for each in before:
        signal.signal(each, note)
    try:
        yield wish
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
