// The prompts proposed for a batch while somebody chooses among them: taken or left, edited, or added.

/** @typedef {{ text: string, first: string | null, taken: boolean }} Choice `first` is what Grok wrote; null for somebody's own. */

/** @typedef {{ texts: string[], made: number, priceUsd: number | null }} Chosen What would be made: each text for every row. */

/**
 * Return the prompts as Grok proposes them, all taken.
 *
 * @param {readonly string[]} prompts
 * @returns {Choice[]}
 */
export function choicesOf(prompts) {
	return prompts.map((text) => ({ text, first: text, taken: true }));
}

/**
 * @param {readonly Choice[]} choices
 * @param {{ rows: number, priceUsd: number | null }} each How many rows each is made for, and what one costs.
 * @returns {Chosen}
 */
export function chosenOf(choices, { rows, priceUsd }) {
	const texts = choices.filter(({ taken }) => taken).map(({ text }) => text.trim());
	const made = texts.length * rows;
	return { texts, made, priceUsd: priceUsd === null ? null : Math.round(made * priceUsd * 1e6) / 1e6 };
}

/**
 * Return the choices with all taken, or none if all are.
 *
 * @param {readonly Choice[]} choices
 */
export function allTurned(choices) {
	const taken = !choices.every((choice) => choice.taken);
	return choices.map((choice) => ({ ...choice, taken }));
}

/**
 * Return whether two texts differ in nothing but case and spaces.
 *
 * @param {readonly string[]} texts
 */
export function hasTwins(texts) {
	return new Set(texts.map((text) => text.toLowerCase().split(/\s+/u).join(" "))).size < texts.length;
}
