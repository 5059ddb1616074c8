-- batch_problem(batch, price_usd) -> sentence
-- Says that a batch's budget has no room for a price, and what is left of it, without a period at its end; null if it has
-- room. A price of 0 asks whether anything is left at all.
CREATE OR REPLACE FUNCTION batch_problem(p_batch batches, p_price_usd numeric)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT concat('the budget of the batch, $', trim_scale(p_batch.max_cost_usd), ', ',
                  CASE WHEN used.usd >= p_batch.max_cost_usd THEN 'is used up'
                       ELSE concat('has $', trim_scale(p_batch.max_cost_usd - used.usd), ' left, too little for a job of $',
                                   trim_scale(p_price_usd)) END,
                  '; its maxCostUsd can be raised')
    FROM (SELECT p_batch.reserved_usd + p_batch.spent_usd AS usd) AS used
    WHERE used.usd >= p_batch.max_cost_usd OR used.usd + p_price_usd > p_batch.max_cost_usd;
$$;
