// Whose a prompt is: Grok's while a part of its words is left in it.

/** With a smaller share of Grok's words the text is the person's own. */
const LEAST_SHARE = 0.25;

/**
 * Return whether a text is still what Grok wrote, or that with changes.
 *
 * @param {string} text
 * @param {string} written
 */
export function isStillGroks(text, written) {
	return shareLeft(written, text) >= LEAST_SHARE;
}

/**
 * Return which share of a text's words is in another one, wherever; 0 to 1.
 *
 * @param {string} text
 * @param {string} other
 */
export function shareLeft(text, other) {
	const words = wordsIn(text);
	/** @type {Map<string, number>} */
	const left = new Map();
	for (const word of wordsIn(other)) left.set(word, (left.get(word) ?? 0) + 1);
	let found = 0;
	for (const word of words) {
		const there = left.get(word) ?? 0;
		if (!there) continue;
		left.set(word, there - 1);
		found += 1;
	}
	return words.length ? found / words.length : 0;
}

/** @param {string} text */
export function wordsIn(text) {
	return text.split(/\s+/u).filter(Boolean);
}
