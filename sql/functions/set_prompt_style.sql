-- set_prompt_style(owner, name, wording, most) -> prompt_style
-- Stores an owner's own style, or gives the one of that name a new wording. An owner has `most` at most: the owner's row is
-- locked, so that two at once are not one too many.
-- Raises PM404 if there is no such owner, PM409 (too_many_styles).
CREATE OR REPLACE FUNCTION set_prompt_style(p_owner text, p_name text, p_wording text, p_most integer)
    RETURNS prompt_styles
    LANGUAGE plpgsql
AS $$
DECLARE
    v_style prompt_styles;
BEGIN
    PERFORM FROM owners WHERE name = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no owner %', p_owner USING ERRCODE = 'PM404';
    END IF;
    UPDATE prompt_styles SET wording = p_wording, updated_at = now() WHERE owner = p_owner AND name = p_name
    RETURNING * INTO v_style;
    IF FOUND THEN
        RETURN v_style;
    ELSIF (SELECT count(*) FROM prompt_styles WHERE owner = p_owner) >= p_most THEN
        RAISE EXCEPTION 'There are % styles already, the most that an owner may have: delete one first.', p_most
            USING ERRCODE = 'PM409', HINT = 'too_many_styles';
    END IF;
    INSERT INTO prompt_styles (owner, name, wording) VALUES (p_owner, p_name, p_wording) RETURNING * INTO v_style;
    RETURN v_style;
END;
$$;
