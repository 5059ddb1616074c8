-- Revision 0001 up: the schema of the first release, as it was then. Never edit: newer releases have revisions of their own.

CREATE TABLE jobs (
    id                       uuid PRIMARY KEY,
    owner                    text NOT NULL,
    -- the request
    model                    text NOT NULL,
    kind                     text NOT NULL CHECK (kind IN ('image', 'video', 'audio', 'text', 'json')),
    input                    jsonb NOT NULL DEFAULT '{}',
    use_ai_prompt            boolean NOT NULL DEFAULT false,
    operation                text NOT NULL CHECK (operation IN ('generate', 'enhance')),
    instructions             text,
    target_url               text,
    ref_urls                 text[] NOT NULL DEFAULT '{}',
    on_prompt_failure        text NOT NULL DEFAULT 'fail'
        CHECK (on_prompt_failure IN ('fail', 'template', 'usePrompt')),
    priority                 smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
    provider_mode            text NOT NULL CHECK (provider_mode IN ('real', 'simulated')),
    generate_timeout_seconds integer NOT NULL,
    deadline_at              timestamptz NOT NULL,
    deadline_seconds         integer NOT NULL DEFAULT 86400, -- its length: a person's decision starts it anew
    callback_url             text,
    metadata                 jsonb NOT NULL DEFAULT '{}',
    retry_of                 uuid REFERENCES jobs (id) ON DELETE SET NULL,
    warnings                 text[] NOT NULL DEFAULT '{}',
    -- the prompt: original_prompt is the caller's text, prompt what WaveSpeed gets; prompt_source null: not settled yet
    original_prompt          text,
    prompt                   text,
    prompt_source            text CHECK (prompt_source IN ('grok', 'grok_fallback', 'template', 'caller', 'edited')),
    prompt_job_id            uuid,
    prompt_status            text NOT NULL DEFAULT 'not_requested'
        CHECK (prompt_status IN ('not_requested', 'pending', 'generating', 'completed', 'failed', 'cancelled')),
    prompt_cost_usd          numeric(12, 6),
    -- where it stands
    status                   text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'prompting', 'dispatching', 'submit_unknown', 'generating', 'cancelling',
                          'completed', 'failed', 'cancelled', 'expired', 'terminated')),
    reason_code              text,
    error                    text,
    -- what came of it
    prediction_id            text,
    outputs                  jsonb NOT NULL DEFAULT '[]',
    media_cost_usd           numeric(12, 6),
    media_cost_source        text CHECK (media_cost_source IN ('quoted', 'billed')),
    -- its workflow: claimed_at is when somebody last undertook to start it, missing_since since when Temporal lacks it
    cancel_requested_at      timestamptz,
    workflow_started_at      timestamptz,
    claimed_at               timestamptz,
    checked_at               timestamptz,
    missing_since            timestamptz,
    -- telling its end to callback_url: by a workflow of its own, which ended with or without success
    callback_claimed_at      timestamptz,
    callback_started_at      timestamptz,
    callback_ended_at        timestamptz,
    created_at               timestamptz NOT NULL DEFAULT now(),
    updated_at               timestamptz NOT NULL DEFAULT now(),
    dispatched_at            timestamptz,
    completed_at             timestamptz
);


-- Lists, newest first: all of an owner's, or those in one status.
CREATE INDEX jobs_owner_created_at_idx ON jobs (owner, created_at DESC, id DESC);


CREATE INDEX jobs_owner_status_created_at_idx ON jobs (owner, status, created_at DESC, id DESC);


-- What waits for a workflow.
CREATE INDEX jobs_claim_idx ON jobs (priority DESC, created_at)
    WHERE workflow_started_at IS NULL AND status IN ('queued', 'prompting', 'dispatching');


-- The position in WaveSpeed's queue.
CREATE INDEX jobs_dispatching_idx ON jobs (priority DESC, owner, created_at) WHERE status = 'dispatching';


-- What waits for WaveSpeed, or is being handed over.
CREATE VIEW waiting_jobs AS
    SELECT id, owner, priority, created_at FROM jobs WHERE status = 'dispatching';


-- Open rows, those compared with Temporal longest ago first.
CREATE INDEX jobs_checked_at_idx ON jobs (checked_at NULLS FIRST)
    WHERE workflow_started_at IS NOT NULL
      AND status NOT IN ('completed', 'failed', 'cancelled', 'expired', 'terminated');


-- Cancels on their way.
CREATE INDEX jobs_cancelling_idx ON jobs (cancel_requested_at) WHERE status = 'cancelling';


CREATE INDEX jobs_completed_at_idx ON jobs (completed_at) WHERE completed_at IS NOT NULL;


-- How long each model's newest jobs took.
CREATE INDEX jobs_model_completed_at_idx ON jobs (model, completed_at DESC) WHERE status = 'completed';


-- Ends that are still to be told.
CREATE INDEX jobs_callback_idx ON jobs (completed_at)
    WHERE callback_url IS NOT NULL AND completed_at IS NOT NULL AND callback_started_at IS NULL;


-- Jobs that have ended without media; some of it may be paid, and come late.
CREATE INDEX jobs_without_outputs_idx ON jobs (completed_at)
    WHERE status IN ('failed', 'cancelled', 'expired', 'terminated') AND outputs = '[]';


CREATE INDEX jobs_retry_of_idx ON jobs (retry_of) WHERE retry_of IS NOT NULL;


CREATE INDEX jobs_prompt_job_id_idx ON jobs (prompt_job_id) WHERE prompt_job_id IS NOT NULL;


CREATE TABLE prompt_generation_jobs (
    id                  uuid PRIMARY KEY,
    owner               text NOT NULL,
    job_id              uuid UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    -- the request
    operation           text NOT NULL CHECK (operation IN ('generate', 'enhance')),
    ref_urls            text[] NOT NULL DEFAULT '{}',
    target_url          text,
    instructions        text,
    existing_prompt     text,
    priority            smallint NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
    max_retries         integer NOT NULL DEFAULT 3 CHECK (max_retries >= 0),
    deadline_at         timestamptz NOT NULL,
    metadata            jsonb NOT NULL DEFAULT '{}',
    -- where it stands; between attempts it stays 'processing', with next_attempt_at
    status              text NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    reason_code         text,
    error               text,
    attempt_no          integer NOT NULL DEFAULT 0,
    retry_count         integer NOT NULL DEFAULT 0,
    next_attempt_at     timestamptz,
    grok_model          text,
    -- what came of it; answered_attempts names the attempts whose tokens and cost are counted already
    generated_prompt    text,
    prompt_source       text CHECK (prompt_source IN ('grok', 'grok_fallback', 'template', 'caller', 'edited')),
    input_tokens        integer,
    output_tokens       integer,
    cost_usd            numeric(12, 6),
    answered_attempts   integer[] NOT NULL DEFAULT '{}',
    rating              smallint,
    rating_reason       text,
    -- its workflow, as in jobs; enqueued_at is when it last joined Grok's queue
    cancel_requested_at timestamptz,
    workflow_started_at timestamptz,
    claimed_at          timestamptz,
    checked_at          timestamptz,
    missing_since       timestamptz,
    enqueued_at         timestamptz NOT NULL DEFAULT now(),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    completed_at        timestamptz
);


-- Deferred: a job and its prompt job name each other and are made together.
ALTER TABLE jobs
    ADD CONSTRAINT jobs_prompt_job_id_fkey FOREIGN KEY (prompt_job_id) REFERENCES prompt_generation_jobs (id)
        ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;


-- What waits for a workflow.
CREATE INDEX prompt_generation_jobs_claim_idx ON prompt_generation_jobs (priority DESC, created_at)
    WHERE workflow_started_at IS NULL AND status = 'queued' AND job_id IS NULL;


-- The position in Grok's queue: never asked, or waiting to be asked again.
CREATE INDEX prompt_generation_jobs_waiting_idx ON prompt_generation_jobs (priority DESC, owner, enqueued_at)
    WHERE workflow_started_at IS NOT NULL
      AND (status = 'queued' OR (status = 'processing' AND next_attempt_at IS NOT NULL));


-- What waits for Grok at this moment: those in back-off do not.
CREATE VIEW waiting_prompt_jobs AS
    SELECT id, owner, priority, enqueued_at FROM prompt_generation_jobs
    WHERE workflow_started_at IS NOT NULL
      AND (status = 'queued' OR (status = 'processing' AND next_attempt_at IS NOT NULL))
      AND coalesce(next_attempt_at, '-infinity') <= now();


-- The oldest one in the queue, for the statistics.
CREATE INDEX prompt_generation_jobs_queued_idx ON prompt_generation_jobs (enqueued_at) WHERE status = 'queued';


-- Open rows with a workflow of their own, those compared with Temporal longest ago first.
CREATE INDEX prompt_generation_jobs_checked_at_idx ON prompt_generation_jobs (checked_at NULLS FIRST)
    WHERE workflow_started_at IS NOT NULL AND job_id IS NULL AND status IN ('queued', 'processing');


-- Cancels on their way.
CREATE INDEX prompt_generation_jobs_cancelling_idx ON prompt_generation_jobs (cancel_requested_at)
    WHERE cancel_requested_at IS NOT NULL AND status IN ('queued', 'processing');


CREATE INDEX prompt_generation_jobs_completed_at_idx ON prompt_generation_jobs (completed_at)
    WHERE completed_at IS NOT NULL AND job_id IS NULL;


-- How long the newest prompts took.
CREATE INDEX prompt_generation_jobs_written_idx ON prompt_generation_jobs (completed_at DESC)
    WHERE status = 'completed';


CREATE TABLE submissions (
    id              uuid PRIMARY KEY,
    job_id          uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    -- never goes back: a lower highest number than before shows that an older backup was restored
    number          bigint NOT NULL GENERATED ALWAYS AS IDENTITY UNIQUE,
    state           text NOT NULL CHECK (state IN ('intended', 'accepted', 'rejected', 'unknown', 'superseded')),
    callback_token  text NOT NULL,
    request         jsonb NOT NULL,
    request_hash    text NOT NULL,
    provider_base   text NOT NULL,
    key_fingerprint text NOT NULL,
    -- the first byte leaves between these two, or never
    intended_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    post_before     timestamptz NOT NULL,
    prediction_id   text UNIQUE,
    media_cost_usd  numeric(12, 6),
    -- ids of unowned predictions that may be what became of it, and since when WaveSpeed's history shows none
    candidates      jsonb NOT NULL DEFAULT '[]',
    absent_since    timestamptz,
    reason_code     text,
    error           text,
    -- how often WaveSpeed refused for now and the row was used again, and the ids it had before
    repeats         integer NOT NULL DEFAULT 0,
    earlier_ids     uuid[] NOT NULL DEFAULT '{}',
    created_at      timestamptz NOT NULL DEFAULT now(),
    outcome_at      timestamptz,
    resolved_at     timestamptz,
    resolved_by     text CHECK (resolved_by IN ('answer', 'webhook', 'history', 'absence', 'person')),
    -- after the job's end: when and how often the reconciler looked, and when WaveSpeed was seen to have given it up
    looked_at       timestamptz,
    looks           integer NOT NULL DEFAULT 0,
    ended_at        timestamptz
);


-- The promise itself: a job has one submission that may have been paid, at most.
CREATE UNIQUE INDEX submissions_one_open_idx ON submissions (job_id)
    WHERE state IN ('intended', 'unknown', 'accepted');


CREATE INDEX submissions_job_id_idx ON submissions (job_id);


-- What still has to be resolved.
CREATE INDEX submissions_open_idx ON submissions (created_at) WHERE state IN ('intended', 'unknown');


-- The newest prediction that we know by a fact: what shows that WaveSpeed's history works.
CREATE INDEX submissions_accepted_idx ON submissions (provider_base, key_fingerprint, outcome_at DESC)
    WHERE state = 'accepted';


CREATE INDEX submissions_request_hash_idx ON submissions (request_hash) WHERE state IN ('intended', 'unknown');


-- Paid, and the job has ended without the media: they may still come. Not those that WaveSpeed itself gave up.
CREATE VIEW late_predictions AS
    SELECT s.id AS submission_id, s.job_id, s.prediction_id, j.model, j.kind, s.outcome_at AS accepted_at,
           s.looked_at, s.looks
    FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE j.status IN ('failed', 'cancelled', 'expired', 'terminated') AND j.outputs = '[]'
      AND s.state IN ('accepted', 'superseded') AND s.prediction_id IS NOT NULL AND s.ended_at IS NULL
      AND NOT (s.prediction_id = j.prediction_id AND coalesce(j.reason_code, '') IN (
          'generation_failed', 'generation_moderated', 'generation_input_unreachable', 'generation_stopped'));


CREATE TABLE job_events (
    job_id      uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    sequence    integer NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    status      text NOT NULL,
    reason_code text,
    detail      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, sequence)
);


CREATE TABLE webhook_deliveries (
    provider     text NOT NULL,
    event_id     text NOT NULL,
    job_id       uuid NOT NULL,
    body         jsonb NOT NULL,
    received_at  timestamptz NOT NULL DEFAULT now(),
    processed_at timestamptz,
    PRIMARY KEY (provider, event_id)
);


CREATE INDEX webhook_deliveries_open_idx ON webhook_deliveries (received_at) WHERE processed_at IS NULL;


CREATE TABLE idempotency_keys (
    owner         text NOT NULL,
    key           text NOT NULL,
    request_hash  text NOT NULL,
    job_id        uuid REFERENCES jobs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    prompt_job_id uuid REFERENCES prompt_generation_jobs (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, key),
    CHECK (num_nonnulls(job_id, prompt_job_id) = 1)
);


CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);


CREATE INDEX idempotency_keys_job_id_idx ON idempotency_keys (job_id) WHERE job_id IS NOT NULL;


CREATE INDEX idempotency_keys_prompt_job_id_idx ON idempotency_keys (prompt_job_id) WHERE prompt_job_id IS NOT NULL;


CREATE TABLE switches (
    name       text PRIMARY KEY,
    value      text,
    reason     text,
    changed_at timestamptz NOT NULL DEFAULT now()
);


CREATE TABLE status_counters (
    table_name text NOT NULL,
    status     text NOT NULL,
    slot       smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    n          bigint NOT NULL,
    PRIMARY KEY (table_name, status, slot)
) WITH (fillfactor = 50); -- room to update in place


