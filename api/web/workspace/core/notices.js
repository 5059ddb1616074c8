// Notifies: by notices at the foot of the list, to screen readers, and in the window's title.

import { CORE } from "../words/core.js";
import { button, byId, el, iconButton, on, setText } from "./dom.js";
import { icon } from "./icons.js";

/** @import { Tone } from "../../types/page.js" */

const SHOWN_SECONDS = 7;
const MAX_SHOWN = 4;
/** Above and below them. */
const ROOM_PX = 24;
const TITLE = CORE.product;
/** @type {Map<string, Shown>} The notices by what they say, the newest last. */
const shown = new Map();
let finished = 0;
/** @type {string[]} */
let queued = [];
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;

/** @typedef {{ tone?: Tone, action?: { label: string, run: () => unknown } | null, same?: string }} Look `same` is equal in notices that say the same; usually the text. */

/**
 * Show a notice for a while; a problem stays until it is dismissed. One that is shown already is counted.
 *
 * @param {string} text
 * @param {Look} [look]
 */
export function notify(text, look = {}) {
	announce(text);
	const place = byId("notices");
	watchHeight(place);
	const key = JSON.stringify([look.same ?? text, look.tone, look.action?.label]);
	const same = shown.get(key);
	shown.delete(key);
	shown.set(key, noticeOf(key, text, look, (same?.count ?? 0) + 1));
	same?.close();
	for (const [, { close }] of [...shown].slice(0, -MAX_SHOWN)) close();
}

/** @typedef {{ count: number, close: () => void }} Shown */

/**
 * Return a notice, put at the end of the others.
 *
 * @param {string} key
 * @param {string} text
 * @param {Look} look
 * @param {number} count How often it has been said.
 * @returns {Shown}
 */
function noticeOf(key, text, { tone = "quiet", action = null }, count) {
	const close = () => {
		notice.remove();
		if (shown.get(key) === told) shown.delete(key);
	};
	const notice = el("div.notice", { "data-tone": tone }, icon(tone === "bad" ? "warning" : "info"), el("span", text), count > 1 && el("span.notice-count", { title: CORE.saidTimes(count) }, `×${count}`));
	const told = { count, close };
	if (action) {
		const act = () => {
			close();
			action.run();
		};
		notice.append(button(".link-button", act, action.label));
	}
	notice.append(iconButton("cross", CORE.dismiss, close));
	byId("notices").append(notice);
	if (tone !== "bad") setTimeout(close, SHOWN_SECONDS * 1000);
	return told;
}

/** @type {ResizeObserver | undefined} */
let watching;

/**
 * Tell the styles how high the notices are: what lies behind them leaves them that room, so that they cover nothing.
 *
 * @param {HTMLElement} place
 */
function watchHeight(place) {
	watching ??= new ResizeObserver(() => document.body.style.setProperty("--notices", `${place.childElementCount ? place.offsetHeight + ROOM_PX : 0}px`));
	watching.observe(place);
}

/** Put the notices into the dialog that covers the page, if one does: what lies behind it nobody sees or hears. */
export function raiseNotices() {
	const above = document.querySelector("dialog.viewer[open]") ?? document.querySelector("dialog.has-notices[open]");
	(above ?? document.body).append(byId("notices"), byId("announcements"));
}

/**
 * @param {string} what What failed.
 * @param {any} problem Whatever was thrown, usually a `Problem` of the API.
 */
export function reportProblem(what, problem) {
	const request = problem.requestId ? CORE.request(problem.requestId) : "";
	const text = `${what} ${problem.sentence ?? problem.message}`;
	notify(`${text}${request}`, { tone: "bad", same: text });
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
		setText(byId("announcements"), all.length > 3 ? CORE.moreChanges(all.slice(-2).join(" "), all.length - 2) : all.join(" "));
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
	document.title = finished === 1 ? `${word} · ${TITLE}` : `${CORE.finished(finished)} · ${TITLE}`;
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
		notify(CORE.copied(what));
	} catch {
		notify(CORE.notCopied(what), { tone: "bad" });
	}
}
