// The theme: light, dark, or the system's.

import { CORE } from "../words/core.js";
import { byId, on, part, setAttribute, setText } from "./dom.js";
import { capitalized } from "./format.js";

const STORAGE_KEY = "promptmill.theme";
const ORDER = ["system", "light", "dark"];

export function startTheme() {
	show(localStorage.getItem(STORAGE_KEY));
	on(byId("theme"), "click", nextTheme);
}

export function nextTheme() {
	const now = document.documentElement.dataset.theme ?? "system";
	const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
	localStorage.setItem(STORAGE_KEY, next);
	show(next);
	return next;
}

/** @param {string | null} wanted */
function show(wanted) {
	const theme = wanted !== null && ORDER.includes(wanted) ? wanted : "system";
	document.documentElement.dataset.theme = theme;
	const button = byId("theme");
	setText(part(button, "span"), capitalized(theme));
	setAttribute(button, "title", CORE.themeTitle(theme));
	setAttribute(button, "aria-label", CORE.themeLabel(theme));
}
