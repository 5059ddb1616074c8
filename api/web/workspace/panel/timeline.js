// A job's history: how long each stage took, and every event in order.

import { el } from "../core/dom.js";
import { clockTime, duration, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { statusLook } from "../jobs/statuses.js";
import { PANEL } from "../words/panel.js";
import { STAGES } from "./recipe_rows.js";

/** @import { Timeline, Tone } from "../../types/page.js" */

/** @type {Record<string, Tone>} */
const TONES = { queued: "wait", prompting: "wait", writing: "work", dispatching: "wait", submit_unknown: "attention", generating: "work" };
const MIN_SHOWN_SECONDS = 0.05;

/** @param {Pick<Timeline, "stages"> | { stages?: undefined }} timeline Older APIs return no stages. */
export function stagesOf({ stages = [] }) {
	const parts = stages.filter((part) => part.open || part.seconds >= MIN_SHOWN_SECONDS);
	if (!parts.length) return null;
	const whole = parts.reduce((sum, part) => sum + part.seconds, 0) || 1;
	const bar = el("div.stage-bar", { "aria-hidden": "true" });
	const list = el("ul.stage-list");
	for (const { stage, seconds, open } of parts) {
		const tone = TONES[stage] ?? "quiet";
		const piece = el("span", { "data-tone": tone });
		piece.style.flexGrow = String(Math.max(seconds / whole, 0.02));
		bar.append(piece);
		list.append(el("li", { "data-tone": tone }, STAGES[stage] ?? stage, el("span.quiet", duration(seconds) + (open ? PANEL.soFar : ""))));
	}
	return [el("h3", PANEL.timing), bar, list];
}

/** @param {Timeline} timeline */
export function timelineOf({ items: events }) {
	/** @type {number | null} */
	let before = null;
	const items = events.map((event) => {
		const gap = before === null ? null : (Date.parse(event.at) - before) / 1000;
		before = Date.parse(event.at);
		const { icon: shape, tone } = statusLook(event.status);
		return el(
			"li",
			{ "data-tone": tone },
			el("span.event-mark", icon(shape)),
			el("div", el("p", event.text), el("p.quiet", el("time", { datetime: event.at, title: exactTime(event.at) }, clockTime(event.at)), gap !== null && PANEL.after(duration(gap)))),
		);
	});
	return [el("h3", PANEL.timeline), el("ol.timeline", ...items)];
}
