-- count_statuses() -> trigger
-- Keeps `status_counters` equal to each owner's rows of the table whose statement trigger it is. Statements that change
-- no status touch no counter.
CREATE OR REPLACE FUNCTION count_statuses()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), count(*) FROM new_rows GROUP BY owner, status
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), sum(change)
        FROM (SELECT owner, status, 1 AS change FROM new_rows
              UNION ALL SELECT owner, status, -1 FROM old_rows) AS changes
        GROUP BY owner, status
        HAVING sum(change) <> 0
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO status_counters AS c (owner, table_name, status, slot, n)
        SELECT owner, TG_TABLE_NAME, status, counter_slot(), -count(*) FROM old_rows GROUP BY owner, status
        ON CONFLICT (owner, table_name, status, slot) DO UPDATE SET n = c.n + excluded.n;
    ELSE
        DELETE FROM status_counters WHERE table_name = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END;
$$;
