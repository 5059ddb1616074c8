// The form beside the table: what it says is the template of every row. Columns are offered to be filled in.

import { button, byId, el, fill, setText } from "../core/dom.js";
import { TABLE } from "../words/batch_table.js";
import { wordsOfTemplate } from "./columns.js";

/** @import { FormValues } from "../../types/page.js" */
/** @import { FormState } from "../form/form_state.js" */

/** Columns of addresses, which are no words of a text. */
const PICTURES = ["image", "images"];

export class TemplateSide {
	hint = el("p.hint", TABLE.templateHint);
	chips = el("div.chips.batch-chips", { role: "group", "aria-label": TABLE.columns });
	heading = byId("form-title");
	prompt = byId("prompt", HTMLTextAreaElement);
	shown = "";

	/**
	 * @param {FormState} state
	 * @param {HTMLElement} choice Whose the prompts are.
	 */
	constructor(state, choice) {
		this.state = state;
		this.choice = choice;
		this.usual = this.heading.textContent ?? "";
	}

	/** @param {boolean} open */
	reveal(open) {
		setText(this.heading, open ? TABLE.template : this.usual);
		if (open) {
			this.heading.parentElement?.after(this.hint);
			byId("prompt-frame").after(this.chips, this.choice);
		} else {
			this.hint.remove();
			this.chips.remove();
			this.choice.remove();
		}
	}

	/**
	 * Offer the columns that can stand in a text.
	 *
	 * @param {readonly string[]} columns
	 * @param {FormValues} values
	 */
	show(columns, { prompt }) {
		const used = wordsOfTemplate({ prompt });
		const offered = columns.filter((name) => !PICTURES.includes(name) && wordsOfTemplate({ prompt: `{{${name}}}` }).has(name));
		const shown = JSON.stringify([offered, [...used]]);
		if (shown === this.shown) return;
		this.shown = shown;
		const focused = [...this.chips.children].indexOf(/** @type {Element} */ (document.activeElement));
		fill(this.chips, offered.map((name) => button(used.has(name) ? ".chip-button.is-on" : ".chip-button", () => this.insert(name), { title: TABLE.insert(name), "aria-label": TABLE.insert(name) }, `{{${name}}}`)));
		const chip = this.chips.children[focused];
		if (chip instanceof HTMLElement) chip.focus();
	}

	/**
	 * Put a word into the prompt, where it is being edited.
	 *
	 * @param {string} name
	 */
	insert(name) {
		const { prompt } = this;
		prompt.focus();
		prompt.setRangeText(`{{${name}}}`, prompt.selectionStart, prompt.selectionEnd, "end");
		prompt.dispatchEvent(new Event("input", { bubbles: true }));
	}
}
