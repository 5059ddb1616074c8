-- retry_batch_rows(batch_id, owner, new_ids) -> (batch, retried)
-- Lets rows that have failed wait again, as many as there are new jobs' ids, by their number: each becomes a retry of its
-- job (retry_job) when it is fed. Never one of which a submission is unclear, whose paid media may still come, or whose
-- job was erased or tried again.
-- Raises PM404, PM409 as lock_batch does.
CREATE OR REPLACE FUNCTION retry_batch_rows(p_batch_id uuid, p_owner text, p_new_ids uuid[])
    RETURNS TABLE (batch batches, retried bigint)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches := lock_batch(p_batch_id, p_owner);
    v_retried bigint;
BEGIN
    WITH failed AS (
        SELECT r.key, row_number() OVER (ORDER BY r.number, r.key) AS place
        FROM jobs AS j JOIN batch_rows AS r ON r.job_id = j.id AND r.state = 'submitted'
        WHERE j.batch_id = p_batch_id AND is_final(j.status) AND j.status NOT IN ('completed', 'cancelled')
          AND j.erase_requested_at IS NULL
          AND NOT EXISTS (SELECT FROM submissions AS s WHERE s.job_id = j.id AND s.state IN ('intended', 'unknown'))
          AND NOT EXISTS (SELECT FROM late_predictions AS l
                          WHERE l.job_id = j.id AND l.accepted_at > now() - wavespeed_retention())
        ORDER BY r.number, r.key LIMIT cardinality(p_new_ids)
    )
    UPDATE batch_rows AS r SET state = 'waiting', retry_of = r.job_id, job_id = p_new_ids[f.place]
    FROM failed AS f WHERE r.batch_id = p_batch_id AND r.key = f.key;
    GET DIAGNOSTICS v_retried = ROW_COUNT;
    IF v_retried > 0 THEN
        UPDATE batches AS b
        SET state = CASE WHEN b.state = 'paused' THEN b.state ELSE 'running' END, completed_at = NULL,
            failures_forgiven = failed_batch_rows(p_batch_id), due_at = clock_timestamp(), changed_at = now()
        WHERE b.id = p_batch_id RETURNING * INTO v_batch;
        PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    END IF;
    RETURN QUERY SELECT v_batch, v_retried;
END;
$$;
