// Builds what the form offers for each input of a model, as the server's `control` says. Lists and files have modules of their own.

import { button, el, iconButton, on, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { INPUTS } from "../words/inputs.js";
import { ROUNDED, WHOLE, fieldText, isRounded, parseJson, parseObject } from "./form_rules.js";
import { choicesOf, rowsOf, textsOf } from "./lists.js";
import { mediaOf } from "./media.js";
import { drawSeed } from "./plan.js";
import { sizesWithin } from "./sizes.js";
import "./form_styles.js";

/** @import { Attributes, ModelInput } from "../../types/page.js" */
/** @import { Control } from "./form_rules.js" */
/** @import { ModelFields } from "./model_fields.js" */

/**
 * @typedef {object} Entry One input to build.
 * @property {ModelInput} field
 * @property {string} id
 * @property {string} text What was entered; JSON for a list.
 * @property {Attributes} attributes
 * @property {(text: string) => void} write
 * @property {{ sideMin: number | null, sideMax: number | null }} [sides] The limits of a size.
 */

/** Controls that need the form's whole width. */
const WIDE = new Set(["json", "paragraph", "texts", "media", "mediaList", "loras", "objects", "choices", "size", "slider"]);
/** Controls made of several elements: they are a group, with a name of its own. */
const GROUPS = new Set(["texts", "mediaList", "loras", "objects", "choices"]);

/**
 * Return one input with its label.
 *
 * @param {ModelInput} field
 * @param {ModelFields} form
 */
export function fieldOf(field, form) {
	const { name, title, description, required, unit } = field;
	// The raw input overrides a field: its value is shown here, but edited there.
	const raw = parseObject(form.state.get("rawInput")) ?? {};
	const overridden = Object.hasOwn(raw, name);
	const id = `field-${name}`;
	const text = overridden ? plain(raw[name]) : fieldText(form.state.values, name);
	const attributes = { id, "data-input": name, disabled: overridden, required: required && field.default === null };
	const kind = kindOf(field);
	const entry = { field, id, text, attributes, write: (/** @type {string} */ written) => form.write(name, written), sides: form.models.get(form.path ?? "") };
	const built = overridden ? simple(entry, "text") : build(entry, kind, form);
	const notes = [unit && unit !== "px" && !["choice"].includes(kind) && unit, required && "required", field.movesPrice && INPUTS.affectsPrice, overridden && INPUTS.setRaw];
	const note = notes.filter(Boolean).join(", ");
	const grouped = GROUPS.has(kind) && !overridden;
	const label = grouped ? el("span.label", title || name, note && el("span.quiet", ` ${note}`)) : el("label.label", { for: id }, title || name, note && el("span.quiet", ` ${note}`));
	const body = grouped ? el("div.group", { id, role: "group", "aria-label": title || name, "data-input": name }, ...built) : built;
	return el(WIDE.has(kind) ? "div.field.is-wide" : "div.field", { title: description }, label, body);
}

/** @param {ModelInput} field */
function kindOf({ control, type, choices }) {
	if (choices || type === "boolean") return "choice";
	// An older server says no more than the type.
	return control ?? (type === "integer" ? "number" : type);
}

/**
 * @param {Entry} entry
 * @param {string} kind
 * @param {ModelFields} form
 * @returns {Node[]}
 */
function build(entry, kind, form) {
	if (kind === "media" || kind === "mediaList") return mediaOf(entry, form, kind === "mediaList");
	if (kind === "loras" || kind === "objects") return rowsOf(entry, part);
	if (kind === "choices") return choicesOf(entry);
	if (kind === "texts") return textsOf(entry);
	return simple(entry, kind);
}

/**
 * Return one part of an object in a list.
 *
 * @param {Entry} entry
 */
function part(entry) {
	return simple(entry, kindOf(entry.field));
}

/**
 * @param {Entry} entry
 * @param {string} kind
 * @returns {Node[]}
 */
function simple(entry, kind) {
	const { field, text, write } = entry;
	const made = controlOf(entry, kind);
	made.value = text;
	const check = () => made.setCustomValidity(made.disabled ? "" : wrong(field, made.value.trim()));
	check();
	on(made, "input", () => {
		check();
		write(made.value);
	});
	/** @param {string} value */
	const put = (value) => {
		made.value = value;
		made.dispatchEvent(new Event("input"));
	};
	if (kind === "slider") return slider(entry, made, put);
	if (kind === "seed") return [el("div.joined", made, iconButton("dice", INPUTS.drawSeed, () => put(String(drawSeed())), INPUTS.drawSeed))];
	if (kind === "size" && !made.disabled) return [...suggestions(field, made), sizes(entry, made, put), made];
	return [made, ...suggestions(field, made)];
}

/**
 * @param {Entry} entry
 * @param {string} kind
 * @returns {Control}
 */
function controlOf({ field, attributes }, kind) {
	const { choices, default: usual, minimum, maximum, step, maxLength, type, unit, placeholder } = field;
	const usualText = usual === null || usual === undefined ? "" : plain(usual);
	const hint = placeholder || usualText || INPUTS.modelDefault;
	if (kind === "choice") {
		const options = (choices ?? [true, false]).map((choice) => el("option", { value: String(choice) }, say(choice, unit)));
		return el("select.input", attributes, el("option", { value: "" }, usualText ? INPUTS.usual(say(usual, unit)) : INPUTS.modelDefault), ...options);
	}
	if (kind === "json") return el("textarea.input.is-code", { ...attributes, rows: 2, spellcheck: "false", placeholder: hint });
	if (kind === "paragraph") return el("textarea.input", { ...attributes, rows: 2, maxlength: maxLength, placeholder: placeholder || usualText });
	// A text: a number field would round what it cannot count exactly.
	if (kind === "seed") return el("input.input", { ...attributes, inputmode: "numeric", autocomplete: "off", placeholder: INPUTS.random });
	if (kind === "size") return el("input.input", { ...attributes, pattern: "\\d{2,5}\\*\\d{2,5}", placeholder: usualText || "1024*1024" });
	if (type === "number" || type === "integer") {
		return el("input.input", { ...attributes, type: "number", min: minimum, max: maximum, step: step ?? (type === "integer" ? 1 : "any"), placeholder: hint });
	}
	return el("input.input", { ...attributes, maxlength: maxLength, placeholder: hint });
}

/**
 * @param {Entry} entry
 * @param {Control} made
 * @param {(value: string) => void} put
 */
function slider({ field, id }, made, put) {
	const { minimum, maximum, step, type, default: usual, title, name } = field;
	const range = el("input", { type: "range", min: minimum, max: maximum, step: step ?? (type === "integer" ? 1 : 0.01), "aria-label": INPUTS.slider(title || name), "data-slider": id });
	const follow = () => (range.value = made.value || String(usual ?? minimum));
	on(range, "input", () => put(range.value));
	on(made, "input", follow);
	follow();
	return [el("div.slider", range, made)];
}

/**
 * Return buttons for sizes by ratio.
 *
 * @param {Entry} entry
 * @param {Control} made The field of the size.
 * @param {(value: string) => void} put
 */
function sizes({ field, sides }, made, put) {
	const offered = sizesWithin(field.suggestions ?? [], String(field.default ?? ""), sides?.sideMin ?? null, sides?.sideMax ?? null);
	const chips = offered.map(({ ratio, size }) => button(".chip-button", () => put(size), { title: size.replace("*", " × "), "data-size": size }, shapeOf(size), ratio));
	const follow = () => chips.forEach((chip) => setAttribute(chip, "aria-pressed", chip.dataset.size === made.value.trim()));
	on(made, "input", follow);
	follow();
	return el("div.chips", { role: "group", "aria-label": INPUTS.sizesByRatio }, ...chips);
}

/** @param {string} size */
function shapeOf(size) {
	const [width, height] = size.split("*").map(Number);
	return icon(width === height ? "square" : width > height ? "wide" : "tall");
}

/**
 * @param {ModelInput} field
 * @param {Control} made
 */
function suggestions({ suggestions: offered }, made) {
	if (!offered?.length) return [];
	const list = el("datalist", { id: `${made.id}-list` }, ...offered.map((value) => el("option", { value })));
	made.setAttribute("list", list.id);
	return [list];
}

/**
 * Return why a field's text cannot be sent, or an empty text. Limits are the browser's, or the server's.
 *
 * @param {ModelInput} field
 * @param {string} text
 */
function wrong({ type, control }, text) {
	if (!text) return "";
	if (control === "seed") return !WHOLE.test(text) ? INPUTS.notWhole : isRounded(parseJson(text)) ? ROUNDED : "";
	if (!["json", "number", "integer"].includes(type)) return "";
	const value = parseJson(text);
	if (isRounded(value)) return ROUNDED;
	return type === "json" && value === undefined ? INPUTS.notJson : "";
}

/** @param {unknown} value */
function plain(value) {
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * @param {unknown} choice
 * @param {string | null | undefined} unit
 */
function say(choice, unit) {
	if (choice === true) return "yes";
	if (choice === false) return "no";
	const text = String(choice).replace(/^(\d+)\*(\d+)$/, "$1 × $2");
	return typeof choice === "number" && unit ? `${text} ${unit}` : text;
}

