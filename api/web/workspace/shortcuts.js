// Keys for the whole page. Never while somebody types or a question is open.

import { on } from "./dom.js";

const TYPING = "input, textarea, select, [contenteditable]";

export const SHEET = [
	["Ctrl Enter", "Queue what the form says (also ⌘ Enter)"],
	["n", "New job: to the prompt"],
	["/", "Search the jobs"],
	["j", "Next job"],
	["k", "Previous job"],
	["Enter", "Open the job"],
	["c", "Cancel the job"],
	["r", "Retry the job"],
	["u", "Use the job again"],
	["s", "Keep the result"],
	["x", "Do not keep it"],
	["+", "Good prompt"],
	["-", "Bad prompt"],
	["p", "Pause live updates"],
	["t", "Theme: system, light, dark"],
	["?", "This sheet"],
	["Esc", "Close; leave a field"],
];

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
		if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
		const act = acts[event.key];
		if (!act) return;
		event.preventDefault();
		act();
	});
}
