-- permit_submission_v3(job_id, submission_id, callback_token, request, request_hash, provider_mode, provider_base,
--                      key_fingerprint, post_within_seconds, model, prompt, input, target_url, ref_urls,
--                      known_submission_id, price_usd, unknown_price_usd)
--     -> (permission, submission_id, request, prediction_id, accepted_at, reason_code, error)
-- Asks for permission to make the paid POST, and records its intent in the same transaction. `post`: the given
-- submission may be sent, once, by this caller only. `accepted`, `unknown`: an earlier attempt sent it, or may have.
-- `stop`: the job has ended, was cancelled, is past its deadline, belongs to another kind of provider or costs more than
-- its max_price_usd (price_above_max). `hold`: submissions are stopped for all jobs (the switch submissions_held), the owner
-- or the job's batch is paused (owner_paused), or a budget has no room for the price (budget_exhausted): the owner's, the
-- installation's or the batch's, which is then paused; ask again later. The timeline notes the latter two once.
-- Only a new permission needs room. It reserves the price: price_usd if the caller knows it, else the model's dearest
-- recent charge, else unknown_price_usd. The row locks of the batch, which also holds what it has spent, and of the
-- budgets are held from the comparison to the commit, so that concurrent permissions never exceed a limit together.
-- Model, prompt, input and images that the request was made from must match the row (the prompt, once it is settled
-- there): nothing that travels through Temporal decides what is paid for. If they do not match, nothing new is permitted
-- (`stop`, request_mismatch), and an event names the difference; where a caller has changed just that in the row
-- (change_waiting_job), it is `changed`: read the row and ask again. Repeated with the same callback token, which only the sender has, while nothing
-- has been settled, it permits the same intent. A submission that WaveSpeed temporarily refused is reused under the new
-- id, so that a storm of 429s creates no rows and a late report of an earlier attempt finds no row to settle. An id
-- whose submission has been settled in the meantime (its sender was paused while it asked, and a person or the history
-- was faster) gets `unknown` instead of a second permission: the caller then looks at the job as it is now.
-- Raises PM404 if there is no such job, invalid_transaction_state outside READ COMMITTED.
CREATE OR REPLACE FUNCTION permit_submission_v3(
    p_job_id uuid,
    p_submission_id uuid,
    p_callback_token text,
    p_request jsonb,
    p_request_hash text,
    p_provider_mode text,
    p_provider_base text,
    p_key_fingerprint text,
    p_post_within_seconds double precision,
    p_model text,
    p_prompt text,
    p_input jsonb,
    p_target_url text,
    p_ref_urls jsonb,
    p_known_submission_id uuid,
    p_price_usd numeric,
    p_unknown_price_usd numeric
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
    v_other text[];
    v_recent numeric;
    v_price numeric(12, 6);
    v_source text;
    v_full record;
    v_budget jsonb;
    v_pause text;
    v_batch batches;
    v_problem text;
    v_now timestamptz;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN -- what was committed before the locks must be seen
        RAISE EXCEPTION 'Submissions are permitted at READ COMMITTED only: reset default_transaction_isolation (it is %).',
            current_setting('transaction_isolation') USING ERRCODE = 'invalid_transaction_state';
    END IF;
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

    IF v_open.id IS NULL AND p_known_submission_id IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM submissions AS s
                       WHERE s.job_id = p_job_id AND p_known_submission_id = ANY (s.earlier_ids || s.id)) THEN
            PERFORM settle_submission(
                p_known_submission_id, p_job_id, 'unknown',
                p_error => 'An earlier attempt named a submission that the record does not hold: '
                           'was a backup restored?');
            UPDATE submissions AS s -- it may have been paid for, and the model has no recent charge
            SET reserved_usd = coalesce(p_price_usd, p_unknown_price_usd),
                price_source = CASE WHEN p_price_usd IS NULL THEN 'assumed' ELSE 'quoted' END
            WHERE s.id = p_known_submission_id AND s.reserved_usd = 0;
            SELECT * INTO v_open FROM submissions AS s WHERE s.id = p_known_submission_id;
        END IF;
    ELSIF v_open.state = 'intended' AND (v_open.id, v_open.callback_token) <> (p_submission_id, p_callback_token) THEN
        PERFORM settle_submission(
            v_open.id, p_job_id, 'unknown',
            p_error => 'An earlier attempt was about to send it and never reported.');
        SELECT * INTO v_open FROM submissions AS s WHERE s.id = v_open.id;
    END IF;
    IF v_open.state = 'intended' AND v_reason IS NOT NULL THEN -- its sender is asking again, so nothing was sent
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

    v_other := array_remove(ARRAY[
        CASE WHEN p_model IS DISTINCT FROM v_job.model THEN 'model' END,
        -- not settled: the record lags behind its workflow, as after a failover; the prompt does not affect the price
        CASE WHEN v_job.prompt_source IS NOT NULL AND p_prompt IS DISTINCT FROM v_job.prompt THEN 'prompt' END,
        CASE WHEN p_input IS DISTINCT FROM v_job.input THEN 'input' END,
        CASE WHEN p_target_url IS DISTINCT FROM v_job.target_url THEN 'targetUrl' END,
        CASE WHEN p_ref_urls IS DISTINCT FROM to_jsonb(v_job.ref_urls) THEN 'refUrls' END], NULL);
    IF v_other <> '{}' THEN
        IF v_other <@ ARRAY(SELECT jsonb_array_elements_text(e.detail -> 'changed') FROM job_events AS e
                            WHERE e.job_id = p_job_id AND e.detail ? 'changed') THEN
            RETURN QUERY SELECT
                'changed', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, NULL::text, NULL::text;
            RETURN;
        END IF;
        IF NOT EXISTS (SELECT FROM job_events WHERE job_id = p_job_id AND detail = jsonb_build_object('differs', v_other)) THEN
            PERFORM append_job_event(v_job, 'request_mismatch', jsonb_build_object('differs', v_other));
        END IF;
        RETURN QUERY SELECT
            'stop', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'request_mismatch',
            format('Not the row''s: %s.', array_to_string(v_other, ', '));
        RETURN;
    END IF;

    -- a job that comes back from submit_unknown gets a new row: the old one is kept as history
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

    IF p_price_usd IS NULL THEN
        v_recent := recent_price(v_job.model);
    END IF;
    v_price := coalesce(p_price_usd, v_recent, p_unknown_price_usd);
    v_source := CASE WHEN p_price_usd IS NOT NULL THEN 'quoted' WHEN v_recent IS NOT NULL THEN 'recent'
                     ELSE 'assumed' END;
    IF v_price > v_job.max_price_usd THEN
        RETURN QUERY SELECT
            'stop', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'price_above_max', format(
                '%s $%s, which is more than the job''s limit of $%s.',
                CASE v_source WHEN 'quoted' THEN 'It costs'
                              WHEN 'recent' THEN 'WaveSpeed named no price, and the model has cost up to'
                              ELSE 'WaveSpeed named no price, and it is taken to cost' END,
                trim_scale(v_price), trim_scale(v_job.max_price_usd));
        RETURN;
    END IF;
    -- Shared: permissions do not wait for each other here, and a pause of their owner waits for them.
    PERFORM pg_advisory_xact_lock_shared(hashtext('promptmill.permissions'), hashtext(v_job.owner));
    IF v_job.batch_id IS NOT NULL THEN -- before the budgets, which others wait for
        SELECT * INTO v_batch FROM batches WHERE id = v_job.batch_id FOR NO KEY UPDATE;
    END IF;
    PERFORM FROM budgets AS b WHERE b.owner IN (v_job.owner, '*') ORDER BY b.owner, b.period FOR UPDATE;
    IF v_job.status = 'queued' THEN -- that its workflow was started is marked later, which would hide why it is held
        v_job := move_job(v_job, 'dispatching');
    END IF;
    v_pause := coalesce( -- after the locks, which a pause waits for
        pause_of(v_job.owner),
        CASE WHEN v_batch.state = 'paused' AND v_batch.pause_reason <> 'budget'
             THEN concat('its batch is paused', ' by ' || v_batch.paused_by, ': ' || v_batch.problem) END);
    IF v_pause IS NOT NULL THEN
        IF NOT EXISTS (SELECT FROM job_events AS e WHERE e.job_id = p_job_id AND e.detail ->> 'pause' = v_pause
                       AND e.sequence = (SELECT max(l.sequence) FROM job_events AS l WHERE l.job_id = p_job_id)) THEN
            PERFORM append_job_event(v_job, 'owner_paused', jsonb_build_object('pause', v_pause));
        END IF;
        RETURN QUERY SELECT
            'hold', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'owner_paused', v_pause;
        RETURN;
    END IF;
    v_now := clock_timestamp(); -- after the locks; it decides both which day has room and which day pays
    SELECT * INTO v_full FROM refusing_budget(v_job.owner, v_price, v_now);
    IF FOUND THEN
        v_budget := jsonb_build_object('owner', v_full.budget_owner, 'period', v_full.budget_period);
        IF NOT EXISTS (SELECT FROM job_events AS e WHERE e.job_id = p_job_id AND e.detail -> 'budget' = v_budget
                       AND e.sequence = (SELECT max(l.sequence) FROM job_events AS l WHERE l.job_id = p_job_id)) THEN
            PERFORM append_job_event(v_job, 'budget_exhausted', jsonb_build_object(
                'budget', v_budget, 'problem', v_full.problem));
        END IF;
        RETURN QUERY SELECT
            'hold', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'budget_exhausted', v_full.problem;
        RETURN;
    END IF;

    v_problem := batch_problem(v_batch, v_price)
        || CASE v_source WHEN 'assumed' THEN format(' (WaveSpeed named no price: $%s is assumed)', trim_scale(v_price))
                         ELSE '' END;
    IF v_problem IS NOT NULL THEN
        UPDATE batches SET state = 'paused', pause_reason = 'budget', problem = v_problem, changed_at = now()
        WHERE id = v_batch.id AND state = 'running';
        IF FOUND THEN
            PERFORM tell_batch_changed(v_batch.id, v_batch.owner, false);
        END IF;
        IF NOT EXISTS (SELECT FROM job_events AS e WHERE e.job_id = p_job_id AND e.detail ->> 'problem' = v_problem
                       AND e.sequence = (SELECT max(l.sequence) FROM job_events AS l WHERE l.job_id = p_job_id)) THEN
            PERFORM append_job_event(v_job, 'budget_exhausted', jsonb_build_object(
                'budget', jsonb_build_object('batch', v_batch.id), 'problem', v_problem));
        END IF;
        RETURN QUERY SELECT
            'hold', NULL::uuid, NULL::jsonb, NULL::text, NULL::timestamptz, 'budget_exhausted', v_problem;
        RETURN;
    END IF;

    IF v_refused IS NOT NULL THEN
        UPDATE submissions AS s
        SET id = p_submission_id, -- keep the last hundred earlier ids: a week of 429s must not grow the row
            earlier_ids = CASE WHEN s.id = p_submission_id THEN s.earlier_ids
                               ELSE s.earlier_ids[cardinality(s.earlier_ids) - 98:] || s.id END,
            state = 'intended', repeats = s.repeats + 1, callback_token = p_callback_token, request = p_request,
            request_hash = p_request_hash, provider_base = p_provider_base, key_fingerprint = p_key_fingerprint,
            intended_at = v_now, post_before = v_now + p_post_within_seconds * interval '1 second', outcome_at = NULL,
            reserved_usd = v_price, price_source = v_source
        WHERE s.id = v_refused;
    ELSE
        INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                 key_fingerprint, intended_at, post_before, reserved_usd, price_source)
        VALUES (p_submission_id, p_job_id, 'intended', p_callback_token, p_request, p_request_hash, p_provider_base,
                p_key_fingerprint, v_now, v_now + p_post_within_seconds * interval '1 second', v_price, v_source);
    END IF;
    v_job := move_job(v_job, 'dispatching');
    IF v_job.workflow_started_at IS NULL THEN -- it was `dispatching` already: restarted, and the mark comes later or never
        UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now() WHERE id = p_job_id;
    END IF;
    RETURN QUERY SELECT 'post', p_submission_id, p_request, NULL::text, NULL::timestamptz, NULL::text, NULL::text;
END;
$$;
