-- follow_submission(job, submission, final) -> job
-- Moves a locked job to match the new state of its submission, and records it in the timeline even if the job's status
-- does not change (because it was cancelled in the meantime, for instance). A temporarily refused submission is
-- recorded once per reason, however often it is repeated. Steps that were not recorded (an older backup was restored)
-- are passed through.
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
    RETURN v_job;
END;
$$;
