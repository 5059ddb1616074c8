// The difference between two texts, word by word.

/** Longer texts are not compared: the table below grows with the product of both. */
export const MOST_WORDS = 400;

/** A word, or the marks between two, with the white space before it: a full stop that is added does not change its word. */
const TOKEN = /\s*(?:[\p{L}\p{N}\p{M}_'’-]+|[^\s\p{L}\p{N}\p{M}_'’-]+)/gu;
const BEGINS_WITH_WORD = /^[\p{L}\p{N}]/u;

/** @typedef {{ kind: "same" | "gone" | "new", text: string }} Run Neighbouring words of one kind, each with the white space before it. */

/**
 * Return the runs that lead from one text to the other; null if one of them is too long to be compared.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Run[] | null}
 */
export function wordDiff(before, after) {
	const [old, now] = [tokensOf(before), tokensOf(after)];
	if (old.length > MOST_WORDS || now.length > MOST_WORDS) return null;
	const [were, are] = [old, now].map((tokens) => tokens.map((token) => token.trim()));
	const common = commonLengths(were, are);
	/** @type {Run[]} */
	const runs = [];
	let [i, j] = [0, 0];
	while (i < old.length || j < now.length) {
		if (i < old.length && j < now.length && were[i] === are[j]) {
			add(runs, "same", now[j]);
			i += 1;
			j += 1;
		} else if (j === now.length || (i < old.length && common[i + 1][j] >= common[i][j + 1])) {
			add(runs, "gone", old[i]);
			i += 1;
		} else {
			add(runs, "new", now[j]);
			j += 1;
		}
	}
	return runs;
}

/**
 * Return the lengths of the longest common subsequences of the rests that begin at each pair of words.
 *
 * @param {string[]} old
 * @param {string[]} now
 */
function commonLengths(old, now) {
	const table = Array.from({ length: old.length + 1 }, () => new Uint16Array(now.length + 1));
	for (let i = old.length - 1; i >= 0; i -= 1) {
		for (let j = now.length - 1; j >= 0; j -= 1) table[i][j] = old[i] === now[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
	}
	return table;
}

/**
 * @param {Run[]} runs
 * @param {Run["kind"]} kind
 * @param {string} word
 */
function add(runs, kind, word) {
	const last = runs.at(-1);
	if (last?.kind === kind) last.text += word;
	// The first word of a text has no space before it, and may now stand after one that is gone.
	else runs.push({ kind, text: last?.kind === "gone" && BEGINS_WITH_WORD.test(word) ? ` ${word}` : word });
}

/** @param {string} text */
function tokensOf(text) {
	return text.trim().match(TOKEN) ?? [];
}
