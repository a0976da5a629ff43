"""The index in memory, up to date whenever it is asked for: one look at the database serves all who wait."""

import threading

from facenet_app.gallery.database import Database
from facenet_app.gallery.index import SearchIndex
from facenet_app.gallery.load import LoadedIndex, load_index, refresh_index
from facenet_app.gallery.upkeep import Clock

__all__ = ["LatestIndex"]


class LatestIndex:
    """Everybody whose consent holds, for searching, in the threads of one process.

    Whoever asks may use what was looked up by another thread, if that began after they asked. So with many
    clients at once each waits for two looks at most, not for those of all the others.

    Args:
        database: the gallery.
        clock: decides whose consent has expired.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._loaded: LoadedIndex | None = None
        self._turn = threading.Condition()
        self._looking = False
        self._begun = 0
        self._done = 0
        """Numbers of the last look that began, and of the last that was made."""

    def get(self) -> SearchIndex:
        """The index, with what any process wrote before this call.

        Raises:
            GalleryError: the gallery cannot be read.
        """
        with self._turn:
            wanted = self._begun + 1
            self._turn.wait_for(lambda: self._done >= wanted or not self._looking)
            if self._loaded is not None and self._done >= wanted:
                return self._loaded.index
            self._looking = True
            self._begun = number = self._begun + 1
        try:
            loaded = self._look()
            self._loaded, self._done = loaded, number
            return loaded.index
        finally:
            with self._turn:
                self._looking = False
                self._turn.notify_all()

    def _look(self) -> LoadedIndex:
        now = self._clock()
        if self._loaded is None:
            return load_index(self._database, now)
        return refresh_index(self._database, self._loaded, now)
