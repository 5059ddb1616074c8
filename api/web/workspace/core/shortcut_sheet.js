// The list of keyboard shortcuts.

import { byId, el, fill, part } from "./dom.js";

const SHEET = [
	["Ctrl Enter", "Queue the job (also ⌘ Enter)"],
	["n", "New job"],
	["/", "Search the jobs"],
	["j", "Next job"],
	["k", "Previous job"],
	["Enter", "Open the job"],
	["c", "Cancel the job"],
	["r", "Retry the job"],
	["u", "Reuse the job"],
	["s", "Keep the result"],
	["x", "Discard the result"],
	["+", "Good prompt"],
	["-", "Bad prompt"],
	["p", "Pause or resume live updates"],
	["t", "Theme: system, light, dark"],
	["?", "Keyboard shortcuts"],
	["Esc", "Close, or leave a field"],
];

export function showShortcuts() {
	const dialog = byId("shortcuts-dialog", HTMLDialogElement);
	fill(
		part(dialog, "dl"),
		SHEET.map(([keys, does]) => el("div", el("dt", ...keys.split(" ").map((key) => el("kbd", key))), el("dd", does))),
	);
	// Some browsers throw if it is opened twice.
	if (!dialog.open) dialog.showModal();
}
