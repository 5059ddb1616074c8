// The draft of a batch. It survives a reload, within bounds: a browser keeps a few megabytes for a page.

import { NAMED_OWNER } from "../core/access.js";
import { newKey } from "../core/api.js";
import { DRAFTS } from "../core/drafts.js";

/** @import { Table } from "./table.js" */

/**
 * @typedef {object} Draft
 * @property {Table} table
 * @property {string} name
 * @property {string} maxCost
 * @property {string} maxOpen
 * @property {string} stopAfter
 * @property {boolean} skip
 * @property {boolean} variants Whether Grok proposes several prompts from one idea.
 * @property {string} wanted How many.
 * @property {string} key The batch's idempotency key: sent again after a lost answer, it makes nothing twice.
 */

export const MOST_CHARACTERS = 1_500_000;
const STORAGE_KEY = NAMED_OWNER === null ? DRAFTS.batch : `${DRAFTS.batch}@${NAMED_OWNER}`;

/** @returns {Draft} */
export function emptyDraft() {
	return { table: { columns: [], rows: [] }, name: "", maxCost: "", maxOpen: "", stopAfter: "", skip: false, variants: false, wanted: "6", key: newKey() };
}

/**
 * Keep the draft; return whether it will be there after a reload.
 *
 * @param {Draft} draft
 * @param {Pick<Storage, "setItem" | "removeItem">} [storage]
 */
export function keepDraft(draft, storage = localStorage) {
	if (DRAFTS.forgotten) return true;
	const text = JSON.stringify(draft);
	try {
		// An older table in its place would be worse than none.
		if (text.length > MOST_CHARACTERS) storage.removeItem(STORAGE_KEY);
		else storage.setItem(STORAGE_KEY, text);
		return text.length <= MOST_CHARACTERS;
	} catch {
		return false;
	}
}

/**
 * @param {Pick<Storage, "getItem">} [storage]
 * @returns {Draft}
 */
export function keptDraft(storage = localStorage) {
	const empty = emptyDraft();
	try {
		const found = JSON.parse(storage.getItem(STORAGE_KEY) ?? "{}");
		return { ...empty, ...Object.fromEntries(Object.entries(empty).flatMap(([name, usual]) => (name !== "table" && typeof found[name] === typeof usual ? [[name, found[name]]] : []))), table: tableOf(found.table) ?? empty.table };
	} catch {
		return empty;
	}
}

/**
 * Return a stored table if it is sound; null otherwise.
 *
 * @param {any} found
 * @returns {Table | null}
 */
function tableOf(found) {
	const { columns, rows } = found ?? {};
	/** @param {unknown} cells */
	const isTexts = (cells) => Array.isArray(cells) && cells.length === columns.length && cells.every((cell) => typeof cell === "string");
	return Array.isArray(columns) && isTexts(columns) && Array.isArray(rows) && rows.every(isTexts) ? { columns, rows } : null;
}
