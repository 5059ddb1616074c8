-- set_budget(owner, period, limit_usd) -> prior_usd
-- Sets a budget and returns what it was; null if there was none. It waits for all permissions under way, and those asked
-- for meanwhile wait for it: one that is given without the new budget has reserved its price before the first that is
-- given with it is compared.
CREATE OR REPLACE FUNCTION set_budget(p_owner text, p_period text, p_limit_usd numeric)
    RETURNS numeric
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prior numeric;
BEGIN
    LOCK TABLE budgets IN EXCLUSIVE MODE; -- a row that is not there yet cannot be locked by a permission; the table is
    SELECT limit_usd INTO v_prior FROM budgets WHERE owner = p_owner AND period = p_period;
    INSERT INTO budgets (owner, period, limit_usd) VALUES (p_owner, p_period, p_limit_usd)
    ON CONFLICT (owner, period) DO UPDATE SET limit_usd = excluded.limit_usd;
    RETURN v_prior;
END;
$$;