-- Prompt jobs of the last hours by minute: what the statistics are made of.
CREATE TABLE queue_minutes (
    minute             timestamptz NOT NULL,
    slot               smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    started            integer NOT NULL DEFAULT 0,
    wait_seconds       double precision NOT NULL DEFAULT 0,
    finished           integer NOT NULL DEFAULT 0,
    failed             integer NOT NULL DEFAULT 0,
    processing_seconds double precision NOT NULL DEFAULT 0,
    -- of the finished and failed: those that needed more than one attempt
    retried            integer NOT NULL DEFAULT 0,
    retried_finished   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (minute, slot)
) WITH (fillfactor = 50);


-- transition_allowed(table, from, to) -> boolean
-- Says whether a row of `jobs` or `prompt_generation_jobs` may go from one status to another. This is the one table of
-- the allowed transitions; everything that changes a status asks it. Final statuses have no row: they are never left.
-- False for statuses that it does not know.
CREATE OR REPLACE FUNCTION transition_allowed(p_table text, p_from text, p_to text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT EXISTS (
        SELECT
        FROM (VALUES
            ('jobs', 'queued',
                '{prompting, dispatching, cancelling, cancelled, expired, failed, terminated}'::text[]),
            ('jobs', 'prompting',
                '{dispatching, cancelling, expired, failed, terminated}'),
            ('jobs', 'dispatching',
                '{generating, submit_unknown, cancelling, expired, failed, terminated}'),
            -- never expired: what may be paid waits for an answer; back to dispatching only with a new submission
            ('jobs', 'submit_unknown',
                '{generating, dispatching, cancelling, failed, terminated}'),
            -- back to submit_unknown where its prediction was inferred and a fact says that it is another's
            ('jobs', 'generating',
                '{completed, submit_unknown, cancelling, expired, failed, terminated}'),
            -- it may have finished meanwhile
            ('jobs', 'cancelling',
                '{completed, cancelled, expired, failed, terminated}'),
            ('prompt_generation_jobs', 'queued', '{processing, failed, cancelled}'),
            ('prompt_generation_jobs', 'processing', '{completed, failed, cancelled}')
        ) AS allowed (table_name, from_status, to_statuses)
        WHERE table_name = p_table AND from_status = p_from AND p_to = ANY (to_statuses)
    );
$$;


-- counter_slot() -> slot
-- Takes a slot of the counters for this transaction and returns its number, 0-15. Repeated in the same transaction it
-- gives a slot that is already taken by it. It waits only when all sixteen are taken: commits must not queue behind
-- each other, and whoever holds row locks and waits for nothing cannot deadlock.
CREATE OR REPLACE FUNCTION counter_slot()
    RETURNS smallint
    LANGUAGE plpgsql
AS $$
DECLARE
    c_lock CONSTANT integer := 1886219117; -- 'prmm': tells these advisory locks from others
    v_slot integer;
BEGIN
    FOR i IN 0..15 LOOP
        v_slot := (pg_backend_pid() + i) % 16;
        IF pg_try_advisory_xact_lock(c_lock, v_slot) THEN
            RETURN v_slot;
        END IF;
    END LOOP;
    v_slot := pg_backend_pid() % 16;
    PERFORM pg_advisory_xact_lock(c_lock, v_slot);
    RETURN v_slot;
END;
$$;


-- count_statuses() -> trigger
-- Keeps `status_counters` equal to the rows of the table it is a statement trigger of. Statements that change no status
-- touch no counter.
CREATE OR REPLACE FUNCTION count_statuses()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO status_counters AS c (table_name, status, slot, n)
        SELECT TG_TABLE_NAME, status, counter_slot(), count(*) FROM new_rows GROUP BY status
        ON CONFLICT (table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO status_counters AS c (table_name, status, slot, n)
        SELECT TG_TABLE_NAME, status, counter_slot(), sum(change)
        FROM (SELECT status, 1 AS change FROM new_rows UNION ALL SELECT status, -1 FROM old_rows) AS changes
        GROUP BY status
        HAVING sum(change) <> 0
        ON CONFLICT (table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO status_counters AS c (table_name, status, slot, n)
        SELECT TG_TABLE_NAME, status, counter_slot(), -count(*) FROM old_rows GROUP BY status
        ON CONFLICT (table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        DELETE FROM status_counters WHERE table_name = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END;
$$;


-- count_prompt_minutes() -> trigger
-- Adds what an update of prompt jobs means to this minute of `queue_minutes`: first starts with their waits, and ends
-- with their durations. Cancelled prompt jobs are not counted: they say nothing about Grok.
CREATE OR REPLACE FUNCTION count_prompt_minutes()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO queue_minutes AS m (minute, slot, started, wait_seconds, finished, failed, processing_seconds,
                                    retried, retried_finished)
    SELECT date_trunc('minute', clock_timestamp()),
           counter_slot(),
           count(*) FILTER (WHERE first_start),
           coalesce(sum(wait) FILTER (WHERE first_start), 0),
           count(*) FILTER (WHERE ended = 'completed'),
           count(*) FILTER (WHERE ended = 'failed'),
           coalesce(sum(duration) FILTER (WHERE ended = 'completed'), 0),
           count(*) FILTER (WHERE ended IS NOT NULL AND attempt_no > 1),
           count(*) FILTER (WHERE ended = 'completed' AND attempt_no > 1)
    FROM (
        SELECT o.started_at IS NULL AND n.started_at IS NOT NULL AS first_start,
               extract(epoch FROM n.started_at - o.enqueued_at) AS wait,
               CASE WHEN o.status <> n.status AND n.status IN ('completed', 'failed') THEN n.status END AS ended,
               extract(epoch FROM n.completed_at - n.started_at) AS duration,
               n.attempt_no
        FROM old_rows AS o JOIN new_rows AS n USING (id)
    ) AS changes
    WHERE first_start OR ended IS NOT NULL
    HAVING count(*) > 0
    ON CONFLICT (minute, slot) DO UPDATE SET
        started = m.started + excluded.started,
        wait_seconds = m.wait_seconds + excluded.wait_seconds,
        finished = m.finished + excluded.finished,
        failed = m.failed + excluded.failed,
        processing_seconds = m.processing_seconds + excluded.processing_seconds,
        retried = m.retried + excluded.retried,
        retried_finished = m.retried_finished + excluded.retried_finished;
    RETURN NULL;
END;
$$;


-- append_job_event(job, reason_code, detail)
-- Appends one row to a job's timeline, with the status that the given row has, and tells listeners of
-- `promptmill_events`. The caller holds the job's row lock: that is why the sequence has no gaps.
CREATE OR REPLACE FUNCTION append_job_event(p_job jobs, p_reason_code text DEFAULT NULL, p_detail jsonb DEFAULT '{}')
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_sequence integer;
BEGIN
    INSERT INTO job_events (job_id, sequence, status, reason_code, detail)
    SELECT p_job.id, coalesce(max(sequence), 0) + 1, p_job.status, p_reason_code, coalesce(p_detail, '{}')
    FROM job_events
    WHERE job_id = p_job.id
    RETURNING sequence INTO v_sequence;
    PERFORM pg_notify('promptmill_events', json_build_object(
        'jobId', p_job.id, 'owner', p_job.owner, 'sequence', v_sequence, 'status', p_job.status)::text);
END;
$$;


-- move_job(job, status, reason_code, error, detail) -> job
-- Moves a locked job to a status, appends the event, and with a final status ends its prompt job if that is still open.
-- A transition that is not allowed changes nothing and gives the row back as it is. `cancelled` goes through
-- `cancelling` where it must, so that a cancel that Temporal alone knew of takes the same road.
CREATE OR REPLACE FUNCTION move_job(
    p_job jobs, p_status text, p_reason_code text DEFAULT NULL, p_error text DEFAULT NULL, p_detail jsonb DEFAULT '{}'
)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs := p_job;
    v_final boolean := p_status IN ('completed', 'failed', 'cancelled', 'expired', 'terminated');
    v_prompt_end text := CASE WHEN p_status = 'cancelled' THEN 'cancelled' ELSE 'failed' END;
    v_reason text := coalesce(
        p_reason_code, CASE WHEN p_status IN ('cancelling', 'cancelled') THEN 'cancel_requested' END);
    v_prompt_status text;
BEGIN
    IF p_status = 'cancelled' AND NOT transition_allowed('jobs', v_job.status, 'cancelled')
        AND transition_allowed('jobs', v_job.status, 'cancelling') THEN
        v_job := move_job(v_job, 'cancelling', v_reason);
    END IF;
    IF NOT transition_allowed('jobs', v_job.status, p_status) THEN
        RETURN v_job;
    END IF;
    IF v_final THEN
        UPDATE prompt_generation_jobs
        SET status = v_prompt_end, reason_code = v_reason, error = p_error, next_attempt_at = NULL,
            updated_at = now(), completed_at = clock_timestamp()
        WHERE job_id = v_job.id AND transition_allowed('prompt_generation_jobs', status, v_prompt_end)
        RETURNING status INTO v_prompt_status;
    END IF;
    UPDATE jobs
    SET status = p_status,
        reason_code = v_reason,
        error = p_error,
        prompt_status = coalesce(v_prompt_status, prompt_status),
        cancel_requested_at = CASE WHEN p_status IN ('cancelling', 'cancelled')
                                   THEN coalesce(cancel_requested_at, now()) ELSE cancel_requested_at END,
        dispatched_at = CASE WHEN p_status = 'generating' THEN coalesce(dispatched_at, clock_timestamp())
                             ELSE dispatched_at END,
        completed_at = CASE WHEN v_final THEN clock_timestamp() END,
        updated_at = now()
    WHERE id = v_job.id
    RETURNING * INTO v_job;
    PERFORM append_job_event(v_job, v_reason, p_detail);
    RETURN v_job;
END;
$$;


-- move_prompt_job(prompt_job, status, reason_code, error) -> prompt_job
-- Moves a locked prompt job to a status; the caller has locked its job before it. The job's prompt_status follows, with
-- an event; a completed prompt sends a job that was `prompting` on to `dispatching`. A transition that is not allowed
-- changes nothing and gives the row back as it is.
CREATE OR REPLACE FUNCTION move_prompt_job(
    p_prompt_job prompt_generation_jobs, p_status text, p_reason_code text DEFAULT NULL, p_error text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := p_prompt_job;
    v_job jobs;
    v_detail jsonb;
    v_reason text := coalesce(p_reason_code, CASE WHEN p_status = 'cancelled' THEN 'cancel_requested' END);
BEGIN
    IF NOT transition_allowed('prompt_generation_jobs', v_prompt_job.status, p_status) THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET status = p_status,
        reason_code = v_reason,
        error = p_error,
        next_attempt_at = NULL,
        cancel_requested_at = CASE WHEN p_status = 'cancelled' THEN coalesce(cancel_requested_at, now())
                                   ELSE cancel_requested_at END,
        started_at = CASE WHEN p_status = 'processing' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
        attempt_no = attempt_no + CASE WHEN p_status = 'processing' THEN 1 ELSE 0 END,
        completed_at = CASE WHEN p_status <> 'processing' THEN clock_timestamp() END,
        updated_at = now()
    WHERE id = v_prompt_job.id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NULL THEN
        RETURN v_prompt_job;
    END IF;
    -- what goes to WaveSpeed may be settled already (a template, the caller's text): then it stays
    UPDATE jobs
    SET prompt_status = CASE WHEN p_status = 'processing' THEN 'generating' ELSE p_status END,
        prompt = CASE WHEN p_status = 'completed' AND prompt_source IS NULL THEN v_prompt_job.generated_prompt
                      ELSE prompt END,
        prompt_source = CASE WHEN p_status = 'completed' THEN coalesce(prompt_source, v_prompt_job.prompt_source)
                             ELSE prompt_source END,
        prompt_cost_usd = coalesce(v_prompt_job.cost_usd, prompt_cost_usd),
        updated_at = now()
    WHERE id = v_prompt_job.job_id
    RETURNING * INTO v_job;
    v_detail := jsonb_strip_nulls(jsonb_build_object(
        'promptStatus', v_job.prompt_status, 'model', v_prompt_job.grok_model, 'attempt', v_prompt_job.attempt_no,
        'promptSource', v_prompt_job.prompt_source, 'promptCostUsd', v_prompt_job.cost_usd));
    IF p_status = 'completed' AND v_job.status = 'prompting' THEN
        PERFORM move_job(v_job, 'dispatching', NULL, NULL, v_detail);
    ELSE
        PERFORM append_job_event(v_job, v_reason, v_detail);
    END IF;
    RETURN v_prompt_job;
END;
$$;


-- claim_idempotency_key(owner, key, request_hash, job_id, prompt_job_id) -> idempotency_key
-- Takes a caller's key for a request that is being accepted. Gives no row when the key was free (or older than a day),
-- else the row of the first time. Waits while another transaction holds the key (lock_timeout of the caller).
-- Raises PM409 when the first request was another one.
CREATE OR REPLACE FUNCTION claim_idempotency_key(
    p_owner text, p_key text, p_request_hash text, p_job_id uuid DEFAULT NULL, p_prompt_job_id uuid DEFAULT NULL
)
    RETURNS SETOF idempotency_keys
    LANGUAGE plpgsql
AS $$
DECLARE
    v_key idempotency_keys;
BEGIN
    INSERT INTO idempotency_keys AS k (owner, key, request_hash, job_id, prompt_job_id)
    VALUES (p_owner, p_key, p_request_hash, p_job_id, p_prompt_job_id)
    ON CONFLICT (owner, key) DO UPDATE
        SET request_hash = excluded.request_hash, job_id = excluded.job_id, prompt_job_id = excluded.prompt_job_id,
            created_at = now()
        WHERE k.created_at < now() - interval '24 hours';
    IF FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO STRICT v_key FROM idempotency_keys WHERE owner = p_owner AND key = p_key;
    IF v_key.request_hash <> p_request_hash THEN
        RAISE EXCEPTION 'the key was used with another request' USING ERRCODE = 'PM409';
    END IF;
    RETURN NEXT v_key;
END;
$$;


-- insert_prompt_job(request, job_id) -> prompt_job
-- Stores a prompt job as it was asked for, alone or for a job. `request` has the columns of `prompt_generation_jobs`
-- that a caller decides, and `deadline_seconds` from now. Alone it counts as claimed: its starter is at work.
CREATE OR REPLACE FUNCTION insert_prompt_job(p_request jsonb, p_job_id uuid DEFAULT NULL)
    RETURNS prompt_generation_jobs
    LANGUAGE sql
AS $$
    INSERT INTO prompt_generation_jobs (
        id, owner, job_id, operation, ref_urls, target_url, instructions, existing_prompt, priority, max_retries,
        deadline_at, metadata, claimed_at)
    SELECT r.id, r.owner, p_job_id, r.operation, r.ref_urls, r.target_url, r.instructions, r.existing_prompt,
           r.priority, r.max_retries, now() + (p_request ->> 'deadline_seconds')::double precision * interval '1 second',
           coalesce(r.metadata, '{}'), CASE WHEN p_job_id IS NULL THEN now() END
    FROM jsonb_populate_record(NULL::prompt_generation_jobs, p_request) AS r
    RETURNING *;
$$;


-- accept_job(request, key, request_hash) -> (job, replayed)
-- Stores a job, the prompt job it needs (`prompt_job` in the request) and its first event. `request` has the columns of
-- `jobs` that a caller decides, and `deadline_seconds` from now. The row counts as claimed: its starter is at work.
-- Repeated with the same key and hash it stores nothing and gives the job of the first time as it is now.
-- Raises PM409 when the key was used with another request; lock_not_available when the key is held for over 2 s.
CREATE OR REPLACE FUNCTION accept_job(p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_request jobs := jsonb_populate_record(NULL::jobs, p_request);
    v_prompt_job jsonb := nullif(p_request -> 'prompt_job', 'null');
    v_first idempotency_keys;
    v_job jobs;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first
        FROM claim_idempotency_key(v_request.owner, p_key, p_request_hash, p_job_id => v_request.id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = v_first.job_id;
            RETURN;
        END IF;
    END IF;
    INSERT INTO jobs (
        id, owner, model, kind, input, use_ai_prompt, operation, instructions, target_url, ref_urls, on_prompt_failure,
        priority, provider_mode, generate_timeout_seconds, deadline_at, deadline_seconds, callback_url, metadata,
        retry_of, warnings, original_prompt, prompt, prompt_source, prompt_job_id, prompt_status, claimed_at)
    SELECT v_request.id, v_request.owner, v_request.model, v_request.kind, v_request.input, v_request.use_ai_prompt,
           v_request.operation, v_request.instructions, v_request.target_url, coalesce(v_request.ref_urls, '{}'),
           v_request.on_prompt_failure, v_request.priority, v_request.provider_mode, v_request.generate_timeout_seconds,
           now() + v_request.deadline_seconds * interval '1 second', v_request.deadline_seconds,
           v_request.callback_url, coalesce(v_request.metadata, '{}'), v_request.retry_of,
           coalesce(v_request.warnings, '{}'), v_request.original_prompt, v_request.prompt, v_request.prompt_source,
           coalesce((v_prompt_job ->> 'id')::uuid, v_request.prompt_job_id),
           CASE WHEN v_prompt_job IS NOT NULL THEN 'pending'
                WHEN v_request.prompt_job_id IS NOT NULL THEN 'completed'
                ELSE 'not_requested' END,
           now()
    RETURNING * INTO v_job;
    IF v_prompt_job IS NOT NULL THEN
        PERFORM insert_prompt_job(v_prompt_job, v_job.id);
    END IF;
    PERFORM append_job_event(v_job);
    RETURN QUERY SELECT v_job, false;
END;
$$;


-- accept_prompt_job(request, key, request_hash) -> (prompt_job, replayed)
-- Stores a prompt job that stands alone; see insert_prompt_job for the request. Repeated with the same key and hash it
-- stores nothing and gives the prompt job of the first time as it is now.
-- Raises PM409 when the key was used with another request; lock_not_available when the key is held for over 2 s.
CREATE OR REPLACE FUNCTION accept_prompt_job(p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL)
    RETURNS TABLE (prompt_job prompt_generation_jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_first idempotency_keys;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first
        FROM claim_idempotency_key(
            p_request ->> 'owner', p_key, p_request_hash, p_prompt_job_id => (p_request ->> 'id')::uuid);
        IF FOUND THEN
            RETURN QUERY SELECT p, true FROM prompt_generation_jobs AS p WHERE p.id = v_first.prompt_job_id;
            RETURN;
        END IF;
    END IF;
    RETURN QUERY SELECT insert_prompt_job(p_request), false;
END;
$$;


-- begin_job(job_id) -> job
-- The first step of a job's workflow: notes that the workflow runs and takes the job out of `queued`, to `prompting`
-- when Grok is to write the prompt, else to `dispatching`. A job that is cancelled, past its deadline or further on
-- already keeps its status, also when the call is repeated or the workflow was reset.
-- Raises PM404 when no such job exists.
CREATE OR REPLACE FUNCTION begin_job(p_job_id uuid)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM mark_workflows_started(ARRAY[p_job_id], '{}');
    IF v_job.status = 'queued' AND v_job.cancel_requested_at IS NULL AND v_job.deadline_at > clock_timestamp() THEN
        RETURN move_job(
            v_job,
            CASE WHEN v_job.use_ai_prompt AND v_job.prompt_source IS NULL THEN 'prompting' ELSE 'dispatching' END);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id;
    RETURN v_job;
END;
$$;


-- begin_prompt_job(prompt_job_id) -> prompt_job
-- The first step of a prompt job's own workflow: notes that the workflow runs and gives the row as it is. Safe to
-- repeat.
-- Raises PM404 when no such prompt job exists.
CREATE OR REPLACE FUNCTION begin_prompt_job(p_prompt_job_id uuid)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
BEGIN
    PERFORM mark_workflows_started('{}', ARRAY[p_prompt_job_id]);
    SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    RETURN v_prompt_job;
END;
$$;


-- advance_job(job_id, status, reason_code, error, prompt, prompt_source, prediction_id, outputs, media_cost_usd,
--             media_cost_source, detail) -> job
-- The one way to report about a job. The facts (everything but status, reason and error) are stored in any case: what
-- was made or paid is true whatever the job's status. The status is taken where the transition is allowed, else left as
-- it is; repeating a report changes nothing. A null status stores facts alone. `submit_unknown` is refused here: only
-- the transaction that makes a submission unknown sets it (settle_submission), and only a new submission leads back
-- from it. `completed` of an open job whose prediction is known goes through the steps that were not recorded. A report
-- about a prediction that was inferred to be this job's, wrongly, is none about this job: another job has it, or a fact
-- has put another one in its place.
-- Raises PM404 when no such job exists, PM422 for a status that does not exist.
CREATE OR REPLACE FUNCTION advance_job(
    p_job_id uuid,
    p_status text DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL,
    p_prompt text DEFAULT NULL,
    p_prompt_source text DEFAULT NULL,
    p_prediction_id text DEFAULT NULL,
    p_outputs jsonb DEFAULT NULL,
    p_media_cost_usd numeric DEFAULT NULL,
    p_media_cost_source text DEFAULT NULL,
    p_detail jsonb DEFAULT '{}'
)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_before jobs;
    v_job jobs;
    v_facts text[];
    v_detail jsonb := coalesce(p_detail, '{}');
BEGIN
    IF p_status NOT IN ('queued', 'prompting', 'dispatching', 'submit_unknown', 'generating', 'cancelling',
                        'completed', 'failed', 'cancelled', 'expired', 'terminated') THEN
        RAISE EXCEPTION 'no job status %', p_status USING ERRCODE = 'PM422';
    END IF;
    SELECT * INTO v_before FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF EXISTS (SELECT FROM submissions WHERE prediction_id = p_prediction_id AND job_id <> p_job_id)
        OR (EXISTS (SELECT FROM submissions WHERE job_id = p_job_id AND state = 'accepted')
            AND NOT EXISTS (SELECT FROM submissions WHERE job_id = p_job_id
                            AND prediction_id = coalesce(p_prediction_id, prediction_id))) THEN
        RETURN v_before;
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    v_job := v_before;
    v_job.prompt := coalesce(p_prompt, v_job.prompt);
    v_job.prompt_source := coalesce(p_prompt_source, v_job.prompt_source);
    v_job.prediction_id := coalesce(p_prediction_id, v_job.prediction_id);
    v_job.outputs := coalesce(nullif(p_outputs, '[]'), v_job.outputs);
    IF p_media_cost_usd IS NOT NULL
        AND NOT (v_job.media_cost_source IS NOT DISTINCT FROM 'billed' AND p_media_cost_source = 'quoted') THEN
        v_job.media_cost_usd := p_media_cost_usd;
        v_job.media_cost_source := coalesce(p_media_cost_source, v_job.media_cost_source, 'quoted');
    END IF;
    v_facts := array_remove(ARRAY[
        CASE WHEN v_job.prompt IS DISTINCT FROM v_before.prompt
               OR v_job.prompt_source IS DISTINCT FROM v_before.prompt_source THEN 'prompt' END,
        CASE WHEN v_job.prediction_id IS DISTINCT FROM v_before.prediction_id THEN 'predictionId' END,
        CASE WHEN v_job.outputs <> v_before.outputs THEN 'outputs' END,
        CASE WHEN v_job.media_cost_usd IS DISTINCT FROM v_before.media_cost_usd
               OR v_job.media_cost_source IS DISTINCT FROM v_before.media_cost_source THEN 'mediaCostUsd' END], NULL);
    IF v_facts <> '{}' THEN
        UPDATE jobs
        SET prompt = v_job.prompt, prompt_source = v_job.prompt_source, prediction_id = v_job.prediction_id,
            outputs = v_job.outputs, media_cost_usd = v_job.media_cost_usd,
            media_cost_source = v_job.media_cost_source, updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_job;
        v_detail := v_detail || jsonb_build_object('facts', v_facts);
    END IF;
    IF p_status = 'completed' AND v_job.prediction_id IS NOT NULL THEN
        -- finished, and the steps to it went unrecorded (a restored backup, a webhook that was faster): take them now
        IF v_job.status IN ('queued', 'prompting') THEN
            v_job := move_job(v_job, 'dispatching');
        END IF;
        v_job := move_job(v_job, 'generating');
    END IF;
    IF p_status IS NOT NULL AND p_status <> 'submit_unknown'
        AND NOT (v_job.status = 'submit_unknown' AND p_status = 'dispatching') THEN
        v_job := move_job(v_job, p_status, p_reason_code, p_error, v_detail);
    END IF;
    IF v_job.status = v_before.status AND v_facts <> '{}' THEN
        PERFORM append_job_event(v_job, NULL, v_detail);
    END IF;
    RETURN v_job;
END;
$$;


-- request_job_cancel(job_id, owner) -> (job, ask_temporal)
-- Notes a caller's wish to cancel. Without a workflow the job is `cancelled` at once, else it becomes `cancelling`; a
-- job that has ended, or that is being cancelled, stays as it is. ask_temporal: a workflow runs, or somebody may be
-- starting one at this moment (claimed less than 60 s ago).
-- Raises PM404 when the owner has no such job.
CREATE OR REPLACE FUNCTION request_job_cancel(p_job_id uuid, p_owner text)
    RETURNS TABLE (job jobs, ask_temporal boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    v_job := move_job(v_job, CASE WHEN v_job.workflow_started_at IS NULL THEN 'cancelled' ELSE 'cancelling' END);
    RETURN QUERY SELECT v_job, v_job.status = 'cancelling' OR (
        v_job.status = 'cancelled' AND v_job.workflow_started_at IS NULL
        AND coalesce(v_job.claimed_at > clock_timestamp() - interval '60 seconds', false));
END;
$$;


-- request_prompt_job_cancel(prompt_job_id, owner) -> (prompt_job, cancelled_job, ask_temporal)
-- Notes a caller's wish to cancel a prompt job, and with it the open job that needs it (cancelled_job). Alone and
-- without a workflow it is `cancelled` at once, else it keeps its status until its workflow ends it. A prompt job that
-- has ended stays as it is, and so does its job. ask_temporal as in request_job_cancel.
-- Raises PM404 when the owner has no such prompt job.
CREATE OR REPLACE FUNCTION request_prompt_job_cancel(p_prompt_job_id uuid, p_owner text)
    RETURNS TABLE (prompt_job prompt_generation_jobs, cancelled_job uuid, ask_temporal boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_ask boolean := false;
BEGIN
    IF v_prompt_job.owner <> p_owner THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    IF v_prompt_job.status NOT IN ('queued', 'processing') THEN
        RETURN QUERY SELECT v_prompt_job, NULL::uuid,
            v_prompt_job.status = 'cancelled' AND v_prompt_job.workflow_started_at IS NULL
            AND coalesce(v_prompt_job.claimed_at > clock_timestamp() - interval '60 seconds', false);
        RETURN;
    END IF;
    UPDATE prompt_generation_jobs
    SET cancel_requested_at = coalesce(cancel_requested_at, now()), updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NOT NULL THEN
        SELECT c.ask_temporal INTO v_ask FROM request_job_cancel(v_prompt_job.job_id, p_owner) AS c;
        SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id;
    ELSIF v_prompt_job.workflow_started_at IS NULL THEN
        v_prompt_job := move_prompt_job(v_prompt_job, 'cancelled');
        v_ask := coalesce(v_prompt_job.claimed_at > clock_timestamp() - interval '60 seconds', false);
    ELSE
        v_ask := true;
    END IF;
    RETURN QUERY SELECT v_prompt_job, v_prompt_job.job_id, v_ask;
END;
$$;


-- lock_prompt_job(prompt_job_id) -> prompt_job
-- Locks a prompt job, and its job before it where it has one: everything takes these locks in this order.
-- Raises PM404 when no such prompt job exists.
CREATE OR REPLACE FUNCTION lock_prompt_job(p_prompt_job_id uuid)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
BEGIN
    PERFORM FROM jobs WHERE id = (SELECT job_id FROM prompt_generation_jobs WHERE id = p_prompt_job_id) FOR UPDATE;
    SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    RETURN v_prompt_job;
END;
$$;


-- begin_prompt_attempt(prompt_job_id, first_model) -> (decision, reason_code, prompt_job)
-- Asks whether Grok may be asked now. `done`: the row holds the answer already (the worker died after Grok had
-- answered). `stop`: it has ended, was cancelled or is past its deadline, or its job has or is. `go`: a new attempt has
-- begun, and reports of earlier ones that are not final count no more.
-- Raises PM404 when no such prompt job exists.
CREATE OR REPLACE FUNCTION begin_prompt_attempt(p_prompt_job_id uuid, p_first_model text)
    RETURNS TABLE (decision text, reason_code text, prompt_job prompt_generation_jobs)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_job jobs;
    v_reason text;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = v_prompt_job.job_id;
    IF v_prompt_job.status = 'completed' THEN
        RETURN QUERY SELECT 'done', NULL::text, v_prompt_job;
        RETURN;
    END IF;
    IF v_prompt_job.status NOT IN ('queued', 'processing') THEN
        RETURN QUERY SELECT 'stop', v_prompt_job.reason_code, v_prompt_job;
        RETURN;
    END IF;
    v_reason := CASE
        WHEN v_job.completed_at IS NOT NULL THEN coalesce(v_job.reason_code, 'workflow_failed')
        WHEN coalesce(v_prompt_job.cancel_requested_at, v_job.cancel_requested_at) IS NOT NULL THEN 'cancel_requested'
        WHEN coalesce(v_job.deadline_at, v_prompt_job.deadline_at) <= clock_timestamp() THEN 'deadline_passed' END;
    IF v_reason IS NOT NULL THEN
        RETURN QUERY SELECT 'stop', v_reason, v_prompt_job;
        RETURN;
    END IF;
    IF v_prompt_job.generated_prompt IS NOT NULL THEN -- an answer that came too late for its attempt: paid, so used
        RETURN QUERY SELECT 'done', NULL::text, move_prompt_job(v_prompt_job, 'completed');
        RETURN;
    END IF;
    UPDATE prompt_generation_jobs AS p
    SET grok_model = coalesce(p.grok_model, p_first_model), next_attempt_at = NULL, updated_at = now(),
        attempt_no = p.attempt_no + CASE WHEN p.status = 'processing' THEN 1 ELSE 0 END
    WHERE p.id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.status = 'queued' THEN
        v_prompt_job := move_prompt_job(v_prompt_job, 'processing');
    ELSIF v_job.id IS NOT NULL THEN
        PERFORM append_job_event(v_job, NULL, jsonb_build_object(
            'promptStatus', 'generating', 'model', v_prompt_job.grok_model, 'attempt', v_prompt_job.attempt_no));
    END IF;
    RETURN QUERY SELECT 'go', NULL::text, v_prompt_job;
END;
$$;


-- record_prompt_failure(prompt_job_id, attempt_no, reason_code, error, delay_seconds, next_model) -> prompt_job
-- Counts a failed question to Grok that will be asked again after the delay: of the same model (retry_count grows), or
-- of the next one (it starts again at 0). The row joins the queue anew, at the back, as at Temporal. Ignored when the
-- attempt is not the current one, when it was reported already, or when the row has ended.
-- Raises PM404 when no such prompt job exists.
CREATE OR REPLACE FUNCTION record_prompt_failure(
    p_prompt_job_id uuid, p_attempt_no integer, p_reason_code text, p_error text, p_delay_seconds double precision,
    p_next_model text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_next timestamptz := clock_timestamp() + p_delay_seconds * interval '1 second';
    v_job jobs;
BEGIN
    IF v_prompt_job.status <> 'processing' OR v_prompt_job.attempt_no <> p_attempt_no
        OR v_prompt_job.next_attempt_at IS NOT NULL THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET retry_count = CASE WHEN p_next_model IS NULL THEN retry_count + 1 ELSE 0 END,
        grok_model = coalesce(p_next_model, grok_model),
        next_attempt_at = v_next,
        enqueued_at = v_next,
        reason_code = p_reason_code,
        error = p_error,
        updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NOT NULL THEN
        SELECT * INTO v_job FROM jobs WHERE id = v_prompt_job.job_id;
        PERFORM append_job_event(v_job, p_reason_code, jsonb_build_object(
            'model', v_prompt_job.grok_model, 'retryCount', v_prompt_job.retry_count,
            'maxRetries', v_prompt_job.max_retries, 'nextAttemptAt', v_next));
    END IF;
    RETURN v_prompt_job;
END;
$$;


-- finish_prompt_job(prompt_job_id, attempt_no, prompt, source, model, input_tokens, output_tokens, cost_usd,
--                   reason_code, error) -> prompt_job
-- Reports how an attempt ended: with a prompt, or (prompt null) failed for good. The answer's facts are stored in any
-- case; tokens and cost of each attempt are added once. The status is taken only from the current attempt: a late first
-- one must not undo what the second writes. The job follows in the same transaction.
-- Raises PM404 when no such prompt job exists.
CREATE OR REPLACE FUNCTION finish_prompt_job(
    p_prompt_job_id uuid,
    p_attempt_no integer,
    p_prompt text DEFAULT NULL,
    p_source text DEFAULT NULL,
    p_model text DEFAULT NULL,
    p_input_tokens integer DEFAULT NULL,
    p_output_tokens integer DEFAULT NULL,
    p_cost_usd numeric DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_current boolean := p_attempt_no = v_prompt_job.attempt_no;
    v_job jobs;
BEGIN
    IF p_prompt IS NULL THEN
        RETURN CASE WHEN v_current THEN move_prompt_job(v_prompt_job, 'failed', p_reason_code, p_error)
                    ELSE v_prompt_job END;
    END IF;
    IF NOT p_attempt_no = ANY (v_prompt_job.answered_attempts) THEN
        UPDATE prompt_generation_jobs AS p
        SET generated_prompt = CASE WHEN v_current OR p.generated_prompt IS NULL THEN p_prompt
                                    ELSE p.generated_prompt END,
            prompt_source = CASE WHEN v_current OR p.generated_prompt IS NULL THEN p_source ELSE p.prompt_source END,
            grok_model = CASE WHEN v_current OR p.generated_prompt IS NULL THEN coalesce(p_model, p.grok_model)
                              ELSE p.grok_model END,
            input_tokens = coalesce(p.input_tokens + p_input_tokens, p.input_tokens, p_input_tokens),
            output_tokens = coalesce(p.output_tokens + p_output_tokens, p.output_tokens, p_output_tokens),
            cost_usd = coalesce(p.cost_usd + p_cost_usd, p.cost_usd, p_cost_usd),
            answered_attempts = p.answered_attempts || p_attempt_no,
            updated_at = now()
        WHERE p.id = p_prompt_job_id
        RETURNING * INTO v_prompt_job;
        IF v_prompt_job.status NOT IN ('queued', 'processing') THEN -- the answer came after the end: the job keeps it too
            UPDATE jobs
            SET prompt = CASE WHEN prompt_source IS NULL THEN v_prompt_job.generated_prompt ELSE prompt END,
                prompt_source = coalesce(prompt_source, v_prompt_job.prompt_source),
                prompt_cost_usd = v_prompt_job.cost_usd,
                updated_at = now()
            WHERE id = v_prompt_job.job_id
            RETURNING * INTO v_job;
            IF FOUND THEN
                PERFORM append_job_event(v_job, NULL, jsonb_build_object('facts', ARRAY['prompt', 'promptCostUsd']));
            END IF;
        END IF;
    END IF;
    RETURN CASE WHEN v_current THEN move_prompt_job(v_prompt_job, 'completed') ELSE v_prompt_job END;
END;
$$;


-- update_prompt_job_status(prompt_job_id, status, prompt, error, reason_code) -> prompt_job
-- Compare-and-set of a prompt job's status, also by hand from psql. The prompt is stored in any case where the row has
-- none; the status is taken where the transition is allowed, else left as it is. The dependent job's prompt_status
-- follows in the same transaction.
-- Raises PM404 when no such prompt job exists, PM422 for a status that does not exist or `completed` without any
-- prompt.
CREATE OR REPLACE FUNCTION update_prompt_job_status(
    p_job_id uuid, p_status text, p_prompt text DEFAULT NULL, p_error text DEFAULT NULL, p_reason_code text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_job_id);
BEGIN
    IF p_status IS NULL OR p_status NOT IN ('queued', 'processing', 'completed', 'failed', 'cancelled') THEN
        RAISE EXCEPTION 'no prompt job status %', p_status USING ERRCODE = 'PM422';
    END IF;
    IF p_prompt IS NOT NULL AND v_prompt_job.generated_prompt IS NULL THEN
        UPDATE prompt_generation_jobs
        SET generated_prompt = p_prompt, prompt_source = coalesce(prompt_source, 'grok'), updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_prompt_job;
    END IF;
    IF p_status = 'completed' AND v_prompt_job.generated_prompt IS NULL THEN
        RAISE EXCEPTION 'prompt job % has no prompt', p_job_id USING ERRCODE = 'PM422';
    END IF;
    RETURN move_prompt_job(v_prompt_job, p_status, p_reason_code, p_error);
END;
$$;


-- open_submission(job_id) -> state
-- The state of a job's submission that may be paid: `intended`, `unknown` or `accepted`; null where there is none.
-- VOLATILE so that it sees what was committed while the function before it in the same query waited for a lock.
CREATE OR REPLACE FUNCTION open_submission(p_job_id uuid)
    RETURNS text
    LANGUAGE sql
    VOLATILE
AS $$
    SELECT state FROM submissions WHERE job_id = p_job_id AND state IN ('intended', 'unknown', 'accepted');
$$;


-- follow_submission(job, submission, final) -> job
-- Moves a locked job after the state that its submission has just taken, and tells it in the timeline also where the
-- job's status stays (it was cancelled meanwhile, for instance). A submission refused for now is told once per reason,
-- however often it is repeated. Steps that went unrecorded (an older backup was restored) are taken on the way.
CREATE OR REPLACE FUNCTION follow_submission(p_job jobs, p_submission submissions, p_final boolean)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs := p_job;
    v_status text := CASE p_submission.state WHEN 'accepted' THEN 'generating' WHEN 'unknown' THEN 'submit_unknown'
                     WHEN 'rejected' THEN CASE WHEN p_final THEN 'failed' END END;
    v_reason text := p_submission.reason_code;
    v_detail jsonb := jsonb_strip_nulls(jsonb_build_object(
        'submission', p_submission.number, 'submissionState', p_submission.state,
        'predictionId', p_submission.prediction_id, 'mediaCostUsd', p_submission.media_cost_usd,
        'resolvedBy', p_submission.resolved_by));
BEGIN
    IF p_submission.prediction_id IS NOT NULL THEN
        UPDATE jobs
        SET prediction_id = CASE WHEN p_submission.state = 'accepted' THEN p_submission.prediction_id
                                 ELSE coalesce(prediction_id, p_submission.prediction_id) END,
            dispatched_at = CASE WHEN p_submission.state = 'accepted' THEN p_submission.outcome_at
                                 ELSE coalesce(dispatched_at, p_submission.outcome_at) END,
            media_cost_usd = coalesce(media_cost_usd, p_submission.media_cost_usd),
            media_cost_source = CASE WHEN media_cost_usd IS NULL AND p_submission.media_cost_usd IS NOT NULL
                                     THEN 'quoted' ELSE media_cost_source END,
            updated_at = now()
        WHERE id = p_job.id
        RETURNING * INTO v_job;
    END IF;
    IF v_status IN ('generating', 'submit_unknown') AND v_job.status IN ('queued', 'prompting') THEN
        v_job := move_job(v_job, 'dispatching');
    END IF;
    IF v_status IS NOT NULL THEN
        v_job := move_job(v_job, v_status, v_reason, p_submission.error, v_detail);
    END IF;
    IF v_job.status = p_job.status AND NOT (p_submission.state = 'rejected' AND EXISTS (
        SELECT FROM job_events WHERE job_id = p_job.id AND reason_code IS NOT DISTINCT FROM v_reason
                                 AND detail ->> 'submissionState' = 'rejected'
                                 AND (detail ->> 'submission')::bigint = p_submission.number)) THEN
        PERFORM append_job_event(v_job, v_reason, v_detail);
    END IF;
    RETURN v_job;
END;
$$;


-- lock_prediction(prediction_id, job_id)
-- Takes the right to say whose a prediction is, for this transaction: one at a time for each prediction. Then locks the
-- job that claims it and the job that has it, the lower id first, so that two claims never wait for each other.
CREATE OR REPLACE FUNCTION lock_prediction(p_prediction_id text, p_job_id uuid)
    RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_prediction_id, 0));
    PERFORM FROM jobs
    WHERE id IN (p_job_id, (SELECT s.job_id FROM submissions AS s WHERE s.prediction_id = p_prediction_id))
    ORDER BY id FOR UPDATE;
END;
$$;


-- release_prediction(prediction_id, submission_id, job_id) -> boolean
-- Makes a prediction free for the submission of which a fact says that it is its own. Who has it by inference only (the
-- history, a person) goes back to `unknown`, and its job, where that is `generating`, to `submit_unknown`. False when
-- another submission has it by a fact too: nothing is changed then. The stand-in of a restored job gives way to the
-- submission itself. The caller has called lock_prediction.
CREATE OR REPLACE FUNCTION release_prediction(p_prediction_id text, p_submission_id uuid, p_job_id uuid)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    SELECT * INTO v_submission FROM submissions WHERE prediction_id = p_prediction_id AND id <> p_submission_id;
    IF NOT FOUND THEN
        RETURN true;
    ELSIF v_submission.job_id = p_job_id AND v_submission.request_hash = ''
        AND NOT EXISTS (SELECT FROM submissions WHERE id = p_submission_id) THEN
        UPDATE submissions SET id = p_submission_id WHERE id = v_submission.id;
        RETURN true;
    ELSIF coalesce(v_submission.resolved_by, 'answer') NOT IN ('history', 'person') THEN
        RETURN false;
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = v_submission.job_id FOR UPDATE; -- locks before the first change
    UPDATE submissions
    SET state = 'unknown', prediction_id = NULL, reason_code = 'submit_unclear',
        error = format('Prediction %s turned out to be another submission''s.', p_prediction_id),
        outcome_at = clock_timestamp(), resolved_at = NULL, resolved_by = NULL, absent_since = NULL, looked_at = NULL,
        looks = 0
    WHERE id = v_submission.id
    RETURNING * INTO v_submission;
    UPDATE jobs SET prediction_id = NULL, dispatched_at = NULL, updated_at = now()
    WHERE id = v_submission.job_id
    RETURNING * INTO v_job;
    PERFORM follow_submission(v_job, v_submission, false);
    RETURN true;
END;
$$;


-- note_candidates(submission_id, prediction_ids)
-- Adds predictions that may be what became of a submission. Once seen, a candidate stays, unless it turns out to be
-- another submission's: WaveSpeed's history may hide it for a while. Tells the timeline when the list changes.
-- Raises PM404 when no such submission exists.
CREATE OR REPLACE FUNCTION note_candidates(p_submission_id uuid, p_prediction_ids text[])
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
    v_candidates jsonb;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id FOR UPDATE;
    SELECT coalesce(jsonb_agg(c.id ORDER BY c.id), '[]') INTO v_candidates
    FROM (SELECT jsonb_array_elements_text(v_submission.candidates) UNION SELECT unnest(p_prediction_ids)) AS c (id)
    WHERE NOT EXISTS (
        SELECT FROM submissions AS s WHERE s.prediction_id = c.id AND s.id <> p_submission_id);
    IF v_candidates = v_submission.candidates THEN
        RETURN;
    END IF;
    UPDATE submissions SET candidates = v_candidates WHERE id = p_submission_id;
    PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
        'submission', v_submission.number, 'candidates', v_candidates));
END;
$$;


-- note_absence(submission_id, absent) -> time
-- Remembers since when WaveSpeed's history shows nothing that could have become of an unknown submission, and gives
-- that time; null once something is seen. Tells the timeline the first time.
-- Raises PM404 when no such submission exists.
CREATE OR REPLACE FUNCTION note_absence(p_submission_id uuid, p_absent boolean)
    RETURNS timestamptz
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
    v_before timestamptz;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    SELECT absent_since INTO v_before FROM submissions WHERE id = p_submission_id;
    UPDATE submissions
    SET absent_since = CASE WHEN p_absent THEN coalesce(absent_since, clock_timestamp()) END
    WHERE id = p_submission_id AND state = 'unknown'
    RETURNING * INTO v_submission;
    IF v_before IS NULL AND v_submission.absent_since IS NOT NULL THEN
        PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
            'submission', v_submission.number, 'absentSince', v_submission.absent_since));
    END IF;
    RETURN CASE WHEN p_absent THEN coalesce(v_submission.absent_since, v_before, clock_timestamp()) END;
END;
$$;


-- note_obstacle(submission_id, why)
-- Tells the timeline why a submission stays unclear although it was looked for; each reason once.
-- Raises PM404 when no such submission exists.
CREATE OR REPLACE FUNCTION note_obstacle(p_submission_id uuid, p_why text)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id;
    IF v_submission.state = 'unknown' AND NOT EXISTS (
        SELECT FROM job_events
        WHERE job_id = v_job.id AND detail ->> 'obstacle' = p_why
          AND (detail ->> 'submission')::bigint = v_submission.number) THEN
        PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
            'submission', v_submission.number, 'obstacle', p_why));
    END IF;
END;
$$;


-- settle_submission(submission_id, job_id, state, prediction_id, media_cost_usd, reason_code, error, final,
--                   resolved_by) -> (state, job_status, accepted_at, prediction_id)
-- Records what was seen of a POST, from `intended` or `unknown`, and moves the job in the same transaction: `accepted`
-- to `generating`, `unknown` to `submit_unknown`, `rejected` with `final` to `failed`. Repeating a report changes
-- nothing. That WaveSpeed accepted is a fact, whether its answer says so or its webhook (resolved_by): it is stored
-- whatever the row says, also for a row that an older backup lost, and it goes before what was inferred: of another
-- submission that has the prediction (release_prediction), and of this one. Gives the row as it is afterwards: the
-- sender of an unclear POST learns of a webhook that was faster.
-- Raises PM404 when no such job exists, PM422 for `accepted` without a prediction or a state that is no outcome.
CREATE OR REPLACE FUNCTION settle_submission(
    p_submission_id uuid,
    p_job_id uuid,
    p_state text,
    p_prediction_id text DEFAULT NULL,
    p_media_cost_usd numeric DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL,
    p_final boolean DEFAULT false,
    p_resolved_by text DEFAULT 'answer'
)
    RETURNS TABLE (state text, job_status text, accepted_at timestamptz, prediction_id text)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_before submissions;
    v_after submissions;
    v_state text := p_state;
    v_error text := p_error;
    v_candidates jsonb := '[]';
    v_open uuid;
    v_known boolean;
    v_free boolean := true;
    v_resolved_by text;
BEGIN
    IF p_state NOT IN ('accepted', 'rejected', 'unknown') OR (p_state = 'accepted' AND p_prediction_id IS NULL) THEN
        RAISE EXCEPTION 'no outcome: %, prediction %', p_state, p_prediction_id USING ERRCODE = 'PM422';
    END IF;
    IF p_state = 'accepted' THEN
        PERFORM lock_prediction(p_prediction_id, p_job_id);
        v_free := release_prediction(p_prediction_id, p_submission_id, p_job_id);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    SELECT s.id INTO v_open FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.state IN ('intended', 'unknown', 'accepted') FOR UPDATE;
    SELECT * INTO v_before FROM submissions AS s WHERE s.id = p_submission_id AND s.job_id = p_job_id FOR UPDATE;
    v_known := FOUND OR EXISTS (
        SELECT FROM submissions AS s WHERE s.job_id = p_job_id AND p_submission_id = ANY (s.earlier_ids));

    IF NOT v_free THEN -- two POSTs cannot have made one prediction: whose it is, a person must say
        v_state := 'unknown';
        v_error := format('Prediction %s belongs to another submission.', p_prediction_id);
        v_candidates := jsonb_build_array(p_prediction_id);
    END IF;
    IF v_state = 'accepted' AND v_open IS DISTINCT FROM p_submission_id AND v_open IS NOT NULL THEN
        v_state := 'superseded'; -- paid beside another submission that is open
    END IF;

    IF v_before.id IS NULL THEN
        IF v_state IN ('accepted', 'superseded') OR (v_state = 'unknown' AND v_open IS NULL AND NOT v_known) THEN
            INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                     key_fingerprint, intended_at, post_before)
            VALUES (p_submission_id, p_job_id, 'rejected', '', '{}', '', '', '', v_job.created_at, clock_timestamp())
            RETURNING * INTO v_before; -- takes its state below, as any row
        ELSIF v_state = 'rejected' AND p_final AND NOT v_known THEN
            v_job := move_job(v_job, 'failed', p_reason_code, v_error);
        END IF;
    END IF;

    -- the direct answer to a POST that was not unclear resolves nothing
    v_resolved_by := CASE WHEN v_state <> 'unknown' AND (p_resolved_by <> 'answer' OR v_before.state = 'unknown'
                                                         OR v_before.resolved_by IS NOT NULL) THEN p_resolved_by END;
    v_after := v_before;
    IF (v_state IN ('accepted', 'superseded') AND (
            v_before.prediction_id IS NULL
            OR (v_before.prediction_id <> p_prediction_id AND v_before.resolved_by IN ('history', 'person'))))
        OR (v_state IN ('rejected', 'unknown') AND v_before.state = 'intended')
        OR (v_state = 'rejected' AND v_before.state = 'unknown')
        OR (v_state = 'unknown' AND NOT v_known) THEN
        UPDATE submissions AS s
        SET state = CASE WHEN s.state = 'superseded' THEN s.state ELSE v_state END,
            prediction_id = CASE WHEN v_state IN ('accepted', 'superseded') THEN p_prediction_id END,
            media_cost_usd = coalesce(p_media_cost_usd, s.media_cost_usd),
            candidates = s.candidates || v_candidates || coalesce(to_jsonb(s.prediction_id), '[]'),
            reason_code = coalesce(p_reason_code, CASE WHEN v_state = 'unknown' THEN 'submit_unclear' END),
            error = v_error,
            outcome_at = clock_timestamp(),
            resolved_at = CASE WHEN v_resolved_by IS NOT NULL THEN clock_timestamp() END,
            resolved_by = v_resolved_by,
            looked_at = NULL,
            looks = 0
        WHERE s.id = p_submission_id
        RETURNING * INTO v_after;
        v_job := follow_submission(v_job, v_after, p_final);
    ELSIF p_state = 'accepted' AND v_before.prediction_id IS DISTINCT FROM p_prediction_id AND v_free THEN
        -- a second prediction of one POST: nobody waits for it, but it is known
        PERFORM note_candidates(p_submission_id, ARRAY[p_prediction_id]);
    ELSIF p_state = 'accepted' AND v_free AND v_before.media_cost_usd IS NULL AND p_media_cost_usd IS NOT NULL THEN
        UPDATE submissions AS s SET media_cost_usd = p_media_cost_usd WHERE s.id = p_submission_id;
        v_job := advance_job(p_job_id, p_media_cost_usd => p_media_cost_usd, p_media_cost_source => 'quoted');
    END IF;
    RETURN QUERY SELECT coalesce(v_after.state, p_state), v_job.status,
                        CASE WHEN v_after.state = 'accepted' THEN v_after.outcome_at END, v_after.prediction_id;
END;
$$;


-- permit_submission(job_id, submission_id, callback_token, request, request_hash, provider_mode, provider_base,
--                   key_fingerprint, post_within_seconds, known_submission_id)
--     -> (permission, submission_id, request, prediction_id, accepted_at, reason_code, error)
-- Asks whether the paid POST may be made, and writes its intent in the same transaction. `post`: the named submission
-- may be sent, once, by the caller alone. `accepted`, `unknown`: an earlier attempt sent it, or may have. `stop`: the
-- job has ended, was cancelled, is past its deadline or belongs to another kind of provider. `hold`: submissions are
-- stopped for all jobs (the switch submissions_held); ask again later. Repeated with the same callback token (only the
-- sender has it) while nothing was settled, it permits the same intent. A submission that WaveSpeed refused for now is
-- used again under the new id, so that a storm of 429 makes no rows and a late report of an earlier attempt finds no
-- row to settle.
-- Raises PM404 when no such job exists.
CREATE OR REPLACE FUNCTION permit_submission(
    p_job_id uuid,
    p_submission_id uuid,
    p_callback_token text,
    p_request jsonb,
    p_request_hash text,
    p_provider_mode text,
    p_provider_base text,
    p_key_fingerprint text,
    p_post_within_seconds double precision,
    p_known_submission_id uuid DEFAULT NULL
)
    RETURNS TABLE (permission text, submission_id uuid, request jsonb, prediction_id text, accepted_at timestamptz,
                   reason_code text, error text)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_open submissions;
    v_reused uuid;
    v_reason text;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    v_reason := CASE
        WHEN v_job.completed_at IS NOT NULL THEN coalesce(v_job.reason_code, 'workflow_failed')
        WHEN v_job.cancel_requested_at IS NOT NULL OR v_job.status = 'cancelling' THEN 'cancel_requested'
        WHEN v_job.deadline_at <= clock_timestamp() THEN 'deadline_passed'
        WHEN v_job.provider_mode <> p_provider_mode THEN 'provider_mode_changed' END;
    SELECT * INTO v_open FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.state IN ('intended', 'unknown', 'accepted') FOR UPDATE;

    IF v_open.id IS NULL AND p_known_submission_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM submissions AS s
        WHERE s.job_id = p_job_id AND p_known_submission_id = ANY (s.earlier_ids || s.id)) THEN
        PERFORM settle_submission(
            p_known_submission_id, p_job_id, 'unknown',
            p_error => 'An earlier attempt named a submission that the record does not hold: was a backup restored?');
        SELECT * INTO v_open FROM submissions AS s WHERE s.id = p_known_submission_id;
    ELSIF v_open.state = 'intended' AND (v_open.id, v_open.callback_token) <> (p_submission_id, p_callback_token) THEN
        PERFORM settle_submission(
            v_open.id, p_job_id, 'unknown',
            p_error => 'An earlier attempt was about to send it and never reported.');
        SELECT * INTO v_open FROM submissions AS s WHERE s.id = v_open.id;
    END IF;
    IF v_open.state = 'intended' AND v_reason IS NOT NULL THEN -- its sender asks again, so it has sent nothing
        PERFORM settle_submission(
            v_open.id, p_job_id, 'rejected', p_reason_code => v_reason, p_error => 'Nothing was sent.');
        v_open := NULL;
    END IF;
    IF v_open.id IS NOT NULL THEN
        RETURN QUERY SELECT
            CASE v_open.state WHEN 'intended' THEN 'post' ELSE v_open.state END, v_open.id, v_open.request,
            v_open.prediction_id, CASE WHEN v_open.state = 'accepted' THEN v_open.outcome_at END,
            v_open.reason_code, v_open.error;
        RETURN;
    END IF;

    IF v_reason IS NOT NULL OR v_job.status NOT IN ('queued', 'prompting', 'dispatching', 'submit_unknown') THEN
        RETURN QUERY SELECT 'stop', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, v_reason, v_job.error;
        RETURN;
    END IF;

    IF EXISTS (SELECT FROM switches WHERE name = 'submissions_held' AND value = 'on') THEN
        RETURN QUERY SELECT
            'hold', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'submissions_held', NULL::text;
        RETURN;
    END IF;

    -- a job that comes back from submit_unknown gets a new row: the old one stays as its story
    IF v_job.status <> 'submit_unknown' THEN
        UPDATE submissions AS s
        SET id = p_submission_id, -- of the earlier ids the last hundred: a week of 429 must not grow the row
            earlier_ids = CASE WHEN s.id = p_submission_id THEN s.earlier_ids
                               ELSE s.earlier_ids[cardinality(s.earlier_ids) - 98:] || s.id END,
            state = 'intended', repeats = s.repeats + 1, callback_token = p_callback_token, request = p_request,
            request_hash = p_request_hash, provider_base = p_provider_base, key_fingerprint = p_key_fingerprint,
            intended_at = clock_timestamp(),
            post_before = clock_timestamp() + p_post_within_seconds * interval '1 second', outcome_at = NULL
        WHERE s.id = (SELECT r.id FROM submissions AS r
                      WHERE r.job_id = p_job_id AND r.state = 'rejected' AND r.resolved_by IS NULL
                      ORDER BY r.number DESC LIMIT 1)
        RETURNING s.id INTO v_reused;
    END IF;
    IF v_reused IS NULL THEN
        INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                 key_fingerprint, post_before)
        VALUES (p_submission_id, p_job_id, 'intended', p_callback_token, p_request, p_request_hash, p_provider_base,
                p_key_fingerprint, clock_timestamp() + p_post_within_seconds * interval '1 second');
    END IF;
    PERFORM move_job(v_job, 'dispatching');
    RETURN QUERY SELECT 'post', p_submission_id, p_request, NULL::text, NULL::timestamptz, NULL::text, NULL::text;
END;
$$;


-- adopt_prediction(submission_id, prediction_id, by) -> job
-- Gives an unclear submission its prediction, and moves its job. Facts (`answer`, `webhook`) go through
-- settle_submission. An inference (`history`, `person`) is taken from `unknown` alone, never for a prediction that
-- another submission has; `history` not either while another submission with the same request may have made it.
-- Raises PM404 when no such submission exists, PM409 (prediction_owned), PM422 for another word in `by`.
CREATE OR REPLACE FUNCTION adopt_prediction(p_submission_id uuid, p_prediction_id text, p_by text)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_job_id uuid;
    v_submission submissions;
BEGIN
    SELECT job_id INTO v_job_id FROM submissions WHERE id = p_submission_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    ELSIF p_by IS NULL OR p_by NOT IN ('answer', 'webhook', 'history', 'person') THEN
        RAISE EXCEPTION 'nothing is adopted by %', p_by USING ERRCODE = 'PM422';
    ELSIF p_by IN ('answer', 'webhook') THEN
        PERFORM settle_submission(p_submission_id, v_job_id, 'accepted', p_prediction_id, p_resolved_by => p_by);
        SELECT * INTO v_job FROM jobs WHERE id = v_job_id;
        RETURN v_job;
    END IF;
    PERFORM lock_prediction(p_prediction_id, v_job_id);
    SELECT * INTO v_job FROM jobs WHERE id = v_job_id;
    PERFORM FROM prompt_generation_jobs WHERE job_id = v_job_id FOR UPDATE; -- locks before the first change
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id FOR UPDATE;
    IF v_submission.state <> 'unknown' OR (p_by = 'history' AND EXISTS (
        SELECT FROM submissions AS s
        WHERE s.request_hash = v_submission.request_hash AND s.id <> p_submission_id AND (
            s.state IN ('intended', 'unknown')
            -- given up, and nobody knows what it made, at the same time
            OR (s.state = 'superseded' AND s.prediction_id IS NULL
                AND s.post_before > v_submission.intended_at - interval '15 minutes')))) THEN
        RETURN v_job;
    ELSIF EXISTS (SELECT FROM submissions AS s WHERE s.prediction_id = p_prediction_id) THEN
        RAISE EXCEPTION 'Prediction % belongs to another submission.', p_prediction_id
            USING ERRCODE = 'PM409', HINT = 'prediction_owned';
    END IF;
    UPDATE submissions
    SET state = 'accepted', prediction_id = p_prediction_id, reason_code = NULL, error = NULL,
        outcome_at = clock_timestamp(), resolved_at = clock_timestamp(), resolved_by = p_by, looked_at = NULL, looks = 0
    WHERE id = p_submission_id
    RETURNING * INTO v_submission;
    RETURN follow_submission(v_job, v_submission, false);
END;
$$;


-- prove_absence(submission_id, resubmit) -> job
-- Notes that an unknown submission made nothing, proved by WaveSpeed's history: it is `rejected`. The job that waits
-- for it fails as submission_absent, or, with `resubmit`, stays in submit_unknown without an open submission: then its
-- workflow may submit again. A submission that was settled meanwhile stays as it is.
-- Raises PM404 when no such submission exists.
CREATE OR REPLACE FUNCTION prove_absence(p_submission_id uuid, p_resubmit boolean)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = v_job.id FOR UPDATE; -- locks before the first change
    UPDATE submissions
    SET state = 'rejected', reason_code = 'submission_absent', error = NULL, outcome_at = clock_timestamp(),
        resolved_at = clock_timestamp(), resolved_by = 'absence'
    WHERE id = p_submission_id AND state = 'unknown'
    RETURNING * INTO v_submission;
    IF NOT FOUND THEN
        RETURN v_job;
    END IF;
    RETURN follow_submission(v_job, v_submission, v_job.status = 'submit_unknown' AND NOT p_resubmit);
END;
$$;


-- decide_submission(job_id, owner, decision, prediction_id, key, request_hash) -> (job, replayed)
-- Takes a person's decision about a job in submit_unknown: `adopt` a prediction, `resubmit` (the submission is given up
-- and its workflow may make another), or `abandon` (given up, and the job fails). What is given up becomes
-- `superseded`; it may still learn its prediction. `adopt` and `resubmit` start a new deadline of the first length.
-- Repeated with the same key and hash it changes nothing and gives the job as it is now.
-- Raises PM404 when the owner has no such job, PM409 (not_unclear, prediction_owned, or without a hint when the key was
-- used with another request), PM422 for another decision or `adopt` without a prediction; lock_not_available when the
-- key is held for over 2 s.
CREATE OR REPLACE FUNCTION decide_submission(
    p_job_id uuid, p_owner text, p_decision text, p_prediction_id text DEFAULT NULL, p_key text DEFAULT NULL,
    p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    IF p_decision IS NULL OR p_decision NOT IN ('adopt', 'resubmit', 'abandon')
        OR (p_decision = 'adopt' AND p_prediction_id IS NULL) THEN
        RAISE EXCEPTION 'no decision: %, prediction %', p_decision, p_prediction_id USING ERRCODE = 'PM422';
    ELSIF NOT EXISTS (SELECT FROM jobs WHERE id = p_job_id AND owner = p_owner) THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF p_key IS NOT NULL THEN
        PERFORM claim_idempotency_key(p_owner, p_key, p_request_hash, p_job_id => p_job_id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = p_job_id;
            RETURN;
        END IF;
    END IF;
    IF p_decision = 'adopt' THEN
        PERFORM lock_prediction(p_prediction_id, p_job_id);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    SELECT * INTO v_submission FROM submissions WHERE job_id = p_job_id AND state = 'unknown' FOR UPDATE;
    IF v_job.status <> 'submit_unknown' OR (p_decision = 'adopt' AND v_submission.id IS NULL) THEN
        RAISE EXCEPTION 'Nothing is to be decided: no submission of this job is unclear (it is %).', v_job.status
            USING ERRCODE = 'PM409', HINT = 'not_unclear';
    END IF;
    IF p_decision <> 'abandon' THEN
        UPDATE jobs SET deadline_at = clock_timestamp() + deadline_seconds * interval '1 second', updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_job;
    END IF;
    IF p_decision = 'adopt' THEN
        v_job := adopt_prediction(v_submission.id, p_prediction_id, 'person');
    ELSE
        UPDATE submissions
        SET state = 'superseded', resolved_at = clock_timestamp(), resolved_by = 'person'
        WHERE id = v_submission.id
        RETURNING * INTO v_submission;
        IF p_decision = 'abandon' THEN
            v_job := move_job(v_job, 'failed', 'submission_abandoned', NULL, jsonb_strip_nulls(jsonb_build_object(
                'decision', p_decision, 'submission', v_submission.number, 'submissionState', v_submission.state)));
        ELSE
            PERFORM append_job_event(v_job, NULL, jsonb_strip_nulls(jsonb_build_object(
                'decision', p_decision, 'submission', v_submission.number, 'submissionState', v_submission.state)));
        END IF;
    END IF;
    RETURN QUERY SELECT v_job, false;
END;
$$;


-- receive_webhook(event_id, job_id, token, body) -> (is_new, token_ok, job_known, workflow_open, prediction_id)
-- Takes a webhook of WaveSpeed whose signature was checked. The token names the submission that ordered it, so the
-- prediction in the body is that submission's, a fact: it is settled as accepted in the same transaction, also before
-- the POST's own answer, and after the job's end. The delivery is kept once for each event id, also for a job that the
-- record does not (or not any more) hold; with a token that is not the job's nothing is kept. workflow_open: the job
-- has not ended and has a workflow that is to be told.
CREATE OR REPLACE FUNCTION receive_webhook(p_event_id text, p_job_id uuid, p_token text, p_body jsonb)
    RETURNS TABLE (is_new boolean, token_ok boolean, job_known boolean, workflow_open boolean, prediction_id text)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prediction_id text := nullif(p_body ->> 'id', '');
    v_job jobs;
    v_submission_id uuid;
    v_new boolean := false;
BEGIN
    IF v_prediction_id IS NOT NULL THEN
        PERFORM lock_prediction(v_prediction_id, p_job_id);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    SELECT s.id INTO v_submission_id FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.callback_token = p_token AND p_token <> '';
    IF v_job.id IS NULL OR v_submission_id IS NOT NULL THEN
        INSERT INTO webhook_deliveries (provider, event_id, job_id, body)
        VALUES ('wavespeed', p_event_id, p_job_id, p_body)
        ON CONFLICT DO NOTHING;
        v_new := FOUND;
    END IF;
    IF v_submission_id IS NOT NULL AND v_prediction_id IS NOT NULL THEN
        PERFORM settle_submission(
            v_submission_id, p_job_id, 'accepted', v_prediction_id, p_resolved_by => 'webhook');
        SELECT * INTO v_job FROM jobs WHERE id = p_job_id;
    END IF;
    RETURN QUERY SELECT
        v_new, v_submission_id IS NOT NULL, v_job.id IS NOT NULL,
        coalesce(v_job.completed_at IS NULL AND v_job.workflow_started_at IS NOT NULL, false),
        CASE WHEN v_submission_id IS NOT NULL THEN v_prediction_id END;
END;
$$;


-- take_unclear_submissions(limit) -> submissions
-- Gives submissions that nobody else looks for in WaveSpeed's history, those looked at longest ago first, and notes that
-- they are looked at now: the unknown ones of jobs that have ended, and what a person has given up and of which neither
-- its prediction nor a candidate is known. Again after 1, 2, 4, … minutes, an hour at most, for the 7 days that
-- WaveSpeed keeps its history.
CREATE OR REPLACE FUNCTION take_unclear_submissions(p_limit integer)
    RETURNS SETOF submissions
    LANGUAGE sql
AS $$
    UPDATE submissions AS s SET looked_at = clock_timestamp(), looks = s.looks + 1
    FROM (SELECT u.id FROM submissions AS u JOIN jobs AS j ON j.id = u.job_id
          WHERE ((u.state = 'unknown' AND j.completed_at IS NOT NULL)
                 OR (u.state = 'superseded' AND u.prediction_id IS NULL AND NOT EXISTS (
                     SELECT FROM jsonb_array_elements_text(u.candidates) AS c (id)
                     WHERE NOT EXISTS (SELECT FROM submissions AS o WHERE o.prediction_id = c.id))))
            AND u.post_before > now() - interval '7 days'
            AND (u.looked_at IS NULL
                 OR u.looked_at + least(power(2, least(u.looks, 10) - 1), 60) * interval '1 minute'
                    <= clock_timestamp())
          ORDER BY u.looked_at NULLS FIRST, u.number LIMIT p_limit FOR UPDATE OF u SKIP LOCKED) AS due
    WHERE s.id = due.id
    RETURNING s.*;
$$;


-- settle_stale_intents(after_seconds) -> count
-- Makes submissions `unknown` that were intended for jobs which have ended, and whose sender must be dead by now: the
-- last moment for their first byte is that long ago. Nobody else would ever look at them.
CREATE OR REPLACE FUNCTION settle_stale_intents(p_after_seconds double precision)
    RETURNS bigint
    LANGUAGE sql
AS $$
    SELECT count(*) FILTER (WHERE settled.state = 'unknown')
    FROM (SELECT s.id, s.job_id FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
          WHERE s.state = 'intended' AND j.completed_at IS NOT NULL
            AND s.post_before < clock_timestamp() - p_after_seconds * interval '1 second'
          ORDER BY s.job_id LIMIT 100) AS stale
    CROSS JOIN LATERAL settle_submission(
        stale.id, stale.job_id, 'unknown', p_error => 'It was about to be sent when the job ended; nobody reported.'
    ) AS settled;
$$;


-- retry_chain(job_id) -> ids
-- The jobs that are linked by retry_of, in both directions: all that were made of one request, the job itself included.
CREATE OR REPLACE FUNCTION retry_chain(p_job_id uuid)
    RETURNS SETOF uuid
    LANGUAGE sql
    VOLATILE -- sees what was committed while the caller waited for a lock
AS $$
    WITH RECURSIVE chain AS (
        SELECT id, retry_of FROM jobs WHERE id = p_job_id
        UNION
        SELECT j.id, j.retry_of FROM chain AS c JOIN jobs AS j ON j.id = c.retry_of OR j.retry_of = c.id
    )
    SELECT id FROM chain;
$$;


-- retry_job(job_id, owner, new_id, new_prompt_job_id, force, key, request_hash) -> (job, replayed)
-- Accepts a new job from the request of one that has ended, linked to it by retry_of, with a fresh deadline of the same
-- length and, where Grok wrote the prompt, a prompt job of its own. The old job is left as it is. Repeated with the
-- same key and hash it stores nothing and gives the job of the first time as it is now. `force` overrides
-- may_be_billed, and both timelines tell it.
-- Raises PM404 when the owner has no such job; PM409 (job_open; retry_open: another one of the same request has not
-- ended; may_be_billed: a submission of one of them is not settled, or its paid media may still come; without a hint
-- when the key was used with another request); lock_not_available when the key is held for over 2 s.
CREATE OR REPLACE FUNCTION retry_job(
    p_job_id uuid, p_owner text, p_new_id uuid, p_new_prompt_job_id uuid, p_force boolean DEFAULT false,
    p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_old jobs;
    v_old_prompt_job prompt_generation_jobs;
    v_new jobs;
    v_first idempotency_keys;
    v_chain uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = p_job_id AND owner = p_owner) THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first FROM claim_idempotency_key(p_owner, p_key, p_request_hash, p_job_id => p_new_id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = v_first.job_id;
            RETURN;
        END IF;
    END IF;
    PERFORM FROM jobs WHERE id IN (SELECT retry_chain(p_job_id)) ORDER BY id FOR UPDATE;
    SELECT * INTO v_old FROM jobs WHERE id = p_job_id;
    v_chain := ARRAY(SELECT retry_chain(p_job_id));
    IF v_old.completed_at IS NULL THEN
        RAISE EXCEPTION 'The job has not ended yet (it is %).', v_old.status
            USING ERRCODE = 'PM409', HINT = 'job_open';
    ELSIF EXISTS (SELECT FROM jobs WHERE id = ANY (v_chain) AND completed_at IS NULL) THEN
        RAISE EXCEPTION 'Another retry of this request has not ended yet.'
            USING ERRCODE = 'PM409', HINT = 'retry_open';
    ELSIF NOT p_force AND (
        EXISTS (SELECT FROM submissions WHERE job_id = ANY (v_chain) AND state IN ('intended', 'unknown'))
        OR EXISTS (SELECT FROM late_predictions AS l
                   WHERE l.job_id = ANY (v_chain) AND l.accepted_at > now() - interval '7 days')) THEN
        RAISE EXCEPTION 'An earlier submission of this request may be billed, and its media may still come.'
            USING ERRCODE = 'PM409', HINT = 'may_be_billed';
    END IF;
    SELECT * INTO v_old_prompt_job FROM prompt_generation_jobs WHERE job_id = p_job_id;
    SELECT (a.job).* INTO v_new FROM accept_job(
        to_jsonb(v_old) || jsonb_build_object('id', p_new_id, 'retry_of', p_job_id)
        || CASE WHEN v_old_prompt_job.id IS NULL THEN '{}' ELSE jsonb_build_object(
            'prompt', NULL, 'prompt_source', NULL, 'prompt_job_id', NULL,
            'prompt_job', to_jsonb(v_old_prompt_job) || jsonb_build_object(
                'id', p_new_prompt_job_id, 'deadline_seconds', v_old.deadline_seconds)) END) AS a;
    IF p_force THEN
        PERFORM append_job_event(v_old, NULL, jsonb_build_object('retriedBy', p_new_id, 'forced', true));
        PERFORM append_job_event(v_new, NULL, jsonb_build_object('retryOf', p_job_id, 'forced', true));
    END IF;
    RETURN QUERY SELECT v_new, false;
END;
$$;


-- restore_job(input, result) -> boolean
-- Puts a job back that an older backup lost, from its workflow's input and, where the workflow has ended, its result
-- (both as JSON with the columns' names, job_id for id). Its prompt job and its accepted submission come with it, so
-- that what was paid stays known. False when the row is there already: nothing is changed then.
CREATE OR REPLACE FUNCTION restore_job(p_input jsonb, p_result jsonb DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_input jobs := jsonb_populate_record(NULL::jobs, p_input);
    v_result jobs := jsonb_populate_record(NULL::jobs, coalesce(p_result, '{}'));
    v_id uuid := (p_input ->> 'job_id')::uuid;
    v_ended timestamptz := CASE WHEN p_result IS NOT NULL THEN clock_timestamp() END;
    v_prompt_status text := CASE
        WHEN NOT v_input.use_ai_prompt THEN CASE WHEN v_input.prompt_job_id IS NULL THEN 'not_requested'
                                                 ELSE 'completed' END
        WHEN v_result.prompt_source IN ('grok', 'grok_fallback') THEN 'completed'
        WHEN v_ended IS NULL THEN 'pending'
        WHEN v_result.status = 'cancelled' THEN 'cancelled' ELSE 'failed' END;
    v_job jobs;
BEGIN
    INSERT INTO jobs (
        id, owner, model, kind, input, use_ai_prompt, operation, instructions, target_url, ref_urls, on_prompt_failure,
        priority, provider_mode, generate_timeout_seconds, deadline_at, deadline_seconds, callback_url, metadata,
        retry_of, original_prompt, prompt, prompt_source, prompt_job_id, prompt_status, prompt_cost_usd, status,
        reason_code, error, prediction_id, outputs, media_cost_usd, media_cost_source, workflow_started_at, created_at,
        dispatched_at, completed_at)
    SELECT v_id, v_input.owner, v_input.model, v_input.kind, v_input.input, v_input.use_ai_prompt, v_input.operation,
           v_input.instructions, v_input.target_url, coalesce(v_input.ref_urls, '{}'), v_input.on_prompt_failure,
           v_input.priority, v_input.provider_mode, v_input.generate_timeout_seconds, v_input.deadline_at,
           greatest(extract(epoch FROM v_input.deadline_at - v_input.created_at), 0)::integer, v_input.callback_url,
           coalesce(v_input.metadata, '{}'), (SELECT r.id FROM jobs AS r WHERE r.id = v_input.retry_of), v_input.prompt,
           coalesce(v_result.prompt, CASE WHEN NOT v_input.use_ai_prompt THEN v_input.prompt END),
           coalesce(v_result.prompt_source, CASE WHEN NOT v_input.use_ai_prompt THEN 'caller' END),
           CASE WHEN v_input.use_ai_prompt THEN v_input.prompt_job_id
                ELSE (SELECT p.id FROM prompt_generation_jobs AS p WHERE p.id = v_input.prompt_job_id) END,
           v_prompt_status, v_result.prompt_cost_usd, coalesce(v_result.status, 'queued'), v_result.reason_code,
           v_result.error, v_result.prediction_id, coalesce(v_result.outputs, '[]'), v_result.media_cost_usd,
           CASE WHEN v_result.media_cost_usd IS NOT NULL THEN 'quoted' END, clock_timestamp(), v_input.created_at,
           CASE WHEN v_result.prediction_id IS NOT NULL THEN clock_timestamp() END, v_ended
    ON CONFLICT (id) DO NOTHING
    RETURNING * INTO v_job;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF v_input.use_ai_prompt AND v_input.prompt_job_id IS NOT NULL THEN
        INSERT INTO prompt_generation_jobs (
            id, owner, job_id, operation, ref_urls, target_url, instructions, existing_prompt, priority, deadline_at,
            status, generated_prompt, prompt_source, cost_usd, workflow_started_at, created_at, completed_at)
        VALUES (v_input.prompt_job_id, v_job.owner, v_id, v_job.operation, v_job.ref_urls, v_job.target_url,
                v_job.instructions, v_input.prompt, v_job.priority, v_job.deadline_at,
                CASE v_prompt_status WHEN 'pending' THEN 'queued' ELSE v_prompt_status END,
                CASE WHEN v_prompt_status = 'completed' THEN v_result.prompt END,
                CASE WHEN v_prompt_status = 'completed' THEN v_result.prompt_source END, v_result.prompt_cost_usd,
                clock_timestamp(), v_job.created_at, v_ended)
        ON CONFLICT (id) DO NOTHING;
    END IF;
    IF v_result.prediction_id IS NOT NULL THEN
        INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                 key_fingerprint, intended_at, post_before, prediction_id, media_cost_usd, outcome_at)
        VALUES (gen_random_uuid(), v_id, 'accepted', '', '{}', '', '', '', v_job.created_at, clock_timestamp(),
                v_result.prediction_id, v_result.media_cost_usd, clock_timestamp())
        ON CONFLICT (prediction_id) DO NOTHING;
    END IF;
    PERFORM append_job_event(v_job, v_job.reason_code, '{"restored": true}');
    RETURN true;
END;
$$;


-- raise_submission_number(number)
-- Makes the next submission's number higher than the given one. An older backup that was restored and compared with
-- WaveSpeed's history goes on from the highest number that was ever given, so that the next backup shows as well.
CREATE OR REPLACE FUNCTION raise_submission_number(p_number bigint)
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT setval('submissions_number_seq', greatest(p_number, last_value)) FROM submissions_number_seq;
    INSERT INTO switches AS s (name, value) VALUES ('highest-submission', p_number::text)
    ON CONFLICT (name) DO UPDATE
        SET value = greatest(excluded.value::bigint, s.value::bigint)::text, changed_at = now();
$$;


-- note_callback(job_id, detail, ended)
-- Tells the timeline of an attempt to tell a job's end to its callback_url, or (`ended`) how that ended. Each attempt
-- is told once, and so is the end.
-- Raises PM404 when no such job exists.
CREATE OR REPLACE FUNCTION note_callback(p_job_id uuid, p_detail jsonb, p_ended boolean)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    ELSIF EXISTS (
        SELECT FROM job_events
        WHERE job_id = p_job_id AND detail ->> 'callback' = p_detail ->> 'callback'
          AND detail ->> 'attempt' IS NOT DISTINCT FROM p_detail ->> 'attempt')
        OR v_job.callback_ended_at IS NOT NULL THEN
        RETURN;
    ELSIF p_ended THEN
        UPDATE jobs
        SET callback_started_at = coalesce(callback_started_at, clock_timestamp()),
            callback_ended_at = clock_timestamp(), updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_job;
    END IF;
    PERFORM append_job_event(v_job, NULL, p_detail);
END;
$$;


-- claim_stranded_jobs(limit) -> jobs
-- Claims jobs that were accepted and have no workflow, by priority then age. Two callers never get the same row; a
-- claim whose starter died is free again after 60 s. Jobs past their deadline are ended, not returned.
CREATE OR REPLACE FUNCTION claim_stranded_jobs(p_limit integer)
    RETURNS SETOF jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_ids uuid[];
BEGIN
    SELECT array_agg(id) INTO v_ids
    FROM (
        SELECT id FROM jobs
        WHERE workflow_started_at IS NULL AND status IN ('queued', 'prompting', 'dispatching')
          AND cancel_requested_at IS NULL
          AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - interval '60 seconds')
        ORDER BY priority DESC, created_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    FOR v_job IN SELECT * FROM jobs WHERE id = ANY (v_ids) AND deadline_at <= clock_timestamp() LOOP
        PERFORM move_job(v_job, 'expired', 'deadline_passed');
    END LOOP;
    RETURN QUERY
        WITH claimed AS (
            UPDATE jobs SET claimed_at = clock_timestamp(), updated_at = now()
            WHERE id = ANY (v_ids) AND completed_at IS NULL
            RETURNING *
        )
        SELECT * FROM claimed ORDER BY priority DESC, created_at;
END;
$$;


-- claim_prompt_jobs(limit) -> prompt_jobs
-- Claims stand-alone prompt jobs that are queued and have no workflow, by priority then age. Two callers never get the
-- same row; a claim whose starter died is free again after 60 s. Those past their deadline are ended, not returned.
CREATE OR REPLACE FUNCTION claim_prompt_jobs(p_limit integer)
    RETURNS SETOF prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
    v_ids uuid[];
BEGIN
    SELECT array_agg(id) INTO v_ids
    FROM (
        SELECT id FROM prompt_generation_jobs
        WHERE workflow_started_at IS NULL AND status = 'queued' AND job_id IS NULL AND cancel_requested_at IS NULL
          AND (claimed_at IS NULL OR claimed_at < clock_timestamp() - interval '60 seconds')
        ORDER BY priority DESC, created_at
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    FOR v_prompt_job IN
        SELECT * FROM prompt_generation_jobs WHERE id = ANY (v_ids) AND deadline_at <= clock_timestamp()
    LOOP
        PERFORM move_prompt_job(v_prompt_job, 'failed', 'deadline_passed');
    END LOOP;
    RETURN QUERY
        WITH claimed AS (
            UPDATE prompt_generation_jobs SET claimed_at = clock_timestamp(), updated_at = now()
            WHERE id = ANY (v_ids) AND status = 'queued'
            RETURNING *
        )
        SELECT * FROM claimed ORDER BY priority DESC, created_at;
END;
$$;


-- mark_workflows_started(job_ids, prompt_job_ids)
-- Notes that these rows have a workflow, where that is not known yet. The prompt job of a job is carried by the job's
-- workflow and is marked with it. Safe to repeat.
CREATE OR REPLACE FUNCTION mark_workflows_started(p_job_ids uuid[], p_prompt_job_ids uuid[])
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT FROM jobs WHERE id = ANY (p_job_ids) AND workflow_started_at IS NULL ORDER BY id FOR UPDATE;
    UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE id = ANY (p_job_ids) AND workflow_started_at IS NULL;
    UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE (id = ANY (p_prompt_job_ids) OR job_id = ANY (p_job_ids)) AND workflow_started_at IS NULL;
$$;


-- take_open_rows(limit, ids) -> (table_name, id, status, cancel_requested)
-- Gives open rows that have a workflow of their own, to be compared with Temporal: the named ones, then those that were
-- compared longest ago. Notes the time of the comparison.
CREATE OR REPLACE FUNCTION take_open_rows(p_limit integer, p_ids uuid[] DEFAULT '{}')
    RETURNS TABLE (table_name text, id uuid, status text, cancel_requested boolean)
    LANGUAGE sql
AS $$
    WITH oldest_jobs AS (
        SELECT id, checked_at FROM jobs
        WHERE workflow_started_at IS NOT NULL
          AND status NOT IN ('completed', 'failed', 'cancelled', 'expired', 'terminated')
        ORDER BY checked_at NULLS FIRST LIMIT p_limit
    ), oldest_prompt_jobs AS (
        SELECT id, checked_at FROM prompt_generation_jobs
        WHERE workflow_started_at IS NOT NULL AND job_id IS NULL AND status IN ('queued', 'processing')
        ORDER BY checked_at NULLS FIRST LIMIT p_limit
    ), chosen AS (
        SELECT id FROM (SELECT * FROM oldest_jobs UNION ALL SELECT * FROM oldest_prompt_jobs) AS oldest
        ORDER BY checked_at NULLS FIRST
        LIMIT p_limit -- beside the named ones: most of those have ended, and may be many
    ), checked_jobs AS (
        UPDATE jobs AS j SET checked_at = clock_timestamp()
        FROM (SELECT l.id FROM jobs AS l
              WHERE (l.id = ANY (p_ids) OR l.id IN (SELECT id FROM chosen)) AND l.workflow_started_at IS NOT NULL
                AND l.status NOT IN ('completed', 'failed', 'cancelled', 'expired', 'terminated')
              ORDER BY l.id FOR UPDATE SKIP LOCKED) AS locked
        WHERE j.id = locked.id
        RETURNING 'jobs', j.id, j.status, j.cancel_requested_at IS NOT NULL
    ), checked_prompt_jobs AS (
        UPDATE prompt_generation_jobs AS p SET checked_at = clock_timestamp()
        FROM (SELECT l.id FROM prompt_generation_jobs AS l
              WHERE (l.id = ANY (p_ids) OR l.id IN (SELECT id FROM chosen)) AND l.workflow_started_at IS NOT NULL
                AND l.job_id IS NULL AND l.status IN ('queued', 'processing')
              ORDER BY l.id FOR UPDATE SKIP LOCKED) AS locked
        WHERE p.id = locked.id
        RETURNING 'prompt_generation_jobs', p.id, p.status, p.cancel_requested_at IS NOT NULL
    )
    SELECT * FROM checked_jobs UNION ALL SELECT * FROM checked_prompt_jobs;
$$;


-- note_missing_workflow(table, id, missing) -> seconds
-- Remembers since when Temporal does not know a row's workflow and gives the seconds since then; null once it is known
-- again, and for a row that does not exist.
CREATE OR REPLACE FUNCTION note_missing_workflow(p_table text, p_id uuid, p_missing boolean)
    RETURNS double precision
    LANGUAGE sql
AS $$
    WITH noted_jobs AS (
        UPDATE jobs SET missing_since = CASE WHEN p_missing THEN coalesce(missing_since, clock_timestamp()) END
        WHERE p_table = 'jobs' AND id = p_id AND (p_missing OR missing_since IS NOT NULL)
        RETURNING missing_since
    ), noted_prompt_jobs AS (
        UPDATE prompt_generation_jobs
        SET missing_since = CASE WHEN p_missing THEN coalesce(missing_since, clock_timestamp()) END
        WHERE p_table = 'prompt_generation_jobs' AND id = p_id AND (p_missing OR missing_since IS NOT NULL)
        RETURNING missing_since
    )
    SELECT extract(epoch FROM clock_timestamp() - missing_since)::double precision
    FROM (SELECT * FROM noted_jobs UNION ALL SELECT * FROM noted_prompt_jobs) AS noted;
$$;


-- asked_provider(table, id) -> boolean
-- Says whether anything was asked of a provider for this row: a question to Grok begun, or a submission intended.
CREATE OR REPLACE FUNCTION asked_provider(p_table text, p_id uuid)
    RETURNS boolean
    LANGUAGE sql
    STABLE
AS $$
    SELECT CASE p_table
        WHEN 'jobs' THEN EXISTS (SELECT FROM submissions WHERE job_id = p_id)
            OR EXISTS (SELECT FROM jobs WHERE id = p_id AND prediction_id IS NOT NULL)
            OR EXISTS (SELECT FROM prompt_generation_jobs WHERE job_id = p_id AND attempt_no > 0)
        ELSE EXISTS (SELECT FROM prompt_generation_jobs WHERE id = p_id AND attempt_no > 0) END;
$$;


-- restart_workflow(table, id)
-- Makes a row whose workflow is gone free to be started again, or cancels it where that was asked for. Does nothing to
-- a row of which a provider was asked anything, or that has ended.
CREATE OR REPLACE FUNCTION restart_workflow(p_table text, p_id uuid)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_prompt_job prompt_generation_jobs;
BEGIN
    IF p_table = 'jobs' THEN
        SELECT * INTO v_job FROM jobs WHERE id = p_id AND completed_at IS NULL FOR UPDATE;
        PERFORM FROM prompt_generation_jobs WHERE job_id = p_id FOR UPDATE; -- locks before the first change
        IF v_job.id IS NULL OR asked_provider(p_table, p_id) THEN
            RETURN;
        END IF;
        UPDATE jobs SET workflow_started_at = NULL, claimed_at = NULL, missing_since = NULL, updated_at = now()
        WHERE id = p_id;
        UPDATE prompt_generation_jobs SET workflow_started_at = NULL, updated_at = now() WHERE job_id = p_id;
        IF v_job.cancel_requested_at IS NOT NULL THEN
            PERFORM move_job(v_job, 'cancelled');
        END IF;
    ELSE
        SELECT * INTO v_prompt_job FROM prompt_generation_jobs
        WHERE id = p_id AND job_id IS NULL AND status = 'queued' FOR UPDATE;
        IF NOT FOUND OR asked_provider(p_table, p_id) THEN
            RETURN;
        END IF;
        UPDATE prompt_generation_jobs
        SET workflow_started_at = NULL, claimed_at = NULL, missing_since = NULL, updated_at = now()
        WHERE id = p_id;
        IF v_prompt_job.cancel_requested_at IS NOT NULL THEN
            PERFORM move_prompt_job(v_prompt_job, 'cancelled');
        END IF;
    END IF;
END;
$$;


-- delete_expired_records(keep_days) -> count
-- Deletes what is past its time: Idempotency-Keys after a day, processed webhooks after a week and others after a
-- month, minutes after two days,
-- and jobs and prompt jobs that ended more than `keep_days` ago (0 keeps them), a thousand of each at a time so that
-- nothing waits long. Jobs with a submission that may have been paid and is not resolved stay. The highest number of a
-- submission is kept.
CREATE OR REPLACE FUNCTION delete_expired_records(p_keep_days double precision)
    RETURNS bigint
    LANGUAGE sql
AS $$
    WITH numbers AS (
        INSERT INTO switches AS s (name, value)
        SELECT 'highest-submission', max(number)::text FROM submissions HAVING max(number) IS NOT NULL
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now()
            WHERE s.value::bigint < excluded.value::bigint
    ), keys AS (
        DELETE FROM idempotency_keys WHERE created_at < now() - interval '24 hours' RETURNING 1
    ), deliveries AS (
        DELETE FROM webhook_deliveries
        WHERE processed_at < now() - interval '7 days' OR received_at < now() - interval '30 days'
        RETURNING 1
    ), minutes AS (
        DELETE FROM queue_minutes WHERE minute < now() - interval '48 hours' RETURNING 1
    ), old_jobs AS (
        DELETE FROM jobs WHERE id IN (
            SELECT j.id FROM jobs AS j
            WHERE p_keep_days > 0 AND j.completed_at < now() - p_keep_days * interval '1 day'
              AND NOT EXISTS (SELECT FROM submissions AS s WHERE s.job_id = j.id AND s.state IN ('intended', 'unknown'))
            ORDER BY j.completed_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), old_prompt_jobs AS (
        DELETE FROM prompt_generation_jobs WHERE id IN (
            SELECT p.id FROM prompt_generation_jobs AS p
            WHERE p_keep_days > 0 AND p.job_id IS NULL AND p.completed_at < now() - p_keep_days * interval '1 day'
            ORDER BY p.completed_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM minutes)
         + (SELECT count(*) FROM old_jobs) + (SELECT count(*) FROM old_prompt_jobs);
$$;


-- get_prompt_queue_stats() -> one row
-- The state of the prompt queue: totals, and rates and averages of the last hour (per minute: since its first activity
-- in that hour). Averages and rates are null while there is nothing to divide by. Read from counters and minutes: it
-- counts no rows.
CREATE OR REPLACE FUNCTION get_prompt_queue_stats()
    RETURNS TABLE (
        total_queued bigint,
        total_processing bigint,
        total_completed bigint,
        total_failed bigint,
        total_cancelled bigint,
        avg_wait_time_seconds double precision,
        avg_processing_seconds double precision,
        oldest_queued_seconds double precision,
        processed_per_minute double precision,
        error_rate double precision,
        retry_rate double precision,
        retry_success_rate double precision
    )
    LANGUAGE sql
    STABLE
AS $$
    SELECT c.queued, c.processing, c.completed, c.failed, c.cancelled,
           m.wait_seconds / nullif(m.started, 0),
           m.processing_seconds / nullif(m.finished, 0),
           (SELECT greatest(extract(epoch FROM now() - enqueued_at), 0)::double precision
            FROM prompt_generation_jobs WHERE status = 'queued' ORDER BY enqueued_at LIMIT 1),
           (m.finished + m.failed)
               / greatest(coalesce(extract(epoch FROM now() - m.first)::double precision / 60, 1), 1),
           m.failed / nullif(m.finished + m.failed, 0),
           m.retried / nullif(m.finished + m.failed, 0),
           m.retried_finished / nullif(m.retried, 0)
    FROM (
        SELECT coalesce(sum(n) FILTER (WHERE status = 'queued'), 0)::bigint AS queued,
               coalesce(sum(n) FILTER (WHERE status = 'processing'), 0)::bigint AS processing,
               coalesce(sum(n) FILTER (WHERE status = 'completed'), 0)::bigint AS completed,
               coalesce(sum(n) FILTER (WHERE status = 'failed'), 0)::bigint AS failed,
               coalesce(sum(n) FILTER (WHERE status = 'cancelled'), 0)::bigint AS cancelled
        FROM status_counters WHERE table_name = 'prompt_generation_jobs'
    ) AS c, (
        SELECT coalesce(sum(started), 0)::double precision AS started,
               coalesce(sum(wait_seconds), 0) AS wait_seconds,
               coalesce(sum(finished), 0)::double precision AS finished,
               coalesce(sum(failed), 0)::double precision AS failed,
               coalesce(sum(processing_seconds), 0) AS processing_seconds,
               coalesce(sum(retried), 0)::double precision AS retried,
               coalesce(sum(retried_finished), 0)::double precision AS retried_finished,
               min(minute) AS first
        FROM queue_minutes WHERE minute > now() - interval '1 hour'
    ) AS m;
$$;


-- prompt_queue_position(prompt_job_id) -> (place, of)
-- The place of a prompt job in Grok's queue, and how many wait, as nearly as Temporal's order can be told: by priority,
-- then turns between owners, then the time it joined the queue. Rows in back-off or without a workflow do not wait.
-- Both numbers stop at 1,000, so that a long queue costs no more to look at. No row when it does not wait.
CREATE OR REPLACE FUNCTION prompt_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    v_me record;
    v_turn bigint; -- how many of the same owner and priority go before it, and itself
    v_ahead bigint;
BEGIN
    SELECT priority, owner, enqueued_at INTO v_me FROM waiting_prompt_jobs WHERE id = p_job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) + 1 INTO v_turn
    FROM (SELECT FROM waiting_prompt_jobs
          WHERE priority = v_me.priority AND owner = v_me.owner AND enqueued_at < v_me.enqueued_at LIMIT 1000) AS mine;
    SELECT count(*) INTO v_ahead
    FROM (SELECT FROM waiting_prompt_jobs WHERE priority > v_me.priority LIMIT 1000) AS higher;
    IF v_ahead + v_turn <= 1000 THEN -- else it is past the end of the count already
        WITH RECURSIVE owners AS ( -- one index probe for each owner
            (SELECT owner FROM waiting_prompt_jobs WHERE priority = v_me.priority ORDER BY owner LIMIT 1)
            UNION ALL
            SELECT (SELECT w.owner FROM waiting_prompt_jobs AS w
                    WHERE w.priority = v_me.priority AND w.owner > o.owner ORDER BY w.owner LIMIT 1)
            FROM owners AS o WHERE o.owner IS NOT NULL
        )
        SELECT v_ahead + count(*) INTO v_ahead
        FROM (SELECT FROM owners AS o CROSS JOIN LATERAL (
                  SELECT f.enqueued_at, row_number() OVER (ORDER BY f.enqueued_at) AS turn
                  FROM (SELECT w.enqueued_at FROM waiting_prompt_jobs AS w
                        WHERE w.priority = v_me.priority AND w.owner = o.owner
                        ORDER BY w.enqueued_at LIMIT v_turn) AS f) AS theirs
              WHERE (theirs.turn, theirs.enqueued_at) < (v_turn, v_me.enqueued_at)
              LIMIT 1000) AS same;
    ELSE
        v_ahead := 1000;
    END IF;
    RETURN QUERY SELECT least(v_ahead + 1, 1000), count(*)
                 FROM (SELECT FROM waiting_prompt_jobs LIMIT 1000) AS counted;
END;
$$;


-- job_queue_position(job_id) -> (place, of)
-- The place of a job in WaveSpeed's queue, and how many are in it, told as by prompt_queue_position: by priority, then
-- turns between owners, then age, among the jobs that are `dispatching`. Both numbers stop at 1,000. No row when it
-- does not wait.
CREATE OR REPLACE FUNCTION job_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    v_me record;
    v_turn bigint; -- how many of the same owner and priority go before it, and itself
    v_ahead bigint;
BEGIN
    SELECT priority, owner, created_at INTO v_me FROM waiting_jobs WHERE id = p_job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) + 1 INTO v_turn
    FROM (SELECT FROM waiting_jobs
          WHERE priority = v_me.priority AND owner = v_me.owner AND created_at < v_me.created_at LIMIT 1000) AS mine;
    SELECT count(*) INTO v_ahead
    FROM (SELECT FROM waiting_jobs WHERE priority > v_me.priority LIMIT 1000) AS higher;
    IF v_ahead + v_turn <= 1000 THEN -- else it is past the end of the count already
        WITH RECURSIVE owners AS ( -- one index probe for each owner
            (SELECT owner FROM waiting_jobs WHERE priority = v_me.priority ORDER BY owner LIMIT 1)
            UNION ALL
            SELECT (SELECT w.owner FROM waiting_jobs AS w
                    WHERE w.priority = v_me.priority AND w.owner > o.owner ORDER BY w.owner LIMIT 1)
            FROM owners AS o WHERE o.owner IS NOT NULL
        )
        SELECT v_ahead + count(*) INTO v_ahead
        FROM (SELECT FROM owners AS o CROSS JOIN LATERAL (
                  SELECT f.created_at, row_number() OVER (ORDER BY f.created_at) AS turn
                  FROM (SELECT w.created_at FROM waiting_jobs AS w
                        WHERE w.priority = v_me.priority AND w.owner = o.owner
                        ORDER BY w.created_at LIMIT v_turn) AS f) AS theirs
              WHERE (theirs.turn, theirs.created_at) < (v_turn, v_me.created_at)
              LIMIT 1000) AS same;
    ELSE
        v_ahead := 1000;
    END IF;
    RETURN QUERY SELECT least(v_ahead + 1, 1000), count(*)
                 FROM (SELECT FROM waiting_jobs LIMIT 1000) AS counted;
END;
$$;


CREATE TRIGGER jobs_count_insert AFTER INSERT ON jobs
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER jobs_count_update AFTER UPDATE ON jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER jobs_count_delete AFTER DELETE ON jobs
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER jobs_count_truncate AFTER TRUNCATE ON jobs
    FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER prompt_generation_jobs_count_insert AFTER INSERT ON prompt_generation_jobs
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER prompt_generation_jobs_count_update AFTER UPDATE ON prompt_generation_jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER prompt_generation_jobs_count_delete AFTER DELETE ON prompt_generation_jobs
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER prompt_generation_jobs_count_truncate AFTER TRUNCATE ON prompt_generation_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION count_statuses();


CREATE TRIGGER prompt_generation_jobs_minutes AFTER UPDATE ON prompt_generation_jobs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION count_prompt_minutes();
