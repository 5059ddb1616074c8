-- admin_pause_of(owner) -> sentence
-- Says that an admin has paused an owner, by whom and why, without a period at its end; null while it is not.
CREATE OR REPLACE FUNCTION admin_pause_of(p_owner text)
    RETURNS text
    LANGUAGE sql
    STABLE
AS $$
    SELECT concat(o.name, ' is paused', ' by ' || o.paused_by, ': ' || nullif(rtrim(o.paused_reason, '.'), ''))
    FROM owners AS o WHERE o.name = p_owner AND o.paused_at IS NOT NULL;
$$;
