// The fields of a style of one's own.

import { button, el, on, setText } from "../core/dom.js";
import { STYLES } from "../words/partner.js";

/** @import { PromptStyle } from "../../types/page.js" */

export class StyleEditor {
	name = el("input.input", { id: "style-name", maxlength: "40", placeholder: STYLES.namePlaceholder });
	wording = el("textarea.input", { id: "style-wording", rows: "2", maxlength: "1000", placeholder: STYLES.wordingPlaceholder });
	problem = el("p.hint", { role: "alert" });

	/**
	 * @param {object} parts
	 * @param {PromptStyle | null} parts.style None: a new one.
	 * @param {(name: string, wording: string) => unknown} parts.save
	 * @param {() => void} parts.close
	 */
	constructor({ style, save, close }) {
		this.name.value = style?.name ?? "";
		this.name.readOnly = style !== null;
		this.wording.value = style?.wording ?? "";
		const submit = () => {
			const [name, wording] = [this.name.value.trim(), this.wording.value.trim()];
			setText(this.problem, name && wording ? "" : STYLES.missing);
			if (name && wording) save(name, wording);
		};
		this.element = el(
			"div.style-editor",
			{ role: "group", "aria-label": STYLES.add },
			el("div.field", el("label.label", { for: this.name.id }, STYLES.name), this.name),
			el("div.field", el("label.label", { for: this.wording.id }, STYLES.wording), this.wording),
			this.problem,
			el("div.ai-answers", button("primary.is-small", submit, STYLES.save), button("is-small", close, STYLES.cancel)),
		);
		on(this.element, "keydown", (event) => {
			// Enter in the name would send the whole form.
			if (event.key === "Enter" && event.target === this.name) event.preventDefault();
			if (event.key === "Escape") {
				event.stopPropagation();
				close();
			}
		});
	}

	focus() {
		(this.name.readOnly ? this.wording : this.name).focus();
	}
}
