-- note_absence(submission_id, absent) -> time
-- Records since when WaveSpeed's history has shown nothing that an unknown submission could have created, and returns
-- that time; null once something is found. Adds an event the first time.
-- Raises PM404 if there is no such submission.
CREATE OR REPLACE FUNCTION note_absence(p_submission_id uuid, p_absent boolean)
    RETURNS timestamptz
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
    v_before timestamptz;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    SELECT absent_since INTO v_before FROM submissions WHERE id = p_submission_id;
    UPDATE submissions
    SET absent_since = CASE WHEN p_absent THEN coalesce(absent_since, clock_timestamp()) END
    WHERE id = p_submission_id AND state = 'unknown'
    RETURNING * INTO v_submission;
    IF v_before IS NULL AND v_submission.absent_since IS NOT NULL THEN
        PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
            'submission', v_submission.number, 'absentSince', v_submission.absent_since));
    END IF;
    RETURN CASE WHEN p_absent THEN coalesce(v_submission.absent_since, v_before, clock_timestamp()) END;
END;
$$;
