-- create_collection(owner, id, name) -> collection
-- Raises PM404 if there is no such owner, PM409 (name_taken; too_many: an owner has at most 1,000).
CREATE OR REPLACE FUNCTION create_collection(p_owner text, p_id uuid, p_name text)
    RETURNS collections
    LANGUAGE plpgsql
AS $$
DECLARE
    v_collection collections;
BEGIN
    PERFORM FROM owners WHERE name = p_owner FOR NO KEY UPDATE; -- two at once are not one too many
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no owner %', p_owner USING ERRCODE = 'PM404';
    END IF;
    IF (SELECT count(*) FROM collections WHERE owner = p_owner) >= 1000 THEN
        RAISE EXCEPTION 'An owner has at most 1,000 collections.' USING ERRCODE = 'PM409', HINT = 'too_many';
    END IF;
    INSERT INTO collections (id, owner, name) VALUES (p_id, p_owner, p_name) RETURNING * INTO v_collection;
    RETURN v_collection;
EXCEPTION WHEN unique_violation THEN
    RAISE EXCEPTION 'There is a collection with this name already.' USING ERRCODE = 'PM409', HINT = 'name_taken';
END;
$$;
