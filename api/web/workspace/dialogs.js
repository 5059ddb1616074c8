// Questions that wait for an answer: confirmations, the token, the shortcuts.

import { button, byId, el, fill, on } from "./dom.js";

// Ask before something is done; resolves to whether a person wants it. `body`: texts, empty ones are left out.
// What destroys or pays twice is not the first button: Enter does nothing bad.
export function confirm(title, body, yes, { tone = "danger", no = "Do nothing" } = {}) {
	return new Promise((resolve) => {
		const before = document.activeElement;
		const close = (answer) => {
			dialog.remove();
			before?.focus?.();
			resolve(answer);
		};
		const buttons = [button("", () => close(false), no), button(tone, () => close(true), yes)];
		if (tone === "primary") buttons.reverse();
		const dialog = el("dialog.dialog", { "aria-labelledby": "question-title" }, el("h2", { id: "question-title" }, title), ...body.filter(Boolean).map((text) => el("p", text)), el("div.dialog-answers", ...buttons));
		on(dialog, "cancel", (event) => {
			event.preventDefault();
			close(false);
		});
		document.body.append(dialog);
		dialog.showModal();
		buttons[0].focus();
	});
}

// Ask for the token of PROMPTMILL_API_TOKEN; resolves when one was typed.
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

export function showShortcuts(shortcuts) {
	const dialog = byId("shortcuts-dialog");
	fill(
		dialog.querySelector("dl"),
		shortcuts.map(([keys, does]) => el("div", el("dt", ...keys.split(" ").map((key) => el("kbd", key))), el("dd", does))),
	);
	if (!dialog.open) dialog.showModal();
}
