-- recent_price(model) -> usd
-- The dearest of what a model's newest thousand jobs of the last seven days cost; null if there is none, or if all of it
-- was refunded, which says nothing of the next one. Bounded, because it is asked for in the transaction of a permission:
-- by jobs_model_completed_at_idx, a few milliseconds.
CREATE OR REPLACE FUNCTION recent_price(p_model text)
    RETURNS numeric
    LANGUAGE sql
    STABLE
AS $$
    SELECT nullif(max(newest.media_cost_usd), 0)
    FROM (SELECT j.media_cost_usd FROM jobs AS j
          WHERE j.model = p_model AND j.status = 'completed' AND j.completed_at > now() - interval '7 days'
          ORDER BY j.completed_at DESC LIMIT 1000) AS newest;
$$;
