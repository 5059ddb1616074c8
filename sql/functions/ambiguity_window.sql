-- ambiguity_window() -> interval
-- How far apart in time two submissions of the same request, or a submission and a prediction, may be for the one to
-- be mistaken for the other's. It covers the longest POST and clocks that differ.
CREATE OR REPLACE FUNCTION ambiguity_window()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '15 minutes';
$$;
