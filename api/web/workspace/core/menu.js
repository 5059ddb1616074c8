// A button that opens a short list of further acts.

import { closest, el, on } from "./dom.js";
import { icon } from "./icons.js";

/** @import { Children } from "../../types/page.js" */

/**
 * Return the menu. It closes when one of its parts is used, and when the focus or Escape leaves it.
 *
 * @param {string} label
 * @param {Children} parts Buttons and links.
 */
export function menuOf(label, ...parts) {
	const opener = el("summary.icon-button", { "aria-label": label, title: label }, icon("more"));
	const list = el("div.menu-list", ...parts);
	const menu = el("details.more", opener, list);
	on(list, "click", (event) => {
		if (closest(event.target, "button, a")) menu.open = false;
	});
	on(menu, "focusout", ({ relatedTarget }) => {
		if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
	});
	on(menu, "keydown", (event) => {
		if (event.key !== "Escape" || !menu.open) return;
		// It closes nothing else.
		event.stopPropagation();
		menu.open = false;
		opener.focus();
	});
	return menu;
}
