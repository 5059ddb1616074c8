-- Revision 0002: what people think of prompts and results.

ALTER TABLE jobs ADD COLUMN kept boolean;

-- NOT VALID: no lock while the table is read. Revision 0003 reads it.
ALTER TABLE prompt_generation_jobs
    ADD CONSTRAINT prompt_generation_jobs_rating_check CHECK (rating IN (-1, 1)) NOT VALID;

-- tell_job_changed(job)
-- Tells listeners of `promptmill_events` to read a job anew though its timeline has no new row: something about it has
-- changed that is no event of the job. Its sequence is 0, which no event has.
CREATE OR REPLACE FUNCTION tell_job_changed(p_job jobs)
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT pg_notify('promptmill_events', json_build_object(
        'jobId', p_job.id, 'owner', p_job.owner, 'sequence', 0, 'status', p_job.status)::text);
$$;

-- rate_prompt_job(prompt_job_id, owner, rating, reason) -> prompt_job
-- Takes a person's word on a written prompt: 1 (up) or -1 (down), with a reason or without; null takes both back. It
-- replaces what was said before; saying the same again changes nothing. Listeners are told of the newest 200 jobs that
-- used the prompt: as many as a page of a list has.
-- Raises PM404 when the owner has no such prompt job; PM409 (prompt_not_written) when it has not ended with a prompt;
-- PM422 for a rating that does not exist, or a reason for none.
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

-- rate_result(job_id, owner, kept) -> job
-- Takes a person's word on a job's outputs: kept or not; null takes it back. It replaces what was said before; saying
-- the same again changes nothing. No status changes, so the timeline has no row of it; listeners are told.
-- Raises PM404 when the owner has no such job; PM409 (no_outputs) when there is nothing to keep.
CREATE OR REPLACE FUNCTION rate_result(p_job_id uuid, p_owner text, p_kept boolean)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    ELSIF v_job.outputs = '[]' THEN
        RAISE EXCEPTION 'The job has no outputs (it is %).', v_job.status
            USING ERRCODE = 'PM409', HINT = 'no_outputs';
    ELSIF v_job.kept IS NOT DISTINCT FROM p_kept THEN
        RETURN v_job;
    END IF;
    UPDATE jobs SET kept = p_kept, updated_at = now() WHERE id = p_job_id RETURNING * INTO v_job;
    PERFORM tell_job_changed(v_job);
    RETURN v_job;
END;
$$;

-- get_prompt_satisfaction(owner, days) -> rows
-- What people said of an owner's prompts and results that were accepted in the last days, by Grok's model and by who
-- wrote the prompt: how many prompts were rated up and down, how many results kept and discarded, and the share of good
-- words among all. A rating counts for the prompt job's source, a result for its job's own; the model is null where
-- what went to WaveSpeed was not Grok's. Groups without a word are left out. It reads rated rows alone, by
-- prompt_generation_jobs_rated_idx and jobs_kept_idx.
CREATE OR REPLACE FUNCTION get_prompt_satisfaction(p_owner text, p_days double precision DEFAULT 30)
    RETURNS TABLE (
        grok_model text,
        prompt_source text,
        up bigint,
        down bigint,
        kept bigint,
        discarded bigint,
        satisfaction_rate double precision
    )
    LANGUAGE sql
    STABLE
AS $$
    SELECT w.grok_model, w.prompt_source,
           count(*) FILTER (WHERE w.prompt_good),
           count(*) FILTER (WHERE NOT w.prompt_good),
           count(*) FILTER (WHERE w.result_good),
           count(*) FILTER (WHERE NOT w.result_good),
           (count(*) FILTER (WHERE coalesce(w.prompt_good, w.result_good)))::double precision / count(*)
    FROM (
        SELECT p.grok_model, p.prompt_source, p.rating = 1 AS prompt_good, NULL::boolean AS result_good
        FROM prompt_generation_jobs AS p
        WHERE p.owner = p_owner AND p.rating IS NOT NULL AND p.created_at > now() - p_days * interval '1 day'
        UNION ALL
        SELECT CASE WHEN j.prompt_source IN ('grok', 'grok_fallback', 'edited') THEN p.grok_model END,
               j.prompt_source, NULL, j.kept
        FROM jobs AS j LEFT JOIN prompt_generation_jobs AS p ON p.id = j.prompt_job_id
        WHERE j.owner = p_owner AND j.kept IS NOT NULL AND j.created_at > now() - p_days * interval '1 day'
    ) AS w
    GROUP BY w.grok_model, w.prompt_source
    ORDER BY count(*) DESC, w.grok_model, w.prompt_source;
$$;
