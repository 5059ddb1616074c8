-- get_prompt_satisfaction(owner, days) -> rows
-- How people rated an owner's prompts and results accepted in the last `days` days, by Grok's model and by who wrote
-- the prompt: prompts rated up and down, results kept and discarded, and the share of positive ratings. A rating counts
-- towards the prompt job's source, a result towards its job's; the model is null if what went to WaveSpeed was not
-- written by Grok. Groups without ratings are omitted. Reads only rated rows, through prompt_generation_jobs_rated_idx
-- and jobs_kept_idx.
CREATE OR REPLACE FUNCTION get_prompt_satisfaction(p_owner text, p_days double precision DEFAULT 30)
    RETURNS TABLE (
        grok_model text,
        prompt_source text,
        up bigint,
        down bigint,
        kept bigint,
        discarded bigint,
        satisfaction_rate double precision
    )
    LANGUAGE sql
    STABLE
AS $$
    SELECT w.grok_model, w.prompt_source,
           count(*) FILTER (WHERE w.prompt_good),
           count(*) FILTER (WHERE NOT w.prompt_good),
           count(*) FILTER (WHERE w.result_good),
           count(*) FILTER (WHERE NOT w.result_good),
           (count(*) FILTER (WHERE coalesce(w.prompt_good, w.result_good)))::double precision / count(*)
    FROM (
        SELECT p.grok_model, p.prompt_source, p.rating = 1 AS prompt_good, NULL::boolean AS result_good
        FROM prompt_generation_jobs AS p
        WHERE p.owner = p_owner AND p.rating IS NOT NULL AND p.created_at > now() - p_days * interval '1 day'
        UNION ALL
        SELECT CASE WHEN j.prompt_source IN ('grok', 'grok_fallback', 'edited') THEN p.grok_model END,
               j.prompt_source, NULL, j.kept
        FROM jobs AS j LEFT JOIN prompt_generation_jobs AS p ON p.id = j.prompt_job_id
        WHERE j.owner = p_owner AND j.kept IS NOT NULL AND j.created_at > now() - p_days * interval '1 day'
    ) AS w
    GROUP BY w.grok_model, w.prompt_source
    ORDER BY count(*) DESC, w.grok_model, w.prompt_source;
$$;
