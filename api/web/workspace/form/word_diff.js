// The difference between two texts, word by word.

import { wordsIn } from "./authorship.js";

/** Longer texts are not compared: the table below grows with the product of both. */
export const MOST_WORDS = 400;

/** @typedef {{ kind: "same" | "gone" | "new", text: string }} Run Neighbouring words of one kind, joined by spaces. */

/**
 * Return the runs that lead from one text to the other; null if one of them is too long to be compared.
 *
 * @param {string} before
 * @param {string} after
 * @returns {Run[] | null}
 */
export function wordDiff(before, after) {
	const [old, now] = [wordsIn(before), wordsIn(after)];
	if (old.length > MOST_WORDS || now.length > MOST_WORDS) return null;
	const common = commonLengths(old, now);
	/** @type {Run[]} */
	const runs = [];
	let [i, j] = [0, 0];
	while (i < old.length || j < now.length) {
		if (i < old.length && j < now.length && old[i] === now[j]) {
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
	if (last?.kind === kind) last.text += ` ${word}`;
	else runs.push({ kind, text: word });
}
