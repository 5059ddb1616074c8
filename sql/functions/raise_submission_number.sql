-- raise_submission_number(number)
-- Makes the next submission number higher than the given one. A restored backup that was compared with WaveSpeed's
-- history continues from the highest number ever used, so that the next restore is detected as well.
CREATE OR REPLACE FUNCTION raise_submission_number(p_number bigint)
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT setval('submissions_number_seq', greatest(p_number, last_value)) FROM submissions_number_seq;
    INSERT INTO switches AS s (name, value) VALUES ('highest-submission', p_number::text)
    ON CONFLICT (name) DO UPDATE
        SET value = greatest(excluded.value::bigint, s.value::bigint)::text, changed_at = now();
$$;
