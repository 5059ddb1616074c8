// The dialog that asks for a key.

import { ACCOUNT } from "../words/account.js";
import { asProblem } from "./api.js";
import { byId, part, setText } from "./dom.js";

/** @import { Problem } from "./api.js" */
/** @import { Session } from "../../types/page.js" */

/**
 * Ask for a key until one is accepted.
 *
 * @param {boolean} ended Whether there was a session, which has ended.
 * @param {string} suggested A key to fill in; empty for none.
 * @param {(key: string) => Promise<Session>} exchange Exchanges the key for a session; may throw `Problem`.
 * @returns {Promise<Session>}
 */
export function askKey(ended, suggested, exchange) {
	const dialog = byId("sign-in-dialog", HTMLDialogElement);
	const input = byId("key", HTMLInputElement);
	/** @type {HTMLFormElement} */
	const form = part(dialog, "form");
	setText(
		byId("sign-in-why"),
		ended ? ACCOUNT.sessionEnded : ACCOUNT.enterKey,
	);
	input.value = suggested;
	showWrong(null);
	return new Promise((resolve) => {
		/** @type {Session | null} */
		let session = null;
		let busy = false;
		form.onsubmit = async (event) => {
			event.preventDefault();
			const key = input.value.trim();
			if (!key || busy) return;
			busy = true;
			showBusy(true);
			showWrong(null);
			try {
				session = await exchange(key);
				dialog.close();
				resolve(session);
			} catch (thrown) {
				showWrong(signInFailure(asProblem(thrown)));
				input.select();
			} finally {
				busy = false;
				showBusy(false);
			}
		};
		dialog.oncancel = (event) => event.preventDefault();
		// Some browsers close it at the second Escape, whatever is said to them.
		dialog.onclose = () => session ?? dialog.showModal();
		if (!dialog.open) dialog.showModal();
		input.focus();
	});
}

/** @param {string | null} sentence */
function showWrong(sentence) {
	const wrong = byId("sign-in-wrong");
	setText(wrong, sentence);
	wrong.hidden = sentence === null;
	byId("key").setAttribute("aria-invalid", String(sentence !== null));
}

/** @param {boolean} busy */
function showBusy(busy) {
	const button = byId("sign-in");
	button.setAttribute("aria-disabled", String(busy));
	setText(button, busy ? ACCOUNT.signingIn : ACCOUNT.signIn);
}

/**
 * Return what to tell about a refused key.
 *
 * @param {Pick<Problem, "status" | "sentence">} problem
 */
export function signInFailure({ status, sentence }) {
	if (status === 401) return ACCOUNT.wrongKey;
	if (status === 429) return ACCOUNT.tooManyWrong;
	if (status === 0) return ACCOUNT.silent;
	if (status >= 500) return ACCOUNT.cannotCheck;
	return sentence;
}
