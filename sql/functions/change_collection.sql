-- change_collection(owner, collection_id, name, add_jobs, add_indexes, remove_jobs, remove_indexes) -> collection
-- Renames a collection (name null: not), takes outputs out of it, and adds others at its end in the order given; one that
-- it has stays where it is. Repeating it changes nothing.
-- Raises PM404 if the owner has no such collection, PM409 (name_taken; no_such_output: the owner has no such output to
-- add; too_many: more than 10,000 outputs).
CREATE OR REPLACE FUNCTION change_collection(
    p_owner text, p_collection_id uuid, p_name text, p_add_jobs uuid[], p_add_indexes integer[], p_remove_jobs uuid[],
    p_remove_indexes integer[])
    RETURNS collections
    LANGUAGE plpgsql
AS $$
DECLARE
    v_collection collections;
    v_missing    text;
    v_changed    integer;
    v_added      integer;
BEGIN
    -- Jobs before collections: an erasure, which holds its job, takes its outputs out of all of them.
    PERFORM FROM jobs WHERE id = ANY (p_add_jobs) AND owner = p_owner ORDER BY id FOR KEY SHARE;
    SELECT * INTO v_collection FROM collections WHERE id = p_collection_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no collection %', p_collection_id USING ERRCODE = 'PM404';
    END IF;
    SELECT format('%s, output %s', w.job_id, w.index) INTO v_missing
    FROM unnest(p_add_jobs, p_add_indexes) AS w (job_id, index)
    WHERE NOT EXISTS (SELECT FROM jobs AS j
                      WHERE j.id = w.job_id AND j.owner = p_owner AND j.outputs -> w.index IS NOT NULL)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'There is no such output: %.', v_missing USING ERRCODE = 'PM409', HINT = 'no_such_output';
    END IF;
    DELETE FROM collection_outputs AS o USING unnest(p_remove_jobs, p_remove_indexes) AS r (job_id, index)
    WHERE o.collection_id = p_collection_id AND o.job_id = r.job_id AND o.index = r.index;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    INSERT INTO collection_outputs (collection_id, job_id, index, position)
    SELECT p_collection_id, w.job_id, w.index,
           coalesce((SELECT max(position) FROM collection_outputs WHERE collection_id = p_collection_id), 0) + w.place
    FROM unnest(p_add_jobs, p_add_indexes) WITH ORDINALITY AS w (job_id, index, place)
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS v_added = ROW_COUNT;
    IF v_added > 0 AND (SELECT count(*) FROM collection_outputs WHERE collection_id = p_collection_id) > 10000 THEN
        RAISE EXCEPTION 'A collection has at most 10,000 outputs.' USING ERRCODE = 'PM409', HINT = 'too_many';
    END IF;
    IF v_changed + v_added > 0 OR p_name <> v_collection.name THEN
        UPDATE collections SET name = coalesce(p_name, name), changed_at = clock_timestamp() WHERE id = p_collection_id
        RETURNING * INTO v_collection;
        PERFORM tell_job_changed(j) FROM jobs AS j
        WHERE j.id = ANY (p_add_jobs || p_remove_jobs) AND j.owner = p_owner;
    END IF;
    RETURN v_collection;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'Another collection has this name.' USING ERRCODE = 'PM409', HINT = 'name_taken';
END;
$$;
