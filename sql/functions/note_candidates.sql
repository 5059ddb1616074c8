-- note_candidates(submission_id, prediction_ids)
-- Adds predictions that a submission may have created. A candidate stays once it has been seen, because WaveSpeed's
-- history may hide it for a while, unless it turns out to belong to another submission. Adds an event if the list
-- changes.
-- Raises PM404 if there is no such submission.
CREATE OR REPLACE FUNCTION note_candidates(p_submission_id uuid, p_prediction_ids text[])
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
    v_candidates jsonb;
BEGIN
    SELECT j.* INTO v_job FROM jobs AS j JOIN submissions AS s ON s.job_id = j.id
    WHERE s.id = p_submission_id FOR UPDATE OF j;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    END IF;
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id FOR UPDATE;
    SELECT coalesce(jsonb_agg(c.id ORDER BY c.id), '[]') INTO v_candidates
    FROM (SELECT jsonb_array_elements_text(v_submission.candidates) UNION SELECT unnest(p_prediction_ids)) AS c (id)
    WHERE NOT EXISTS (
        SELECT FROM submissions AS s WHERE s.prediction_id = c.id AND s.id <> p_submission_id);
    IF v_candidates = v_submission.candidates THEN
        RETURN;
    END IF;
    UPDATE submissions SET candidates = v_candidates WHERE id = p_submission_id;
    PERFORM append_job_event(v_job, v_submission.reason_code, jsonb_build_object(
        'submission', v_submission.number, 'candidates', v_candidates));
END;
$$;
