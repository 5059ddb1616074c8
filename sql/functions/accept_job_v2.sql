-- accept_job_v2(request, key, request_hash) -> (job, replayed, refused_by)
-- As accept_job, if the switches and budgets allow it: `refused_by` is what does not, and then nothing was stored and
-- there is no job. `drain` refuses everything; `ai-prompts` a request with a prompt job, unless it was accepted before;
-- `budget` every request that was not, while a budget has nothing left.
-- Raises as accept_job.
CREATE OR REPLACE FUNCTION accept_job_v2(p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL)
    RETURNS TABLE (job jobs, replayed boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
BEGIN
    SELECT s.* INTO refused_by FROM refusing_switch_or_budget(
        p_request ->> 'owner', jsonb_typeof(p_request -> 'prompt_job') = 'object', p_key, p_request_hash) AS s;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT a.job, a.replayed, NULL::switches FROM accept_job(p_request, p_key, p_request_hash) AS a;
END;
$$;
