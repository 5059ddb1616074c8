-- Revision 0005: absence is not proved by a reading that is older than a candidate.

-- prove_absence(submission_id, resubmit) -> job
-- Notes that an unknown submission made nothing, proved by WaveSpeed's history: it is `rejected`. The job that waits
-- for it fails as submission_absent, or, with `resubmit`, stays in submit_unknown without an open submission: then its
-- workflow may submit again. A submission that was settled meanwhile stays as it is, and so does one of which somebody
-- else has seen a candidate since (note_absence): whoever proves stood still, and has read what holds no more.
-- Raises PM404 when no such submission exists.
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
