// Confirmation dialogs.

import { CORE } from "../words/core.js";
import { button, el, on } from "./dom.js";

/**
 * Ask for confirmation. An act that destroys something or pays twice does not have the focus, so Enter is harmless.
 *
 * @param {string} title
 * @param {(string | false | null)[]} body Paragraphs; empty ones are skipped.
 * @param {string} yes
 * @param {{ tone?: "danger" | "primary", dismiss?: string }} [look] `dismiss` labels the other button; another word than "Cancel" where the act is itself a cancel.
 * @returns {Promise<boolean>} Whether it was confirmed.
 */
export function confirm(title, body, yes, { tone = "danger", dismiss = CORE.cancel } = {}) {
	// A key pressed twice opens one dialog.
	if (document.querySelector("dialog.dialog[open]")) return Promise.resolve(false);
	return new Promise((resolve) => {
		const before = document.activeElement;
		/** @param {boolean} answer */
		const close = (answer) => {
			dialog.remove();
			if (before instanceof HTMLElement) before.focus();
			resolve(answer);
		};
		const [no, go] = [button("", () => close(false), dismiss), button(tone, () => close(true), yes)];
		const dialog = el(
			"dialog.dialog",
			{ "aria-labelledby": "question-title" },
			el("h2", { id: "question-title" }, title),
			...body.filter(Boolean).map((text) => el("p", text)),
			el("div.dialog-answers", no, go),
		);
		on(dialog, "cancel", (event) => {
			event.preventDefault();
			close(false);
		});
		document.body.append(dialog);
		dialog.showModal();
		(tone === "primary" ? go : no).focus();
	});
}
