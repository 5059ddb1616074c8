-- refusing_owner(owner, table_name, most, key, request_hash) -> switch
-- Returns what the owner itself has against one more of its jobs or prompt jobs, in the form of a switch whose
-- reason says it: `paused` (admin_pause_of: an owner that paused its own queue may still fill it), or `open_jobs`
-- (take_place). No row if nothing does: then a place is taken. A request that was accepted with this key is not refused: it stores nothing again.
CREATE OR REPLACE FUNCTION refusing_owner(
    p_owner text, p_table_name text, p_most integer, p_key text, p_request_hash text
)
    RETURNS SETOF switches
    LANGUAGE plpgsql
AS $$
DECLARE
    v_refusal switches;
BEGIN
    v_refusal.name := 'paused';
    v_refusal.reason := admin_pause_of(p_owner);
    IF v_refusal.reason IS NULL THEN
        v_refusal.name := 'open_jobs';
        v_refusal.reason := take_place(p_owner, p_table_name, p_most);
    END IF;
    IF v_refusal.reason IS NULL THEN
        RETURN;
    END IF;
    -- Asked last: what filled the last place meanwhile may be the very request that this one repeats.
    IF accepted_before(p_owner, p_key, p_request_hash) THEN
        RETURN;
    END IF;
    RETURN NEXT v_refusal;
END;
$$;
