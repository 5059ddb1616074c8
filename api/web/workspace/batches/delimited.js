// Tables as texts: what is copied from a spreadsheet, CSV and JSON Lines are read, and CSV is written.

import { parseExact } from "../core/json.js";
import { FIELDS } from "./columns.js";

/** @import { Table } from "./table.js" */

const DELIMITERS = ["\t", ",", ";"];
const BOM = "\u{FEFF}";
/** A name of a column is no longer than this; a longer first line is a row. */
const NAME_CHARACTERS = 64;

/** A line of JSON Lines that is no object. */
export class NotJson extends Error {
	/** @param {number} line */
	constructor(line) {
		super();
		this.line = line;
	}
}

/**
 * Return the cells of a text, row by row. A quoted cell may have line ends and delimiters in it; a quote that is never
 * closed stands for itself.
 *
 * @param {string} text
 * @param {string} delimiter
 * @returns {string[][]}
 */
export function cellsOf(text, delimiter) {
	/** @type {string[][]} */
	const rows = [];
	/** @type {string[]} */
	let row = [];
	let at = 0;
	for (;;) {
		const quoted = text[at] === '"' ? quotedAt(text, at) : null;
		const from = quoted?.end ?? at;
		let end = from;
		while (end < text.length && text[end] !== delimiter && text[end] !== "\n" && text[end] !== "\r") end += 1;
		row.push((quoted?.text ?? "") + text.slice(from, end));
		at = end + (text[end] === "\r" && text[end + 1] === "\n" ? 2 : 1);
		if (text[end] === delimiter) continue;
		rows.push(row);
		row = [];
		if (at >= text.length) return rows;
	}
}

/**
 * @param {string} text
 * @param {number} start Where the quote opens.
 */
function quotedAt(text, start) {
	let found = "";
	let from = start + 1;
	for (;;) {
		const quote = text.indexOf('"', from);
		if (quote < 0) return null;
		found += text.slice(from, quote);
		if (text[quote + 1] !== '"') return { text: found, end: quote + 1 };
		found += '"';
		from = quote + 2;
	}
}

/**
 * Return what parts the cells of a text: the most frequent in its first row.
 *
 * @param {string} text
 */
function delimiterOf(text) {
	const [first] = cellsOf(text.slice(0, 100_000), "\n");
	const unquoted = first[0].includes("\n") ? "" : text.slice(0, 100_000).split(/\r?\n/, 1)[0].replace(/"[^"]*"/g, "");
	/** @param {string} delimiter */
	const times = (delimiter) => unquoted.split(delimiter).length;
	return DELIMITERS.reduce((best, one) => (times(one) > times(best) ? one : best));
}

/**
 * Return the table that a text is.
 *
 * @param {string} text
 * @param {object} how
 * @param {(name: string) => boolean} how.isKnown Whether a column of this name would be used.
 * @param {boolean} [how.named] Whether the first row names the columns; usually that is seen from it.
 * @param {"csv" | "jsonl"} [how.format]
 * @returns {{ table: Table, named: boolean | null }} `named` is null where there is no such row.
 */
export function readTable(text, { isKnown, named, format }) {
	const plain = text.startsWith(BOM) ? text.slice(1) : text;
	if ((format ?? formatOf(plain)) === "jsonl") return { table: ofObjects(objectsOf(plain)), named: null };
	const rows = cellsOf(plain, delimiterOf(plain));
	while (rows.length && isBlank(rows[rows.length - 1])) rows.pop();
	const first = rows[0] ?? [];
	const isNamed = named ?? namesColumns(first, rows.length, isKnown);
	return { table: ofCells(isNamed ? first : usualNames(first.length), isNamed ? rows.slice(1) : rows), named: isNamed };
}

/** @param {string} text */
function formatOf(text) {
	return /^\s*[{[]\s*["{}]/.test(text.slice(0, 1000)) ? "jsonl" : "csv";
}

/**
 * Return whether a row looks like the names of columns: one of them is known, or it has several short ones.
 *
 * @param {string[]} row
 * @param {number} rows Of the whole text.
 * @param {(name: string) => boolean} isKnown
 */
function namesColumns(row, rows, isKnown) {
	const names = row.map((cell) => cell.trim());
	if (names.some(isKnown)) return true;
	return rows > 1 && names.length > 1 && names.every((name) => name.length <= NAME_CHARACTERS && !name.includes("\n") && !/^https?:/.test(name)) && new Set(names).size === names.length;
}

/** @param {number} number */
function usualNames(number) {
	return Array.from({ length: number }, (_, index) => (index ? `column${index + 1}` : FIELDS[0]));
}

/**
 * Return a table whose columns have different names, without those that have neither a name nor a value.
 *
 * @param {string[]} header
 * @param {string[][]} rows
 * @returns {Table}
 */
function ofCells(header, rows) {
	const width = rows.reduce((most, row) => Math.max(most, row.length), header.length);
	const used = Array.from({ length: width }, (_, index) => index).filter((index) => header[index]?.trim() || rows.some((row) => row[index]?.trim()));
	/** @type {Set<string>} */
	const taken = new Set();
	const columns = used.map((index) => {
		const name = header[index]?.trim() || `column${index + 1}`;
		let own = name;
		for (let number = 2; taken.has(own); number += 1) own = `${name}${number}`;
		taken.add(own);
		return own;
	});
	return { columns, rows: rows.map((row) => used.map((index) => row[index] ?? "")) };
}

/**
 * @param {string} text
 * @returns {Record<string, unknown>[]}
 */
function objectsOf(text) {
	if (text.trimStart().startsWith("[")) {
		const all = parsed(text, 1);
		if (!Array.isArray(all)) throw new NotJson(1);
		return all.map((one, index) => checked(one, index + 1));
	}
	const lines = text.split(/\r?\n/);
	return lines.flatMap((line, index) => (line.trim() ? [checked(parsed(line, index + 1), index + 1)] : []));
}

/**
 * @param {string} text
 * @param {number} line
 */
function parsed(text, line) {
	try {
		return parseExact(text);
	} catch {
		throw new NotJson(line);
	}
}

/**
 * @param {unknown} value
 * @param {number} line
 * @returns {Record<string, unknown>}
 */
function checked(value, line) {
	if (typeof value !== "object" || value === null || Array.isArray(value)) throw new NotJson(line);
	return /** @type {Record<string, unknown>} */ (value);
}

/**
 * @param {Record<string, unknown>[]} objects
 * @returns {Table}
 */
function ofObjects(objects) {
	const columns = [...new Set(objects.flatMap((one) => Object.keys(one)))];
	return { columns, rows: objects.map((one) => columns.map((name) => cellText(name, one[name]))) };
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function cellText(name, value) {
	if (value === null || value === undefined) return "";
	if (name === "images" && Array.isArray(value)) return value.join("|");
	return typeof value === "string" ? value : JSON.stringify(value);
}

/** @param {readonly string[]} row */
export function isBlank(row) {
	return !row.some((cell) => cell.trim());
}

/**
 * Return rows as a text whose cells are separated by this.
 *
 * @param {readonly (readonly string[])[]} rows
 * @param {string} delimiter
 */
export function textOf(rows, delimiter) {
	/** @param {string} cell */
	const quoted = (cell) => (/["\r\n\t,;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
	return rows.map((row) => row.map(quoted).join(delimiter)).join("\r\n");
}

/**
 * Return a table as CSV. Each of its rows has a line, so that the lines of faults are those of the table.
 *
 * @param {Table} table
 */
export function csvOf({ columns, rows }) {
	return `${textOf([columns, ...rows], ",")}\r\n`;
}
