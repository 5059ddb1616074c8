-- refusing_switch_or_budget(owner, asks_grok, key, request_hash) -> switch
-- Returns what refuses a request for a new job: as refusing_switch, or, in the form of a switch `budget` whose reason is
-- which one, a budget with nothing left. No row if nothing does. A request that was accepted with this key is not
-- refused for a budget: it costs nothing again.
CREATE OR REPLACE FUNCTION refusing_switch_or_budget(
    p_owner text, p_asks_grok boolean, p_key text, p_request_hash text
)
    RETURNS SETOF switches
    LANGUAGE sql
    STABLE
AS $$
    SELECT s.* FROM refusing_switch(p_owner, p_asks_grok, p_key, p_request_hash) AS s
    UNION ALL
    SELECT 'budget', NULL, b.problem, now(), NULL FROM refusing_budget(p_owner, 0, clock_timestamp()) AS b
    WHERE NOT accepted_before(p_owner, p_key, p_request_hash)
    LIMIT 1;
$$;
