// Where a cell is edited: a text field over it, as wide as the cell and as high as its text.

import { el, on, setAttribute } from "../core/dom.js";
import { CELL_CHARACTERS } from "./limits.js";

/**
 * @typedef {object} Edited
 * @property {number} row -1 for a column's name.
 * @property {number} left
 * @property {number} width
 * @property {number} top
 * @property {string} text
 * @property {boolean} whole Whether all of it is selected.
 * @property {string} label
 * @property {(text: string, step: [down: number, right: number] | null) => void} done Without a step, the focus has gone elsewhere, and stays there.
 * @property {() => void} cancelled
 */

export class CellEditor {
	/** @type {Edited | null} */
	edited = null;
	field = el("textarea.grid-editor", { rows: 1, spellcheck: "true", hidden: true, maxlength: CELL_CHARACTERS });

	/**
	 * @param {HTMLElement} body
	 * @param {HTMLElement} head
	 */
	constructor(body, head) {
		this.body = body;
		this.head = head;
		on(this.field, "keydown", (event) => this.onKey(event));
		on(this.field, "blur", () => this.end(null));
	}

	get open() {
		return this.edited !== null;
	}

	/** @param {EventTarget | null} target */
	holds(target) {
		return target === this.field;
	}

	/** @param {Edited} edited */
	begin(edited) {
		this.commit();
		this.edited = edited;
		const { field } = this;
		(edited.row < 0 ? this.head : this.body).append(field);
		field.hidden = false;
		field.value = edited.text;
		setAttribute(field, "aria-label", edited.label);
		field.style.left = `${edited.left}px`;
		field.style.minWidth = `${edited.width}px`;
		field.style.top = `${Math.max(0, edited.top)}px`;
		field.focus({ preventScroll: true });
		if (edited.whole) field.select();
		else field.setSelectionRange(field.value.length, field.value.length);
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		const { key, shiftKey, altKey } = event;
		event.stopPropagation();
		if (event.isComposing) return;
		if (key === "Escape") this.cancel();
		else if (key === "Enter" && !altKey && !shiftKey) this.end([1, 0]);
		else if (key === "Tab") this.end([0, shiftKey ? -1 : 1]);
		else return;
		event.preventDefault();
	}

	/** Take what was written, and stay. */
	commit() {
		this.end([0, 0]);
	}

	/** @param {[down: number, right: number] | null} step Null where the focus has gone elsewhere. */
	end(step) {
		const { edited, field } = this;
		if (!edited) return;
		this.edited = null;
		const text = field.value;
		field.hidden = true;
		edited.done(text, step);
	}

	cancel() {
		const { edited, field } = this;
		this.edited = null;
		field.hidden = true;
		edited?.cancelled();
	}
}
