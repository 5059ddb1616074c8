"""Publishes changes to all of this process's streams: one LISTEN connection, and one read per change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NoReturn
from uuid import UUID

import structlog

from api.http.errors import Refused
from api.live.frames import RESYNC, SITUATION, batch_frame, job_frame
from api.live.reading import JobUpdate, LiveReader
from api.live.subscribers import Frame, StreamSlots, Subscriber
from promptmill.config.settings import Settings
from promptmill.contracts.errors import RecordError, RecordNotFound
from promptmill.store.notices import NOT_NOTIFIED, Notice, NoticeListener

BATCH_SECONDS: Final = 0.05
"""How long changes are collected before they are read in one batch."""

TELL_BATCHES_SECONDS: Final = 1.0
"""How long changes of batches are collected: each is told at most once in this time."""

MAX_CHANGED: Final = 5000
"""Changed jobs that may wait to be read. Beyond that, the lists' subscribers are told to resync."""

SUBSCRIBE_TIMEOUT_SECONDS: Final = 5.0
"""How long a new subscriber waits for the LISTEN connection."""

DISCONNECT_GRACE_SECONDS: Final = 15.0
"""How long open streams outlive a lost LISTEN connection; then they end, so that their clients poll."""

RETRY_SECONDS: Final = 1.0
"""Delay before retrying a failed read."""

