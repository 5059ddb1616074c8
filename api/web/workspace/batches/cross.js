// Asks for lists of values, each of which is combined with each of the others.

import { button, el, on, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { TABLE } from "../words/batch_table.js";
import { BATCHES } from "../words/batches.js";
import { MOST_ROWS } from "./limits.js";
import { crossed, sizeOfCross } from "./table.js";

/** @import { Table } from "./table.js" */

/**
 * @param {readonly string[]} words Of the template, which are offered as the first columns.
 * @returns {Promise<Table | null>}
 */
export function askCross(words) {
	return new Promise((resolve) => {
		/** @type {{ name: HTMLInputElement, values: HTMLTextAreaElement }[]} */
		const lists = [];
		const place = el("div.cross-lists");
		const wrong = el("p.wrong", { role: "alert" });
		const go = el("button.button.primary", { type: "submit" });
		const found = () => lists.map(({ name, values }) => ({ name: name.value.trim(), values: values.value.split("\n").map((line) => line.trim()).filter(Boolean) })).filter(({ name, values }) => name && values.length);
		const show = () => setText(go, TABLE.crossYes(sizeOfCross(found())));
		const add = (named = "") => {
			const number = lists.length + 1;
			const name = el("input.input", { "aria-label": TABLE.crossColumnNumber(number), placeholder: TABLE.crossColumn, maxlength: 100, autocomplete: "off", spellcheck: "false" });
			name.value = named;
			const values = el("textarea.input", { "aria-label": TABLE.crossValuesNumber(number), placeholder: TABLE.crossValues, rows: 4 });
			for (const control of [name, values]) on(control, "input", show);
			lists.push({ name, values });
			place.append(el("div.cross-list", name, values));
			return lists[number - 1];
		};
		/** @param {Table | null} table */
		const close = (table) => {
			dialog.remove();
			resolve(table);
		};
		const form = el(
			"form",
			{ novalidate: true },
			el("h2", { id: "cross-title" }, TABLE.crossTitle),
			el("p.quiet", { id: "cross-note" }, TABLE.crossNote),
			place,
			button(".link-button", () => add().name.focus(), icon("plus"), TABLE.crossAdd),
			wrong,
			el("div.dialog-answers", button("", () => close(null), BATCHES.cancel), go),
		);
		const dialog = el("dialog.dialog.batch-cross", { "aria-labelledby": "cross-title", "aria-describedby": "cross-note" }, form);
		on(form, "submit", (event) => {
			event.preventDefault();
			const all = found();
			const size = sizeOfCross(all);
			const twice = new Set(all.map(({ name }) => name)).size < all.length;
			setText(wrong, !size ? TABLE.crossNone : twice ? TABLE.crossTwice : size > MOST_ROWS ? TABLE.tooManyRows(size, MOST_ROWS) : "");
			if (size && size <= MOST_ROWS && !twice) close(crossed(all));
		});
		on(dialog, "cancel", (event) => {
			event.preventDefault();
			close(null);
		});
		for (const word of words) add(word);
		while (lists.length < 2) add();
		show();
		document.body.append(dialog);
		dialog.showModal();
		const [first] = lists;
		(first.name.value ? first.values : first.name).focus();
	});
}
