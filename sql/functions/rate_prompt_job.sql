-- rate_prompt_job(prompt_job_id, owner, rating, reason) -> prompt_job
-- Stores a person's rating of a written prompt: 1 (up) or -1 (down), with or without a reason; null removes both. It
-- replaces an earlier rating; repeating it changes nothing. Listeners are notified about the newest 200 jobs that used
-- the prompt: as many as a page of the list holds.
-- Raises PM404 if the owner has no such prompt job; PM409 (erased; prompt_not_written) if it has not ended with a prompt; PM422
-- for an invalid rating, or a reason without a rating.
CREATE OR REPLACE FUNCTION rate_prompt_job(
    p_prompt_job_id uuid, p_owner text, p_rating integer, p_reason text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
BEGIN
    IF v_prompt_job.owner IS DISTINCT FROM p_owner THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    ELSIF p_rating NOT IN (-1, 1) OR (p_rating IS NULL AND p_reason IS NOT NULL) THEN
        RAISE EXCEPTION 'no rating % with reason %', p_rating, p_reason USING ERRCODE = 'PM422';
    ELSIF v_prompt_job.erase_requested_at IS NOT NULL THEN
        RAISE EXCEPTION 'The prompt job has been erased.' USING ERRCODE = 'PM409', HINT = 'erased';
    ELSIF v_prompt_job.generated_prompt IS NULL OR v_prompt_job.status IN ('queued', 'processing') THEN
        RAISE EXCEPTION 'The prompt job has no written prompt (it is %).', v_prompt_job.status
            USING ERRCODE = 'PM409', HINT = 'prompt_not_written';
    ELSIF (v_prompt_job.rating, v_prompt_job.rating_reason) IS NOT DISTINCT FROM (p_rating::smallint, p_reason) THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET rating = p_rating, rating_reason = p_reason, updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    PERFORM tell_job_changed(j)
    FROM (SELECT * FROM jobs WHERE prompt_job_id = p_prompt_job_id ORDER BY created_at DESC LIMIT 200) AS j;
    RETURN v_prompt_job;
END;
$$;