SKIP_HISTORY: Final = 2**31 - 1
"""Above every event's sequence: for new clients, which need no past events."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False)
class _Topic:
    """One followed job: its subscribers, and the newest event sent to them."""

    subscribers: set[Subscriber] = field(default_factory=set)
    sent: int = 0


@dataclass(eq=False)
class Feed:
    """This process's subscribers and the changes to publish to them. Bound to one event loop.

    Attributes:
        database_url: A direct connection to Postgres, for LISTEN.
        notify: Sends a notification through the record, to verify that it arrives.
        reader: Reads changed jobs.
        slots: Limits each owner's streams.
    """

    database_url: str
    notify: Callable[[str, str], Awaitable[None]]
    reader: LiveReader
    slots: StreamSlots
    _lists: dict[str, set[Subscriber]] = field(default_factory=dict, init=False)
    _topics: dict[UUID, _Topic] = field(default_factory=dict, init=False)
    _changed: set[UUID] = field(default_factory=set, init=False)
    _refreshed: set[UUID] = field(default_factory=set, init=False)
    _batches: set[tuple[str, UUID]] = field(default_factory=set, init=False)
    _missed: bool = field(default=False, init=False)
    _has_changes: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _subscribed: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _listening: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _end_timer: asyncio.TimerHandle | None = field(default=None, init=False)
    _reading: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)
    _notices: NoticeListener = field(init=False)

    def __post_init__(self) -> None:
        """Check the address.

        Raises:
            ConfigurationError: `database_url` is not a Postgres URL.
        """
        self._notices = NoticeListener(
            self.database_url, self.notify, self._on_notice, self._on_batch, self._on_listening, self._on_lost
        )

    @property
    def problem(self) -> str | None:
        """What an operator must fix before streams can be served, or None."""
        return NOT_NOTIFIED if self._notices.not_notified else None

    @property
    def busy(self) -> bool:
        """Whether changes are still to be read and published."""
        return self._has_changes.is_set() or self._reading

    @property
    def listed(self) -> bool:
        """Whether anybody follows a list."""
        return bool(self._lists)

    def tell_situation(self) -> None:
        """Tell whoever follows a list that something has stopped or goes on."""
        for subscribers in self._lists.values():
            for subscriber in subscribers:
                subscriber.push("situation", SITUATION)

    @contextmanager
    def subscribe_to_list(self, owner: str, most: int | None = None) -> Iterator[Subscriber]:
        """Subscribe to all jobs of an owner, who may have `most` streams; the first frame is `resync`.

        Raises:
            Refused: `too_many_streams`.
        """
        with self.slots.hold(owner, most):
            subscriber = self._new_subscriber()
            subscriber.push("resync", RESYNC)
            subscribers = self._lists.setdefault(owner, set())
            subscribers.add(subscriber)
            try:
                yield subscriber
            finally:
                subscribers.discard(subscriber)
                if not subscribers:
                    self._lists.pop(owner, None)

    @contextmanager
    def subscribe_to_job(self, owner: str, job_id: UUID, most: int | None = None) -> Iterator[Subscriber]:
        """Subscribe to one job of an owner, who may have `most` streams.

        The caller then sends its current state: `send_initial`.

        Raises:
            Refused: `too_many_streams`.
        """
        with self.slots.hold(owner, most), self.follow(job_id) as subscriber:
            yield subscriber

    @contextmanager
    def follow(self, job_id: UUID) -> Iterator[Subscriber]:
        """Subscribe to one job, for a caller that holds one of its owner's slots for all the jobs that it follows."""
        subscriber = self._new_subscriber()
        topic = self._topics.setdefault(job_id, _Topic())
        topic.subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            topic.subscribers.discard(subscriber)
            if not topic.subscribers:
                self._topics.pop(job_id, None)

    async def send_initial(self, subscriber: Subscriber, job_id: UUID, after: int | None) -> bool:
        """Send a new subscriber the whole job, and the events after `after`, the last one that it has seen.

        Returns:
            Whether there is anything to send, now or later. False if the job has ended and its last event was seen.

        Raises:
            RecordUnavailable: Postgres is unavailable.
            RecordNotFound: The job was deleted.
        """
        # Already subscribed, so no change is lost between this read and the first notification.
        update = await self.reader.job_update(job_id, SKIP_HISTORY if after is None else after)
        if (topic := self._topics.get(job_id)) is not None:
            topic.sent = max(topic.sent, update.latest)
        frames: list[tuple[Hashable, Frame]] = [(frame.sequence, frame) for frame in update.changes]
        if frames:
            # The job first, as always, but without an id: a client that disconnects here must not miss the changes.
            frames.insert(0, ("first", job_frame(update.answer)))
        subscriber.start_with([*frames, ("job", update.job)], up_to=update.latest)
        return not (update.job.last and after is not None and after >= update.latest)

    async def ready(self) -> None:
        """Wait until notifications are received.

        Raises:
            Refused: `record_unavailable`: they cannot be received at present.
        """
        self._subscribed.set()
        if self.problem is not None:
            raise Refused("record_unavailable", self.problem)
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_SECONDS):
                await self._listening.wait()
        except TimeoutError:
            detail = self.problem or "Live streams need a Postgres connection, which is unavailable."
            raise Refused("record_unavailable", detail) from None

    def close(self) -> None:
        """End all streams, including any opened later."""
        self._closed = True
        for subscriber in self._subscribers():
            subscriber.close()

    async def run(self) -> NoReturn:
        """Listen and publish, from the first subscriber on, until cancelled."""
        await self._subscribed.wait()
        while True:
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._notices.run())
                    tasks.create_task(self._publish())
            except* Exception:  # noqa: BLE001  # whatever failed, streams must not stay open and silent
                _log.exception("feed_failed")
            self._end_streams()
            await asyncio.sleep(RETRY_SECONDS)

    def _new_subscriber(self) -> Subscriber:
        subscriber = Subscriber()
        if self._closed:
            subscriber.close()
        return subscriber

    def _subscribers(self) -> Iterator[Subscriber]:
        for subscribers in (*self._lists.values(), *(topic.subscribers for topic in self._topics.values())):
            yield from tuple(subscribers)

    # -- callbacks of the LISTEN connection

    def _on_notice(self, notice: Notice) -> None:
        topic = self._topics.get(notice.job_id)
        if notice.owner not in self._lists and topic is None:
            return
        self._changed.add(notice.job_id)
        if notice.sequence == 0:
            self._refreshed.add(notice.job_id)
        if len(self._changed) > MAX_CHANGED:
            self._resync()
        self._has_changes.set()

    def _on_batch(self, owner: str, batch_id: UUID) -> None:
        if owner not in self._lists:
            return
        if not self._batches:
            asyncio.get_running_loop().call_later(TELL_BATCHES_SECONDS, self._tell_batches)
        self._batches.add((owner, batch_id))

    def _tell_batches(self) -> None:
        batches, self._batches = self._batches, set()
        for owner, batch_id in batches:
            for subscriber in tuple(self._lists.get(owner, ())):
                subscriber.push(("batch", batch_id), batch_frame(batch_id))

    def _on_listening(self) -> None:
        self._listening.set()
        if self._missed:
            # A missed change may have had no event.
            self._refreshed = set(self._topics)
            self._missed = False
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None
        self._resync()
        self._has_changes.set()

    def _on_lost(self) -> None:
        if self._listening.is_set():
            self._listening.clear()
            self._missed = True
            self._end_timer = asyncio.get_running_loop().call_later(DISCONNECT_GRACE_SECONDS, self._end_streams)

    def _end_streams(self) -> None:
        """End the open streams, so that clients notice; they may reconnect."""
        _log.warning("streams_ended")
        for subscriber in self._subscribers():
            subscriber.close()

    def _resync(self) -> None:
        """Recover from unknown missed changes: lists are told to resync, followed jobs are read again."""
        self._changed = set(self._topics)
        for subscribers in self._lists.values():
            for subscriber in subscribers:
                subscriber.push("resync", RESYNC)

    # -- reading and publishing

    async def _publish(self) -> None:
        while True:
            self._reading = False
            await self._has_changes.wait()
            self._has_changes.clear()
            self._reading = True
            await asyncio.sleep(BATCH_SECONDS)
            changed, self._changed = self._changed, set()
            refreshed, self._refreshed = self._refreshed, set()
            try:
                await self._publish_to_lists(changed)
                await self._publish_to_topics(changed, refreshed)
            except RecordError as error:
                _log.warning("change_not_read", error=str(error))
                self._changed |= changed
                self._refreshed |= refreshed
                self._has_changes.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _publish_to_lists(self, changed: set[UUID]) -> None:
        if not self._lists or not changed:
            return
        for owner, job_id, frame in await self.reader.listed_jobs([*changed]):
            for subscriber in tuple(self._lists.get(owner, ())):
                subscriber.push(job_id, frame)

    async def _publish_to_topics(self, changed: set[UUID], refreshed: set[UUID]) -> None:
        for job_id in changed & self._topics.keys():
            topic = self._topics.get(job_id)
            if topic is None:
                continue
            try:
                update = await self.reader.job_update(job_id, topic.sent)
                self._publish_to_topic(topic, update, refreshed=job_id in refreshed)
            except RecordNotFound:
                for subscriber in topic.subscribers:
                    subscriber.close()

    def _publish_to_topic(self, topic: _Topic, update: JobUpdate, *, refreshed: bool) -> None:
        """Send a job's subscribers its new events and the job; if `refreshed` without an event, the job alone."""
        topic.sent = max(topic.sent, update.latest)
        # Without an event it has no sequence: otherwise clients that have seen the newest event would not get it.
        job = update.job if update.changes else update.job._replace(sequence=0)
        for subscriber in tuple(topic.subscribers):
            for frame in update.changes:
                subscriber.push(frame.sequence, frame)
            if update.changes or refreshed:
                subscriber.push("job", job)


@asynccontextmanager
async def open_feed(
    settings: Settings, notify: Callable[[str, str], Awaitable[None]], reader: LiveReader
) -> AsyncIterator[Feed]:
    """Open the feed of one process; it connects when it gets its first subscriber.

    Raises:
        ConfigurationError: No Postgres URL is set.
    """
    feed = Feed(settings.require_direct_database_url(), notify, reader, StreamSlots(settings.streams_per_owner))
    running = asyncio.create_task(feed.run())
    try:
        yield feed
    finally:
        feed.close()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
