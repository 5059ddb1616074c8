-- erase_job(job_id) -> job
-- Erases the words of an ended job: those of its row and of its prompt job, its submissions' requests, the details of its
-- events, its webhooks, its Idempotency-Keys, its tags, its places in collections and its row of a batch. In the same transaction it enters
-- what is left to do elsewhere (erasures): its workflows' histories, its predictions and our own copies of its outputs.
-- What money needs stays. A stand-alone prompt job that it used goes with it, unless a job that is not erased used it as
-- well. Repeating it changes nothing.
-- An unclear submission keeps its request, because only that can find what it created, for as long as WaveSpeed keeps its
-- history; until then nothing is erased.
-- Raises PM404 if there is no such job, PM409 (job_open; erase_unclear).
CREATE OR REPLACE FUNCTION erase_job(p_job_id uuid)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    ELSIF v_job.erase_requested_at IS NOT NULL THEN
        RETURN v_job;
    ELSIF v_job.completed_at IS NULL THEN
        RAISE EXCEPTION 'Only an ended job can be erased (it is %): cancel it first.', v_job.status
            USING ERRCODE = 'PM409', HINT = 'job_open';
    END IF;
    -- Locks before the first change. Of two jobs that used one prompt, the second to be erased sees the first erased.
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id OR id = v_job.prompt_job_id FOR UPDATE;
    PERFORM FROM submissions WHERE job_id = p_job_id FOR UPDATE;
    IF EXISTS (SELECT FROM submissions AS s
               WHERE s.job_id = p_job_id AND s.post_before > now() - wavespeed_retention()
                 AND (s.state IN ('intended', 'unknown') OR (s.state = 'superseded' AND s.prediction_id IS NULL))) THEN
        RAISE EXCEPTION 'It is still unclear what a submission of this job created.'
            USING ERRCODE = 'PM409', HINT = 'erase_unclear';
    END IF;
    UPDATE jobs SET erase_requested_at = now(), updated_at = now() WHERE id = p_job_id
    RETURNING * INTO v_job; -- its trigger empties the words, here and below
    UPDATE prompt_generation_jobs SET erase_requested_at = now(), updated_at = now() WHERE job_id = p_job_id;
    UPDATE submissions SET request = '{}', request_hash = '', error = NULL WHERE job_id = p_job_id;
    UPDATE job_events SET detail = '{}' WHERE job_id = p_job_id AND detail <> '{}';
    UPDATE webhook_deliveries SET body = jsonb_build_object('id', body -> 'id') WHERE job_id = p_job_id;
    UPDATE idempotency_keys SET key = erased_key(key), request_hash = ''
    WHERE request_hash <> ''
      AND (job_id = p_job_id
           OR prompt_job_id IN (SELECT p.id FROM prompt_generation_jobs AS p WHERE p.job_id = p_job_id));
    DELETE FROM readings WHERE job_id = p_job_id;
    DELETE FROM stored_outputs WHERE job_id = p_job_id; -- its trigger plans that the files are deleted
    DELETE FROM job_tags WHERE job_id = p_job_id;
    UPDATE batch_rows SET key = erased_key(key), given = '{}', request = NULL, content_hash = '', faults = '[]'
    WHERE job_id = p_job_id AND content_hash <> '';
    PERFORM FROM collections AS c -- whoever puts one in order locks it first, and then what is in it
    WHERE EXISTS (SELECT FROM collection_outputs AS o WHERE o.collection_id = c.id AND o.job_id = p_job_id)
    ORDER BY c.id FOR UPDATE;
    DELETE FROM collection_outputs WHERE job_id = p_job_id;
    INSERT INTO erasures (id, table_name, due_at)
    VALUES (p_job_id, 'jobs',
            greatest(v_job.created_at, v_job.claimed_at, v_job.callback_claimed_at) + claim_lease());
    PERFORM append_job_event(v_job, NULL, '{"erased": "requested"}');
    PERFORM erase_prompt_job(p.id) FROM prompt_generation_jobs AS p
    WHERE p.id = v_job.prompt_job_id AND p.job_id IS NULL AND p.completed_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM jobs AS j WHERE j.prompt_job_id = p.id AND j.erase_requested_at IS NULL);
    RETURN v_job;
END;
$$;
