"""Every timeout and retry policy of the workflows, with its reason; nowhere else stands a number."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig, LocalActivityConfig

HEARTBEAT = timedelta(seconds=10)
"""A call whose worker has died or stands still is known after this. Activities beat every second."""

RECORD = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=6),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10), backoff_coefficient=2
    ),
    cancellation_type=ActivityCancellationType.ABANDON,
)
"""A write to the record. Retried until it works: a job whose record is wrong is worse than a late one. Abandoned
rather than cancelled, because a pending local write is otherwise dropped by a cancel."""

WRITE_PROMPT = ActivityConfig(
    # Above the largest PROMPTMILL_GROK_TIMEOUT_SECONDS: the activity itself ends a slow call.
    start_to_close_timeout=timedelta(seconds=3700),
    heartbeat_timeout=HEARTBEAT,
    # The row counts xAI's failures; a dead worker or Postgres away must not use that up: attempts are not limited.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""A question to Grok. Waits for a cancelled one to let go, so that an answer that came in the same moment is kept."""

SUBMIT_MEDIA = ActivityConfig(
    # Above the largest PROMPTMILL_SUBMIT_TIMEOUT_SECONDS, with time to record the answer.
    start_to_close_timeout=timedelta(seconds=700),
    heartbeat_timeout=HEARTBEAT,
    # Only what surely made nothing is raised as an error; everything else comes back as a result.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
    # A cancelled submission brings its prediction's id home before it ends.
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""The paid POST. Repeating it is safe because the activity asks the record for permission each time."""

COLLECT_RESULT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=45),
    heartbeat_timeout=HEARTBEAT,
    # Each failed attempt says itself when to come again; this is for a worker that died.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""Reading a result, again and again: retries add no history. Ended by the job's own timers, not by a limit here."""

RESOLVE_SUBMISSION = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    heartbeat_timeout=HEARTBEAT,
    # Each attempt that leaves it unclear says itself when to look again.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(seconds=60)),
)
"""Looking for an unclear submission's prediction. Ended by the record, a person or a cancel, not by a limit here."""

LOOK_AGAIN = timedelta(minutes=1)
"""Pause after a look that failed in a way that was not foreseen."""

RECONCILE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    # The next pass comes soon anyway.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=2),
)
"""One part of a reconciler's pass."""

CANCEL_ARRIVES = timedelta(seconds=60)
"""How long a workflow whose row was cancelled waits for Temporal's own cancel; API or reconciler send it."""

DELIVER_CALLBACK = ActivityConfig(
    # Above the largest PROMPTMILL_CALLBACK_TIMEOUT_SECONDS, with time for the record.
    start_to_close_timeout=timedelta(seconds=90),
    # The waits between two attempts; the activity makes them longer where the receiver asks for that.
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(hours=1)
    ),
)
"""Telling a caller's address. Ended by the activity itself when PROMPTMILL_CALLBACK_GIVE_UP_SECONDS have passed."""
