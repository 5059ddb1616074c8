-- keep_job_erased() -> trigger
-- Empties the words, addresses and outputs of an erased job in every row that is about to be written: whoever writes,
-- and whatever arrives late, brings none back. This is the one list of what is erased of a job.
CREATE OR REPLACE FUNCTION keep_job_erased()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.input := '{}';
    NEW.instructions := NULL;
    NEW.target_url := NULL;
    NEW.ref_urls := '{}';
    NEW.callback_url := NULL;
    NEW.metadata := '{}';
    NEW.warnings := '{}';
    NEW.original_prompt := NULL;
    NEW.prompt := NULL;
    NEW.error := NULL;
    NEW.outputs := '[]';
    NEW.style := NULL;
    NEW.row_key := NULL;
    RETURN NEW;
END;
$$;
