// Questions that wait for an answer.

import { button, el, on } from "./dom.js";

/**
 * Ask before something is done. What destroys or pays twice is not the first button: Enter does nothing bad.
 *
 * @param {string} title
 * @param {(string | false | null)[]} body Texts; empty ones are left out.
 * @param {string} yes
 * @param {{ tone?: "danger" | "primary" }} [look]
 * @returns {Promise<boolean>} Whether a person wants it.
 */
export function confirm(title, body, yes, { tone = "danger" } = {}) {
	// A key that was pressed twice is one question.
	if (document.querySelector("dialog[open]")) return Promise.resolve(false);
	return new Promise((resolve) => {
		const before = document.activeElement;
		/** @param {boolean} answer */
		const close = (answer) => {
			dialog.remove();
			if (before instanceof HTMLElement) before.focus();
			resolve(answer);
		};
		const buttons = [button("", () => close(false), "Cancel"), button(tone, () => close(true), yes)];
		if (tone === "primary") buttons.reverse();
		const dialog = el(
			"dialog.dialog",
			{ "aria-labelledby": "question-title" },
			el("h2", { id: "question-title" }, title),
			...body.filter(Boolean).map((text) => el("p", text)),
			el("div.dialog-answers", ...buttons),
		);
		on(dialog, "cancel", (event) => {
			event.preventDefault();
			close(false);
		});
		document.body.append(dialog);
		dialog.showModal();
		buttons[0].focus();
	});
}
