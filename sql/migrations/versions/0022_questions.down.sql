-- Revision 0022 down: refused while anybody has a style of their own, or a question or job says what only this revision
-- knows.

DO $$
BEGIN
    IF EXISTS (SELECT FROM prompt_styles) THEN
        RAISE EXCEPTION 'Owners have styles of their own: going down would drop them. Empty prompt_styles, or keep this '
            'revision.';
    ELSIF EXISTS (SELECT FROM jobs WHERE style IS NOT NULL OR variant IS NOT NULL) THEN
        RAISE EXCEPTION 'Jobs say which style and variant they took: going down would drop that. Set jobs.style and '
            'variant to NULL, or keep this revision.';
    ELSIF EXISTS (SELECT FROM prompt_generation_jobs WHERE operation = 'describe' OR jsonb_array_length(variants) > 1) THEN
        RAISE EXCEPTION 'Prompt jobs have descriptions or several variants: going down would drop them. Delete these '
            'prompt jobs, or keep this revision.';
    END IF;
END;
$$;

-- Functions whose signature names the table go with it.
DROP FUNCTION IF EXISTS set_prompt_style(text, text, text, integer);

DROP TABLE prompt_styles;

ALTER TABLE prompt_generation_jobs
    DROP CONSTRAINT prompt_generation_jobs_operation_check,
    ADD CONSTRAINT prompt_generation_jobs_operation_check CHECK (operation IN ('generate', 'enhance')),
    DROP COLUMN style, DROP COLUMN style_wording, DROP COLUMN length, DROP COLUMN language, DROP COLUMN target_model,
    DROP COLUMN target_kind, DROP COLUMN wanted_variants, DROP COLUMN wants_negative, DROP COLUMN variants;

ALTER TABLE jobs DROP COLUMN style, DROP COLUMN variant;
