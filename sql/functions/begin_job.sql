-- begin_job(job_id) -> job
-- The first step of a job's workflow: records that the workflow is running and moves the job from `queued` to
-- `prompting` if Grok is to write the prompt, otherwise to `dispatching`. A job that is cancelled, past its deadline or
-- already further along keeps its status, also if the call is repeated or the workflow was reset.
-- Raises PM404 if there is no such job.
CREATE OR REPLACE FUNCTION begin_job(p_job_id uuid)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF v_job.workflow_started_at IS NULL THEN
        PERFORM mark_workflows_started(ARRAY[p_job_id], '{}');
    END IF;
    IF v_job.status = 'queued' AND v_job.cancel_requested_at IS NULL AND v_job.deadline_at > clock_timestamp() THEN
        RETURN move_job(
            v_job,
            CASE WHEN v_job.use_ai_prompt AND v_job.prompt_source IS NULL THEN 'prompting' ELSE 'dispatching' END);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id;
    RETURN v_job;
END;
$$;
