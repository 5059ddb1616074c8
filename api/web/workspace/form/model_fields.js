// The inputs of the chosen model, from its schema: those that are required or affect the price first, the rest collapsed.

import { byId, el, fill } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { FORM } from "../words/form.js";

/** @import { ModelInput } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */
/** @import { Uploads } from "./uploads.js" */

const inputs = lazy(() => import("./inputs.js"));

const MIN_EXPANDED = 4;

export class ModelFields {
	element = byId("model-fields");
	/** @type {string | null} The model whose inputs are shown. */
	path = null;
	/** @type {ModelInput[]} */
	shown = [];

	/**
	 * @param {object} parts
	 * @param {Models} parts.models
	 * @param {FormState} parts.state
	 * @param {() => Uploads | undefined} parts.uploads
	 */
	constructor({ models, state, uploads }) {
		this.models = models;
		this.state = state;
		this.uploads = uploads;
		models.listen("change", () => this.show());
		state.listen("change", ({ names, by }) => {
			if (names.has("model") || names.has("alsoOn") || names.has("rawInput") || (names.has("fields") && by !== "fields")) this.show(true);
		});
	}

	async show(force = false) {
		const path = this.state.get("model");
		for (const one of [path, ...this.state.get("alsoOn")]) this.models.describe(one);
		// While they are being reloaded, the previous ones stay.
		const fields = this.models.fieldsOf(path) ?? (path === this.path ? this.shown : []);
		if (!force && fields === this.shown) return;
		this.path = path;
		this.shown = fields;
		const module = fields.length ? await inputs() : null;
		// Another model may have been chosen meanwhile.
		if (fields !== this.shown || (fields.length && !module)) return;
		const id = document.activeElement?.id;
		const first = fields.filter((field, index) => field.required || field.movesPrice || index < MIN_EXPANDED);
		const rest = fields.filter((field) => !first.includes(field));
		const open = this.element.querySelector("[open]") !== null;
		/** @param {ModelInput[]} some */
		const row = (some) => el("div.field-row", some.map((field) => module?.fieldOf(field, this)));
		const folded = rest.length > 0 && el("details.fold", { open }, el("summary", icon("down"), FORM.moreInputs(rest.length)), row(rest));
		fill(this.element, fields.length > 0 && row(first), folded);
		// Restore the focus.
		if (id && id !== document.activeElement?.id) document.getElementById(id)?.focus();
		this.element.hidden = !fields.length;
		// Makes the form validate its new fields.
		this.state.set({ fields: { ...this.state.get("fields") } }, "fields");
	}

	/**
	 * @param {string} name
	 * @param {string} text
	 */
	write(name, text) {
		this.state.set({ fields: { ...this.state.get("fields"), [name]: text } }, "fields");
	}
}
