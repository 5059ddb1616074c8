-- retry_job_v2(job_id, owner, new_id, new_prompt_job_id, force, key, request_hash) -> (job, replayed, refused_by)
-- As retry_job, if the switches and budgets allow it: `refused_by` is what does not, and then nothing was stored and
-- there is no job. `drain` refuses everything; `ai-prompts` the retry of a job whose prompt Grok wrote, unless the retry
-- was accepted before; `budget` every retry that was not, while a budget has nothing left.
-- Raises as retry_job.
CREATE OR REPLACE FUNCTION retry_job_v2(
    p_job_id uuid, p_owner text, p_new_id uuid, p_new_prompt_job_id uuid, p_force boolean DEFAULT false,
    p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
BEGIN
    SELECT s.* INTO refused_by FROM refusing_switch_or_budget(
        p_owner,
        EXISTS (SELECT FROM jobs AS j JOIN prompt_generation_jobs AS p ON p.job_id = j.id
                WHERE j.id = p_job_id AND j.owner = p_owner),
        p_key, p_request_hash) AS s;
    IF FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT r.job, r.replayed, NULL::switches
        FROM retry_job(p_job_id, p_owner, p_new_id, p_new_prompt_job_id, p_force, p_key, p_request_hash) AS r;
END;
$$;
