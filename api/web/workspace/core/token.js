// Asks for the API token where the installation requires one.

import { byId, part } from "./dom.js";

/**
 * Ask for the value of PROMPTMILL_API_TOKEN.
 *
 * @param {boolean} wasWrong Whether the previous one was rejected.
 * @returns {Promise<string>} The token that was typed.
 */
export function askToken(wasWrong) {
	return new Promise((resolve) => {
		const dialog = byId("token-dialog", HTMLDialogElement);
		const input = byId("token", HTMLInputElement);
		byId("token-wrong").hidden = !wasWrong;
		input.value = "";
		/** @type {HTMLFormElement} */
		const form = part(dialog, "form");
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
