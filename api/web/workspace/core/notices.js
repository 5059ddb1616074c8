// Notifies: by notices in a corner, to screen readers, and in the window's title.

import { button, byId, el, iconButton, on, setText } from "./dom.js";
import { icon } from "./icons.js";

/** @import { Tone } from "../../types/page.js" */

const SHOWN_SECONDS = 7;
const MAX_SHOWN = 4;
const TITLE = "Promptmill";
let finished = 0;
/** @type {string[]} */
let queued = [];
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;

/**
 * Show a notice for a while; a problem stays until it is dismissed.
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
 * @param {string} what What failed.
 * @param {any} problem Whatever was thrown, usually a `Problem` of the API.
 */
export function reportProblem(what, problem) {
	const request = problem.requestId ? ` (request ${problem.requestId})` : "";
	notify(`${what} ${problem.sentence ?? problem.message}${request}`, { tone: "bad" });
}

/**
 * Announce a sentence to screen readers; many at once are summarised.
 *
 * @param {string} text
 */
export function announce(text) {
	queued.push(text);
	timer ??= setTimeout(() => {
		const all = queued;
		queued = [];
		timer = null;
		setText(byId("announcements"), all.length > 3 ? `${all.slice(-2).join(" ")} And ${all.length - 2} more changes.` : all.join(" "));
	}, 600);
}

/**
 * Show in the window's title what has finished while the page was hidden.
 *
 * @param {string} word
 */
export function noteFinished(word) {
	if (!document.hidden) return;
	finished += 1;
	document.title = finished === 1 ? `${word} · ${TITLE}` : `(${finished}) finished · ${TITLE}`;
}

export function watchTitle() {
	on(document, "visibilitychange", () => {
		if (document.hidden) return;
		finished = 0;
		document.title = TITLE;
	});
}

/**
 * Copy a text to the clipboard; browsers allow that only over https and on localhost.
 *
 * @param {string} text
 * @param {string} what The subject of the sentence that reports it.
 */
export async function copyText(text, what) {
	try {
		await navigator.clipboard.writeText(text);
		notify(`${what} copied.`);
	} catch {
		notify(`${what} not copied: the browser only allows that over https.`, { tone: "bad" });
	}
}
