// Says things: briefly in a corner, to screen readers, and in the window's title.

import { button, byId, el, iconButton, on, setText } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_SECONDS = 7;
const NAME = "Promptmill";
let finished = 0;
let spoken = [];
let speaking;

// Show a notice for a while; a problem stays until it is closed. `action`: {label, run}.
export function notify(text, { tone = "quiet", action = null } = {}) {
	const close = iconButton("cross", "Close this notice", () => notice.remove());
	const notice = el("div.notice", { "data-tone": tone }, icon(tone === "bad" ? "warning" : "info"), el("span", text));
	if (action) notice.append(button(".link-button", () => (notice.remove(), action.run()), action.label));
	notice.append(close);
	byId("notices").append(notice);
	while (byId("notices").childElementCount > 4) byId("notices").firstElementChild.remove();
	if (tone !== "bad") setTimeout(() => notice.remove(), SHOWN_SECONDS * 1000);
	announce(text);
}

export function tellProblem(what, problem) {
	const request = problem.requestId ? ` (request ${problem.requestId})` : "";
	notify(`${what} ${problem.sentence ?? problem.message}${request}`, { tone: "bad" });
}

// Say a sentence to screen readers; many at once are summed up.
export function announce(text) {
	spoken.push(text);
	speaking ??= setTimeout(() => {
		const all = spoken;
		spoken = [];
		speaking = null;
		setText(byId("announcements"), all.length > 3 ? `${all.slice(-2).join(" ")} And ${all.length - 2} more changes.` : all.join(" "));
	}, 600);
}

export function noteFinished(job, word) {
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

// Put a text into the clipboard; browsers offer it to https and to this machine alone.
export async function copyText(text, what) {
	try {
		await navigator.clipboard.writeText(text);
		notify(`${what} copied.`);
	} catch {
		notify(`${what} not copied: the browser allows that over https only.`, { tone: "bad" });
	}
}
