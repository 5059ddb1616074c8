-- receive_webhook(event_id, job_id, token, body) -> (is_new, token_ok, job_known, workflow_open, prediction_id)
-- Stores a webhook from WaveSpeed whose signature has been verified. The token identifies the submission that requested
-- it, so the prediction in the body belongs to that submission, as a fact: it is settled as accepted in the same
-- transaction, even before the POST's own answer and after the job's end. The delivery is stored once per event id,
-- also for a job that is not, or no longer, in the record; with a token that is not the job's, nothing is stored.
-- workflow_open: the job has not ended and has a workflow to signal.
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
