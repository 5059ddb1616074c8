-- end_output_removals(paths, problem)
-- Records that files are deleted from the storage, or (`problem`) why they are not. One that somebody may still be putting
-- there stays, and is deleted again.
CREATE OR REPLACE FUNCTION end_output_removals(p_paths text[], p_problem text DEFAULT NULL)
    RETURNS void
    LANGUAGE sql
AS $$
    UPDATE output_removals SET problem = p_problem WHERE path = ANY (p_paths) AND problem IS DISTINCT FROM p_problem;
    DELETE FROM output_removals WHERE path = ANY (p_paths) AND due_at <= clock_timestamp() AND p_problem IS NULL;
$$;
