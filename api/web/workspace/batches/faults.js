// What is wrong with a table, at its cells. Faults are kept by the row itself: they go with it wherever it moves, and are
// gone once it is changed, until the server has looked again.

import { LABEL, roleOf } from "./columns.js";
import { renamed, replaced } from "./table.js";

/** @import { Known } from "./columns.js" */
/** @import { Place, Table } from "./table.js" */

/** @typedef {{ line: number, column?: string | null, value?: string | null, message: string, suggestion?: string | null }} Fault `line` 0 is the table as a whole. */

/** @typedef {{ column: string | null, message: string, suggestion: string | null, rows: (readonly string[])[] }} Group Faults that say the same, with their rows; without any, it is the column's own. */

/** Beyond these, groups are counted only. */
export const MOST_GROUPS = 50;

export class Faults {
	/** @type {Map<readonly string[], Fault[]>} Every faulty row, with what is wrong with its own cells. */
	byRow = new Map();
	/** @type {Map<string, Fault & { absent: boolean }>} What is wrong with a column as such, once for all rows: nothing takes it, or there is none. */
	byColumn = new Map();
	/** @type {Fault[]} */
	ofTable = [];

	/**
	 * @param {readonly Fault[]} [faults]
	 * @param {Table} [table] As it was sent.
	 * @param {object} [how]
	 * @param {(name: string) => boolean} [how.isUnknown] Whether nothing takes a column of this name.
	 */
	constructor(faults = [], table = { columns: [], rows: [] }, { isUnknown = () => false } = {}) {
		for (const found of faults) {
			// What marks code in a text of the API is only in the way of people.
			const fault = { ...found, message: found.message.replaceAll("`", "") };
			const row = table.rows[fault.line - 1];
			if (!row) {
				this.ofTable.push(fault);
				continue;
			}
			const own = this.byRow.get(row) ?? [];
			this.byRow.set(row, own);
			const { column } = fault;
			const absent = !!column && !table.columns.includes(column);
			const isOwn = !column || !(absent || isUnknown(column));
			if (isOwn && !own.some((other) => other.column === column && other.message === fault.message)) own.push(fault);
			if (isOwn) continue;
			if (!this.byColumn.has(column)) this.byColumn.set(column, { ...fault, absent });
		}
	}

	/**
	 * Return what is wrong with the columns themselves, as they are now.
	 *
	 * @param {Pick<Table, "columns">} table
	 * @returns {Group[]}
	 */
	ofColumns({ columns }) {
		return [...this.byColumn].flatMap(([column, { message, suggestion = null, absent }]) => (absent === columns.includes(column) ? [] : [{ column, message, suggestion, rows: [] }]));
	}

	/**
	 * @param {Pick<Table, "columns">} table
	 * @param {string} name
	 */
	ofColumn(table, name) {
		return this.ofColumns(table).find(({ column }) => column === name);
	}

	/** @param {readonly string[]} row */
	of(row) {
		return this.byRow.get(row) ?? [];
	}

	/**
	 * Return the fault at a cell; at a row's number, one that concerns no column that there is.
	 *
	 * @param {Table} table
	 * @param {number} row
	 * @param {number} column -1 for the row's number.
	 */
	at({ columns, rows }, row, column) {
		const cells = rows[row];
		const faults = cells ? this.of(cells) : [];
		if (!faults.length) return undefined;
		return faults.find((fault) => (column < 0 ? !fault.column || !columns.includes(fault.column) : fault.column === columns[column]));
	}

	/**
	 * Return the faults of the rows that are still there, those that say the same together, in the order of the rows.
	 *
	 * @param {Table} table
	 * @returns {Group[]}
	 */
	groups(table) {
		/** @type {Map<string, Group>} */
		const groups = new Map();
		for (const row of table.rows) {
			for (const { column = null, message, suggestion = null } of this.of(row)) {
				const key = JSON.stringify([column, message, suggestion]);
				const group = groups.get(key);
				if (group) group.rows.push(row);
				else groups.set(key, { column, message, suggestion, rows: [row] });
			}
		}
		return [...groups.values()];
	}

	/**
	 * Return how many rows are faulty.
	 *
	 * @param {Table} table
	 */
	count(table) {
		return table.rows.filter((row) => this.byRow.has(row)).length;
	}

	/**
	 * Return the cell of the next fault after a place, row by row; the first one after the last. Null if there is none.
	 *
	 * @param {Table} table
	 * @param {Place} from
	 * @param {1 | -1} [step]
	 * @returns {Place | null}
	 */
	next(table, from, step = 1) {
		const places = this.places(table);
		if (!places.length) return null;
		/** @param {Place} one */
		const order = ({ row, column }) => row * 1000 + column;
		const ordered = step > 0 ? places : places.reverse();
		return ordered.find((place) => (order(place) - order(from)) * step > 0) ?? ordered[0];
	}

	/**
	 * @param {Table} table
	 * @returns {Place[]}
	 */
	places({ columns, rows }) {
		const names = this.ofColumns({ columns }).map(({ column }) => ({ row: -1, column: columns.indexOf(column ?? "") }));
		const cells = rows.flatMap((texts, row) => {
			const found = this.of(texts).map(({ column }) => Math.max(0, column ? columns.indexOf(column) : 0));
			return [...new Set(found)].sort((one, other) => one - other).map((column) => ({ row, column }));
		});
		return [...names.filter(({ column }) => column >= 0).sort((one, other) => one.column - other.column), ...cells];
	}
}

/** @typedef {{ text: string, cells: number, column: boolean, table: Table }} Remedy What a suggestion would change: to this text, in so many cells, or a column's name. */

/**
 * Return what following a suggestion makes of the table; null if there is nothing to follow.
 *
 * A column that nothing takes is named as suggested; a word that no column gives is given by the suggested one; a value
 * is replaced wherever its column has it.
 *
 * @param {Pick<Group, "column" | "suggestion" | "rows">} fault
 * @param {Table} table
 * @param {Known} known
 * @returns {Remedy | null}
 */
export function remedyOf({ column, suggestion, rows: [row] }, table, known) {
	if (!column || !suggestion) return null;
	const place = table.columns.indexOf(column);
	const rename = place < 0 ? { from: table.columns.indexOf(suggestion), to: column } : roleOf(column, known) === "unknown" ? { from: place, to: suggestion } : null;
	if (rename) {
		const table_ = rename.from < 0 ? table : renamed(table, rename.from, rename.to);
		return table_ === table ? null : { text: rename.to, cells: 0, column: true, table: table_ };
	}
	const text = row[place];
	if (text === suggestion) return null;
	const cells = table.rows.filter((one) => one[place] === text).length;
	return { text: suggestion, cells, column: false, table: replaced(table, place, text, suggestion) };
}

/**
 * Return the table in which a column that nothing takes is a label; null if it cannot be one.
 *
 * @param {string} column
 * @param {Table} table
 * @returns {{ name: string, table: Table } | null}
 */
export function asLabel(column, table) {
	const name = `${LABEL}.${column}`;
	const changed = renamed(table, table.columns.indexOf(column), name);
	return changed === table || !table.columns.includes(column) ? null : { name, table: changed };
}
