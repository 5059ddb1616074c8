-- save_templates(owner, templates, replace) -> templates
-- Stores an owner's templates, all or none: a JSON array of {id, name, body}. One of the same name is replaced, and keeps
-- its id, or, without `replace`, refuses them all.
-- Raises PM404 if there is no such owner, PM409 (name_taken; too_many: an owner has at most 1,000, and they take at most 4 MB, templates_fit). The owner's
-- row is locked, so that two at once are not too many.
CREATE OR REPLACE FUNCTION save_templates(p_owner text, p_templates jsonb, p_replace boolean)
    RETURNS SETOF templates
    LANGUAGE plpgsql
AS $$
DECLARE
    v_taken text;
BEGIN
    PERFORM FROM owners WHERE name = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no owner %', p_owner USING ERRCODE = 'PM404';
    END IF;
    SELECT name INTO v_taken FROM templates
    WHERE owner = p_owner AND name IN (SELECT given ->> 'name' FROM jsonb_array_elements(p_templates) AS given)
    ORDER BY name LIMIT 1;
    IF FOUND AND NOT p_replace THEN
        RAISE EXCEPTION 'There is a template with this name already: %.', v_taken
            USING ERRCODE = 'PM409', HINT = 'name_taken';
    END IF;
    RETURN QUERY
        INSERT INTO templates AS t (id, owner, name, body)
        SELECT (given ->> 'id')::uuid, p_owner, given ->> 'name', given -> 'body'
        FROM jsonb_array_elements(p_templates) AS given ORDER BY given ->> 'name'
        ON CONFLICT (owner, name) DO UPDATE
            SET body = excluded.body, version = t.version + 1, changed_at = clock_timestamp()
            WHERE p_replace
        RETURNING t.*;
    PERFORM templates_fit(p_owner);
END;
$$;
