-- counter_slot() -> slot
-- Reserves a counter slot for this transaction and returns its number, 0-15. Called again in the same transaction, it
-- returns a slot that the transaction already holds. It waits only if all sixteen are taken: commits must not queue
-- behind each other, and a transaction that holds row locks and never waits cannot deadlock.
CREATE OR REPLACE FUNCTION counter_slot()
    RETURNS smallint
    LANGUAGE plpgsql
AS $$
DECLARE
    c_lock CONSTANT integer := 1886219117; -- 'prmm': distinguishes these advisory locks from others
    v_slot integer;
BEGIN
    FOR i IN 0..15 LOOP
        v_slot := (pg_backend_pid() + i) % 16;
        IF pg_try_advisory_xact_lock(c_lock, v_slot) THEN
            RETURN v_slot;
        END IF;
    END LOOP;
    v_slot := pg_backend_pid() % 16;
    PERFORM pg_advisory_xact_lock(c_lock, v_slot);
    RETURN v_slot;
END;
$$;
