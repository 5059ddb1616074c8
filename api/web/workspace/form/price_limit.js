// What each of the form's jobs may cost. The server compares it with the quote, and does not submit a job that costs more.

import { byId, el, on } from "../core/dom.js";
import { MAKING } from "../words/making.js";

/** @import { Form } from "./form.js" */
/** @import { FormState } from "./form_state.js" */

const NAME = "maxPriceUsd";
/** Amounts are exact to a millionth of a dollar. */
const LEAST_USD = "0.000001";

/**
 * Offer the limit below the deadline.
 *
 * @param {FormState} state
 * @param {Form} form
 */
export function offerPriceLimit(state, form) {
	const field = el("input.input", { id: NAME, type: "number", min: LEAST_USD, step: "any", value: state.get(NAME) });
	const label = el("label.label", { for: NAME }, MAKING.priceLimit, el("span.quiet", ` ${MAKING.priceLimitNote}`));
	on(field, "input", () => state.set({ [NAME]: field.value }, NAME));
	state.listen("change", ({ names, by }) => {
		if (!names.has(NAME) || by === NAME) return;
		field.value = state.get(NAME);
		form.showRun();
	});
	byId("deadlineSeconds").closest(".field")?.after(el("div.field", label, field));
	form.showRun();
}
