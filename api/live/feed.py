"""Tells every listener of this process what changes: one connection that listens, one read for each change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn
from uuid import UUID

import structlog

from api.http.errors import Refused
from api.live.frames import RESYNC, job_piece
from api.live.listeners import Listener, Piece, Places
from api.live.reading import JobNews, LiveReader
from promptmill.config.settings import Settings
from promptmill.contracts.errors import RecordError, RecordNotFound
from promptmill.store.notices import DEAF, Notice, NoticeListener

GATHER_SECONDS: Final = 0.05
"""How long changes gather before they are read together."""

MAX_CHANGED: Final = 5000
"""Changed jobs that may wait to be read. More, and the lists' listeners are told to read anew."""

HEARING_SECONDS: Final = 5.0
"""How long a new listener waits for the connection that listens."""

DISCONNECT_GRACE_SECONDS: Final = 15.0
"""How long open streams outlive the connection that listens; then they end, so that their listeners poll."""

AGAIN_SECONDS: Final = 1.0
"""How long to wait after changes could not be read."""

NEWEST: Final = 2**31 - 1
"""Later than every event: for listeners that know nothing, and need no past."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Topic:
    """One job that is listened to: its listeners, and the newest event that they were told of."""

    listeners: set[Listener] = field(default_factory=set)
    told: int = 0


@dataclass(eq=False)
class Feed:
    """Who listens in this process, and what they are told. Lives in one event loop.

    Attributes:
        database_url: Postgres itself, for LISTEN.
        tell: Sends a notification through the record, to check that it arrives.
        reader: Reads what has changed.
        places: Counts the streams of each owner.
    """

    database_url: str
    tell: Callable[[str], Awaitable[None]]
    reader: LiveReader
    places: Places
    _lists: dict[str, set[Listener]] = field(default_factory=dict, init=False)
    _topics: dict[UUID, _Topic] = field(default_factory=dict, init=False)
    _changed: set[UUID] = field(default_factory=set, init=False)
    _renewed: set[UUID] = field(default_factory=set, init=False)
    _missed: bool = field(default=False, init=False)
    _work: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _hearing: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _end_all: asyncio.TimerHandle | None = field(default=None, init=False)
    _reading: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)
    _listening: NoticeListener = field(init=False)

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ConfigurationError: `database_url` is not a Postgres URL.
        """
        self._listening = NoticeListener(self.database_url, self.tell, self._heard, self._begun, self._lost)

    @property
    def problem(self) -> str | None:
        """What an operator must fix before streams can be served; None if nothing."""
        return DEAF if self._listening.deaf else None

    @property
    def busy(self) -> bool:
        """Whether changes are still to be read and told."""
        return self._work.is_set() or self._reading

    @contextmanager
    def following_list(self, owner: str) -> Iterator[Listener]:
        """Hold a listener to all jobs of an owner; it begins with `resync`.

        Raises:
            Refused: `too_many_streams`.
        """
        with self.places.taken(owner):
            listener = self._new_listener()
            listener.tell("resync", RESYNC)
            listeners = self._lists.setdefault(owner, set())
            listeners.add(listener)
            try:
                yield listener
            finally:
                listeners.discard(listener)
                if not listeners:
                    self._lists.pop(owner, None)

    @contextmanager
    def following_job(self, owner: str, job_id: UUID) -> Iterator[Listener]:
        """Hold a listener to one job. Whoever opens it tells it the beginning: `begin_job`.

        Raises:
            Refused: `too_many_streams`.
        """
        with self.places.taken(owner):
            listener = self._new_listener()
            topic = self._topics.setdefault(job_id, _Topic())
            topic.listeners.add(listener)
            try:
                yield listener
            finally:
                topic.listeners.discard(listener)
                if not topic.listeners:
                    self._topics.pop(job_id, None)

    async def begin_job(self, listener: Listener, job_id: UUID, after: int | None) -> bool:
        """Tell a new listener the whole job, and the changes after the last one that it knows of.

        Returns:
            Whether there is anything to tell, now or later: not of an ended job whose last change it knows.

        Raises:
        RecordUnavailable: Postgres is unavailable.
            RecordNotFound: The job was deleted.
        """
        # What changes from here on is heard, so nothing falls between this read and the first change.
        news = await self.reader.news(job_id, NEWEST if after is None else after)
        if (topic := self._topics.get(job_id)) is not None:
            topic.told = max(topic.told, news.latest)
        pieces: list[tuple[Hashable, Piece]] = [(piece.sequence, piece) for piece in news.changes]
        if pieces:
            # The job first, as always, but without a place: whoever loses the stream here must not miss the changes.
            pieces.insert(0, ("first", job_piece(news.answer)))
        listener.begin([*pieces, ("job", news.job)], up_to=news.latest)
        return not (news.job.last and after is not None and after >= news.latest)

    async def ready(self) -> None:
        """Wait until changes are heard.

        Raises:
            Refused: `record_unavailable`: they are not, for the time being.
        """
        self._wanted.set()
        if self.problem is not None:
            raise Refused("record_unavailable", self.problem)
        try:
            async with asyncio.timeout(HEARING_SECONDS):
                await self._hearing.wait()
        except TimeoutError:
            detail = self.problem or "Live streams need a Postgres connection, which is unavailable."
            raise Refused("record_unavailable", detail) from None

    def close(self) -> None:
        """End all streams, and every one that is still to come."""
        self._closed = True
        for listener in self._listeners():
            listener.close()

    async def run(self) -> NoReturn:
        """Listen and tell, from the first listener on, until cancelled."""
        await self._wanted.wait()
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._listening.run())
                    tasks.create_task(self._tell())
            except* Exception:  # noqa: BLE001  # whatever it was, streams must not stay open and silent
                _log.exception("feed_failed")
            self._end_streams()
            await asyncio.sleep(AGAIN_SECONDS)

    def _new_listener(self) -> Listener:
        listener = Listener()
        if self._closed:
            listener.close()
        return listener

    def _listeners(self) -> Iterator[Listener]:
        for listeners in (*self._lists.values(), *(topic.listeners for topic in self._topics.values())):
            yield from tuple(listeners)

    # -- what the connection calls

    def _heard(self, notice: Notice) -> None:
        topic = self._topics.get(notice.job_id)
        if notice.owner not in self._lists and topic is None:
            return
        self._changed.add(notice.job_id)
        if notice.sequence == 0:
            self._renewed.add(notice.job_id)
        if len(self._changed) > MAX_CHANGED:
            self._read_all_anew()
        self._work.set()

    def _begun(self) -> None:
        self._hearing.set()
        if self._missed:
            # What was missed may have been no event.
            self._renewed = set(self._topics)
            self._missed = False
        if self._end_all is not None:
            self._end_all.cancel()
            self._end_all = None
        self._read_all_anew()
        self._work.set()

    def _lost(self) -> None:
        if self._hearing.is_set():
            self._hearing.clear()
            self._missed = True
            self._end_all = asyncio.get_running_loop().call_later(DISCONNECT_GRACE_SECONDS, self._end_streams)

    def _end_streams(self) -> None:
        """End what is open, so that listeners notice; they may come again."""
        _log.warning("streams_ended")
        for listener in self._listeners():
            listener.close()

    def _read_all_anew(self) -> None:
        """Begin anew: what was missed is unknown. Lists are told so; single jobs are read."""
        self._changed = set(self._topics)
        for listeners in self._lists.values():
            for listener in listeners:
                listener.tell("resync", RESYNC)

    # -- reading and telling

    async def _tell(self) -> None:
        while True:
            self._reading = False
            await self._work.wait()
            self._work.clear()
            self._reading = True
            await asyncio.sleep(GATHER_SECONDS)
            changed, self._changed = self._changed, set()
            renewed, self._renewed = self._renewed, set()
            try:
                await self._tell_lists(changed)
                await self._tell_topics(changed, renewed)
            except RecordError as error:
                _log.warning("change_not_read", error=str(error))
                self._changed |= changed
                self._renewed |= renewed
                self._work.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _tell_lists(self, changed: set[UUID]) -> None:
        if not self._lists or not changed:
            return
        for owner, job_id, piece in await self.reader.listed([*changed]):
            for listener in tuple(self._lists.get(owner, ())):
                listener.tell(job_id, piece)

    async def _tell_topics(self, changed: set[UUID], renewed: set[UUID]) -> None:
        for job_id in changed & self._topics.keys():
            topic = self._topics.get(job_id)
            if topic is None:
                continue
            try:
                self._tell_topic(topic, await self.reader.news(job_id, topic.told), renewed=job_id in renewed)
            except RecordNotFound:
                for listener in topic.listeners:
                    listener.close()

    def _tell_topic(self, topic: _Topic, news: JobNews, *, renewed: bool) -> None:
        """Tell a job's followers its new events and the job; where it was `renewed` without one, the job alone."""
        topic.told = max(topic.told, news.latest)
        # Without an event it has no place: else whoever knows the newest event would not be told.
        job = news.job if news.changes else news.job._replace(sequence=0)
        for listener in tuple(topic.listeners):
            for piece in news.changes:
                listener.tell(piece.sequence, piece)
            if news.changes or renewed:
                listener.tell("job", job)


@asynccontextmanager
async def open_feed(
    settings: Settings, tell: Callable[[str], Awaitable[None]], reader: LiveReader
) -> AsyncIterator[Feed]:
    """Open the feed of one process; it connects with its first listener.

    Raises:
        ConfigurationError: No address of Postgres is set.
    """
    feed = Feed(settings.require_direct_database_url(), tell, reader, Places(settings.streams_per_owner))
    running = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        feed.close()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
