-- take_place(owner, table_name, most) -> problem
-- Takes a place for one more open row of an owner, which this transaction is about to store, or says that all are taken.
-- `most` is how many there are, unless the owner has a number of its own; null: there is no limit, and nothing is locked.
-- Exact with any number of transactions that take one place each:
-- * Where all places are taken, it says so at once and locks nothing.
-- * Where more places are free than transactions can be under way (max_connections), these cannot take the last one
--   together: they share a lock, and none waits for another.
-- * Near the limit, one after the other: the lock is exclusive to the commit, and waits for those that share it.
-- Whoever takes a place locks nothing before, so that nobody waits here with what others need.
CREATE OR REPLACE FUNCTION take_place(p_owner text, p_table_name text, p_most integer)
    RETURNS text
    LANGUAGE plpgsql
AS $$
DECLARE
    c_lock CONSTANT integer := 1886219375; -- 'pmno': distinguishes these advisory locks from others
    v_most integer := coalesce((SELECT o.open_jobs FROM owners AS o WHERE o.name = p_owner), p_most);
    v_near integer;
    v_open bigint;
BEGIN
    IF v_most IS NULL THEN
        RETURN NULL;
    END IF;
    v_near := v_most - current_setting('max_connections')::integer;
    v_open := open_rows(p_owner, p_table_name);
    IF v_open < v_near THEN
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(c_lock, hashtext(p_owner));
            v_open := open_rows(p_owner, p_table_name); -- as it is under the lock
            IF v_open < v_near THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'near the limit'; -- gives the lock back: two that share it would wait for each other
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
    END IF;
    IF v_open < v_most THEN
        PERFORM pg_advisory_xact_lock(c_lock, hashtext(p_owner));
        v_open := open_rows(p_owner, p_table_name);
    END IF;
    IF v_open < v_most THEN
        RETURN NULL;
    END IF;
    RETURN format('%s has %s open %s, of at most %s.', p_owner, v_open,
                  CASE p_table_name WHEN 'jobs' THEN 'jobs' ELSE 'prompt jobs' END, v_most);
END;
$$;
