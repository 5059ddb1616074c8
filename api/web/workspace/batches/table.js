// A table while it is edited. Every change gives a new one; rows that it does not touch stay the same objects, so that
// what is known of a row holds until that row changes.

import { MOST_COLUMNS, MOST_ROWS } from "./limits.js";

/** @typedef {{ columns: readonly string[], rows: readonly (readonly string[])[] }} Table */

/** @typedef {{ row: number, column: number }} Place */

/** @typedef {{ top: number, bottom: number, left: number, right: number }} Range With its last row and column. */

const MOST_STEPS = 100;

/** @type {Table} */
export const EMPTY = { columns: [], rows: [] };

/**
 * @param {Place} one
 * @param {Place} other
 * @returns {Range}
 */
export function rangeOf(one, other) {
	return {
		top: Math.min(one.row, other.row),
		bottom: Math.max(one.row, other.row),
		left: Math.min(one.column, other.column),
		right: Math.max(one.column, other.column),
	};
}

/**
 * @param {Range} range
 * @param {number} row
 * @param {number} column
 */
export function isWithin({ top, bottom, left, right }, row, column) {
	return row >= top && row <= bottom && column >= left && column <= right;
}

/**
 * @param {Table} table
 * @param {Place} place
 * @param {string} text
 * @returns {Table}
 */
export function withCell(table, { row, column }, text) {
	return table.rows[row]?.[column] === text ? table : withBlock(table, { row, column }, [[text]]);
}

/**
 * Return the table with a block of cells put at a place; it grows where the block does not fit.
 *
 * @param {Table} table
 * @param {Place} place
 * @param {readonly (readonly string[])[]} block
 * @returns {Table}
 */
export function withBlock(table, { row, column }, block) {
	const wide = block.reduce((most, cells) => Math.max(most, cells.length), 0);
	let grown = table;
	while (grown.columns.length < column + wide) grown = withColumn(grown, newName(grown.columns));
	const rows = [...grown.rows];
	while (rows.length < row + block.length) rows.push(grown.columns.map(() => ""));
	block.forEach((cells, index) => {
		const now = [...rows[row + index]];
		cells.forEach((cell, at) => (now[column + at] = cell));
		rows[row + index] = now;
	});
	return { columns: grown.columns, rows };
}

/**
 * @param {Table} table
 * @param {Range} range
 * @returns {Table}
 */
export function cleared(table, range) {
	return { ...table, rows: table.rows.map((cells, row) => (row < range.top || row > range.bottom ? cells : cells.map((cell, column) => (isWithin(range, row, column) ? "" : cell)))) };
}

/**
 * @param {Table} table
 * @param {Range} range
 */
export function blockOf({ rows }, { top, bottom, left, right }) {
	return rows.slice(top, bottom + 1).map((cells) => cells.slice(left, right + 1));
}

/**
 * @param {Table} table
 * @param {number} top
 * @param {number} bottom
 * @returns {Table}
 */
export function withoutRows(table, top, bottom) {
	return { ...table, rows: table.rows.filter((_, row) => row < top || row > bottom) };
}

/**
 * @param {Table} table
 * @param {string} name
 * @param {(row: number) => string} [text]
 * @returns {Table}
 */
export function withColumn(table, name, text = () => "") {
	return { columns: [...table.columns, name], rows: table.rows.map((cells, row) => [...cells, text(row)]) };
}

/**
 * @param {Table} table
 * @param {number} left
 * @param {number} right
 * @returns {Table}
 */
export function withoutColumns(table, left, right) {
	/** @param {readonly string[]} cells */
	const rest = (cells) => cells.filter((_, column) => column < left || column > right);
	return { columns: rest(table.columns), rows: table.rows.map(rest) };
}

/**
 * Return the table with a column renamed; the same one if another has that name already, or it is none.
 *
 * @param {Table} table
 * @param {number} column
 * @param {string} name
 * @returns {Table}
 */
export function renamed(table, column, name) {
	const plain = name.trim();
	if (!plain || table.columns.includes(plain)) return table;
	// What was wrong with its rows may have been the name.
	return { columns: table.columns.with(column, plain), rows: table.rows.map((cells) => [...cells]) };
}

/**
 * Return the table with each cell of a column that has one text changed to another.
 *
 * @param {Table} table
 * @param {number} column
 * @param {string} from
 * @param {string} to
 * @returns {Table}
 */
export function replaced(table, column, from, to) {
	return { ...table, rows: table.rows.map((cells) => (cells[column] === from ? cells.with(column, to) : cells)) };
}

/**
 * Return both tables' rows below each other, under the columns of both.
 *
 * @param {Table} one
 * @param {Table} other
 * @returns {Table}
 */
export function joined(one, other) {
	const columns = [...new Set([...one.columns, ...other.columns])];
	/** @param {Table} table */
	const fitted = (table) => {
		const places = columns.map((name) => table.columns.indexOf(name));
		const same = places.every((place, index) => place === index);
		return same ? table.rows : table.rows.map((cells) => places.map((place) => (place < 0 ? "" : cells[place])));
	};
	return { columns, rows: [...fitted(one), ...fitted(other)] };
}

/**
 * Return the table in which each value of each column stands beside each of the others; the last column changes fastest.
 *
 * @param {readonly { name: string, values: readonly string[] }[]} lists
 * @returns {Table}
 */
export function crossed(lists) {
	/** @type {string[][]} */
	const none = [[]];
	const rows = lists.reduce((all, { values }) => all.flatMap((cells) => values.map((value) => [...cells, value])), none);
	return { columns: lists.map(({ name }) => name), rows: lists.length ? rows : [] };
}

/** @param {readonly { values: readonly unknown[] }[]} lists */
export function sizeOfCross(lists) {
	return lists.length ? lists.reduce((size, { values }) => size * values.length, 1) : 0;
}

/**
 * Return why a table cannot be a batch's, in numbers; null if it can.
 *
 * @param {Table} table
 * @returns {{ rows: number } | { columns: number } | null}
 */
export function excessOf({ columns, rows }) {
	if (rows.length > MOST_ROWS) return { rows: rows.length };
	return columns.length > MOST_COLUMNS ? { columns: columns.length } : null;
}

/** @param {readonly string[]} columns */
export function newName(columns) {
	let number = columns.length + 1;
	while (columns.includes(`column${number}`)) number += 1;
	return `column${number}`;
}

/** The steps of editing, to go back and forth. */
export class Steps {
	/** @type {Table[]} */
	before = [];
	/** @type {Table[]} */
	after = [];

	/** @param {Table} table */
	constructor(table) {
		this.table = table;
	}

	/**
	 * @param {Table} table
	 * @returns {boolean} Whether it differs from the present one.
	 */
	take(table) {
		if (table === this.table) return false;
		this.before = [...this.before, this.table].slice(-MOST_STEPS);
		this.after = [];
		this.table = table;
		return true;
	}

	/** @returns {boolean} Whether there was anything to go back to. */
	undo() {
		return this.step(this.before, this.after);
	}

	/** @returns {boolean} */
	redo() {
		return this.step(this.after, this.before);
	}

	/**
	 * @param {Table[]} from
	 * @param {Table[]} to
	 */
	step(from, to) {
		const table = from.pop();
		if (!table) return false;
		to.push(this.table);
		this.table = table;
		return true;
	}
}
