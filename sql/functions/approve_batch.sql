-- approve_batch(batch_id, owner, prompts, prompts_hash) -> (batch, request, prompt_job_id, changed)
-- Settles with which prompts the table of a batch that awaits approval is made: from then on the batch is `planning`, until
-- the caller has added its rows and calls open_batch. `request` is that table; null once the rows are stored. Repeated with the
-- same prompts it changes nothing and returns the same, so that an approval that was broken off can be completed.
-- Raises PM404 if the owner has no such batch; PM409 (batch_approved: it has no prompts to approve, or others were approved;
-- batch_ended: it is cancelled).
CREATE OR REPLACE FUNCTION approve_batch(p_batch_id uuid, p_owner text, p_prompts jsonb, p_prompts_hash text)
    RETURNS TABLE (batch batches, request jsonb, prompt_job_id uuid, changed boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches;
    v_proposal batch_proposals;
    v_changed boolean := false;
BEGIN
    SELECT * INTO v_batch FROM batches AS b WHERE b.id = p_batch_id AND b.owner = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_batch.state = 'cancelled' THEN
        RAISE EXCEPTION 'The batch is cancelled.' USING ERRCODE = 'PM409', HINT = 'batch_ended';
    END IF;
    SELECT * INTO v_proposal FROM batch_proposals AS p WHERE p.batch_id = p_batch_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The batch has its prompts already: there is nothing to approve.'
            USING ERRCODE = 'PM409', HINT = 'batch_approved';
    ELSIF v_proposal.approved_hash <> p_prompts_hash THEN
        RAISE EXCEPTION 'Other prompts have been approved for this batch.'
            USING ERRCODE = 'PM409', HINT = 'batch_approved';
    ELSIF v_batch.state = 'awaiting_approval' THEN
        v_changed := true;
        UPDATE batch_proposals AS p SET approved = p_prompts, approved_hash = p_prompts_hash
        WHERE p.batch_id = p_batch_id RETURNING * INTO v_proposal;
        UPDATE batches AS b SET state = 'planning', changed_at = now() WHERE b.id = p_batch_id RETURNING * INTO v_batch;
        PERFORM tell_batch_changed(p_batch_id, p_owner, false);
    END IF;
    RETURN QUERY SELECT v_batch, v_proposal.request, v_proposal.prompt_job_id, v_changed;
END;
$$;
