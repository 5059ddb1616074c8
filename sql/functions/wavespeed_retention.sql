-- wavespeed_retention() -> interval
-- How long WaveSpeed keeps a prediction and its outputs, counted from its creation.
CREATE OR REPLACE FUNCTION wavespeed_retention()
    RETURNS interval
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT interval '7 days';
$$;
