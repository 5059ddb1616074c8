// Keyboard shortcuts for the whole page. Inactive while a text field has the focus or a dialog is open.

import { closest, on } from "./dom.js";

const EDITABLE = "input, textarea, select, [contenteditable]";

/**
 * @param {Record<string, () => unknown>} acts By key.
 * @param {{ run: () => unknown, escape: (event: KeyboardEvent) => unknown }} always Handlers of Ctrl+Enter and Escape, active in text fields too.
 */
export function listenToKeys(acts, { run, escape }) {
	on(document, "keydown", (event) => {
		if (document.querySelector("dialog[open]")) return;
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
			event.preventDefault();
			run();
			return;
		}
		if (event.key === "Escape") {
			escape(event);
			return;
		}
		if (event.ctrlKey || event.metaKey || event.altKey || closest(event.target, EDITABLE)) return;
		if (!Object.hasOwn(acts, event.key)) return;
		event.preventDefault();
		acts[event.key]();
	});
}
