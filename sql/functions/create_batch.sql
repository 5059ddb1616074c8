-- create_batch(request) -> (batch, created, refused_by)
-- Stores a batch without rows, in `planning`: nothing of it is made before open_batch. `request` holds the columns of
-- `batches` that the caller decides, and `asks_grok`. With a key that the owner's batch has already, it returns that
-- batch, as it is. `refused_by` is the switch, the pause or the budget that does not allow new work; then nothing was
-- stored.
-- With `proposal` it waits in `awaiting_approval` instead, with what is asked of Grok (`prompt_job`), and with the table
-- (`request`, its `rows`, and `request_hash` of the whole) that approve_batch needs; `most` is as for accept_prompt_job_v3.
-- Raises PM409 (batch_differs: the batch with this key was made of another request, and either has a proposal;
-- batch_ended: the batch with this key is cancelled; too_many: the owner has 100 that have not ended).
CREATE OR REPLACE FUNCTION create_batch(p_request jsonb)
    RETURNS TABLE (batch batches, created boolean, refused_by switches)
    LANGUAGE plpgsql
AS $$
DECLARE
    c_most CONSTANT integer := 100;
    v_request batches := jsonb_populate_record(NULL::batches, p_request);
    v_batch batches;
    v_created boolean;
    v_proposal jsonb := nullif(p_request -> 'proposal', 'null');
BEGIN
    SELECT s.* INTO refused_by FROM refusing_switch_or_budget(
        v_request.owner, coalesce((p_request ->> 'asks_grok')::boolean, false), NULL, NULL) AS s;
    IF NOT FOUND AND admin_pause_of(v_request.owner) IS NOT NULL THEN
        refused_by.name := 'paused';
        refused_by.reason := admin_pause_of(v_request.owner);
    END IF;
    IF refused_by.name IS NULL AND v_proposal IS NOT NULL AND NOT EXISTS (
        SELECT FROM batches AS b WHERE b.owner = v_request.owner AND b.key = v_request.key) THEN
        SELECT s.* INTO refused_by FROM refusing_owner(
            v_request.owner, 'prompt_generation_jobs', (v_proposal ->> 'most')::integer, NULL, NULL) AS s;
    END IF;
    IF refused_by.name IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO batches (id, owner, key, name, template, state, max_cost_usd, max_open, stop_after_failures, priority,
                         callback_url, key_id)
    SELECT v_request.id, v_request.owner, v_request.key, v_request.name, v_request.template,
           CASE WHEN v_proposal IS NULL THEN 'planning' ELSE 'awaiting_approval' END, v_request.max_cost_usd,
           v_request.max_open, v_request.stop_after_failures, v_request.priority, v_request.callback_url,
           v_request.key_id
    WHERE v_request.key IS NULL OR NOT EXISTS (
        SELECT FROM batches AS b WHERE b.owner = v_request.owner AND b.key = v_request.key)
    ON CONFLICT ON CONSTRAINT batches_owner_key_key DO NOTHING
    RETURNING * INTO v_batch;
    v_created := FOUND;
    IF v_created AND v_proposal IS NOT NULL THEN
        INSERT INTO batch_proposals (batch_id, prompt_job_id, rows, request, request_hash)
        SELECT v_batch.id, q.id, (v_proposal ->> 'rows')::integer, v_proposal -> 'request', v_proposal ->> 'request_hash'
        FROM insert_prompt_job(v_proposal -> 'prompt_job') AS q;
    END IF;
    IF NOT v_created THEN
        SELECT * INTO STRICT v_batch FROM batches AS b WHERE b.owner = v_request.owner AND b.key = v_request.key;
        IF (SELECT p.request_hash FROM batch_proposals AS p WHERE p.batch_id = v_batch.id)
           IS DISTINCT FROM v_proposal ->> 'request_hash' THEN
            RAISE EXCEPTION 'The batch with this key was made of another request.'
                USING ERRCODE = 'PM409', HINT = 'batch_differs';
        END IF;
        IF v_batch.state = 'cancelled' THEN
            RAISE EXCEPTION 'The batch with this key is cancelled: a new one needs another key.'
                USING ERRCODE = 'PM409', HINT = 'batch_ended';
        END IF;
    ELSIF (SELECT count(*) FROM batches AS b WHERE b.owner = v_request.owner AND b.completed_at IS NULL) > c_most THEN
        RAISE EXCEPTION 'There are % batches that have not ended: an owner may have no more.', c_most
            USING ERRCODE = 'PM409', HINT = 'too_many';
    END IF;
    RETURN QUERY SELECT v_batch, v_created, NULL::switches;
END;
$$;
