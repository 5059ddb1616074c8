// Keys for the whole page. Never while somebody types or a question is open.

import { closest, on } from "./dom.js";

const TYPING = "input, textarea, select, [contenteditable]";

/**
 * @param {Record<string, () => unknown>} acts By key.
 * @param {{ run: () => unknown, escape: (event: KeyboardEvent) => unknown }} always What Ctrl Enter and Escape do, also while somebody types.
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
		if (event.ctrlKey || event.metaKey || event.altKey || closest(event.target, TYPING)) return;
		if (!Object.hasOwn(acts, event.key)) return;
		event.preventDefault();
		acts[event.key]();
	});
}
