-- accept_prompt_job_v2(request, key, request_hash) -> (prompt_job, replayed, refused_by)
-- As accept_prompt_job, if the switches allow it: `refused_by` is the one that does not, and then nothing was stored and
-- there is no prompt job. `drain` refuses everything; `ai-prompts` what was not accepted before.
-- Raises as accept_prompt_job.
CREATE OR REPLACE FUNCTION accept_prompt_job_v2(
    p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (prompt_job prompt_generation_jobs, replayed boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
BEGIN
    SELECT s.* INTO refused_by FROM refusing_switch(p_request ->> 'owner', true, p_key, p_request_hash) AS s;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT a.prompt_job, a.replayed, NULL::switches FROM accept_prompt_job(p_request, p_key, p_request_hash) AS a;
END;
$$;
