-- open_rows(owner, table_name) -> count
-- How many of an owner's jobs or prompt jobs have not ended. Read from the counters: it counts no rows.
CREATE OR REPLACE FUNCTION open_rows(p_owner text, p_table_name text)
    RETURNS bigint
    LANGUAGE sql
    STABLE
AS $$
    SELECT coalesce(sum(c.n), 0)::bigint FROM status_counters AS c
    WHERE c.owner = p_owner AND c.table_name = p_table_name AND NOT is_final(c.status);
$$;
