// The prompt's text: replaced only at the user's request, and always undoable.

import { byId, on } from "../core/dom.js";
import { isStillGroks } from "./authorship.js";

/** @import { FormValues, WrittenPrompt } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */

export class PromptBox {
	area = byId("prompt", HTMLTextAreaElement);
	undoButton = byId("undo-prompt");
	replacing = false;
	/** @type {Pick<FormValues, "prompt" | "promptJob"> | null} The text before it was replaced. */
	before = null;

	/** @type {string | null} The negative prompt before, if it was replaced too. */
	negativeBefore = null;

	/** @type {WrittenPrompt | null} Grok's text that was replaced as a whole. */
	disowned = null;

	/** @param {FormState} state */
	constructor(state) {
		this.state = state;
		on(this.undoButton, "click", () => this.undo());
		// Before the text changes it is known whether all of it goes.
		on(this.area, "beforeinput", () => {
			const { selectionStart, selectionEnd, value } = this.area;
			if (!this.replacing && value && selectionStart === 0 && selectionEnd === value.length) this.disown();
		});
		on(this.area, "input", () => {
			if (this.replacing) return;
			const { value } = this.area;
			// Ctrl+Z has restored it: it is the user's own text again, or Grok's.
			if (this.before?.prompt === value) state.set(this.before);
			else if (this.disowned?.text === value) state.set({ promptJob: this.disowned });
			else if (!value || this.isReplaced(value)) this.disown();
			// The undo must not discard what was typed since.
			this.undoButton.hidden = true;
		});
		state.listen("change", ({ names, by }) => names.has("prompt") && !this.replacing && by !== "prompt" && this.forget());
	}

	/**
	 * Return whether too little of what Grok wrote is left in the text.
	 *
	 * @param {string} text
	 */
	isReplaced(text) {
		const written = this.state.get("promptJob");
		return written !== null && !isStillGroks(text, written.text);
	}

	/** From now on the text is the user's own: nothing of Grok's is left in it. */
	disown() {
		const promptJob = this.state.get("promptJob");
		if (!promptJob) return;
		this.disowned = promptJob;
		this.state.set({ promptJob: null }, "prompt");
	}

	/**
	 * Replace the text at the user's request; undo restores the old one.
	 *
	 * @param {string} text
	 * @param {WrittenPrompt} promptJob
	 * @param {string | null} [negative] What goes into the model's own negative prompt.
	 */
	replace(text, promptJob, negative = null) {
		const { prompt, promptJob: earlier, fields } = this.state.values;
		this.before = { prompt, promptJob: earlier };
		this.negativeBefore = negative ? (fields.negative_prompt ?? "") : null;
		this.write(text, promptJob);
		if (negative) this.writeNegative(negative);
		this.undoButton.hidden = false;
	}

	undo() {
		if (!this.before) return;
		const { prompt, promptJob } = this.before;
		this.write(prompt, promptJob);
		if (this.negativeBefore !== null) this.writeNegative(this.negativeBefore);
		this.forget();
		this.area.focus();
	}

	/** @param {string} text */
	writeNegative(text) {
		this.state.set({ fields: { ...this.state.get("fields"), negative_prompt: text } });
	}

	forget() {
		this.before = null;
		this.undoButton.hidden = true;
	}

	/**
	 * @param {string} text
	 * @param {WrittenPrompt | null} promptJob
	 */
	write(text, promptJob) {
		this.replacing = true;
		this.area.focus();
		this.area.select();
		// The only way to replace text that the browser's own undo (Ctrl+Z) covers.
		const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
		if (!done || this.area.value !== text) this.area.value = text;
		this.state.set({ prompt: text, promptJob });
		this.replacing = false;
	}
}
