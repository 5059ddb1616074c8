-- count_prompt_spending() -> trigger
-- Adds to `spending`, and to the batch of its job, or for which it asked, what Grok's answers cost, on the day (UTC) on which xAI's figure is recorded. A prompt job adds up the
-- cost of each answer once (`answered_attempts`), so what its cost has grown by is what was spent; one that is inserted with
-- a cost was restored (restore_job), and had spent it when it was accepted. Deferred to the commit, as count_spending is.
CREATE OR REPLACE FUNCTION count_prompt_spending()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    v_restored timestamptz := CASE TG_OP WHEN 'INSERT' THEN NEW.created_at END;
    v_usd numeric := coalesce(NEW.cost_usd, 0) - CASE TG_OP WHEN 'UPDATE' THEN coalesce(OLD.cost_usd, 0) ELSE 0 END;
BEGIN
    PERFORM add_batch_spending(
        CASE WHEN NEW.job_id IS NULL THEN (SELECT p.batch_id FROM batch_proposals AS p WHERE p.prompt_job_id = NEW.id)
             ELSE (SELECT j.batch_id FROM jobs AS j WHERE j.id = NEW.job_id) END, 0, v_usd);
    PERFORM add_spending(NEW.owner, (coalesce(v_restored, now()) AT TIME ZONE 'UTC')::date, 'grok',
                         coalesce(NEW.grok_model, 'grok'), NEW.key_id, 0, v_usd);
    RETURN NULL;
END;
$$;
