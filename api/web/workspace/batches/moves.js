// Where a key leads in a grid.

/** @import { Place } from "./table.js" */

/**
 * Return the cell that a key leads to; null if the key leads nowhere. The names of the columns are row -1.
 *
 * @param {Place} from
 * @param {string} key
 * @param {{ command: boolean, page: number, rows: number, columns: number }} grid `command`: with Ctrl or Cmd, to the end.
 * @returns {Place | null}
 */
export function moved({ row, column }, key, { command, page, rows, columns }) {
	const [last, right] = [rows - 1, columns - 1];
	/** @type {Record<string, () => Place>} */
	const ways = {
		ArrowUp: () => ({ row: command ? Math.min(row, 0) : Math.max(-1, row - 1), column }),
		ArrowDown: () => ({ row: command ? last : Math.min(last, row + 1), column }),
		ArrowLeft: () => ({ row, column: command ? 0 : Math.max(0, column - 1) }),
		ArrowRight: () => ({ row, column: command ? right : Math.min(right, column + 1) }),
		Home: () => ({ row: command ? 0 : row, column: 0 }),
		End: () => ({ row: command ? last : row, column: right }),
		PageUp: () => ({ row: Math.max(Math.min(row, 0), row - page), column }),
		PageDown: () => ({ row: Math.min(last, row + page), column }),
	};
	return Object.hasOwn(ways, key) ? ways[key]() : null;
}
