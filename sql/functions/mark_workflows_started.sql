-- mark_workflows_started(job_ids, prompt_job_ids)
-- Records that these rows have a workflow, and moves each job that is still `queued` to what it now waits for:
-- `prompting` if Grok is to write the prompt, otherwise `dispatching`. A job that is cancelled, past its deadline or
-- further along keeps its status. A job's prompt job runs in the job's workflow and is marked with it. Safe to repeat.
CREATE OR REPLACE FUNCTION mark_workflows_started(p_job_ids uuid[], p_prompt_job_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_id uuid;
    v_job jobs;
BEGIN
    -- One by one, most often a single one: for an array of unknown length Postgres may plan to read the whole table.
    FOR v_id IN SELECT id FROM unnest(p_job_ids) AS id ORDER BY id LOOP -- locks before the first change
        PERFORM FROM jobs WHERE id = v_id FOR UPDATE;
    END LOOP;
    FOR v_id IN SELECT id FROM unnest(p_job_ids) AS id ORDER BY id LOOP
        UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
        WHERE job_id = v_id AND workflow_started_at IS NULL;
    END LOOP;
    FOR v_id IN SELECT id FROM unnest(p_prompt_job_ids) AS id ORDER BY id LOOP
        UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
        WHERE id = v_id AND workflow_started_at IS NULL;
    END LOOP;
    FOR v_id IN SELECT id FROM unnest(p_job_ids) AS id ORDER BY id LOOP
        SELECT * INTO v_job FROM jobs WHERE id = v_id;
        IF v_job.status = 'queued' AND v_job.cancel_requested_at IS NULL AND v_job.deadline_at > clock_timestamp() THEN
            PERFORM move_job( -- which marks it as well
                v_job,
                CASE WHEN v_job.use_ai_prompt AND v_job.prompt_source IS NULL THEN 'prompting' ELSE 'dispatching' END);
        ELSE
            UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
            WHERE id = v_id AND workflow_started_at IS NULL;
        END IF;
    END LOOP;
END;
$$;
