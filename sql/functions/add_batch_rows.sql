-- add_batch_rows(batch_id, rows) -> count
-- Adds rows to a batch and returns how many; those that it has already, by their key, are left as they are. `rows` holds
-- the columns of `batch_rows`: a row that can be made has a request and its job's id and waits, one with faults does not,
-- and gives way to one of the same number that can be made. A row that a restored backup has lost, and whose job was
-- restored (restore_job), gets that job instead of a second one, if it asks for the same.
-- Raises PM404 if there is no such batch; PM409 (batch_ended: it is cancelled; batch_planning: its prompts are not approved; too_many: it would have more than 10,000
-- rows; row_differs: it has one of them with another content).
CREATE OR REPLACE FUNCTION add_batch_rows(p_batch_id uuid, p_rows jsonb)
    RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    c_most CONSTANT integer := 10000;
    v_state text;
    v_added bigint;
    v_other record;
BEGIN
    SELECT b.state INTO v_state FROM batches AS b WHERE b.id = p_batch_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_state = 'cancelled' THEN
        RAISE EXCEPTION 'The batch is cancelled: no row can be added to it.'
            USING ERRCODE = 'PM409', HINT = 'batch_ended';
    ELSIF v_state = 'awaiting_approval' THEN
        RAISE EXCEPTION 'The batch waits until its prompts are approved: no row can be added before.'
            USING ERRCODE = 'PM409', HINT = 'batch_planning';
    END IF;
    SELECT * INTO v_other FROM differing_batch_rows(p_batch_id, p_rows) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Line %: the batch has a row with the key % already, of another content.',
            v_other.number, v_other.key USING ERRCODE = 'PM409', HINT = 'row_differs';
    END IF;
    DELETE FROM batch_rows AS r USING jsonb_to_recordset(p_rows) AS sent (number integer, key text, request jsonb)
    WHERE r.batch_id = p_batch_id AND r.state = 'faulty' AND sent.request IS NOT NULL
      AND (r.number = sent.number OR r.key = sent.key);
    INSERT INTO batch_rows (batch_id, key, number, given, request, content_hash, state, job_id, faults)
    SELECT p_batch_id, sent.key, sent.number, sent.given, sent.request, sent.content_hash,
           CASE WHEN sent.request IS NULL THEN 'faulty' WHEN restored.id IS NOT NULL THEN 'submitted' ELSE 'waiting' END,
           coalesce(restored.id, sent.job_id), coalesce(sent.faults, '[]')
    FROM jsonb_to_recordset(p_rows) AS sent (key text, number integer, given jsonb, request jsonb, content_hash text,
                                             job_id uuid, faults jsonb)
    LEFT JOIN (SELECT DISTINCT ON (j.row_key) j.* FROM jobs AS j
               WHERE j.batch_id = p_batch_id AND j.row_key IS NOT NULL
                 AND NOT EXISTS (SELECT FROM batch_rows AS r WHERE r.batch_id = p_batch_id AND r.key = j.row_key)
               ORDER BY j.row_key, j.id DESC) AS restored
        ON restored.row_key = sent.key AND restored.model = sent.request ->> 'model'
        AND restored.input = sent.request -> 'input'
        AND restored.target_url IS NOT DISTINCT FROM sent.request ->> 'target_url'
        AND to_jsonb(restored.ref_urls) = coalesce(sent.request -> 'ref_urls', '[]')
        AND restored.instructions IS NOT DISTINCT FROM sent.request ->> 'instructions'
        AND CASE WHEN restored.use_ai_prompt
                 THEN restored.original_prompt IS NOT DISTINCT FROM sent.request ->> 'original_prompt'
                 ELSE restored.prompt = sent.request ->> 'prompt' END
    WHERE NOT EXISTS (SELECT FROM batch_rows AS r WHERE r.batch_id = p_batch_id AND r.key = erased_key(sent.key))
    ON CONFLICT (batch_id, key) DO NOTHING;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    IF v_added > 0 AND (SELECT count(*) FROM batch_rows AS r WHERE r.batch_id = p_batch_id) > c_most THEN
        RAISE EXCEPTION 'A batch may have % rows.', c_most USING ERRCODE = 'PM409', HINT = 'too_many';
    END IF;
    RETURN v_added;
END;
$$;
