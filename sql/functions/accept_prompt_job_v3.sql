-- accept_prompt_job_v3(request, key, request_hash, most) -> (prompt_job, replayed, refused_by)
-- As accept_prompt_job_v2, if the owner allows it, too: `refused_by` is then `paused` or `open_jobs` (refusing_owner).
-- `most` is how many open prompt jobs an owner may have that has no limit of its own; null: any number.
-- Raises as accept_prompt_job.
CREATE OR REPLACE FUNCTION accept_prompt_job_v3(
    p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL, p_most integer DEFAULT NULL
)
    RETURNS TABLE (prompt_job prompt_generation_jobs, replayed boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
BEGIN
    SELECT s.* INTO refused_by
    FROM refusing_owner(p_request ->> 'owner', 'prompt_generation_jobs', p_most, p_key, p_request_hash) AS s;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT a.prompt_job, a.replayed, a.refused_by FROM accept_prompt_job_v2(p_request, p_key, p_request_hash) AS a;
END;
$$;
