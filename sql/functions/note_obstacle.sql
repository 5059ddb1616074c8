-- note_obstacle(submission_id, why)
-- Records in the timeline why a submission is still unclear after a search; each reason once. Not for an erased job.
-- Raises PM404 if there is no such submission.
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
    IF v_submission.state = 'unknown' AND v_job.erase_requested_at IS NULL AND NOT EXISTS (
        SELECT FROM job_events
        WHERE job_id = v_job.id AND detail ->> 'obstacle' = p_why
          AND (detail ->> 'submission')::bigint = v_submission.number) THEN
        PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
            'submission', v_submission.number, 'obstacle', p_why));
    END IF;
END;
$$;
