-- ambiguity_window() -> interval
-- The maximum time between two submissions of the same request, or between a submission and a prediction, within which
-- one may be mistaken for the other. Covers the longest POST and clock differences.
CREATE OR REPLACE FUNCTION ambiguity_window()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '15 minutes';
$$;
