// Says things: briefly in a corner, to screen readers, and in the window's title.

import { button, byId, el, iconButton, on, setText } from "./dom.js";
import { icon } from "./icons.js";

/** @import { Tone } from "../../types/page.js" */

const SHOWN_SECONDS = 7;
const MAX_SHOWN = 4;
const NAME = "Promptmill";
let finished = 0;
/** @type {string[]} */
let spoken = [];
/** @type {ReturnType<typeof setTimeout> | null} */
let speaking = null;

/**
 * Show a notice for a while; a problem stays until it is closed.
 *
 * @param {string} text
 * @param {{ tone?: Tone, action?: { label: string, run: () => unknown } | null }} [look]
 */
export function notify(text, { tone = "quiet", action = null } = {}) {
	const close = iconButton("cross", "Dismiss", () => notice.remove());
	const notice = el("div.notice", { "data-tone": tone }, icon(tone === "bad" ? "warning" : "info"), el("span", text));
	if (action) {
		const act = () => {
			notice.remove();
			action.run();
		};
		notice.append(button(".link-button", act, action.label));
	}
	notice.append(close);
	const place = byId("notices");
	place.append(notice);
	while (place.childElementCount > MAX_SHOWN) place.firstElementChild?.remove();
	if (tone !== "bad") setTimeout(() => notice.remove(), SHOWN_SECONDS * 1000);
	announce(text);
}

/**
 * @param {string} what What did not work.
 * @param {any} problem Whatever was thrown, mostly a `Problem` of the API.
 */
export function tellProblem(what, problem) {
	const request = problem.requestId ? ` (request ${problem.requestId})` : "";
	notify(`${what} ${problem.sentence ?? problem.message}${request}`, { tone: "bad" });
}

/**
 * Say a sentence to screen readers; many at once are summed up.
 *
 * @param {string} text
 */
export function announce(text) {
	spoken.push(text);
	speaking ??= setTimeout(() => {
		const all = spoken;
		spoken = [];
		speaking = null;
		setText(byId("announcements"), all.length > 3 ? `${all.slice(-2).join(" ")} And ${all.length - 2} more changes.` : all.join(" "));
	}, 600);
}

/**
 * Tell in the window's title what has ended while nobody looked.
 *
 * @param {string} word
 */
export function noteFinished(word) {
	if (!document.hidden) return;
	finished += 1;
	document.title = finished === 1 ? `${word} · ${NAME}` : `(${finished}) finished · ${NAME}`;
}

export function watchTitle() {
	on(document, "visibilitychange", () => {
		if (document.hidden) return;
		finished = 0;
		document.title = NAME;
	});
}

/**
 * Put a text into the clipboard; browsers offer it to https and to this machine alone.
 *
 * @param {string} text
 * @param {string} what The beginning of the sentence that tells of it.
 */
export async function copyText(text, what) {
	try {
		await navigator.clipboard.writeText(text);
		notify(`${what} copied.`);
	} catch {
		notify(`${what} not copied: the browser only allows that over https.`, { tone: "bad" });
	}
}
