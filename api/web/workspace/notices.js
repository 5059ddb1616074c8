// Says things: briefly in a corner, to screen readers, and in the window's title.

import { button, byId, el, setText } from "./dom.js";
import { icon } from "./icons.js";

const SHOWN_SECONDS = 7;
const NAME = "Promptmill";
let finished = 0;
let spoken = [];
let speaking = null;

/** Show a notice for a while; a problem stays until it is closed. `action`: {label, run}. */
export function notify(text, { tone = "quiet", action = null } = {}) {
	const close = button({ class: "icon-button", "aria-label": "Close this notice" }, () => notice.remove(), icon("cross"));
	const notice = el("div", { class: "notice", "data-tone": tone }, icon(tone === "bad" ? "warning" : "info"), el("span", { text }));
	if (action) {
		const act = () => {
			notice.remove();
			action.run();
		};
		notice.append(button({ class: "link-button", text: action.label }, act));
	}
	notice.append(close);
	byId("notices").append(notice);
	while (byId("notices").childElementCount > 4) byId("notices").firstElementChild.remove();
	if (tone !== "bad") setTimeout(() => notice.remove(), SHOWN_SECONDS * 1000);
	announce(text);
}

/** Tell what the server refused. */
export function tellProblem(what, problem) {
	const request = problem.requestId ? ` (request ${problem.requestId})` : "";
	notify(`${what} ${problem.sentence ?? problem.message}${request}`, { tone: "bad" });
}

/** Say a sentence to screen readers; many at once are summed up. */
export function announce(text) {
	spoken.push(text);
	speaking ??= setTimeout(() => {
		const all = spoken;
		spoken = [];
		speaking = null;
		setText(byId("announcements"), all.length > 3 ? `${all.slice(-2).join(" ")} And ${all.length - 2} more changes.` : all.join(" "));
	}, 600);
}

/** Count in the window's title what has finished while nobody looked. */
export function noteFinished(job, word) {
	if (!document.hidden) return;
	finished += 1;
	document.title = finished === 1 ? `${word} · ${NAME}` : `(${finished}) finished · ${NAME}`;
}

/** Clear the title when somebody looks again. */
export function watchTitle() {
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) return;
		finished = 0;
		document.title = NAME;
	});
}

/** Put a text into the clipboard, also where the browser offers it to https alone. */
export async function copyText(text, what) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = el("textarea", { class: "visually-hidden", value: text });
		(document.querySelector("dialog[open]") ?? document.body).append(area);
		area.select();
		const done = document.execCommand("copy");
		area.remove();
		if (!done) return notify(`${what} could not be copied.`, { tone: "bad" });
	}
	return notify(`${what} copied.`);
}
