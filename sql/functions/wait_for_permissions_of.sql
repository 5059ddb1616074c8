-- wait_for_permissions_of(owner, needed) -> needed
-- If it is needed, waits until all permissions of an owner's submissions under way have committed, and lets no other of
-- that owner begin before this transaction has: what it commits holds for every permission of the owner from then on.
-- No other owner's waits.
CREATE OR REPLACE FUNCTION wait_for_permissions_of(p_owner text, p_needed boolean)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
BEGIN
    IF p_needed THEN
        PERFORM pg_advisory_xact_lock(hashtext('promptmill.permissions'), hashtext(p_owner));
    END IF;
    RETURN p_needed;
END;
$$;
