-- feed_batch(batch_id, at_once, most) -> (batch, fed, more)
-- Accepts jobs for rows of a running batch that wait, by their number: at most `at_once` now, and never more than the
-- batch may have open (`most`: as for accept_job_v3). A batch of which nothing waits and nothing is open has ended.
-- `fed` are the jobs accepted, whose workflows the caller is about to start; `more`: there is room for others at once.
-- It pauses a batch whose budget is used up, of which as many rows have failed as stop it, or of which one has failed as all
-- others would. Where the owner, a switch or
-- a budget of the owner or the installation refuses one more job, the batch goes on running and says what it waits for.
-- One caller at a time: the batch's row is locked first, and to the commit. Safe to repeat: each row's job has its id
-- before there is a job, so that one that is there already (a restored backup) is taken for the row's.
-- Raises PM404 if there is no such batch.
CREATE OR REPLACE FUNCTION feed_batch(p_batch_id uuid, p_at_once integer, p_most integer)
    RETURNS TABLE (batch batches, fed uuid[], more boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches;
    v_row batch_rows;
    v_taken record;
    v_open bigint;
    v_fed uuid[] := '{}';
    v_failed integer;
    v_common text;
    v_waiting boolean;
    v_problem text;
BEGIN
    SELECT * INTO v_batch FROM batches WHERE id = p_batch_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_batch.completed_at IS NOT NULL OR v_batch.state IN ('planning', 'awaiting_approval') THEN
        RETURN QUERY SELECT v_batch, v_fed, false;
        RETURN;
    END IF;
    v_open := (SELECT count(*) FROM jobs AS j WHERE j.batch_id = p_batch_id AND j.completed_at IS NULL);
    IF v_batch.state = 'running' THEN
        v_waiting := EXISTS (SELECT FROM batch_rows AS r WHERE r.batch_id = p_batch_id AND r.state = 'waiting');
        v_common := CASE WHEN v_waiting THEN common_batch_failure(p_batch_id) END;
        v_failed := CASE WHEN v_common IS NOT NULL OR v_batch.stop_after_failures IS NOT NULL
                              OR v_batch.failures_forgiven > 0 THEN failed_batch_rows(p_batch_id) END;
        -- A row that was forgiven, and tried again since by a retry of its job, excuses no other.
        v_batch.failures_forgiven := least(v_batch.failures_forgiven, v_failed);
        IF v_waiting AND v_failed - v_batch.failures_forgiven >= v_batch.stop_after_failures THEN
            v_batch.state := 'paused';
            v_batch.pause_reason := 'failures';
            v_problem := format('%s of its jobs have failed', v_failed);
        ELSIF v_waiting AND v_common IS NOT NULL AND v_failed > v_batch.failures_forgiven THEN
            v_batch.state := 'paused';
            v_batch.pause_reason := 'failures';
            v_problem := v_common;
        ELSIF v_waiting AND batch_problem(v_batch, 0) IS NOT NULL THEN
            v_batch.state := 'paused';
            v_batch.pause_reason := 'budget';
            v_problem := batch_problem(v_batch, 0);
        END IF;
    ELSE
        v_problem := v_batch.problem;
    END IF;
    IF v_batch.state = 'running' THEN
        FOR v_row IN
            SELECT * FROM batch_rows AS r WHERE r.batch_id = p_batch_id AND r.state = 'waiting'
            ORDER BY r.number, r.key LIMIT greatest(least(p_at_once, v_batch.max_open - v_open), 0)
        LOOP
            IF EXISTS (SELECT FROM jobs AS j WHERE j.id = v_row.job_id) THEN
                UPDATE batch_rows AS r SET state = 'submitted', retry_of = NULL
                WHERE r.batch_id = p_batch_id AND r.key = v_row.key;
                CONTINUE;
            ELSIF v_row.retry_of IS NULL THEN
                SELECT a.job, a.refused_by INTO v_taken FROM accept_job_v3(
                    v_row.request || jsonb_build_object(
                        'id', v_row.job_id, 'batch_id', p_batch_id, 'row_key', v_row.key, 'priority', v_batch.priority,
                        'prompt_job', CASE WHEN jsonb_typeof(v_row.request -> 'prompt_job') = 'object'
                                           THEN (v_row.request -> 'prompt_job')
                                                || jsonb_build_object('priority', v_batch.priority) END),
                    p_most => p_most) AS a;
            ELSE
                BEGIN
                    SELECT a.job, a.refused_by INTO v_taken FROM retry_job_v3(
                        v_row.retry_of, v_batch.owner, v_row.job_id, gen_random_uuid(), p_key_id => v_batch.key_id,
                        p_most => p_most) AS a;
                EXCEPTION WHEN SQLSTATE 'PM404' OR SQLSTATE 'PM409' THEN -- erased, unclear or tried again meanwhile
                    UPDATE batch_rows AS r SET state = 'submitted', job_id = r.retry_of, retry_of = NULL
                    WHERE r.batch_id = p_batch_id AND r.key = v_row.key AND r.state = 'waiting';
                    CONTINUE;
                END;
            END IF;
            IF (v_taken.refused_by).name IS NOT NULL THEN
                v_problem := CASE (v_taken.refused_by).name
                    WHEN 'drain' THEN 'an operator has stopped intake'
                    WHEN 'ai-prompts' THEN 'an operator has turned off Grok''s new prompts'
                    ELSE rtrim((v_taken.refused_by).reason, '.') END;
                EXIT;
            END IF;
            v_fed := v_fed || v_row.job_id;
        END LOOP;
    END IF;
    v_waiting := EXISTS (SELECT FROM batch_rows AS r WHERE r.batch_id = p_batch_id AND r.state = 'waiting');
    v_open := (SELECT count(*) FROM jobs AS j WHERE j.batch_id = p_batch_id AND j.completed_at IS NULL);
    IF NOT v_waiting AND v_open = 0 THEN
        IF v_batch.state <> 'cancelled' THEN
            v_batch.state := CASE WHEN EXISTS (
                SELECT FROM batch_rows AS r LEFT JOIN jobs AS j ON j.id = r.job_id
                WHERE r.batch_id = p_batch_id AND batch_row_state(r.state, j.status) IN ('failed', 'cancelled'))
                THEN 'done_with_failures' ELSE 'done' END;
        END IF;
        v_problem := NULL;
        v_batch.completed_at := clock_timestamp();
    END IF;
    UPDATE batches AS b
    SET state = v_batch.state, problem = v_problem, completed_at = v_batch.completed_at,
        failures_forgiven = v_batch.failures_forgiven,
        pause_reason = CASE WHEN v_batch.state = 'paused' THEN v_batch.pause_reason END,
        paused_by = CASE WHEN v_batch.state = 'paused' THEN v_batch.paused_by END,
        due_at = CASE WHEN v_batch.completed_at IS NULL AND (v_batch.state <> 'paused' OR v_open > 0)
                      THEN clock_timestamp() + interval '2 minutes' END,
        changed_at = CASE WHEN b.state <> v_batch.state OR v_fed <> '{}' THEN now() ELSE b.changed_at END
    WHERE b.id = p_batch_id RETURNING * INTO v_batch;
    IF v_batch.changed_at = now() THEN
        PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    END IF;
    RETURN QUERY SELECT v_batch, v_fed,
                        v_waiting AND v_batch.state = 'running' AND v_problem IS NULL AND v_open < v_batch.max_open;
END;
$$;
