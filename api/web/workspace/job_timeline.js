// A job's way: how long each part took, and every event in order.

import { secondsSince } from "./clock.js";
import { el } from "./dom.js";
import { clockTime, duration, exactTime } from "./format.js";
import { icon } from "./icons.js";
import { statusLook } from "./statuses.js";

const ENDS = new Set(["completed", "failed", "cancelled", "expired", "terminated"]);
const STAGES = {
	queued: ["Waiting here", "wait"],
	prompting: ["Waiting for Grok", "wait"],
	writing: ["Grok writes", "work"],
	dispatching: ["Waiting to submit", "wait"],
	submit_unknown: ["Unclear", "attention"],
	generating: ["WaveSpeed makes it", "work"],
	cancelling: ["Cancelling", "quiet"],
};

/** Return `[{stage, seconds, open}]`: the parts of a job's way, from its events. */
export function measure(events) {
	const parts = [];
	let open = true;
	for (const event of events) {
		const at = Date.parse(event.at);
		const last = parts.at(-1);
		if (ENDS.has(event.status)) {
			if (last && open) last.until = at;
			open = false;
			continue;
		}
		const stage = event.status === "prompting" && event.detail.promptStatus === "generating" ? "writing" : event.status;
		const goesOn = last && (last.stage === stage || (last.stage === "writing" && stage === "prompting"));
		if (goesOn) continue;
		if (last) last.until = at;
		parts.push({ stage, from: at, fromText: event.at, until: null });
	}
	return parts.map(({ stage, from, fromText, until }) => ({
		stage,
		seconds: until === null ? secondsSince(fromText) : (until - from) / 1000,
		open: until === null,
	}));
}

/** Return the section with the parts of the way as a bar and as a list. */
export function stagesOf(events) {
	const parts = measure(events).filter((part) => part.open || part.seconds >= 0.05);
	if (!parts.length) return null;
	const whole = parts.reduce((sum, part) => sum + part.seconds, 0) || 1;
	const bar = el("div", { class: "stage-bar", "aria-hidden": "true" });
	const list = el("ul", { class: "stage-list" });
	for (const part of parts) {
		const [name, tone] = STAGES[part.stage] ?? [part.stage, "quiet"];
		const piece = el("span", { "data-tone": tone, "data-stage": part.stage });
		piece.style.flexGrow = String(Math.max(part.seconds / whole, 0.02));
		bar.append(piece);
		list.append(
			el("li", { "data-tone": tone, "data-stage": part.stage }, el("span", { class: "stage-name", text: name }), el("span", { class: "stage-time", text: part.open ? `${duration(part.seconds)} so far` : duration(part.seconds) })),
		);
	}
	return [el("h3", { text: "Where the time went" }), bar, list];
}

/** Return the section with every event. */
export function timelineOf(events) {
	let before = null;
	const items = events.map((event) => {
		const gap = before === null ? null : (Date.parse(event.at) - before) / 1000;
		before = Date.parse(event.at);
		const { icon: shape, tone } = statusLook(event.status);
		return el(
			"li",
			{ "data-tone": tone },
			el("span", { class: "event-mark" }, icon(shape)),
			el("div", {}, el("p", { text: event.text }), el("p", { class: "quiet" }, el("time", { datetime: event.at, title: exactTime(event.at), text: clockTime(event.at) }), gap === null ? null : ` · after ${duration(gap)}`)),
		);
	});
	return [el("h3", { text: "Timeline" }), el("ol", { class: "timeline" }, ...items)];
}
