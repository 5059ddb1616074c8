-- purge_simulated(with_prompts, apply) -> (jobs, prompt_jobs, submissions, webhooks, spent_usd)
-- Deletes, before an installation goes live, what the simulated WaveSpeed made: its jobs with their prompts, batches, submissions
-- and events, its webhooks and bills, and what they reserved and spent. With `with_prompts` also stand-alone prompt jobs
-- and what Grok cost: no row says which Grok wrote it. The highest submission number stays. Unless `apply`, it only
-- counts. It refuses while any job is open, and once anything was submitted to the real one.
CREATE OR REPLACE FUNCTION purge_simulated(p_with_prompts boolean, p_apply boolean)
    RETURNS TABLE (jobs bigint, prompt_jobs bigint, submissions bigint, webhooks bigint, spent_usd numeric)
    LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_amount record;
BEGIN
    IF p_apply THEN -- nothing is accepted meanwhile, and no bill changes what an ended job has cost
        LOCK TABLE jobs, prompt_generation_jobs, submissions, batches IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    IF EXISTS (SELECT FROM jobs AS j WHERE NOT is_final(j.status))
       OR EXISTS (SELECT FROM prompt_generation_jobs AS p WHERE p.status IN ('queued', 'processing')) THEN
        RAISE EXCEPTION 'jobs are open: `promptmill drain` lets them end; nothing was removed';
    END IF;
    IF EXISTS (SELECT FROM batches AS b WHERE b.completed_at IS NULL) THEN
        RAISE EXCEPTION 'batches have not ended: have them cancelled; nothing was removed';
    END IF;
    IF EXISTS (SELECT FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id WHERE j.provider_mode = 'real') THEN
        RAISE EXCEPTION 'jobs were submitted to the real WaveSpeed: nothing was removed';
    END IF;
    RETURN QUERY
        SELECT (SELECT count(*) FROM jobs AS j WHERE j.provider_mode = 'simulated'),
               (SELECT count(*) FROM prompt_generation_jobs AS p LEFT JOIN jobs AS j ON j.id = p.job_id
                WHERE CASE WHEN p.job_id IS NULL THEN p_with_prompts ELSE j.provider_mode = 'simulated' END),
               (SELECT count(*) FROM submissions), (SELECT count(*) FROM webhook_deliveries),
               (SELECT coalesce(sum(o.spent_usd), 0) FROM submissions AS s CROSS JOIN LATERAL spending_of(s) AS o);
    IF NOT p_apply THEN
        RETURN;
    END IF;
    INSERT INTO switches AS w (name, value)
    SELECT 'highest-submission', max(s.number)::text FROM submissions AS s HAVING max(s.number) IS NOT NULL
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now()
        WHERE w.value::bigint < excluded.value::bigint;
    FOR v_amount IN
        SELECT j.owner, o.day, j.model, j.key_id, sum(o.reserved_usd) AS reserved, sum(o.spent_usd) AS spent
        FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id CROSS JOIN LATERAL spending_of(s) AS o
        GROUP BY j.owner, o.day, j.model, j.key_id
    LOOP
        PERFORM add_spending(v_amount.owner, v_amount.day, 'wavespeed', v_amount.model, v_amount.key_id,
                             -v_amount.reserved, -v_amount.spent);
    END LOOP;
    DELETE FROM jobs AS j WHERE j.provider_mode = 'simulated';
    DELETE FROM batches AS b WHERE NOT EXISTS (SELECT FROM jobs AS j WHERE j.batch_id = b.id);
    DELETE FROM webhook_deliveries;
    DELETE FROM bills;
    IF p_with_prompts THEN
        DELETE FROM prompt_generation_jobs AS p WHERE p.job_id IS NULL;
        DELETE FROM spending AS a WHERE a.provider = 'grok';
    END IF;
    DELETE FROM spending AS a WHERE a.reserved_usd = 0 AND a.spent_usd = 0;
END;
$$;
