-- keep_prompt_job_erased() -> trigger
-- As keep_job_erased, for prompt jobs.
CREATE OR REPLACE FUNCTION keep_prompt_job_erased()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    NEW.ref_urls := '{}';
    NEW.target_url := NULL;
    NEW.instructions := NULL;
    NEW.existing_prompt := NULL;
    NEW.metadata := '{}';
    NEW.error := NULL;
    NEW.generated_prompt := NULL;
    NEW.rating_reason := NULL;
    NEW.style := NULL;
    NEW.style_wording := NULL;
    NEW.language := NULL;
    NEW.variants := '[]';
    RETURN NEW;
END;
$$;
