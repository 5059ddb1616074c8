// The limits of a batch, as the API has them.

export const MOST_ROWS = 10_000;
export const MOST_COLUMNS = 200;
export const CELL_CHARACTERS = 20_000;
export const MOST_OPEN = 1000;
/** How long the server may take for a table of that many rows, in milliseconds. */
export const TABLE_MS = 90_000;
