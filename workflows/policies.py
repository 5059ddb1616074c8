"""Every timeout and retry policy of the workflows, with its reason; they are defined only here."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig, LocalActivityConfig

HEARTBEAT = timedelta(seconds=10)
"""A dead or stalled worker is detected after this. Activities heartbeat every second."""

RECORD = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=6),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10), backoff_coefficient=2
    ),
    cancellation_type=ActivityCancellationType.ABANDON,
)
"""A write to the record. Retried until it succeeds: a job with a wrong record is worse than a late one. Abandoned
rather than cancelled, because a cancel would otherwise drop a pending local write."""

WRITE_PROMPT = ActivityConfig(
    # Above the maximum of PROMPTMILL_GROK_TIMEOUT_SECONDS: the activity itself ends a slow call.
    start_to_close_timeout=timedelta(seconds=3700),
    heartbeat_timeout=HEARTBEAT,
    # The row counts xAI's failures; a dead worker or a Postgres outage must not use those up: attempts are unlimited.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""A request to Grok. Waits for a cancelled one to finish, so that a response arriving at that moment is kept."""

SUBMIT_MEDIA = ActivityConfig(
    # Above the maximum of PROMPTMILL_SUBMIT_TIMEOUT_SECONDS, with time to record the answer.
    start_to_close_timeout=timedelta(seconds=700),
    heartbeat_timeout=HEARTBEAT,
    # Only what certainly created nothing is raised as an error; everything else is returned as a result.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
    # A cancelled submission still delivers its prediction's id before it ends.
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
)
"""The paid POST. Retrying is safe because the activity asks the record for permission each time."""

NET_SHARE = 0.5
"""Share of its generate timeout after which a job reads its result itself. So late that the workers' readers have read
most of what finishes at all, and early enough for many reads before the timeout if no reader runs."""

COLLECT_RESULT = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=45),
    heartbeat_timeout=HEARTBEAT,
    # Each failed attempt sets its own retry delay; this one is for a worker that died.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""Polling a result where no reader did: retries add no history. Ended by the job's own limits, not by one here."""

RESOLVE_SUBMISSION = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=120),
    heartbeat_timeout=HEARTBEAT,
    # Each attempt that leaves it unclear sets its own retry delay.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(seconds=60)),
)
"""Searching for an unclear submission's prediction. Ended by the record, a person or a cancel, not by a limit here."""

LOOK_AGAIN = timedelta(minutes=1)
"""Pause after a search that failed unexpectedly."""

RECONCILE = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    # The next pass runs soon anyway.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=2),
)
"""One step of a reconciler's pass."""

CANCEL_ARRIVES = timedelta(seconds=60)
"""How long a workflow whose row was cancelled waits for Temporal's own cancel, sent by the API or the reconciler."""

DELIVER_CALLBACK = ActivityConfig(
    # Above the maximum of PROMPTMILL_CALLBACK_TIMEOUT_SECONDS, with time to write the record.
    start_to_close_timeout=timedelta(seconds=90),
    # The delays between attempts; the activity extends them if the receiver requests it.
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=5), backoff_coefficient=2, maximum_interval=timedelta(hours=1)
    ),
)
"""Delivering a callback. The activity itself gives up after PROMPTMILL_CALLBACK_GIVE_UP_SECONDS."""

FEED_BATCH = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""Accepting and starting the next jobs of a batch. Retried until it succeeds: the record lets no row have two."""

LOOK_AT_BATCH = timedelta(seconds=30)
"""How long a batch waits for a signal before it looks by itself: a notification may have been lost."""

LOOK_AT_HELD_BATCH = timedelta(seconds=10)
"""The same while something else than its own jobs refuses the next: nobody tells when it no longer does."""

SHOW_PROGRESS = timedelta(seconds=10)
"""How often the rows of a batch are counted for the Web UI."""

LOOKS_PER_RUN = 500
"""After how many looks a batch goes on as a new run: about ten events each."""

STORE_OUTPUTS = ActivityConfig(
    # Many large outputs, each within its own limits; a dead worker is detected by its heartbeats.
    start_to_close_timeout=timedelta(hours=24),
    heartbeat_timeout=HEARTBEAT,
    # Each failed attempt sets its own retry delay; this one is for a worker that died.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)
"""Fetching and storing a job's outputs. Ended by the record: WaveSpeed deletes them after seven days."""
