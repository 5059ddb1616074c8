// The inputs of the chosen model, from its schema: those that are required or affect the price first, the rest collapsed.

import { byId, el, fill, on } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { ROUNDED, fieldText, isRounded, parseJson, parseObject } from "./form_rules.js";

/** @import { Attributes, ModelInput } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

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
	 */
	constructor({ models, state }) {
		this.models = models;
		this.state = state;
		models.listen("change", () => this.show());
		state.listen("change", ({ names, by }) => {
			if (names.has("model") || names.has("rawInput") || (names.has("fields") && by !== "fields")) this.show(true);
		});
	}

	show(force = false) {
		const path = this.state.get("model");
		this.models.describe(path);
		// While they are being reloaded, the previous ones stay.
		const fields = this.models.fieldsOf(path) ?? (path === this.path ? this.shown : []);
		if (!force && fields === this.shown) return;
		this.path = path;
		this.shown = fields;
		const id = document.activeElement?.id;
		const first = fields.filter((field, index) => field.required || field.movesPrice || index < MIN_EXPANDED);
		const rest = fields.filter((field) => !first.includes(field));
		const open = this.element.querySelector("[open]") !== null;
		const folded = rest.length > 0 && el("details.fold", { open }, el("summary", icon("down"), `More inputs (${rest.length})`), this.row(rest));
		fill(this.element, this.row(first), folded);
		// Restore the focus.
		if (id && id !== document.activeElement?.id) document.getElementById(id)?.focus();
		this.element.hidden = !fields.length;
		// Makes the form validate its new fields.
		this.state.set({ fields: { ...this.state.get("fields") } }, "fields");
	}

	/** @param {ModelInput[]} fields */
	row(fields) {
		return el("div.field-row", ...fields.map((field) => this.field(field)));
	}

	/** @param {ModelInput} field */
	field(field) {
		const { name, title, description, required, suggestions, type } = field;
		// The raw input overrides a field: its value is shown here, but edited there.
		const raw = parseObject(this.state.get("rawInput")) ?? {};
		const overridden = Object.hasOwn(raw, name);
		const control = controlOf(field, { id: `field-${name}`, "data-input": name, disabled: overridden, value: overridden ? plain(raw[name]) : fieldText(this.state.values, name), required: required && field.default === null });
		const validate = () => control.setCustomValidity(inputError(type, control.value.trim()));
		validate();
		on(control, "input", () => {
			validate();
			this.state.set({ fields: { ...this.state.get("fields"), [name]: control.value } }, "fields");
		});
		const list = suggestions?.length ? el("datalist", { id: `${control.id}-list` }, ...suggestions.map((value) => el("option", { value }))) : null;
		if (list) control.setAttribute("list", list.id);
		const note = [required && "required", field.movesPrice && "affects the price", overridden && "set in the raw input"].filter(Boolean).join(", ");
		return el(type === "json" ? "div.field.is-wide" : "div.field", { title: description }, el("label.label", { for: control.id }, title || name, note && el("span.quiet", ` ${note}`)), control, list);
	}
}

/**
 * @param {ModelInput} field
 * @param {Attributes} attributes
 */
function controlOf({ name, type, choices, default: usual, minimum, maximum, step, maxLength }, attributes) {
	const usualText = usual === null ? "model default" : plain(usual);
	if (choices || type === "boolean") {
		const { value, ...others } = attributes;
		const options = (choices ?? [true, false]).map((choice) => el("option", { value: String(choice) }, say(String(choice))));
		const select = el("select.input", others, el("option", { value: "" }, say(usualText)), ...options);
		// Only once it has its options.
		select.value = String(value);
		return select;
	}
	if (type === "json") return el("textarea.input.is-code", { ...attributes, rows: 2, spellcheck: "false", placeholder: usualText });
	const numeric = type === "number" || type === "integer";
	const limits = numeric ? { type: "number", min: minimum, max: maximum, step: step ?? (type === "integer" ? 1 : "any") } : { maxlength: maxLength, pattern: name === "size" ? "\\d{2,5}\\*\\d{2,5}" : null };
	return el("input.input", { ...attributes, ...limits, placeholder: name === "seed" ? "random" : usualText });
}

/**
 * Return why a field's text cannot be sent, or an empty text. The browser validates its limits.
 *
 * @param {string} type
 * @param {string} text
 */
function inputError(type, text) {
	if (!text || !["json", "number", "integer"].includes(type)) return "";
	const value = parseJson(text);
	if (isRounded(value)) return ROUNDED;
	return type === "json" && value === undefined ? "This is not JSON." : "";
}

/** @param {unknown} value */
function plain(value) {
	return JSON.stringify(value).replaceAll('"', "");
}

/** @param {string} choice */
function say(choice) {
	return choice === "true" ? "yes" : choice === "false" ? "no" : choice;
}
