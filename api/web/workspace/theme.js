// Light, dark, or as the system says.

import { byId, on, setAttribute, setText } from "./dom.js";

const MEMORY = "promptmill.theme";
const ORDER = ["system", "light", "dark"];

export function startTheme() {
	show(localStorage.getItem(MEMORY));
	on(byId("theme"), "click", nextTheme);
}

export function nextTheme() {
	const now = document.documentElement.dataset.theme ?? "system";
	const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
	localStorage.setItem(MEMORY, next);
	show(next);
	return next;
}

function show(wanted) {
	const theme = ORDER.includes(wanted) ? wanted : "system";
	document.documentElement.dataset.theme = theme;
	const name = theme[0].toUpperCase() + theme.slice(1);
	setText(byId("theme").querySelector("span"), name);
	setAttribute(byId("theme"), "title", `Theme: ${theme} (t)`);
	setAttribute(byId("theme"), "aria-label", `Theme: ${theme}. Change it`);
}
