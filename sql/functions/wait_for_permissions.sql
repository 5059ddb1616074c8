-- wait_for_permissions(needed) -> needed
-- If it is needed, waits until all permissions of submissions under way have committed, and lets no other begin before
-- this transaction has: what it commits holds for every permission from then on.
CREATE OR REPLACE FUNCTION wait_for_permissions(p_needed boolean)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
BEGIN
    IF p_needed THEN
        LOCK TABLE budgets IN EXCLUSIVE MODE; -- every permission locks its budgets' rows before it looks for a pause
    END IF;
    RETURN p_needed;
END;
$$;
