-- get_style_counts(owner, days) -> rows
-- For each style of an owner's jobs of the last `days` days and each model: how many jobs there were, and how many
-- of them a person likes, or has discarded. Reads only jobs with a style, through jobs_style_idx.
CREATE OR REPLACE FUNCTION get_style_counts(p_owner text, p_days double precision DEFAULT 30)
    RETURNS TABLE (style text, model text, jobs bigint, kept bigint, discarded bigint)
    LANGUAGE sql
    STABLE
AS $$
    SELECT j.style, j.model, count(*), count(*) FILTER (WHERE j.kept), count(*) FILTER (WHERE NOT j.kept)
    FROM jobs AS j
    WHERE j.owner = p_owner AND j.style IS NOT NULL AND j.created_at > now() - p_days * interval '1 day'
    GROUP BY j.style, j.model
    ORDER BY j.style, count(*) DESC, j.model;
$$;
