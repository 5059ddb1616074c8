-- The whole schema of Promptmill: what a new database gets.
--
--     psql "$DATABASE_URL" -f sql/prompt-queue-schema.sql
--
-- Needs Postgres 16 or later and an empty schema. It also stamps Alembic's version, so that the next
-- `python -m promptmill migrate` goes on from here. A test holds it equal to the migrations (pg_dump of both); new
-- columns are therefore written at the end of their table. The rules between the rows stand in functions/*.sql.
--
-- Times are timestamptz, money is numeric(12,6) in USD, ids are uuid version 7 made by whoever accepts the row.

\set ON_ERROR_STOP on
BEGIN;

-- ---------------------------------------------------------------------------------------------------------------------
-- Batches: a table of rows made with one template, within a budget of its own. Each row becomes one job.

CREATE TABLE batches (
    id                  uuid PRIMARY KEY,
    owner               text NOT NULL,
    key                 text, -- by which its caller sends more rows to it; null: nobody can
    name                text,
    template            jsonb NOT NULL, -- the body of a job to create, with {{column}} in its texts
    state               text NOT NULL DEFAULT 'planning'
        CHECK (state IN ('planning', 'awaiting_approval', 'running', 'paused', 'done', 'done_with_failures',
                         'cancelled')),
    -- while it is paused: why, and by whom if by a person; problem: that in words, or what a running one waits for
    pause_reason        text CHECK (pause_reason IN ('budget', 'failures', 'owner', 'admin')),
    paused_by           text,
    problem             text,
    max_cost_usd        numeric(12, 6) NOT NULL CHECK (max_cost_usd >= 0),
    max_open            integer NOT NULL CHECK (max_open BETWEEN 1 AND 1000),
    stop_after_failures integer CHECK (stop_after_failures >= 1),
    failures_forgiven   integer NOT NULL DEFAULT 0, -- how many rows had failed when it was last resumed
    priority            smallint NOT NULL CHECK (priority BETWEEN 1 AND 10),
    callback_url        text,
    key_id              text, -- the API key that created it; null: none
    -- what its jobs count for, as in spending
    reserved_usd        numeric(14, 6) NOT NULL DEFAULT 0 CHECK (reserved_usd >= 0),
    spent_usd           numeric(14, 6) NOT NULL DEFAULT 0 CHECK (spent_usd >= 0),
    -- when the reconciler wakes or starts its workflow, unless it has looked at the batch by then; null: no need
    due_at              timestamptz,
    callback_claimed_at timestamptz,
    callback_started_at timestamptz,
    callback_ended_at   timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    changed_at          timestamptz NOT NULL DEFAULT now(),
    completed_at        timestamptz, -- nothing of it waits or is open
    CONSTRAINT batches_owner_key_key UNIQUE (owner, key)
) WITH (fillfactor = 50); -- room to update in place

CREATE INDEX batches_created_at_idx ON batches (owner, created_at DESC, id DESC);

CREATE INDEX batches_due_at_idx ON batches (due_at) WHERE due_at IS NOT NULL;

CREATE INDEX batches_completed_at_idx ON batches (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE batch_rows (
    batch_id     uuid NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
    key          text NOT NULL,
    number       integer NOT NULL, -- its line in the source, from 1
    given        jsonb NOT NULL, -- its columns as they were given
    request      jsonb, -- what accept_job takes; null: the row is faulty
    content_hash text NOT NULL, -- of what would be made
    state        text NOT NULL CHECK (state IN ('waiting', 'submitted', 'skipped', 'faulty')),
    -- its job, decided before there is one: whatever dies, the row gets no second
    job_id       uuid,
    retry_of     uuid, -- while it waits to be tried again: the job that failed
    faults       jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (batch_id, key)
);

CREATE INDEX batch_rows_number_idx ON batch_rows (batch_id, number, key);

CREATE INDEX batch_rows_waiting_idx ON batch_rows (batch_id, number, key) WHERE state = 'waiting';

CREATE INDEX batch_rows_job_id_idx ON batch_rows (job_id) WHERE job_id IS NOT NULL;

-- Batches whose prompts Grok proposes: each row of a table is made with each prompt that a person approves.
CREATE TABLE batch_proposals (
    batch_id      uuid PRIMARY KEY REFERENCES batches (id) ON DELETE CASCADE,
    prompt_job_id uuid NOT NULL, -- the question to Grok; no reference: it may be deleted after its time
    rows          integer NOT NULL, -- of the table, each of which is made with each prompt
    request       jsonb, -- the table; null once its rows are stored, or never will be
    request_hash  text NOT NULL, -- of the whole request that asked
    approved      jsonb, -- the prompts that were approved, until their rows are stored
    approved_hash text, -- of these, from then on
    CONSTRAINT batch_proposals_prompt_job_id_key UNIQUE (prompt_job_id)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Jobs: one piece of media on its way. The row alone is enough to start its workflow.

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
    completed_at             timestamptz,
    -- a person's word on the outputs; null while there is none
    kept                     boolean,
    -- it ends without being submitted if it costs more; null: whatever it costs
    max_price_usd            numeric(12, 6),
    -- WaveSpeed's price without the discount that it quoted with; null: no discount, or not known
    media_list_price_usd     numeric(12, 6),
    -- since when its words are gone from the record, and since when from Temporal and WaveSpeed too
    erase_requested_at       timestamptz,
    erased_at                timestamptz,
    key_id                   text, -- the API key that created it; null: none, or before revision 0016
    -- the job whose output it was made from, which output, and how; without a parent: it has been deleted
    parent_job_id            uuid REFERENCES jobs (id) ON DELETE SET NULL,
    parent_index             smallint,
    relation                 text
        CHECK (relation IN ('edit', 'animate', 'upscale', 'reference', 'variation', 'retry')),
    -- the style in which Grok was asked to write; which of the prompt job's variants was taken, from 0
    style                    text,
    variant                  smallint,
    -- the batch of whose row it was made; without a batch: it has been deleted
    batch_id                 uuid REFERENCES batches (id) ON DELETE SET NULL,
    row_key                  text
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

-- What was made in some days, for the statistics: all that they need of a job, which is wide.
CREATE INDEX jobs_made_idx ON jobs (completed_at) INCLUDE (owner, model, style, created_at, dispatched_at)
    WHERE status = 'completed';

-- How long each model's newest jobs took.
CREATE INDEX jobs_model_completed_at_idx ON jobs (model, completed_at DESC) WHERE status = 'completed';

-- Ends that are still to be told.
CREATE INDEX jobs_callback_idx ON jobs (completed_at)
    WHERE callback_url IS NOT NULL AND completed_at IS NOT NULL AND callback_started_at IS NULL;

-- Jobs that have ended without media; some of it may be paid, and come late.
CREATE INDEX jobs_without_outputs_idx ON jobs (completed_at)
    WHERE status IN ('failed', 'cancelled', 'expired', 'terminated') AND outputs = '[]';

CREATE INDEX jobs_retry_of_idx ON jobs (retry_of) WHERE retry_of IS NOT NULL;

-- What was made from a job, oldest first.
CREATE INDEX jobs_parent_job_id_idx ON jobs (parent_job_id, created_at, id) WHERE parent_job_id IS NOT NULL;

CREATE INDEX jobs_prompt_job_id_idx ON jobs (prompt_job_id) WHERE prompt_job_id IS NOT NULL;

-- Results that a person has judged, for the statistics.
CREATE INDEX jobs_kept_idx ON jobs (owner, created_at) WHERE kept IS NOT NULL;

-- Jobs by style, for the counts of the styles.
CREATE INDEX jobs_style_idx ON jobs (owner, created_at) WHERE style IS NOT NULL;

-- The jobs of a batch, newest first; those that failed; those that are open.
CREATE INDEX jobs_batch_id_idx ON jobs (batch_id, created_at DESC, id DESC) WHERE batch_id IS NOT NULL;

CREATE INDEX jobs_batch_status_idx ON jobs (batch_id, status) WHERE batch_id IS NOT NULL;

CREATE INDEX jobs_batch_open_idx ON jobs (batch_id) WHERE batch_id IS NOT NULL AND completed_at IS NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- Prompt jobs: one prompt that Grok writes, alone (job_id null) or for the job that needs it.

CREATE TABLE prompt_generation_jobs (
    id                  uuid PRIMARY KEY,
    owner               text NOT NULL,
    job_id              uuid UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
    -- the request
    operation           text NOT NULL CHECK (operation IN ('generate', 'enhance', 'describe')),
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
    rating              smallint CHECK (rating IN (-1, 1)), -- a person's word on the prompt: down, up
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
    completed_at        timestamptz,
    erase_requested_at  timestamptz, -- as in jobs
    erased_at           timestamptz,
    key_id              text, -- as in jobs
    -- how it is to be written: the style's name and its wording as it was then; null: as Grok likes
    style               text,
    style_wording       text,
    length              text CHECK (length IN ('short', 'medium', 'long')),
    language            text, -- null: English
    target_model        text,
    target_kind         text,
    wanted_variants     smallint NOT NULL DEFAULT 1,
    wants_negative      boolean NOT NULL DEFAULT false,
    -- all that one answer gave: objects with prompt and negative_prompt; the first is generated_prompt
    variants            jsonb NOT NULL DEFAULT '[]'
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

-- What was written in some days, for the statistics.
CREATE INDEX prompt_generation_jobs_made_idx ON prompt_generation_jobs (completed_at)
    INCLUDE (owner) WHERE status = 'completed';

-- How long the newest prompts took.
CREATE INDEX prompt_generation_jobs_written_idx ON prompt_generation_jobs (completed_at DESC)
    WHERE status = 'completed';

-- Prompts that a person has judged, for the statistics.
CREATE INDEX prompt_generation_jobs_rated_idx ON prompt_generation_jobs (owner, created_at) WHERE rating IS NOT NULL;

-- An owner's stand-alone ones, newest first, to erase or export them all.
CREATE INDEX prompt_generation_jobs_owner_idx ON prompt_generation_jobs (owner, created_at DESC, id DESC)
    WHERE job_id IS NULL;

-- ---------------------------------------------------------------------------------------------------------------------
-- Submissions: one paid POST to WaveSpeed each, its intent written before the first byte.

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
    ended_at        timestamptz,
    -- its price when it was permitted, or, if an older backup lost that, when it was found; and where that came from:
    -- 'quoted' by WaveSpeed, 'recent' (what the model cost lately) or 'assumed'. Null: from before there were budgets
    reserved_usd    numeric(12, 6) DEFAULT 0,
    price_source    text,
    -- what WaveSpeed has billed for the prediction so far (null: nothing seen yet); media_cost_usd is then the difference
    charged_usd     numeric(12, 6),
    refunded_usd    numeric(12, 6) NOT NULL DEFAULT 0
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

-- What WaveSpeed has charged by the days of the permissions, for the statistics.
CREATE INDEX submissions_charged_idx ON submissions (intended_at) INCLUDE (job_id, charged_usd, refunded_usd)
    WHERE charged_usd IS NOT NULL;

-- Paid, and the job has ended without the media: they may still come. Not those that WaveSpeed itself gave up.
CREATE VIEW late_predictions AS
    SELECT s.id AS submission_id, s.job_id, s.prediction_id, j.model, j.kind, s.outcome_at AS accepted_at,
           s.looked_at, s.looks
    FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE j.status IN ('failed', 'cancelled', 'expired', 'terminated') AND j.outputs = '[]'
      AND s.state IN ('accepted', 'superseded') AND s.prediction_id IS NOT NULL AND s.ended_at IS NULL
      AND NOT (s.prediction_id = j.prediction_id AND coalesce(j.reason_code, '') IN (
          'generation_failed', 'generation_moderated', 'generation_bad_input', 'generation_input_unreachable',
          'generation_unavailable', 'generation_stopped'));

-- ---------------------------------------------------------------------------------------------------------------------
-- Money, in USD. A budget bounds what an owner (or '*', the whole installation) spends in a day or month of UTC, or in
-- all. What is reserved and spent is kept by triggers: a submission counts on the day of its permission, what Grok cost on
-- the day on which xAI told it.

CREATE TABLE budgets (
    owner     text NOT NULL,
    period    text NOT NULL CHECK (period IN ('day', 'month', 'total')),
    limit_usd numeric(12, 6) NOT NULL CHECK (limit_usd >= 0),
    -- the last warning: how much was used of which limit, in the period that began then
    warned_percent   smallint,
    warned_limit_usd numeric(12, 6),
    warned_since     date,
    PRIMARY KEY (owner, period)
);

CREATE TABLE spending (
    owner        text NOT NULL,
    day          date NOT NULL,
    model        text NOT NULL,
    reserved_usd numeric(14, 6) NOT NULL DEFAULT 0 CHECK (reserved_usd >= 0),
    spent_usd    numeric(14, 6) NOT NULL DEFAULT 0 CHECK (spent_usd >= 0),
    provider     text NOT NULL DEFAULT 'wavespeed' CHECK (provider IN ('wavespeed', 'grok')),
    key_id       text NOT NULL DEFAULT '', -- the API key whose jobs spent it; empty: none
    PRIMARY KEY (owner, day, provider, model, key_id)
) WITH (fillfactor = 50); -- room to update in place

-- What the whole installation has spent since a day.
CREATE INDEX spending_day_idx ON spending (day);

-- Predictions for whose bill WaveSpeed is to be asked (again). A row is made with each acceptance, and stays until the
-- bill is settled or given up. No foreign key: what belongs to no submission (any more) goes when it is due.
CREATE TABLE bills (
    prediction_id text PRIMARY KEY,
    due_at        timestamptz NOT NULL,
    since         timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at    timestamptz, -- the latest news; null: nothing seen yet
    looks         integer NOT NULL DEFAULT 0
);

CREATE INDEX bills_due_at_idx ON bills (due_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- Events: every change of a job, in order and without gaps. Timeline and live stream are made from these rows.

CREATE TABLE job_events (
    job_id      uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    sequence    integer NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    status      text NOT NULL,
    reason_code text,
    detail      jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (job_id, sequence)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- The inbox of webhooks. No foreign key: a delivery is kept also where its job is not (or not any more) known.

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

CREATE INDEX webhook_deliveries_job_id_idx ON webhook_deliveries (job_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- Callers' Idempotency-Keys, kept for a day.

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

-- ---------------------------------------------------------------------------------------------------------------------
-- Switches: drain, submissions_held, ai-prompts, Temporal's cluster id and namespace, the reconciler's watermark, the
-- highest number of submissions that are not there any more, the secret that signs callbacks where none is set.

CREATE TABLE switches (
    name       text PRIMARY KEY,
    value      text,
    reason     text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text -- as audit_log.actor; null if it was set before revision 0012
);

-- ---------------------------------------------------------------------------------------------------------------------
-- How fast paid POSTs may be made with a key, by what WaveSpeed answered. No row: as fast as the settings say.

CREATE TABLE submission_rates (
    provider_base   text NOT NULL,
    key_fingerprint text NOT NULL,
    lowered_to      double precision, -- per second, at refused_at; it rises from there: submission_rate()
    lowered_at      timestamptz,      -- since when it is below what the settings say
    changed_at      timestamptz,      -- the latest decrease: a POST permitted before it causes no other
    refused_at      timestamptz,      -- the latest 429
    next_at         timestamptz NOT NULL DEFAULT now(), -- before this no POST is permitted while the rate is low
    PRIMARY KEY (provider_base, key_fingerprint)
) WITH (fillfactor = 50);

-- ---------------------------------------------------------------------------------------------------------------------
-- Readings: when each accepted prediction's result is read next. Narrow, because a prediction is read often and the row
-- of its job is wide. A row stays until the job's workflow has been told how it ended.

CREATE TABLE readings (
    job_id        uuid PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    prediction_id text NOT NULL,
    accepted_at   timestamptz NOT NULL,
    due_at        timestamptz,                    -- null: not planned yet; while it is being read, when the claim ends
    prompted      boolean NOT NULL DEFAULT false, -- due because something happened (a webhook), not by the plan
    looks         integer NOT NULL DEFAULT 0
);

-- The next ones, and those that are not planned yet.
CREATE INDEX readings_due_at_idx ON readings (due_at);

-- Those that go before the others, beside the rate.
CREATE INDEX readings_prompted_idx ON readings (due_at) WHERE prompted;

-- The one row says when the next planned reading may be made, by all workers together.
CREATE TABLE reading_rate (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    next_at timestamptz NOT NULL
) WITH (fillfactor = 50);

INSERT INTO reading_rate (next_at) VALUES ('-infinity');

-- ---------------------------------------------------------------------------------------------------------------------
-- Erasures: what is gone from the record, and still to be deleted at Temporal and WaveSpeed. A row stays until nothing is
-- found there any more.

CREATE TABLE erasures (
    id         uuid PRIMARY KEY, -- of a job, or of a stand-alone prompt job
    table_name text NOT NULL CHECK (table_name IN ('jobs', 'prompt_generation_jobs')),
    due_at     timestamptz NOT NULL DEFAULT now(), -- before this somebody may still be starting its workflow
    looked_at  timestamptz,
    problem    text
);

CREATE INDEX erasures_looked_at_idx ON erasures (looked_at NULLS FIRST);

-- Owners all of whose jobs are being erased, newest first: jobs, then stand-alone prompt jobs. What cannot be erased yet
-- is met again in the next sweep.
CREATE TABLE owner_erasures (
    owner          text PRIMARY KEY,
    accepted_until timestamptz NOT NULL,
    requested_at   timestamptz NOT NULL DEFAULT now(),
    -- the sweep: when it began, what it has reached, and how many rows it had to leave
    began_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    table_name     text NOT NULL DEFAULT 'jobs' CHECK (table_name IN ('jobs', 'prompt_generation_jobs')),
    reached_at     timestamptz,
    reached_id     uuid,
    left_open      bigint NOT NULL DEFAULT 0
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Owners (teams), their API keys, and the sessions of browsers that signed in with a key, or with a token of the
-- settings (token_digest). Keys and tokens themselves are nowhere: only their SHA-256. Rows of keys are never deleted, so
-- that what says who did something stays readable.

CREATE TABLE owners (
    name          text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    created_at    timestamptz NOT NULL DEFAULT now(),
    paused_at     timestamptz,
    paused_reason text,
    paused_by     text, -- as audit_log.actor
    -- What the owner may have and ask for; null: what the installation's settings say.
    open_jobs           integer CHECK (open_jobs >= 0),
    requests_per_minute integer CHECK (requests_per_minute >= 1),
    highest_priority    integer CHECK (highest_priority BETWEEN 1 AND 10),
    models              text[],
    outputs_per_job     integer CHECK (outputs_per_job >= 1),
    uploads_per_day     integer CHECK (uploads_per_day >= 0),
    streams             integer CHECK (streams >= 0),
    -- since when the owner itself has paused its queue, and who did it
    queue_paused_at timestamptz,
    queue_paused_by text
);

-- The owner of everything that existed before there were owners.
INSERT INTO owners (name, created_at) VALUES ('local', 'epoch');

CREATE TABLE api_keys (
    id           text PRIMARY KEY CHECK (id ~ '^[0-9A-Za-z]{8}$'),
    owner        text NOT NULL REFERENCES owners (name),
    name         text NOT NULL,
    digest       bytea NOT NULL CHECK (octet_length(digest) = 32),
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);

CREATE INDEX api_keys_owner_idx ON api_keys (owner, created_at);

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    digest       bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    key_id       text REFERENCES api_keys (id) ON DELETE CASCADE,
    token_digest bytea,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    ended_at     timestamptz,
    address      text,
    user_agent   text,
    CHECK ((key_id IS NULL) <> (token_digest IS NULL))
);

CREATE INDEX sessions_last_used_at_idx ON sessions (last_used_at);

-- ---------------------------------------------------------------------------------------------------------------------
-- Who did what, written in the same statement as the act. Only its retention deletes entries; a trigger refuses
-- everything else. No entry has a secret or a prompt.

CREATE TABLE audit_log (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    actor      text NOT NULL, -- as contracts/access.py says
    owner      text, -- whom it concerns; null: the whole installation
    action     text NOT NULL,
    target     text, -- kind and id, such as job:0189…
    before     jsonb,
    after      jsonb,
    request_id text,
    address    text
);

CREATE INDEX audit_log_at_idx ON audit_log (at, id);

CREATE INDEX audit_log_owner_idx ON audit_log (owner, at, id);

-- Whoever guesses keys leaves one entry per address and minute, however often and at however many processes. So does each
-- person whom a proxy has signed in: all of them may have its address.
CREATE UNIQUE INDEX audit_log_refused_idx ON audit_log (actor, address, date_trunc('minute', at AT TIME ZONE 'UTC'))
    NULLS NOT DISTINCT WHERE action = 'session.refuse';

-- ---------------------------------------------------------------------------------------------------------------------
-- Counters, kept by the triggers below so that edits by hand count too. Sixteen slots, because one row for each status
-- would make all commits wait for each other; a slot may go below zero, the sum over the slots is the count.

CREATE TABLE status_counters (
    table_name text NOT NULL,
    status     text NOT NULL,
    slot       smallint NOT NULL CHECK (slot BETWEEN 0 AND 15),
    n          bigint NOT NULL,
    owner      text NOT NULL,
    PRIMARY KEY (owner, table_name, status, slot)
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
    owner              text NOT NULL,
    PRIMARY KEY (minute, owner, slot)
) WITH (fillfactor = 50);

-- ---------------------------------------------------------------------------------------------------------------------
-- Uptime: minutes in which an API saw the installation up, with a bit for each ten seconds, the lowest the first. No API,
-- no Temporal or no Postgres that takes a write leave no bit, so what is missing was not up. Kept for 90 days.

CREATE TABLE up_minutes (
    minute timestamptz PRIMARY KEY,
    seen   smallint NOT NULL CHECK (seen BETWEEN 1 AND 63)
) WITH (fillfactor = 50); -- room to update in place

-- ---------------------------------------------------------------------------------------------------------------------
-- Backups that somebody has told of, for 90 days: a restored backup lacks itself and what came after it.

CREATE TABLE backups (
    name        text PRIMARY KEY,
    taken_at    timestamptz NOT NULL,
    verified_at timestamptz
);

-- ---------------------------------------------------------------------------------------------------------------------
-- Our own copies of outputs, where the installation stores them (the switch `outputs`): a row for each output with an
-- address, made by the trigger jobs_outputs when the output is recorded, whoever records it.

CREATE TABLE stored_outputs (
    job_id           uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    index            integer NOT NULL, -- the output's place in jobs.outputs, from 0
    state            text NOT NULL DEFAULT 'waiting',
    expires_at       timestamptz NOT NULL, -- until when WaveSpeed keeps the file
    due_at           timestamptz, -- when its workflow is started (again) if it still waits
    attempts         integer NOT NULL DEFAULT 0,
    problem          text, -- why the last attempt failed
    warned_at        timestamptz, -- since when somebody has been told that it may be lost
    path             text, -- of the file in the storage, set before anything is put there; the rest lies beside it
    renderings       text[] NOT NULL DEFAULT '{}', -- what lies beside it: thumbnail, poster, preview
    content_type     text,
    bytes            bigint,
    total_bytes      bigint, -- with everything beside it
    width            integer,
    height           integer,
    duration_seconds double precision,
    sha256           text, -- in hexadecimal
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    stored_at        timestamptz,
    PRIMARY KEY (job_id, index),
    CONSTRAINT stored_outputs_state_check CHECK (state IN ('waiting', 'stored', 'failed', 'removed')),
    CONSTRAINT stored_outputs_path_key UNIQUE (path)
);

CREATE INDEX stored_outputs_due_at_idx ON stored_outputs (due_at) WHERE state = 'waiting';

CREATE INDEX stored_outputs_stored_at_idx ON stored_outputs (stored_at) INCLUDE (total_bytes) WHERE state = 'stored';

-- Files that are to be deleted from the storage, with everything beside them: whoever deletes a row of stored_outputs,
-- or gives it another path, leaves one here (the trigger stored_outputs_removal). No foreign key: the job may be gone.
CREATE TABLE output_removals (
    path      text PRIMARY KEY,
    job_id    uuid NOT NULL,
    due_at    timestamptz NOT NULL, -- until then a worker may still be putting the file there: it is deleted again
    looked_at timestamptz,
    problem   text
);

CREATE INDEX output_removals_job_id_idx ON output_removals (job_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- Owners' own styles: a name, and what Grok is told for it. The styles that everybody has stand in the code.

CREATE TABLE prompt_styles (
    owner      text NOT NULL REFERENCES owners (name),
    name       text NOT NULL,
    wording    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner, name)
);

-- ---------------------------------------------------------------------------------------------------------------------
-- What people keep in order: named recipes with words to fill in, their own words on jobs, and ordered sets of outputs.

CREATE TABLE templates (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    name       text NOT NULL,
    body       jsonb NOT NULL, -- of POST /api/jobs/create, with {{words}} in prompt, instructions and the input's texts
    version    integer NOT NULL DEFAULT 1, -- counts its changes: who changes it names the one that was read
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT templates_owner_name_key UNIQUE (owner, name)
);

-- Newest first.
CREATE INDEX templates_changed_at_idx ON templates (owner, changed_at DESC, id DESC);

CREATE TABLE job_tags (
    job_id         uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    tag            text NOT NULL,
    owner          text NOT NULL, -- as the job's, which never change
    job_created_at timestamptz NOT NULL,
    PRIMARY KEY (job_id, tag)
);

-- An owner's tags, and the jobs of one, newest first.
CREATE INDEX job_tags_owner_idx ON job_tags (owner, tag, job_created_at DESC, job_id DESC);

CREATE TABLE collections (
    id         uuid PRIMARY KEY,
    owner      text NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT collections_owner_name_key UNIQUE (owner, name)
);

CREATE INDEX collections_changed_at_idx ON collections (owner, changed_at DESC, id DESC);

CREATE TABLE collection_outputs (
    collection_id uuid NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
    job_id        uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    index         integer NOT NULL, -- the output's place in jobs.outputs, from 0
    position      bigint NOT NULL, -- rises within the collection, with gaps
    added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (collection_id, job_id, index)
);

CREATE INDEX collection_outputs_position_idx ON collection_outputs (collection_id, position);

-- What goes with a job.
CREATE INDEX collection_outputs_job_id_idx ON collection_outputs (job_id, collection_id);

-- ---------------------------------------------------------------------------------------------------------------------
-- Autovacuum. With the usual 20 %, a million jobs leave 200,000 dead rows, and statistics of a day ago, before it begins.
-- Small tables that change often reach its usual threshold by themselves.

ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE prompt_generation_jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE submissions SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE bills SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
ALTER TABLE idempotency_keys SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- ---------------------------------------------------------------------------------------------------------------------
-- Functions: each stands in a file of its own. `migrate` applies those whose text is not the one that stands here, by
-- its SHA-256. To read by hand; a function that is changed by other means is not noticed.

CREATE TABLE applied_functions (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

\ir functions.sql

-- ---------------------------------------------------------------------------------------------------------------------
-- Triggers.

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

CREATE TRIGGER jobs_keep_erased BEFORE UPDATE ON jobs
    FOR EACH ROW WHEN (NEW.erase_requested_at IS NOT NULL) EXECUTE FUNCTION keep_job_erased();

CREATE TRIGGER prompt_generation_jobs_keep_erased BEFORE UPDATE ON prompt_generation_jobs
    FOR EACH ROW WHEN (NEW.erase_requested_at IS NOT NULL) EXECUTE FUNCTION keep_prompt_job_erased();

CREATE CONSTRAINT TRIGGER submissions_spending_insert AFTER INSERT ON submissions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_spending();

CREATE CONSTRAINT TRIGGER submissions_spending_update AFTER UPDATE ON submissions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN ((OLD.state, OLD.intended_at, OLD.media_cost_usd, OLD.reserved_usd)
          IS DISTINCT FROM (NEW.state, NEW.intended_at, NEW.media_cost_usd, NEW.reserved_usd))
    EXECUTE FUNCTION count_spending();

CREATE TRIGGER submissions_bill BEFORE INSERT OR UPDATE OF prediction_id ON submissions
    FOR EACH ROW EXECUTE FUNCTION plan_bill();

CREATE CONSTRAINT TRIGGER prompt_generation_jobs_spending AFTER UPDATE ON prompt_generation_jobs
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.cost_usd IS DISTINCT FROM NEW.cost_usd)
    EXECUTE FUNCTION count_prompt_spending();

CREATE CONSTRAINT TRIGGER prompt_generation_jobs_spending_insert AFTER INSERT ON prompt_generation_jobs
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.cost_usd IS NOT NULL) EXECUTE FUNCTION count_prompt_spending();

CREATE TRIGGER jobs_outputs_insert AFTER INSERT ON jobs
    FOR EACH ROW WHEN (NEW.outputs <> '[]') EXECUTE FUNCTION plan_outputs();

CREATE TRIGGER jobs_outputs_update AFTER UPDATE OF outputs ON jobs
    FOR EACH ROW WHEN (OLD.outputs IS DISTINCT FROM NEW.outputs) EXECUTE FUNCTION plan_outputs();

CREATE TRIGGER stored_outputs_removal_delete AFTER DELETE ON stored_outputs
    FOR EACH ROW WHEN (OLD.path IS NOT NULL) EXECUTE FUNCTION plan_output_removal();

CREATE TRIGGER stored_outputs_removal_update AFTER UPDATE OF path ON stored_outputs
    FOR EACH ROW WHEN (OLD.path IS NOT NULL AND OLD.path IS DISTINCT FROM NEW.path) EXECUTE FUNCTION plan_output_removal();

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();

-- ---------------------------------------------------------------------------------------------------------------------
-- Alembic's version table, exactly as Alembic makes it.

CREATE TABLE alembic_version (
    version_num varchar(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version (version_num) VALUES ('0025');

COMMIT;
