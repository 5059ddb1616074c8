-- take_output_removals(limit) -> path
-- Returns the files that are to be deleted from the storage, least recently tried first, and records the attempt.
CREATE OR REPLACE FUNCTION take_output_removals(p_limit integer)
    RETURNS SETOF text
    LANGUAGE sql
AS $$
    UPDATE output_removals AS r SET looked_at = clock_timestamp()
    FROM (SELECT w.path FROM output_removals AS w ORDER BY w.looked_at NULLS FIRST LIMIT p_limit FOR UPDATE SKIP LOCKED) AS due
    WHERE r.path = due.path
    RETURNING r.path;
$$;
