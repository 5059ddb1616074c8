// Questions that wait for an answer: confirmations, the token, the shortcuts.

import { button, byId, el, fill } from "./dom.js";

/** Ask a question; resolves to the id of the chosen answer, null when it was closed.
 *
 * `body`: texts or elements. `answers`: [{id, label, tone}], the first one has the focus.
 */
export function ask({ title, body, answers }) {
	return new Promise((resolve) => {
		const heading = el("h2", { id: "question-title", text: title });
		const dialog = el("dialog", { class: "dialog", "aria-labelledby": "question-title" }, heading);
		for (const part of body) dialog.append(typeof part === "string" ? el("p", { text: part }) : part);
		const buttons = answers.map(({ id, label, tone }) => {
			return button({ class: `button ${tone ?? ""}`, "data-answer": id, text: label }, () => close(id));
		});
		dialog.append(el("div", { class: "dialog-answers" }, ...buttons));
		const close = (answer) => {
			dialog.remove();
			before?.focus?.();
			resolve(answer);
		};
		const before = document.activeElement;
		dialog.addEventListener("cancel", (event) => {
			event.preventDefault();
			close(null);
		});
		document.body.append(dialog);
		dialog.showModal();
		(dialog.querySelector("[autofocus]") ?? buttons[0])?.focus();
	});
}

/** Ask for the token of PROMPTMILL_API_TOKEN; resolves when one was typed. */
export function askToken(wasWrong) {
	return new Promise((resolve) => {
		const dialog = byId("token-dialog");
		byId("token-wrong").hidden = !wasWrong;
		const form = dialog.querySelector("form");
		const input = byId("token");
		input.value = "";
		form.onsubmit = (event) => {
			event.preventDefault();
			if (!input.value.trim()) return;
			dialog.close();
			resolve(input.value.trim());
		};
		dialog.oncancel = (event) => event.preventDefault();
		if (!dialog.open) dialog.showModal();
		input.focus();
	});
}

/** Show the sheet of shortcuts. */
export function showShortcuts(shortcuts) {
	const dialog = byId("shortcuts-dialog");
	fill(
		dialog.querySelector("dl"),
		shortcuts.map(([keys, does]) => el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", { text: key }))), el("dd", { text: does }))),
	);
	if (!dialog.open) dialog.showModal();
}
