// JSON in which whole numbers beyond what JavaScript counts exactly stay as they are written, where the browser can.

/** A whole number too long to be counted exactly: only then is each value looked at. */
const LONG = /\d{16}/;

/**
 * Return the value of a JSON text; it throws what `JSON.parse` throws.
 *
 * @param {string} text
 * @returns {any}
 */
export function parseExact(text) {
	return JSON.rawJSON && LONG.test(text) ? JSON.parse(text, keepLong) : JSON.parse(text);
}

/**
 * Return a whole number as it is written: as a number if that is exact, else as raw JSON, where the browser has it.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function wholeNumber(text) {
	const number = Number(text);
	return Number.isSafeInteger(number) || !JSON.rawJSON ? number : JSON.rawJSON(BigInt(text).toString());
}

/**
 * Return a whole number's digits; null for any other value.
 *
 * @param {unknown} value
 */
export function digitsOf(value) {
	if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : null;
	return JSON.isRawJSON?.(value) ? JSON.stringify(value) : null;
}

/**
 * @param {string} _
 * @param {unknown} value
 * @param {{ source?: string }} [context]
 */
function keepLong(_, value, context) {
	const source = context?.source ?? "";
	return typeof value === "number" && /^-?\d+$/.test(source) ? wholeNumber(source) : value;
}
