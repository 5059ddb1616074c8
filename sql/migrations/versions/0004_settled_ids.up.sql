-- Revision 0004: an id whose submission was settled meanwhile gets no second permission, and the history says nothing
-- of a submission whose request an older backup lost.

-- permit_submission(job_id, submission_id, callback_token, request, request_hash, provider_mode, provider_base,
--                   key_fingerprint, post_within_seconds, known_submission_id)
--     -> (permission, submission_id, request, prediction_id, accepted_at, reason_code, error)
-- Asks whether the paid POST may be made, and writes its intent in the same transaction. `post`: the named submission
-- may be sent, once, by the caller alone. `accepted`, `unknown`: an earlier attempt sent it, or may have. `stop`: the
-- job has ended, was cancelled, is past its deadline or belongs to another kind of provider. `hold`: submissions are
-- stopped for all jobs (the switch submissions_held); ask again later. Repeated with the same callback token (only the
-- sender has it) while nothing was settled, it permits the same intent. A submission that WaveSpeed refused for now is
-- used again under the new id, so that a storm of 429 makes no rows and a late report of an earlier attempt finds no
-- row to settle. An id whose submission was settled meanwhile (its sender stood still while it asked, and a person or
-- the history was faster) gets no second permission but `unknown`: whoever asks looks at the job as it is now.
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
    v_refused uuid;
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
        SELECT s.id INTO v_refused FROM submissions AS s
        WHERE s.job_id = p_job_id AND s.state = 'rejected' AND s.resolved_by IS NULL
        ORDER BY s.number DESC LIMIT 1;
    END IF;
    RETURN QUERY SELECT 'unknown', s.id, s.request, NULL::text, NULL::timestamptz, s.reason_code, s.error
    FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.id = p_submission_id AND s.id IS DISTINCT FROM v_refused;
    IF FOUND THEN
        RETURN;
    END IF;

    IF v_refused IS NOT NULL THEN
        UPDATE submissions AS s
        SET id = p_submission_id, -- of the earlier ids the last hundred: a week of 429 must not grow the row
            earlier_ids = CASE WHEN s.id = p_submission_id THEN s.earlier_ids
                               ELSE s.earlier_ids[cardinality(s.earlier_ids) - 98:] || s.id END,
            state = 'intended', repeats = s.repeats + 1, callback_token = p_callback_token, request = p_request,
            request_hash = p_request_hash, provider_base = p_provider_base, key_fingerprint = p_key_fingerprint,
            intended_at = clock_timestamp(),
            post_before = clock_timestamp() + p_post_within_seconds * interval '1 second', outcome_at = NULL
        WHERE s.id = v_refused;
    ELSE
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
-- another submission has; `history` not either while another submission with the same request may have made it, nor for
-- one that an older backup lost: it has no request to compare.
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
    IF v_submission.state <> 'unknown' OR (p_by = 'history' AND (v_submission.request_hash = '' OR EXISTS (
        SELECT FROM submissions AS s
        WHERE s.request_hash = v_submission.request_hash AND s.id <> p_submission_id AND (
            s.state IN ('intended', 'unknown')
            -- given up, and nobody knows what it made, at the same time
            OR (s.state = 'superseded' AND s.prediction_id IS NULL
                AND s.post_before > v_submission.intended_at - interval '15 minutes'))))) THEN
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
