// Small parts of Admin's forms.

import { el, on, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";

/** @import { Problem } from "../core/api.js" */
/** @import { Child, Owner } from "../../types/page.js" */

/**
 * @param {HTMLElement} control Its id names the label.
 * @param {readonly Child[]} label
 */
export function field(control, ...label) {
	return el("div.field", el("label.label", { for: control.id }, ...label), control);
}

/**
 * Return what a list is filtered by, and the link to it as CSV.
 *
 * @param {HTMLElement} csv
 * @param {readonly (readonly [control: HTMLElement, label: string])[]} filters
 */
export function filtersOf(csv, ...filters) {
	return el("div.admin-tools", ...filters.map(([control, label]) => field(control, label)), el("span.grow"), csv);
}

/** Return the link to a list as CSV; its address depends on the filters. */
export function csvLink() {
	return el("a.button.is-small", { download: "" }, icon("download"), ADMIN.csv);
}

/**
 * Return the options of a filter by owner.
 *
 * @param {readonly Pick<Owner, "name">[]} owners
 * @param {string} chosen
 */
export function ownerOptions(owners, chosen) {
	return [el("option", { value: "" }, ADMIN.allOwners), ...owners.map(({ name }) => el("option", { value: name, selected: name === chosen }, name))];
}

/**
 * Send a form whenever it is submitted, but not twice at once: a second press on its button is no second request.
 *
 * @param {HTMLFormElement} form Its fields are checked by the API, or by `send`, not by the browser.
 * @param {() => Promise<unknown>} send
 */
export function onSubmit(form, send) {
	let busy = false;
	form.noValidate = true;
	on(form, "submit", async (event) => {
		event.preventDefault();
		if (busy) return;
		busy = true;
		try {
			await send();
		} finally {
			busy = false;
		}
	});
}

/**
 * Empty a field whose text was sent, unless something else has been typed meanwhile.
 *
 * @param {HTMLInputElement} input
 * @param {string} sent
 */
export function clearSent(input, sent) {
	if (input.value === sent) input.value = "";
}

/**
 * Say what the API finds wrong with a form, each field by its label, and go to the first of them.
 *
 * @param {Element} wrong Where it is said.
 * @param {Problem} problem
 * @param {Record<string, HTMLInputElement | HTMLSelectElement>} inputs By their names in the request.
 */
export function showWrong(wrong, problem, inputs) {
	const found = problem.errors.map(({ pointer, message }) => ({ input: inputs[pointer.replace(/^\/query/, "").split("/")[1]], message }));
	const marked = found.flatMap(({ input }) => input ?? []);
	for (const input of Object.values(inputs)) setAttribute(input, "aria-invalid", marked.includes(input) || null);
	const sentences = found.map(({ input, message }) => `${input?.labels?.[0]?.firstChild?.textContent ?? COMMON.request}: ${message.replace(/\.?$/, ".")}`);
	setText(wrong, marked.length ? sentences.join(" ") : problem.sentence);
	marked[0]?.focus();
}

/**
 * Forget what was wrong.
 *
 * @param {Element} wrong
 * @param {Record<string, HTMLInputElement | HTMLSelectElement>} inputs
 */
export function clearWrong(wrong, inputs) {
	setText(wrong, "");
	for (const input of Object.values(inputs)) setAttribute(input, "aria-invalid", null);
}
