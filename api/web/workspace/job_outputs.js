// A job's outputs: picture, video, sound or text, to look at and to download before they expire.

import { secondsSince } from "./clock.js";
import { button, el, pictureOf, safeAddress, setAttribute } from "./dom.js";
import { duration, exactTime } from "./format.js";
import { icon } from "./icons.js";

// Return the section, or null where there is nothing. `keep(kept)` stores what a person thinks of it; `showKept` shows that.
export function outputsOf(job, keep) {
	if (!job.outputs.length) return null;
	const title = job.outputs.length === 1 ? "Output" : `${job.outputs.length} outputs`;
	return [el("h3", title), el("div.outputs", ...job.outputs.map(outputOf)), verdictOf(keep)];
}

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

function mediumOf(output, address) {
	const label = `Output ${output.index + 1}`;
	if (output.kind === "image" && address) return pictureOf(address, label, showGone);
	if (/^(video|audio)$/.test(output.kind) && address) return el(output.kind, { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": label });
	if (output.text) return el("p.prose", output.text);
	return el("p.quiet", address ?? "No address.");
}

function showGone({ target }) {
	target.replaceWith(el("p.gone", icon("warning"), "This picture cannot be shown: it may have expired."));
}

function covered(output, address) {
	const cover = el("div.cover", icon("warning"), el("p", "WaveSpeed flagged this output as not safe for work."));
	cover.append(button("is-small", () => cover.replaceWith(mediumOf(output, address)), "Show it"));
	return cover;
}

function expiry(output) {
	if (!output.expiresAt) return output.kind;
	const left = -secondsSince(output.expiresAt);
	return left > 0 ? `${output.kind}, kept for ${duration(left)} (until ${exactTime(output.expiresAt)})` : `${output.kind}, expired ${exactTime(output.expiresAt)}`;
}

function link(address, label, shape, attributes) {
	return el("a.link-button", { href: address, rel: "noreferrer noopener", referrerpolicy: "no-referrer", ...attributes }, icon(shape), label);
}

function verdictOf(keep) {
	const answers = [
		["Keep it", "s", true, "check"],
		["Not for me", "x", false, "cross"],
	];
	return el("div.rating", ...answers.map(([label, key, kept, shape]) => button("is-small", () => keep(kept), { "data-kept": `${kept}`, title: `${label} (${key})` }, icon(shape), label)));
}

// In place: a film plays on, and the focus stays.
export function showKept(place, kept) {
	for (const answer of place.querySelectorAll("[data-kept]")) setAttribute(answer, "aria-pressed", answer.dataset.kept === `${kept}`);
}
