-- change_waiting_job(job_id, owner, change) -> (job, changed)
-- Changes the request of a job for which no submission is permitted, and notes in its timeline what was changed, without
-- the words. `change` has the new values of any of model, input, target_url, ref_urls, warnings, prompt, max_price_usd and
-- priority, by the names of the columns; what it leaves out stays. Its `seen_at`, if there, is the `updated_at` of the row
-- that it was checked against. `changed` names what differs now, as callers know it:
-- empty if nothing does, and then nothing is written. A permission locks the same row, so that what it permits is the
-- request of before or of after, whole; a worker that comes with the one of before is told so (permit_submission_v3).
-- A prompt that Grok has not written yet cannot be changed. One that it has becomes `edited`, which no later report
-- overwrites (advance_job).
-- Raises PM404 if the owner has no such job, PM409 (not_waiting, prompt_pending; changed_meanwhile: the row has been written
-- since `seen_at`, so check the change again), PM422 for another column.
CREATE OR REPLACE FUNCTION change_waiting_job(p_job_id uuid, p_owner text, p_change jsonb)
    RETURNS TABLE (job jobs, changed text[])
    LANGUAGE plpgsql
AS $$
DECLARE
    v_before jobs;
    v_job jobs;
    v_changed text[];
BEGIN
    IF p_change - ARRAY['model', 'input', 'target_url', 'ref_urls', 'warnings', 'prompt', 'max_price_usd', 'priority',
                         'seen_at'] <> '{}' THEN
        RAISE EXCEPTION 'not to be changed: %', p_change USING ERRCODE = 'PM422';
    END IF;
    SELECT * INTO v_before FROM jobs WHERE id = p_job_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    IF v_before.status NOT IN ('queued', 'prompting', 'dispatching') OR open_submission(p_job_id) IS NOT NULL THEN
        RAISE EXCEPTION 'It can no longer be changed: %.',
            CASE WHEN is_final(v_before.status) THEN format('it has ended (%s)', v_before.status)
                 WHEN v_before.status = 'cancelling' THEN 'it is being cancelled'
                 ELSE 'it is being submitted, or has been' END
            USING ERRCODE = 'PM409', HINT = 'not_waiting';
    END IF;
    IF p_change ? 'prompt' AND v_before.prompt_source IS NULL THEN
        RAISE EXCEPTION 'Grok has not written its prompt yet.' USING ERRCODE = 'PM409', HINT = 'prompt_pending';
    END IF;
    IF (p_change ->> 'seen_at')::timestamptz <> v_before.updated_at THEN
        RAISE EXCEPTION 'It has just been changed.' USING ERRCODE = 'PM409', HINT = 'changed_meanwhile';
    END IF;
    v_job := jsonb_populate_record(v_before, p_change);
    v_changed := array_remove(ARRAY[
        CASE WHEN v_job.model <> v_before.model THEN 'model' END,
        CASE WHEN v_job.input <> v_before.input THEN 'input' END,
        CASE WHEN v_job.target_url IS DISTINCT FROM v_before.target_url THEN 'targetUrl' END,
        CASE WHEN v_job.ref_urls <> v_before.ref_urls THEN 'refUrls' END,
        CASE WHEN v_job.prompt IS DISTINCT FROM v_before.prompt THEN 'prompt' END,
        CASE WHEN v_job.max_price_usd IS DISTINCT FROM v_before.max_price_usd THEN 'maxPriceUsd' END,
        CASE WHEN v_job.priority <> v_before.priority THEN 'priority' END], NULL);
    IF v_changed = '{}' THEN
        RETURN QUERY SELECT v_before, v_changed;
        RETURN;
    END IF;
    IF 'prompt' = ANY (v_changed) THEN
        IF v_before.use_ai_prompt OR v_before.prompt_source <> 'caller' THEN
            v_job.prompt_source := 'edited';
        ELSE
            v_job.original_prompt := v_job.prompt;
        END IF;
    END IF;
    UPDATE jobs
    SET model = v_job.model, input = v_job.input, target_url = v_job.target_url, ref_urls = v_job.ref_urls,
        warnings = v_job.warnings, prompt = v_job.prompt, prompt_source = v_job.prompt_source,
        original_prompt = v_job.original_prompt, max_price_usd = v_job.max_price_usd, priority = v_job.priority,
        updated_at = now()
    WHERE id = p_job_id
    RETURNING * INTO v_job;
    UPDATE prompt_generation_jobs SET priority = v_job.priority, target_model = v_job.model, updated_at = now()
    WHERE job_id = p_job_id AND (priority, target_model) IS DISTINCT FROM (v_job.priority, v_job.model)
      AND status IN ('queued', 'processing');
    PERFORM append_job_event(v_job, NULL, jsonb_build_object('changed', v_changed));
    RETURN QUERY SELECT v_job, v_changed;
END;
$$;
