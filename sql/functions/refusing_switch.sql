-- refusing_switch(owner, asks_grok, key, request_hash) -> switch
-- Returns the switch that refuses a request for new work, or no row: `drain` while it is on, whatever the request;
-- `ai-prompts` while it is off, if Grok would be asked. A request that was accepted with this key asks nobody again.
CREATE OR REPLACE FUNCTION refusing_switch(p_owner text, p_asks_grok boolean, p_key text, p_request_hash text)
    RETURNS SETOF switches
    LANGUAGE sql
    STABLE
AS $$
    SELECT s.* FROM switches AS s
    WHERE (s.name = 'drain' AND s.value = 'on')
       OR (s.name = 'ai-prompts' AND s.value = 'off' AND p_asks_grok
           AND NOT accepted_before(p_owner, p_key, p_request_hash))
    ORDER BY s.name = 'drain' DESC LIMIT 1;
$$;
