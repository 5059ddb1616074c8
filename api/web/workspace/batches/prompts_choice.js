// Whose the prompts of a batch are: as the table and the template have them, Grok's for each row, or Grok's variants of
// one idea. The first two are what the form says as well, so it keeps them.

import { el, on, setAttribute, setText } from "../core/dom.js";
import { TABLE } from "../words/batch_table.js";
import { LEAST_VARIANTS, MOST_VARIANTS } from "./limits.js";
import { wholeOf } from "./money.js";

/** @import { FormState } from "../form/form_state.js" */
/** @import { Draft } from "./draft.js" */

/** @typedef {"table" | "each" | "variants"} Way */

/** @type {readonly Way[]} */
const WAYS = ["table", "each", "variants"];

/**
 * Return how many variants a text asks for; null if it is no such number.
 *
 * @param {string} text
 */
export function wantedOf(text) {
	const number = wholeOf(text, MOST_VARIANTS);
	return number && number >= LEAST_VARIANTS ? number : null;
}

export class PromptsChoice {
	/** @type {Map<Way, HTMLInputElement>} */
	radios = new Map();
	hint = el("p.hint", { id: "batch-prompts-hint" });
	wanted = el("input.input", { id: "batch-variants", inputmode: "numeric", maxlength: 2, autocomplete: "off" });
	number = el("div.field.batch-variants", { hidden: true }, el("label.label", { for: "batch-variants" }, TABLE.variantsWanted), this.wanted);

	/**
	 * @param {object} parts
	 * @param {Draft} parts.draft
	 * @param {FormState} parts.state
	 * @param {(changed: Partial<Draft>) => void} parts.change
	 */
	constructor({ draft, state, change }) {
		this.draft = draft;
		this.state = state;
		this.change = change;
		const choices = WAYS.map((way) => {
			const radio = el("input", { type: "radio", name: "batch-prompts", value: way });
			this.radios.set(way, radio);
			on(radio, "change", () => this.choose(way));
			return el("label.check", radio, el("span", TABLE.ways[way]));
		});
		this.element = el("fieldset.field.batch-prompts", { "aria-describedby": this.hint.id }, el("legend.label", TABLE.waysTitle), ...choices, this.number, this.hint);
		on(this.wanted, "input", () => change({ wanted: this.wanted.value }));
		this.show();
	}

	/** @returns {Way} */
	get way() {
		if (this.draft.variants) return "variants";
		return this.state.get("writer") === "grok" ? "each" : "table";
	}

	/** @param {Way} way */
	choose(way) {
		this.change({ variants: way === "variants" });
		// The form's own choice, which is the same; it tells of its change.
		if (way !== "variants") this.state.set({ writer: way === "each" ? "grok" : "me" });
		this.show();
	}

	/** Show what is chosen. */
	show() {
		const { way } = this;
		for (const [one, radio] of this.radios) radio.checked = one === way;
		this.number.hidden = way !== "variants";
		if (this.wanted.value !== this.draft.wanted) this.wanted.value = this.draft.wanted;
		setText(this.hint, TABLE.wayHints[way]);
		setAttribute(this.wanted, "aria-invalid", wantedOf(this.draft.wanted) === null ? "true" : null);
	}
}
