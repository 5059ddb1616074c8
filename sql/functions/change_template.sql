-- change_template(owner, id, name, body, version) -> template
-- Replaces a template, if its version is the given one: nobody has changed it since it was read.
-- Raises PM404 if the owner has no such template, PM409 (template_changed; name_taken; too_many: templates_fit).
CREATE OR REPLACE FUNCTION change_template(p_owner text, p_id uuid, p_name text, p_body jsonb, p_version integer)
    RETURNS templates
    LANGUAGE plpgsql
AS $$
DECLARE
    v_template templates;
BEGIN
    PERFORM FROM owners WHERE name = p_owner FOR NO KEY UPDATE; -- one at a time counts what they take
    SELECT * INTO v_template FROM templates WHERE id = p_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no template %', p_id USING ERRCODE = 'PM404';
    ELSIF v_template.version <> p_version THEN
        RAISE EXCEPTION 'The template has version %, not %.', v_template.version, p_version
            USING ERRCODE = 'PM409', HINT = 'template_changed';
    END IF;
    UPDATE templates SET name = p_name, body = p_body, version = version + 1, changed_at = clock_timestamp()
    WHERE id = p_id RETURNING * INTO v_template;
    PERFORM templates_fit(p_owner);
    RETURN v_template;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'There is a template with this name already.' USING ERRCODE = 'PM409', HINT = 'name_taken';
END;
$$;
