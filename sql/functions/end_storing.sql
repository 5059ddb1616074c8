-- end_storing(job_id, index, path, problem, failed) -> boolean
-- Records that an output that waits is stored at the path where it was placed; or (`problem`) why it is not yet, or
-- (`failed`) will not be. Returns whether it still waited, and for that path if it is stored.
CREATE OR REPLACE FUNCTION end_storing(
    p_job_id uuid, p_index integer, p_path text, p_problem text DEFAULT NULL, p_failed boolean DEFAULT false)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_state text := CASE WHEN p_problem IS NULL THEN 'stored' WHEN p_failed THEN 'failed' ELSE 'waiting' END;
BEGIN
    UPDATE stored_outputs
    SET state = v_state,
        problem = p_problem,
        path = CASE v_state WHEN 'failed' THEN NULL ELSE path END,
        due_at = CASE v_state WHEN 'waiting' THEN due_at END,
        stored_at = CASE v_state WHEN 'stored' THEN clock_timestamp() END
    WHERE job_id = p_job_id AND index = p_index AND state = 'waiting' AND (p_problem IS NOT NULL OR path = p_path);
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM tell_job_changed(j) FROM jobs AS j WHERE j.id = p_job_id;
    RETURN true;
END;
$$;
