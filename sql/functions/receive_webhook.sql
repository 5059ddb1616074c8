-- receive_webhook(event_id, job_id, token, body) -> (is_new, token_ok, job_known, workflow_open, prediction_id)
-- Stores a webhook from WaveSpeed whose signature has been verified. The token identifies the submission that requested
-- it, so the prediction in the body belongs to that submission, as a fact: it is settled as accepted in the same
-- transaction, even before the POST's own answer and after the job's end. The delivery is stored once per event id,
-- also for a job that is not, or no longer, in the record; with a token that is not the job's, nothing is stored. Of an
-- erased job's webhook only the prediction's id is stored.
-- The reading of that prediction is due now, once per event id: a repeated delivery causes no read, because those that
-- webhooks cause are beside the rate. workflow_open: the job has not ended and has a workflow to signal; false where
-- the reading tells it, which is then all that becomes of the delivery.
CREATE OR REPLACE FUNCTION receive_webhook(p_event_id text, p_job_id uuid, p_token text, p_body jsonb)
    RETURNS TABLE (is_new boolean, token_ok boolean, job_known boolean, workflow_open boolean, prediction_id text)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prediction_id text := nullif(p_body ->> 'id', '');
    v_job jobs;
    v_submission_id uuid;
    v_new boolean := false;
    v_unclear boolean;
    v_prompted boolean := false;
BEGIN
    IF v_prediction_id IS NOT NULL THEN
        PERFORM lock_prediction(v_prediction_id, p_job_id);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    v_unclear := v_job.status = 'submit_unknown';
    SELECT s.id INTO v_submission_id FROM submissions AS s
    WHERE s.job_id = p_job_id AND s.callback_token = p_token AND p_token <> '';
    IF v_job.id IS NULL OR v_submission_id IS NOT NULL THEN
        INSERT INTO webhook_deliveries (provider, event_id, job_id, body)
        VALUES ('wavespeed', p_event_id, p_job_id,
                CASE WHEN v_job.erase_requested_at IS NULL THEN p_body
                     ELSE jsonb_build_object('id', v_prediction_id) END)
        ON CONFLICT DO NOTHING;
        v_new := FOUND;
    END IF;
    IF v_submission_id IS NOT NULL AND v_prediction_id IS NOT NULL THEN
        PERFORM settle_submission(
            v_submission_id, p_job_id, 'accepted', v_prediction_id, p_resolved_by => 'webhook');
        SELECT * INTO v_job FROM jobs WHERE id = p_job_id;
        IF v_new THEN
            v_prompted := prompt_reading(p_job_id, v_prediction_id) AND NOT v_unclear;
        END IF;
    END IF;
    IF v_prompted THEN
        UPDATE webhook_deliveries SET processed_at = clock_timestamp()
        WHERE provider = 'wavespeed' AND event_id = p_event_id;
    END IF;
    RETURN QUERY SELECT
        v_new, v_submission_id IS NOT NULL, v_job.id IS NOT NULL,
        coalesce(v_job.completed_at IS NULL AND v_job.workflow_started_at IS NOT NULL
                 AND NOT v_prompted, false),
        CASE WHEN v_submission_id IS NOT NULL THEN v_prediction_id END;
END;
$$;
