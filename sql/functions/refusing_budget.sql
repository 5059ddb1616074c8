-- refusing_budget(owner, price_usd, at) -> (budget_owner, budget_period, problem)
-- The budget of an owner, or of the installation ('*'), that has no room for a price at a moment, and a sentence's part
-- that names it and says when it starts again; no row if all have room. Of several, the one that lasts longest. A
-- price of 0 asks whether anything is left at all. Periods are of UTC; a day ahead of the moment (a clock was wrong)
-- counts too.
CREATE OR REPLACE FUNCTION refusing_budget(p_owner text, p_price_usd numeric, p_at timestamptz)
    RETURNS TABLE (budget_owner text, budget_period text, problem text)
    LANGUAGE sql
    STABLE
AS $$
    SELECT b.owner, b.period, concat(
        CASE WHEN b.owner = '*' THEN format('the installation''s %s budget', named.adjective)
             ELSE format('the %s budget of %s', named.adjective, b.owner) END,
        CASE WHEN used.usd >= b.limit_usd THEN ' is used up; ' ELSE ' has too little left for this job; ' END,
        CASE b.period WHEN 'day' THEN 'it starts again at 00:00 UTC'
                      WHEN 'month' THEN format('it starts again on %s at 00:00 UTC',
                                             (moment.month + interval '1 month')::date)
                      ELSE 'an operator can raise it' END)
    FROM budgets AS b
    CROSS JOIN LATERAL (
        SELECT (p_at AT TIME ZONE 'UTC')::date AS day, date_trunc('month', p_at AT TIME ZONE 'UTC')::date AS month
    ) AS moment
    CROSS JOIN LATERAL (
        SELECT CASE b.period WHEN 'day' THEN 'daily' WHEN 'month' THEN 'monthly' ELSE 'total' END AS adjective
    ) AS named
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(s.reserved_usd + s.spent_usd), 0) AS usd
        FROM spending AS s
        WHERE (b.owner = '*' OR s.owner = b.owner)
          AND s.day >= CASE b.period WHEN 'day' THEN moment.day WHEN 'month' THEN moment.month ELSE '-infinity' END
    ) AS used
    WHERE b.owner IN (p_owner, '*') AND (used.usd >= b.limit_usd OR used.usd + p_price_usd > b.limit_usd)
    ORDER BY array_position(ARRAY['total', 'month', 'day'], b.period), b.owner <> '*'
    LIMIT 1;
$$;
