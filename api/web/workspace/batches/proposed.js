// The prompts proposed for a batch while somebody chooses among them: chosen or left, edited, or added.

import { NAMED_OWNER } from "../core/access.js";
import { DRAFTS } from "../core/drafts.js";

/** @typedef {{ text: string, first: string | null, chosen: boolean }} Choice `first` is what Grok wrote; null for somebody's own. */

/** @typedef {{ texts: string[], made: number, priceUsd: number | null }} Chosen What would be made: each text for every row. */

/**
 * Return the prompts as Grok proposes them, all chosen.
 *
 * @param {readonly string[]} prompts
 * @returns {Choice[]}
 */
export function choicesOf(prompts) {
	return prompts.map((text) => ({ text, first: text, chosen: true }));
}

/**
 * @param {readonly Choice[]} choices
 * @param {{ rows: number, priceUsd: number | null }} each How many rows each is made for, and what one costs.
 * @returns {Chosen}
 */
export function chosenOf(choices, { rows, priceUsd }) {
	const texts = choices.filter(({ chosen }) => chosen).map(({ text }) => text.trim());
	const made = texts.length * rows;
	return { texts, made, priceUsd: priceUsd === null ? null : Math.round(made * priceUsd * 1e6) / 1e6 };
}

/**
 * Return the choices with all chosen, or none if all are.
 *
 * @param {readonly Choice[]} choices
 */
export function allTurned(choices) {
	const chosen = !choices.every((choice) => choice.chosen);
	return choices.map((choice) => ({ ...choice, chosen }));
}

// Below the batch's own, so that it is forgotten with it.
const STORAGE_KEY = `${DRAFTS.batch}@${NAMED_OWNER ?? ""}@proposal`;

/**
 * Keep what was chosen so far of the newest proposal that somebody looks at, for after a reload.
 *
 * @param {string} of Which proposal.
 * @param {readonly Choice[]} choices
 * @param {Pick<Storage, "setItem">} [storage]
 */
export function keepChoices(of, choices, storage = localStorage) {
	if (DRAFTS.forgotten) return;
	try {
		storage.setItem(STORAGE_KEY, JSON.stringify({ of, choices }));
	} catch {
		// A browser that keeps nothing keeps no draft.
	}
}

/**
 * Return what was chosen of a proposal before the page was loaded; null if nothing was.
 *
 * @param {string} of
 * @param {Pick<Storage, "getItem">} [storage]
 * @returns {Choice[] | null}
 */
export function keptChoices(of, storage = localStorage) {
	try {
		const found = JSON.parse(storage.getItem(STORAGE_KEY) ?? "{}");
		return found.of === of && found.choices.every(isChoice) ? found.choices : null;
	} catch {
		return null;
	}
}

/** @param {any} found */
function isChoice(found) {
	const { text, first, chosen } = found;
	return typeof text === "string" && (first === null || typeof first === "string") && typeof chosen === "boolean";
}

/**
 * Return whether two texts differ in nothing but case and spaces.
 *
 * @param {readonly string[]} texts
 */
export function hasTwins(texts) {
	return new Set(texts.map((text) => text.toLowerCase().split(/\s+/u).join(" "))).size < texts.length;
}
