// A dialog with fields. It stays open until what it asks for has been done, and says at its foot why it was not.

import { Problem } from "../core/api.js";
import { button, el, on, setAttribute, setText } from "../core/dom.js";

/** @typedef {{ name: string, label: string, value?: string, maxlength?: number, options?: readonly string[] }} Field */

/** @typedef {{ label: string, act: (values: Record<string, string>) => Promise<unknown> }} Answer */

/** A refusal in the page's own words. */
export class Refusal extends Error {}

/**
 * Show the dialog; resolve to whether one of its acts was done.
 *
 * @param {object} question
 * @param {string} question.title
 * @param {string} [question.note]
 * @param {readonly Field[]} question.fields
 * @param {readonly Answer[]} question.answers The first is what Enter does.
 * @param {string} question.dismiss
 * @returns {Promise<boolean>}
 */
export function ask({ title, note, fields, answers, dismiss }) {
	// A key pressed twice opens one dialog.
	if (document.querySelector("dialog.is-asking[open]")) return Promise.resolve(false);
	return new Promise((resolve) => {
		const before = document.activeElement;
		let busy = false;
		const controls = new Map(fields.map((field, index) => [field.name, controlOf(field, index)]));
		const wrong = el("p.wrong", { role: "alert", hidden: true });
		/** @param {boolean} done */
		const close = (done) => {
			dialog.remove();
			if (before instanceof HTMLElement && before.isConnected) before.focus();
			resolve(done);
		};
		/** @param {Answer} answer */
		const run = async ({ act }) => {
			if (busy) return;
			busy = true;
			wrong.hidden = true;
			for (const control of controls.values()) setAttribute(control, "aria-invalid", null);
			try {
				await act(Object.fromEntries([...controls].map(([name, control]) => [name, control.value])));
				close(true);
			} catch (thrown) {
				if (!(thrown instanceof Problem || thrown instanceof Refusal)) throw thrown;
				setText(wrong, thrown instanceof Problem ? thrown.sentence : thrown.message);
				wrong.hidden = false;
				const pointers = thrown instanceof Problem ? thrown.errors.map(({ pointer }) => pointer.split("/").at(-1) ?? "") : [];
				const at = [...controls].find(([name]) => pointers.includes(name)) ?? [...controls][0];
				if (at) {
					setAttribute(at[1], "aria-invalid", "true");
					at[1].focus();
				}
			} finally {
				busy = false;
			}
		};
		const [first, ...others] = answers;
		const buttons = [...others.map((answer) => button("", () => run(answer), answer.label)), el("button.button.primary", { type: "submit" }, first.label)];
		const form = el(
			"form",
			{ novalidate: true, autocomplete: "off" },
			el("h2", { id: "ask-title" }, title),
			note && el("p.quiet", { id: "ask-note" }, note),
			...fields.map((field, index) => fieldOf(field, index, /** @type {HTMLElement} */ (controls.get(field.name)))),
			wrong,
			el("div.dialog-answers", button("", () => close(false), dismiss), ...buttons),
		);
		const dialog = el("dialog.dialog.is-asking", { "aria-labelledby": "ask-title", "aria-describedby": note ? "ask-note" : null }, form);
		on(form, "submit", (event) => {
			event.preventDefault();
			run(first);
		});
		on(dialog, "cancel", (event) => {
			event.preventDefault();
			close(false);
		});
		document.body.append(dialog);
		dialog.showModal();
		const [control] = controls.values();
		control?.focus();
		control?.select();
	});
}

/**
 * @param {Field} field
 * @param {number} index
 */
function controlOf({ value = "", maxlength, options }, index) {
	return el("input.input", { id: `ask-${index}`, type: "text", value, maxlength: maxlength ?? null, autocomplete: "off", list: options ? `ask-options-${index}` : null });
}

/**
 * @param {Field} field
 * @param {number} index
 * @param {HTMLElement} control
 */
function fieldOf({ label, options }, index, control) {
	const known = options && el("datalist", { id: `ask-options-${index}` }, ...options.map((value) => el("option", { value })));
	return el("div.field", el("label.label", { for: `ask-${index}` }, label), control, known || null);
}
