// What an operator tells everybody: a banner until it is over, or until whoever reads it dismisses this text.

import { byId, el, fill, iconButton } from "../core/dom.js";
import { exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { ANNOUNCEMENT } from "../words/announcement.js";

/** @import { Announcement } from "../../types/page.js" */

const STORAGE_KEY = "promptmill.dismissed";
/** Also without storage, a text stays dismissed while the page is open. */
let dismissed = "";
let shown = "";

/** @param {Announcement | null} announcement */
export function showAnnouncement(announcement) {
	const visible = announcement && ![dismissed, stored()].includes(announcement.text) ? announcement : null;
	const wanted = JSON.stringify(visible);
	// Drawn again only if it differs: a screen reader would read it again, and the focus would leave its button.
	if (wanted === shown) return;
	shown = wanted;
	fill(byId("announcement"), visible && banner(visible));
}

/** @param {Announcement} announcement */
function banner({ text, level, until }) {
	const warns = level === "warning";
	return el(
		"div.banner",
		{ "data-tone": warns ? "attention" : "work" },
		icon(warns ? "warning" : "info"),
		el("p", text, until && ANNOUNCEMENT.until(exactTime(until))),
		iconButton("cross", ANNOUNCEMENT.dismiss, () => dismiss(text)),
	);
}

/** @param {string} text */
function dismiss(text) {
	dismissed = text;
	try {
		localStorage.setItem(STORAGE_KEY, text);
	} catch {
		// If storage is full or forbidden, it is shown again after a reload.
	}
	showAnnouncement(null);
}

function stored() {
	try {
		return localStorage.getItem(STORAGE_KEY);
	} catch {
		return null;
	}
}
