// Shows at each field what is wrong with it: what the browser finds, and what the server's list of models says.

import { el, setAttribute, setText } from "../core/dom.js";

/** @import { Problem } from "../core/api.js" */
/** @import { Reason } from "./form_rules.js" */

/**
 * Return the id of the field that an error of the API is about; null if there is none.
 *
 * @param {string} pointer
 * @param {string | null | undefined} picturesField The model's input that the form's images go into.
 * @param {object | null} raw The raw input, which overrides fields.
 */
export function fieldOf(pointer, picturesField, raw) {
	const [, first, second] = pointer.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
	if (first === "targetUrl" || first === "refUrls") return "pictures";
	if (first !== "input") return first ?? null;
	if (second === undefined || Object.hasOwn(raw ?? {}, second)) return "rawInput";
	return second === picturesField ? "pictures" : `field-${second}`;
}

/**
 * Return the errors of the API as issues of the form.
 *
 * @param {Problem["errors"]} errors
 * @param {string | null | undefined} picturesField
 * @param {object | null} raw
 * @returns {Reason[]}
 */
export function issuesOf(errors, picturesField, raw) {
	return errors.map(({ pointer, message }) => ({ at: fieldOf(pointer, picturesField, raw), text: message }));
}

export class FieldProblems {
	/** @type {Map<string, HTMLElement>} The sentences that are shown, by the id of their field. */
	shown = new Map();

	/** @param {Reason[]} issues At most one of each field is shown. */
	show(issues) {
		const texts = new Map(issues.toReversed().flatMap(({ at, text }) => (at ? [[at, text]] : [])));
		for (const [id, note] of this.shown) {
			if (texts.has(id) && note.isConnected) continue;
			this.mark(id, note, false);
			note.remove();
			this.shown.delete(id);
		}
		for (const [id, text] of texts) this.note(id, text);
	}

	/**
	 * @param {string} id
	 * @param {string} text
	 */
	note(id, text) {
		const field = document.getElementById(id);
		if (!field) return;
		const note = this.shown.get(id) ?? el("p.wrong", { id: `wrong-${id}` });
		setText(note, text);
		if (!note.isConnected) (field.matches("fieldset") ? field : (field.closest(".field") ?? field)).append(note);
		this.shown.set(id, note);
		this.mark(id, note, true);
	}

	/**
	 * @param {string} id
	 * @param {HTMLElement} note
	 * @param {boolean} wrong
	 */
	mark(id, note, wrong) {
		const field = document.getElementById(id);
		if (!field) return;
		if (!field.matches("fieldset, [role=group]")) setAttribute(field, "aria-invalid", wrong ? "true" : null);
		const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== note.id);
		setAttribute(field, "aria-describedby", [...others, ...(wrong ? [note.id] : [])].join(" ") || null);
	}
}

/**
 * Move to the first field that something is wrong with, out of whatever fold it is in.
 *
 * @param {readonly Reason[]} reasons
 */
export function reveal(reasons) {
	const field = reasons.map(({ at }) => at && document.getElementById(at)).find(Boolean);
	if (!field) return;
	for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
	const target = field.matches("input, select, textarea, button") ? field : field.querySelector("input, select, textarea, button");
	if (target instanceof HTMLElement) target.focus();
	field.scrollIntoView({ block: "nearest" });
}
