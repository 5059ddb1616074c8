-- prove_absence(submission_id, resubmit) -> job
-- Records that an unknown submission created nothing, as proved by WaveSpeed's history: it becomes `rejected`. The job
-- that waits for it fails as submission_absent or, with `resubmit`, stays in submit_unknown without an open submission,
-- so that its workflow may submit again. A submission that has been settled in the meantime is left unchanged, and so
-- is one for which a candidate has been seen since (note_absence): the caller was paused, and its reading is out of
-- date.
-- Raises PM404 if there is no such submission.
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
    WHERE id = p_submission_id AND state = 'unknown' AND absent_since IS NOT NULL
    RETURNING * INTO v_submission;
    IF NOT FOUND THEN
        RETURN v_job;
    END IF;
    RETURN follow_submission(v_job, v_submission, v_job.status = 'submit_unknown' AND NOT p_resubmit);
END;
$$;
