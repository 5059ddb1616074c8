-- insert_prompt_job(request, job_id) -> prompt_job
-- Stores a prompt job as requested, stand-alone or for a job. `request` holds the columns of `prompt_generation_jobs`
-- that the caller decides, and `deadline_seconds`, counted from now. A stand-alone one counts as claimed: the caller is
-- about to start its workflow.
CREATE OR REPLACE FUNCTION insert_prompt_job(p_request jsonb, p_job_id uuid DEFAULT NULL)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
BEGIN
    INSERT INTO prompt_generation_jobs (
        id, owner, job_id, operation, ref_urls, target_url, instructions, existing_prompt, priority, max_retries,
        deadline_at, metadata, claimed_at, key_id, style, style_wording, length, language, target_model, target_kind,
        wanted_variants, wants_negative)
    SELECT r.id, r.owner, p_job_id, r.operation, r.ref_urls, r.target_url, r.instructions, r.existing_prompt,
           r.priority, r.max_retries,
           now() + (p_request ->> 'deadline_seconds')::double precision * interval '1 second',
           coalesce(r.metadata, '{}'), CASE WHEN p_job_id IS NULL THEN now() END, r.key_id, r.style, r.style_wording,
           r.length, r.language, r.target_model, r.target_kind, coalesce(r.wanted_variants, 1),
           coalesce(r.wants_negative, false)
    FROM jsonb_populate_record(NULL::prompt_generation_jobs, p_request) AS r
    RETURNING * INTO v_prompt_job;
    RETURN v_prompt_job;
END;
$$;
