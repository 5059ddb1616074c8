-- follow_submission(job, submission, final) -> job
-- Moves a locked job to match the new state of its submission, and records it in the timeline even if the job's status
-- does not change (because it was cancelled in the meantime, for instance). A temporarily refused submission is
-- recorded once per reason, however often it is repeated. Steps that were not recorded (an older backup was restored)
-- are passed through. An accepted prediction that the job now waits for is to be read (readings); of one that turned
-- out to be another job's, the workflow is told at once.
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
        IF p_submission.state = 'accepted' THEN
            IF v_job.media_cost_source = 'billed' AND v_job.prediction_id <> p_submission.prediction_id THEN
                v_job.media_cost_usd := NULL; -- billed for another prediction
                v_job.media_cost_source := NULL;
            END IF;
            v_job.prediction_id := p_submission.prediction_id;
            v_job.dispatched_at := p_submission.outcome_at;
        ELSE
            v_job.prediction_id := coalesce(v_job.prediction_id, p_submission.prediction_id);
            v_job.dispatched_at := coalesce(v_job.dispatched_at, p_submission.outcome_at);
        END IF;
        IF v_job.media_cost_usd IS NULL AND p_submission.media_cost_usd IS NOT NULL THEN
            v_job.media_cost_usd := p_submission.media_cost_usd;
            v_job.media_cost_source := 'quoted';
        END IF;
    END IF;
    IF v_status IN ('generating', 'submit_unknown') AND v_job.status IN ('queued', 'prompting') THEN
        v_job := move_job(v_job, 'dispatching');
    END IF;
    IF v_status IS NOT NULL THEN
        v_job := move_job(v_job, v_status, v_reason, p_submission.error, v_detail);
    END IF;
    IF v_job.status = p_job.status AND p_submission.prediction_id IS NOT NULL THEN
        v_job := store_facts(v_job);
    END IF;
    IF v_job.status = p_job.status AND NOT (p_submission.state = 'rejected' AND EXISTS (
        SELECT FROM job_events WHERE job_id = p_job.id AND reason_code IS NOT DISTINCT FROM v_reason
                                 AND detail ->> 'submissionState' = 'rejected'
                                 AND (detail ->> 'submission')::bigint = p_submission.number)) THEN
        PERFORM append_job_event(v_job, v_reason, v_detail);
    END IF;
    IF p_submission.state = 'accepted' AND v_job.status = 'generating' THEN
        INSERT INTO readings (job_id, prediction_id, accepted_at)
        VALUES (v_job.id, v_job.prediction_id, v_job.dispatched_at)
        ON CONFLICT (job_id) DO UPDATE
            SET prediction_id = excluded.prediction_id, accepted_at = excluded.accepted_at, due_at = NULL,
                prompted = false, looks = 0;
    ELSIF p_job.status = 'generating' AND v_job.status = 'submit_unknown' THEN
        PERFORM prompt_reading(job_id, prediction_id) FROM readings WHERE job_id = v_job.id;
    END IF;
    RETURN v_job;
END;
$$;
