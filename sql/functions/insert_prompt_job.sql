-- insert_prompt_job(request, job_id) -> prompt_job
-- Stores a prompt job as it was asked for, alone or for a job. `request` has the columns of `prompt_generation_jobs`
-- that a caller decides, and `deadline_seconds` from now. Alone it counts as claimed: its starter is at work.
CREATE OR REPLACE FUNCTION insert_prompt_job(p_request jsonb, p_job_id uuid DEFAULT NULL)
    RETURNS prompt_generation_jobs
    LANGUAGE sql
AS $$
    INSERT INTO prompt_generation_jobs (
        id, owner, job_id, operation, ref_urls, target_url, instructions, existing_prompt, priority, max_retries,
        deadline_at, metadata, claimed_at)
    SELECT r.id, r.owner, p_job_id, r.operation, r.ref_urls, r.target_url, r.instructions, r.existing_prompt,
           r.priority, r.max_retries, now() + (p_request ->> 'deadline_seconds')::double precision * interval '1 second',
           coalesce(r.metadata, '{}'), CASE WHEN p_job_id IS NULL THEN now() END
    FROM jsonb_populate_record(NULL::prompt_generation_jobs, p_request) AS r
    RETURNING *;
$$;
