// Inputs whose value is a list: rows of objects (LoRAs among them), several choices, texts. The form keeps them as JSON.

import { button, el, fill, iconButton, on } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { CORE } from "../words/core.js";
import { INPUTS } from "../words/inputs.js";
import { parseJson } from "./form_rules.js";

/** @import { ModelInput } from "../../types/page.js" */
/** @import { Entry } from "./inputs.js" */

/** As many LoRAs as models take that do not say. */
const USUAL_LORAS = 3;
const MAX_ROWS = 50;

const USUAL = { description: "", required: false, default: null, step: null, choices: null, suggestions: null, maxLength: null, movesPrice: false, unit: null, media: [], minItems: null, maxItems: null, itemChoices: null, parts: [], minimum: null, maximum: null };
/** @type {ModelInput[]} A LoRA, where the schema says no more than that it is one. */
const LORA = [
	{ ...USUAL, name: "path", title: INPUTS.lora, type: "text", control: "text", required: true, placeholder: INPUTS.loraHint },
	{ ...USUAL, name: "scale", title: INPUTS.scale, type: "number", control: "number", minimum: 0, maximum: 4, default: 1, placeholder: "" },
];

/** @param {string} text */
function listOf(text) {
	const found = text ? parseJson(text) : [];
	return Array.isArray(found) ? found : [];
}

/** @param {unknown[]} list */
function written(list) {
	return list.length ? JSON.stringify(list) : "";
}

/**
 * Return rows of objects, which can be added and removed. A row without anything entered is not sent.
 *
 * @param {Entry} entry
 * @param {(entry: Entry) => Node[]} part Builds one part of a row.
 */
export function rowsOf({ field, id, text, write }, part) {
	const lora = field.control === "loras";
	const parts = field.parts.length ? field.parts : LORA;
	const most = field.maxItems ?? (lora ? USUAL_LORAS : MAX_ROWS);
	/** @type {Record<string, any>[]} */
	const rows = listOf(text).map((row) => ({ ...row }));
	const place = el("div.list-rows");
	const noun = lora ? INPUTS.lora : INPUTS.row;
	const add = button(".link-button", () => addRow(), icon("plus"), INPUTS.add(noun));
	const save = () => write(written(rows.filter((row) => Object.keys(row).length)));
	const show = () => {
		fill(place, rows.map((row, index) => line(row, index)));
		add.hidden = rows.length >= most;
	};
	const addRow = () => {
		rows.push({});
		show();
		/** @type {HTMLElement | null} */ (place.lastElementChild?.querySelector("input, select, textarea") ?? null)?.focus();
	};
	/**
	 * @param {Record<string, any>} row
	 * @param {number} index
	 */
	const line = (row, index) => {
		const cells = parts.map((each) => cell(row, each, `${id}-${index}-${each.name}`));
		const drop = () => {
			rows.splice(index, 1);
			save();
			show();
			add.focus();
		};
		return el("div.list-row", ...cells, iconButton("cross", INPUTS.remove(noun, index + 1), drop, CORE.remove));
	};
	/**
	 * @param {Record<string, any>} row
	 * @param {ModelInput} each
	 * @param {string} cellId
	 */
	const cell = (row, each, cellId) => {
		const value = row[each.name];
		const keep = (/** @type {string} */ typed) => {
			if (typed.trim()) row[each.name] = valueOf(each, typed.trim());
			else delete row[each.name];
			save();
		};
		const shown = value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
		const attributes = { id: cellId, required: each.required && each.default === null };
		const label = el("label.label", { for: cellId }, each.title || each.name);
		return el(each.type === "text" ? "div.cell.is-long" : "div.cell", label, ...part({ field: each, id: cellId, text: shown, attributes, write: keep }));
	};
	show();
	return [place, add];
}

/**
 * @param {ModelInput} field
 * @param {string} typed
 */
function valueOf({ type, choices }, typed) {
	if (choices) return choices.find((choice) => String(choice) === typed) ?? typed;
	if (type === "boolean") return typed === "true";
	return type === "text" ? typed : (parseJson(typed) ?? typed);
}

/**
 * Return a box for each choice, of which several can be chosen.
 *
 * @param {Entry} entry
 */
export function choicesOf({ field, id, text, write }) {
	const choices = field.itemChoices ?? [];
	const chosen = new Set(listOf(text || (Array.isArray(field.default) ? JSON.stringify(field.default) : "")));
	const boxes = choices.map((choice, index) => {
		const box = el("input", { type: "checkbox", id: `${id}-${index}`, checked: chosen.has(choice) });
		on(box, "change", () => {
			if (box.checked) chosen.add(choice);
			else chosen.delete(choice);
			write(written(choices.filter((one) => chosen.has(one))));
			limit();
		});
		return box;
	});
	const limit = () => {
		for (const box of boxes) box.disabled = !box.checked && field.maxItems !== null && chosen.size >= field.maxItems;
	};
	limit();
	return [el("div.chips", ...boxes.map((box, index) => el("label.check.is-chip", box, String(choices[index]))))];
}

/**
 * Return a text box whose lines are the entries.
 *
 * @param {Entry} entry
 */
export function textsOf({ field, id, text, write }) {
	const box = el("textarea.input", { id: `${id}-lines`, rows: 2, "aria-label": INPUTS.onePerLine(field.title || field.name), placeholder: field.placeholder || INPUTS.onePerLineHint, value: listOf(text).join("\n") });
	on(box, "input", () => write(written(box.value.split("\n").map((line) => line.trim()).filter(Boolean))));
	return [box];
}
