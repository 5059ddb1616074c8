// The limits of a batch, as the server has them.

import { vocabulary } from "../core/vocabulary.js";

export const { rows: MOST_ROWS, columns: MOST_COLUMNS, cellCharacters: CELL_CHARACTERS, open: MOST_OPEN, proposed: MOST_VARIANTS } = vocabulary.limits.batches;
/** Fewer are none. */
export const LEAST_VARIANTS = 2;
/** How long the page waits for the answer to a table of that many rows, in milliseconds. */
export const TABLE_MS = 90_000;
