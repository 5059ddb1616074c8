-- move_in_collection(owner, collection_id, jobs, indexes, before_job, before_index) -> collection
-- Moves outputs of a collection, in the order given, before another one of it, or to its end (null). What is not in the
-- collection is left out. Repeating it changes nothing.
-- Raises PM404 if the owner has no such collection; PM409 (no_such_output) if it does not have the one to go before.
CREATE OR REPLACE FUNCTION move_in_collection(
    p_owner text, p_collection_id uuid, p_jobs uuid[], p_indexes integer[], p_before_job uuid, p_before_index integer)
    RETURNS collections
    LANGUAGE plpgsql
AS $$
DECLARE
    v_collection collections;
    v_before     bigint;
BEGIN
    SELECT * INTO v_collection FROM collections WHERE id = p_collection_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no collection %', p_collection_id USING ERRCODE = 'PM404';
    END IF;
    IF p_before_job IS NOT NULL THEN
        SELECT position INTO v_before FROM collection_outputs
        WHERE collection_id = p_collection_id AND job_id = p_before_job AND index = p_before_index;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'The output to go before is not in the collection.'
                USING ERRCODE = 'PM409', HINT = 'no_such_output';
        END IF;
    END IF;
    WITH ordered AS (
        SELECT o.job_id, o.index,
               row_number() OVER (ORDER BY CASE WHEN m.place IS NOT NULL THEN 1
                                                WHEN v_before IS NULL OR o.position < v_before THEN 0
                                                ELSE 2 END, m.place, o.position) AS place
        FROM collection_outputs AS o
        LEFT JOIN (SELECT w.job_id, w.index, min(w.place) AS place
                   FROM unnest(p_jobs, p_indexes) WITH ORDINALITY AS w (job_id, index, place)
                   GROUP BY w.job_id, w.index) AS m ON m.job_id = o.job_id AND m.index = o.index
        WHERE o.collection_id = p_collection_id
    )
    UPDATE collection_outputs AS o SET position = n.place
    FROM ordered AS n
    WHERE o.collection_id = p_collection_id AND o.job_id = n.job_id AND o.index = n.index AND o.position <> n.place;
    IF FOUND THEN
        UPDATE collections SET changed_at = clock_timestamp() WHERE id = p_collection_id RETURNING * INTO v_collection;
    END IF;
    RETURN v_collection;
END;
$$;
