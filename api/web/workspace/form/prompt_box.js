// The prompt's text: replaced only at the user's request, and always undoable.

import { byId, on } from "../core/dom.js";

/** @import { FormValues, WrittenPrompt } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */

export class PromptBox {
	area = byId("prompt", HTMLTextAreaElement);
	undoButton = byId("undo-prompt");
	replacing = false;
	/** @type {Pick<FormValues, "prompt" | "promptJob"> | null} The text before it was replaced. */
	before = null;

	/** @param {FormState} state */
	constructor(state) {
		this.state = state;
		on(this.undoButton, "click", () => this.undo());
		on(this.area, "input", () => {
			if (this.replacing) return;
			// Ctrl+Z has restored it: it is the user's own text again.
			if (this.before?.prompt === this.area.value) state.set(this.before);
			// The undo must not discard what was typed since.
			this.undoButton.hidden = true;
		});
		state.listen("change", ({ names, by }) => names.has("prompt") && !this.replacing && by !== "prompt" && this.forget());
	}

	/**
	 * Replace the text at the user's request; undo restores the old one.
	 *
	 * @param {string} text
	 * @param {WrittenPrompt} promptJob
	 */
	replace(text, promptJob) {
		this.before = { prompt: this.state.get("prompt"), promptJob: this.state.get("promptJob") };
		this.write(text, promptJob);
		this.undoButton.hidden = false;
	}

	undo() {
		if (!this.before) return;
		const { prompt, promptJob } = this.before;
		this.write(prompt, promptJob);
		this.forget();
		this.area.focus();
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
