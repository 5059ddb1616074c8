-- place_output(job_id, index, path, renderings, content_type, bytes, total_bytes, width, height, duration_seconds, sha256,
--              most_bytes) -> text
-- Records where an output that waits is about to be put, and what it is: before anything is put there, so that no file is
-- ever without a row that knows of it. Makes room if all outputs together would take more than `most_bytes` (null: no
-- limit): the oldest that nobody likes are given up (`removed`), and their files are planned to be deleted. Repeating it
-- changes nothing. Returns `placed`, or why it must not be put there:
--   gone   the output does not wait any more: its job is gone or erased, or has another output there;
--   taken  another output has that path, or a file there is still to be deleted;
--   full   there is no room, although everything that nobody likes were given up.
CREATE OR REPLACE FUNCTION place_output(
    p_job_id uuid, p_index integer, p_path text, p_renderings text[], p_content_type text, p_bytes bigint,
    p_total_bytes bigint, p_width integer, p_height integer, p_duration_seconds double precision, p_sha256 text,
    p_most_bytes bigint)
    RETURNS text
    LANGUAGE plpgsql
AS $$
DECLARE
    v_old record;
    v_needed bigint;
    v_given_up uuid[] := '{}';
    v_indexes integer[] := '{}';
BEGIN
    PERFORM FROM stored_outputs WHERE job_id = p_job_id AND index = p_index AND state = 'waiting' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'gone';
    ELSIF EXISTS (SELECT FROM output_removals WHERE path = p_path)
        OR EXISTS (SELECT FROM stored_outputs WHERE path = p_path AND (job_id, index) <> (p_job_id, p_index)) THEN
        RETURN 'taken';
    END IF;
    IF p_most_bytes IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext('promptmill.place_output')); -- one at a time counts, and gives up
        SELECT coalesce(sum(total_bytes), 0) + p_total_bytes - p_most_bytes INTO v_needed
        FROM stored_outputs
        WHERE (state = 'stored' OR (state = 'waiting' AND path IS NOT NULL)) AND (job_id, index) <> (p_job_id, p_index);
        IF v_needed > 0 THEN
            FOR v_old IN
                SELECT s.job_id, s.index, s.total_bytes FROM stored_outputs AS s JOIN jobs AS j ON j.id = s.job_id
                WHERE s.state = 'stored' AND j.kept IS NOT TRUE
                ORDER BY s.stored_at
            LOOP
                v_given_up := v_given_up || v_old.job_id;
                v_indexes := v_indexes || v_old.index;
                v_needed := v_needed - v_old.total_bytes;
                EXIT WHEN v_needed <= 0;
            END LOOP;
            IF v_needed > 0 THEN
                RETURN 'full';
            END IF;
            UPDATE stored_outputs AS s
            SET state = 'removed', path = NULL, renderings = '{}',
                problem = 'It was deleted because the storage was full, as the oldest that nobody liked.'
            FROM unnest(v_given_up, v_indexes) AS old (job_id, index)
            WHERE s.job_id = old.job_id AND s.index = old.index AND s.state = 'stored';
            PERFORM tell_job_changed(j) FROM jobs AS j WHERE j.id = ANY (v_given_up);
        END IF;
    END IF;
    UPDATE stored_outputs
    SET path = p_path, renderings = p_renderings, content_type = p_content_type, bytes = p_bytes,
        total_bytes = p_total_bytes, width = p_width, height = p_height, duration_seconds = p_duration_seconds,
        sha256 = p_sha256
    WHERE job_id = p_job_id AND index = p_index;
    RETURN 'placed';
EXCEPTION
    WHEN unique_violation THEN -- another output was placed there at the same moment
        RETURN 'taken';
END;
$$;
