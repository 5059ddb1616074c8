-- retry_job_v3(job_id, owner, new_id, new_prompt_job_id, force, key, request_hash, key_id, most)
--     -> (job, replayed, refused_by)
-- As retry_job_v2, if the owner allows it, too: a retry is one more open job (refusing_owner). What the new job costs is
-- that of the API key `key_id` (null: none), not of the key that made the job it repeats.
-- Raises as retry_job.
CREATE OR REPLACE FUNCTION retry_job_v3(
    p_job_id uuid, p_owner text, p_new_id uuid, p_new_prompt_job_id uuid, p_force boolean DEFAULT false,
    p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL, p_key_id text DEFAULT NULL, p_most integer DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_found record;
    v_job jobs;
BEGIN
    SELECT s.* INTO refused_by FROM refusing_owner(p_owner, 'jobs', p_most, p_key, p_request_hash) AS s;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT r.job, r.replayed, r.refused_by INTO v_found
    FROM retry_job_v2(p_job_id, p_owner, p_new_id, p_new_prompt_job_id, p_force, p_key, p_request_hash) AS r;
    IF NOT FOUND THEN -- a repetition whose job has just been deleted
        RETURN;
    END IF;
    v_job := v_found.job;
    IF v_job.id = p_new_id AND v_job.key_id IS DISTINCT FROM p_key_id THEN
        UPDATE jobs AS j SET key_id = p_key_id WHERE j.id = p_new_id RETURNING j.* INTO v_job;
        UPDATE prompt_generation_jobs AS p SET key_id = p_key_id WHERE p.job_id = p_new_id;
    END IF;
    RETURN QUERY SELECT v_job, v_found.replayed, v_found.refused_by;
END;
$$;
