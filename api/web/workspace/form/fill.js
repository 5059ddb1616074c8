// Fills the form from other parts of the page, always with an undo. They know no more of the form than this.

import { notify } from "../core/notices.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";

/** @import { Api } from "../core/api.js" */
/** @import { FormValues } from "../../types/page.js" */
/** @import { AiButton } from "./ai_button.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

/**
 * @typedef {object} Parts
 * @property {Api} api
 * @property {FormState} state
 * @property {Models} models
 * @property {(whole: boolean) => void} show Brings the form into sight if all of it was filled; called after each change.
 * @property {AiButton} ai
 */

/** @type {Parts | null} */
let parts = null;

/**
 * Offer the form to the rest of the page.
 *
 * @param {Parts} offered
 */
export function offerForm(offered) {
	parts = offered;
}

/** Return the form's models and its values, the API and AI Generate; null until it is offered. */
export function formNow() {
	return parts && { api: parts.api, models: parts.models, values: parts.state.values, ai: parts.ai, show: parts.show };
}

/**
 * Change the form's values.
 *
 * @param {string} text Tells what was done.
 * @param {(values: FormValues, models: Models) => Partial<FormValues>} change
 * @param {boolean} [whole] Whether all of the form is filled, rather than a field of it.
 */
export function fillForm(text, change, whole = false) {
	if (!parts) return;
	const { state, models, show } = parts;
	const changed = change(state.values, models);
	if (state.get("generate") && ("prompt" in changed || "writer" in changed)) {
		notify(CORE.decideFirst, { tone: "attention" });
		return;
	}
	const before = Object.fromEntries(Object.keys(changed).map((name) => [name, state.get(/** @type {keyof FormValues} */ (name))]));
	if (whole) state.setAside(() => state.set(changed));
	else state.set(changed);
	show(whole);
	const undo = () => {
		state.set(before);
		show(false);
	};
	notify(text, { action: { label: COMMON.undo, run: undo } });
}
