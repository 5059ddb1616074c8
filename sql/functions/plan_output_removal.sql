-- plan_output_removal() -> trigger
-- Plans that a stored file is deleted from the storage, because its row is gone or has another path. While an output
-- waits, a worker may be putting the file there at this moment; then it is deleted at once, and again after an hour.
CREATE OR REPLACE FUNCTION plan_output_removal()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO output_removals AS r (path, job_id, due_at)
    VALUES (OLD.path, OLD.job_id,
            clock_timestamp() + CASE OLD.state WHEN 'waiting' THEN interval '1 hour' ELSE interval '0' END)
    ON CONFLICT (path) DO UPDATE SET due_at = greatest(r.due_at, excluded.due_at);
    RETURN NULL;
END;
$$;
