-- settle_submission(submission_id, job_id, state, prediction_id, media_cost_usd, reason_code, error, final,
--                   resolved_by) -> (state, job_status, accepted_at, prediction_id)
-- Records the outcome of a POST, from `intended` or `unknown`, and moves the job in the same transaction: `accepted` to
-- `generating`, `unknown` to `submit_unknown`, `rejected` with `final` to `failed`. Repeating a report changes nothing.
-- WaveSpeed's acceptance is a fact, whether its answer or its webhook (resolved_by) reports it: it is stored whatever
-- the row says, also for a row that an older backup lost, and it overrides inferences, both of another submission that
-- has the prediction (release_prediction) and of this one. Returns the row as it is afterwards, so that the sender of
-- an unclear POST learns of a webhook that was faster. Of an erased job no words are stored, and a prediction that
-- becomes known is to be deleted at WaveSpeed.
-- Raises PM404 if there is no such job, PM422 for `accepted` without a prediction or a state that is not an outcome.
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
    IF v_job.erase_requested_at IS NOT NULL THEN
        v_error := NULL;
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    SELECT s.id INTO v_open FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.state IN ('intended', 'unknown', 'accepted') FOR UPDATE;
    SELECT * INTO v_before FROM submissions AS s WHERE s.id = p_submission_id AND s.job_id = p_job_id FOR UPDATE;
    v_known := FOUND;
    IF NOT v_known THEN
        v_known := EXISTS (
            SELECT FROM submissions AS s WHERE s.job_id = p_job_id AND p_submission_id = ANY (s.earlier_ids));
    END IF;

    IF NOT v_free THEN -- two POSTs cannot have created one prediction: a person must decide
        v_state := 'unknown';
        v_error := format('Prediction %s belongs to another submission.', p_prediction_id);
        v_candidates := jsonb_build_array(p_prediction_id);
    END IF;
    IF v_state = 'accepted' AND v_open IS DISTINCT FROM p_submission_id AND v_open IS NOT NULL THEN
        v_state := 'superseded'; -- paid for in addition to another open submission
    END IF;

    IF v_before.id IS NULL THEN
        IF v_state IN ('accepted', 'superseded') OR (v_state = 'unknown' AND v_open IS NULL AND NOT v_known) THEN
            INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                     key_fingerprint, intended_at, post_before, reserved_usd, price_source)
            VALUES (p_submission_id, p_job_id, 'rejected', '', '{}', '', '', '', v_job.created_at, clock_timestamp(),
                    coalesce(recent_price(v_job.model), 0), 'recent')
            RETURNING * INTO v_before; -- gets its state below, like any row
        ELSIF v_state = 'rejected' AND p_final AND NOT v_known THEN
            v_job := move_job(v_job, 'failed', p_reason_code, v_error);
        END IF;
    END IF;

    -- the direct answer to a POST that was never unclear resolves nothing
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
            -- from here on a row of a release without budgets is counted
            reserved_usd = CASE WHEN s.state IN ('accepted', 'superseded') THEN s.reserved_usd
                                ELSE coalesce(s.reserved_usd, 0) END,
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
        IF v_job.erase_requested_at IS NOT NULL AND v_after.prediction_id IS NOT NULL THEN
            INSERT INTO erasures (id, table_name) VALUES (p_job_id, 'jobs') ON CONFLICT DO NOTHING;
            UPDATE jobs SET erased_at = NULL WHERE id = p_job_id;
        END IF;
    ELSIF p_state = 'accepted' AND v_before.prediction_id IS DISTINCT FROM p_prediction_id AND v_free THEN
        -- a second prediction of one POST: nothing waits for it, but it is recorded
        PERFORM note_candidates(p_submission_id, ARRAY[p_prediction_id]);
    ELSIF p_state = 'accepted' AND v_free AND v_before.media_cost_usd IS NULL AND p_media_cost_usd IS NOT NULL THEN
        UPDATE submissions AS s SET media_cost_usd = p_media_cost_usd WHERE s.id = p_submission_id;
        v_job := advance_job(p_job_id, p_media_cost_usd => p_media_cost_usd, p_media_cost_source => 'quoted');
    END IF;
    RETURN QUERY SELECT coalesce(v_after.state, p_state), v_job.status,
                        CASE WHEN v_after.state = 'accepted' THEN v_after.outcome_at END, v_after.prediction_id;
END;
$$;
