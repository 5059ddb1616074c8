-- mark_workflows_started(job_ids, prompt_job_ids)
-- Records that these rows have a workflow, and moves each job that is still `queued` to what it now waits for:
-- `prompting` if Grok is to write the prompt, otherwise `dispatching`. A job that is cancelled, past its deadline or
-- further along keeps its status. A job's prompt job runs in the job's workflow and is marked with it. Safe to repeat.
CREATE OR REPLACE FUNCTION mark_workflows_started(p_job_ids uuid[], p_prompt_job_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    PERFORM FROM jobs WHERE id = ANY (p_job_ids) ORDER BY id FOR UPDATE;
    UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE (id = ANY (p_prompt_job_ids) OR job_id = ANY (p_job_ids)) AND workflow_started_at IS NULL;
    FOR v_job IN
        SELECT * FROM jobs
        WHERE id = ANY (p_job_ids) AND status = 'queued' AND cancel_requested_at IS NULL
          AND deadline_at > clock_timestamp()
        ORDER BY id
    LOOP
        PERFORM move_job(
            v_job,
            CASE WHEN v_job.use_ai_prompt AND v_job.prompt_source IS NULL THEN 'prompting' ELSE 'dispatching' END);
    END LOOP;
    UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE id = ANY (p_job_ids) AND workflow_started_at IS NULL;
END;
$$;
