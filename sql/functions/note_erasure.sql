-- note_erasure(id, predictions, problem)
-- Records that nothing of an erased row is left at Temporal and WaveSpeed, or (`problem`) why something is. It stays
-- pending if its submissions have a prediction beside the given ones, which the caller deleted: that one became known
-- meanwhile; and while files of its outputs are still to be deleted from the storage.
CREATE OR REPLACE FUNCTION note_erasure(p_id uuid, p_predictions text[], p_problem text DEFAULT NULL)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    IF p_problem IS NOT NULL THEN
        UPDATE erasures SET problem = p_problem WHERE id = p_id;
        RETURN;
    END IF;
    PERFORM FROM jobs WHERE id = p_id FOR UPDATE; -- from here on no prediction becomes known
    IF EXISTS (SELECT FROM submissions WHERE job_id = p_id AND prediction_id <> ALL (p_predictions))
        OR EXISTS (SELECT FROM output_removals WHERE job_id = p_id) THEN
        RETURN;
    END IF;
    UPDATE jobs SET erased_at = now(), updated_at = now() WHERE id = p_id AND erased_at IS NULL
    RETURNING * INTO v_job;
    UPDATE prompt_generation_jobs SET erased_at = now(), updated_at = now()
    WHERE (id = p_id OR job_id = p_id) AND erase_requested_at IS NOT NULL AND erased_at IS NULL;
    DELETE FROM erasures WHERE id = p_id;
    IF v_job.id IS NOT NULL THEN
        PERFORM append_job_event(v_job, NULL, '{"erased": "done"}');
    END IF;
END;
$$;
