// What a column of a batch's table is: a field of the job, its key, a label, an input of the model, or a word of a text.

/** The columns that are fields of a job, and the one that names the row. */
export const FIELDS = ["prompt", "instructions", "image", "images", "key"];
/** With a point, begins the name of a column whose values are labels. */
export const LABEL = "meta";
/** As the API reads words. */
const WORD = /\{\{ {0,3}([\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}) {0,3}\}\}/gu;

/** @typedef {"field" | "label" | "input" | "word" | "unknown"} Role */

/** @typedef {{ words: ReadonlySet<string>, inputs: ReadonlySet<string> | null }} Known The words of the template, and the names of the model's inputs; null while those are not known. */

/**
 * Return the words of a text, or of all texts in a list or object, each once.
 *
 * @param {unknown} value
 * @returns {Set<string>}
 */
export function wordsIn(value) {
	if (typeof value === "string") return new Set([...value.matchAll(WORD)].map(([, word]) => word));
	if (typeof value !== "object" || value === null) return new Set();
	return new Set(Object.values(value).flatMap((part) => [...wordsIn(part)]));
}

/**
 * Return the words that a template fills in.
 *
 * @param {{ prompt?: string | null, instructions?: string | null, input?: unknown }} template
 */
export function wordsOfTemplate({ prompt, instructions, input }) {
	return wordsIn([prompt, instructions, input]);
}

/**
 * @param {string} name
 * @param {Known} known
 * @returns {Role}
 */
export function roleOf(name, { words, inputs }) {
	if (FIELDS.includes(name)) return "field";
	if (name.startsWith(`${LABEL}.`) && name.length > LABEL.length + 1) return "label";
	if (inputs?.has(name)) return "input";
	if (words.has(name)) return "word";
	return inputs ? "unknown" : "input";
}

/**
 * Return the words that no column gives.
 *
 * @param {ReadonlySet<string>} words
 * @param {readonly string[]} columns
 */
export function missingWords(words, columns) {
	return [...words].filter((word) => !columns.includes(word));
}
