-- pause_of(owner) -> sentence
-- Says why nothing is submitted for an owner, without a period at its end: an admin has paused it (admin_pause_of), or it
-- has paused its own queue. Null while neither is so; both hold, and the admin's is told.
CREATE OR REPLACE FUNCTION pause_of(p_owner text)
    RETURNS text
    LANGUAGE sql
    STABLE
AS $$
    SELECT coalesce(admin_pause_of(o.name), concat('the queue of ', o.name, ' is paused', ' by ' || o.queue_paused_by))
    FROM owners AS o WHERE o.name = p_owner AND (o.paused_at IS NOT NULL OR o.queue_paused_at IS NOT NULL);
$$;
