// A job's outputs: image, video, audio or text, to view and to download before they expire.

import { reasonWithout } from "../core/access.js";
import { secondsSince } from "../core/clock.js";
import { button, el, pictureOf, safeAddress, setAttribute, showAllowed } from "../core/dom.js";
import { duration, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";

/** @import { Attributes, Job, Output } from "../../types/page.js" */

/**
 * Return the section, or null if there are no outputs.
 *
 * @param {Job} job
 * @param {(kept: boolean) => unknown} keep Saves the rating; `showKept` shows it.
 */
export function outputsOf(job, keep) {
	if (!job.outputs.length) return null;
	const title = job.outputs.length === 1 ? "Output" : `${job.outputs.length} outputs`;
	return [el("h3", title), el("div.outputs", ...job.outputs.map(outputOf)), ratingOf(keep)];
}

/** @param {Output} output */
function outputOf(output) {
	const address = output.url ? safeAddress(output.url) : null;
	return el(
		"figure.output",
		output.nsfw ? covered(output, address) : mediumOf(output, address),
		el(
			"figcaption",
			el("span.quiet", expiry(output)),
			el("span.grow"),
			address && link(address, "Open", "external", { target: "_blank" }),
			address && link(address, "Download", "download", { download: "", target: "_blank" }),
		),
	);
}

/**
 * @param {Output} output
 * @param {string | null} address
 */
function mediumOf(output, address) {
	const label = `Output ${output.index + 1}`;
	if (output.kind === "image" && address) return pictureOf(address, label, showBroken);
	if (/^(video|audio)$/.test(output.kind) && address) return el(output.kind, { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": label });
	if (output.text) return el("p.prose", output.text);
	return el("p.quiet", address ?? "No URL.");
}

/** @param {ErrorEvent} event */
function showBroken({ target }) {
	if (target instanceof Element) target.replaceWith(el("p.gone", icon("warning"), "This image cannot be shown: it may have expired."));
}

/**
 * @param {Output} output
 * @param {string | null} address
 */
function covered(output, address) {
	const cover = el("div.cover", icon("warning"), el("p", "WaveSpeed flagged this output as not safe for work."));
	cover.append(button("is-small", () => cover.replaceWith(mediumOf(output, address)), "Show"));
	return cover;
}

/** @param {Output} output */
function expiry(output) {
	if (!output.expiresAt) return output.kind;
	const left = -secondsSince(output.expiresAt);
	return left > 0 ? `${output.kind}, kept for ${duration(left)} (until ${exactTime(output.expiresAt)})` : `${output.kind}, expired ${exactTime(output.expiresAt)}`;
}

/**
 * @param {string} address
 * @param {string} label
 * @param {string} shape
 * @param {Attributes} attributes
 */
function link(address, label, shape, attributes) {
	return el("a.link-button", { href: address, rel: "noreferrer noopener", referrerpolicy: "no-referrer", ...attributes }, icon(shape), label);
}

/** @param {(kept: boolean) => unknown} keep */
function ratingOf(keep) {
	/** @type {[label: string, key: string, kept: boolean, shape: string][]} */
	const answers = [
		["Keep", "s", true, "check"],
		["Discard", "x", false, "cross"],
	];
	const buttons = answers.map(([label, key, kept, shape]) => {
		const answer = button("is-small", () => keep(kept), { "data-kept": `${kept}` }, icon(shape), label);
		showAllowed(answer, reasonWithout("jobs:write"), `${label} (${key})`);
		return answer;
	});
	return el("div.rating", ...buttons);
}

/**
 * Update in place: a video keeps playing, and the focus stays.
 *
 * @param {HTMLElement} place
 * @param {boolean | null} kept
 */
export function showKept(place, kept) {
	/** @type {NodeListOf<HTMLElement>} */
	const answers = place.querySelectorAll("[data-kept]");
	for (const answer of answers) setAttribute(answer, "aria-pressed", answer.dataset.kept === `${kept}`);
}
