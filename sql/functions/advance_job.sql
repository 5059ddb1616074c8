-- advance_job(job_id, status, reason_code, error, prompt, prompt_source, prediction_id, outputs, media_cost_usd,
--             media_cost_source, detail) -> job
-- The only way to report progress of a job. Facts (everything except status, reason and error) are always stored: what
-- was created or paid for is true whatever the job's status. The status is applied if the transition is allowed and
-- otherwise left as it is; repeating a report changes nothing. A null status stores only facts. `submit_unknown` is
-- refused here: only the transaction that makes a submission unknown sets it (settle_submission), and only a new
-- submission leaves it. `completed` for an open job with a known prediction passes through the steps that were not
-- recorded. A report about a prediction that was wrongly inferred to be this job's is ignored: another job has it, or a
-- fact has replaced it with another prediction. Words and outputs of an erased job are not taken, nor a prompt for a job
-- whose caller has edited it.
-- Raises PM404 if there is no such job, PM422 for an unknown status.
CREATE OR REPLACE FUNCTION advance_job(
    p_job_id uuid,
    p_status text DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL,
    p_prompt text DEFAULT NULL,
    p_prompt_source text DEFAULT NULL,
    p_prediction_id text DEFAULT NULL,
    p_outputs jsonb DEFAULT NULL,
    p_media_cost_usd numeric DEFAULT NULL,
    p_media_cost_source text DEFAULT NULL,
    p_detail jsonb DEFAULT '{}'
)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_before jobs;
    v_job jobs;
    v_facts text[];
    v_detail jsonb := coalesce(p_detail, '{}');
BEGIN
    -- every existing status is final or may become `terminated`
    IF NOT (is_final(p_status) OR transition_allowed('jobs', p_status, 'terminated')) THEN
        RAISE EXCEPTION 'no job status %', p_status USING ERRCODE = 'PM422';
    END IF;
    SELECT * INTO v_before FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF EXISTS (SELECT FROM submissions WHERE prediction_id = p_prediction_id AND job_id <> p_job_id)
        OR (EXISTS (SELECT FROM submissions WHERE job_id = p_job_id AND state = 'accepted')
            AND NOT EXISTS (SELECT FROM submissions WHERE job_id = p_job_id
                            AND prediction_id = coalesce(p_prediction_id, prediction_id))) THEN
        RETURN v_before;
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    IF v_before.erase_requested_at IS NOT NULL THEN
        p_prompt := NULL;
        p_outputs := NULL;
    END IF;
    IF v_before.prompt_source = 'edited' THEN
        p_prompt := NULL;
        p_prompt_source := NULL;
    END IF;
    v_job := v_before;
    v_job.prompt := coalesce(p_prompt, v_job.prompt);
    v_job.prompt_source := coalesce(p_prompt_source, v_job.prompt_source);
    v_job.prediction_id := coalesce(p_prediction_id, v_job.prediction_id);
    v_job.outputs := coalesce(nullif(p_outputs, '[]'), v_job.outputs);
    IF p_media_cost_usd IS NOT NULL
        AND NOT (v_job.media_cost_source IS NOT DISTINCT FROM 'billed' AND p_media_cost_source IS DISTINCT FROM 'billed') THEN
        v_job.media_cost_usd := p_media_cost_usd;
        v_job.media_cost_source := coalesce(p_media_cost_source, v_job.media_cost_source, 'quoted');
    END IF;
    v_facts := array_remove(ARRAY[
        CASE WHEN v_job.prompt IS DISTINCT FROM v_before.prompt
               OR v_job.prompt_source IS DISTINCT FROM v_before.prompt_source THEN 'prompt' END,
        CASE WHEN v_job.prediction_id IS DISTINCT FROM v_before.prediction_id THEN 'predictionId' END,
        CASE WHEN v_job.outputs <> v_before.outputs THEN 'outputs' END,
        CASE WHEN v_job.media_cost_usd IS DISTINCT FROM v_before.media_cost_usd
               OR v_job.media_cost_source IS DISTINCT FROM v_before.media_cost_source THEN 'mediaCostUsd' END], NULL);
    IF v_facts <> '{}' THEN
        v_detail := v_detail || jsonb_build_object('facts', v_facts);
    END IF;
    IF p_status = 'completed' AND v_job.prediction_id IS NOT NULL THEN
        -- finished, but the steps before were not recorded (a restored backup, a faster webhook): pass through them now
        IF v_job.status IN ('queued', 'prompting') THEN
            v_job := move_job(v_job, 'dispatching');
        END IF;
        v_job := move_job(v_job, 'generating');
    END IF;
    IF p_status IS NOT NULL AND p_status <> 'submit_unknown'
        AND NOT (v_job.status = 'submit_unknown' AND p_status = 'dispatching') THEN
        v_job := move_job(v_job, p_status, p_reason_code, p_error, v_detail);
    END IF;
    IF v_job.status = v_before.status AND v_facts <> '{}' THEN -- no status was stored, and so no facts with it
        v_job := store_facts(v_job);
        PERFORM append_job_event(v_job, NULL, v_detail);
    END IF;
    RETURN v_job;
END;
$$;
