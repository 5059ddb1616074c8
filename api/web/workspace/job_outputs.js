// A job's outputs: picture, video, sound or text, to look at and to download before they expire.

import { secondsSince } from "./clock.js";
import { button, el, safeAddress } from "./dom.js";
import { duration, exactTime } from "./format.js";
import { icon } from "./icons.js";

/** Return the section, or null where there is nothing. */
export function outputsOf(job) {
	if (!job.outputs.length) return null;
	const title = job.outputs.length === 1 ? "Output" : `${job.outputs.length} outputs`;
	return [el("h3", { text: title }), el("div", { class: "outputs" }, ...job.outputs.map(outputOf))];
}

function outputOf(output) {
	const address = output.url ? safeAddress(output.url) : null;
	const card = el("figure", { class: "output" });
	if (output.nsfw) card.append(covered(output, address));
	else card.append(mediumOf(output, address));
	card.append(
		el(
			"figcaption",
			{},
			el("span", { class: "quiet", text: expiry(output) }),
			el("span", { class: "grow" }),
			address ? link(address, "Open", "external", { target: "_blank" }) : null,
			address ? link(address, "Download", "download", { download: "", target: "_blank" }) : null,
		),
	);
	return card;
}

function mediumOf(output, address) {
	const label = `Output ${output.index + 1}`;
	if (output.kind === "image" && address) return pictureOf(address, label);
	if (output.kind === "video" && address) return el("video", { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": label });
	if (output.kind === "audio" && address) return el("audio", { src: address, controls: true, preload: "metadata", "aria-label": label });
	if (output.text) return el("p", { class: "prose", text: output.text });
	return el("p", { class: "quiet", text: address ?? "No address." });
}

function pictureOf(address, label) {
	const picture = el("img", { src: address, alt: label, referrerpolicy: "no-referrer", decoding: "async" });
	picture.addEventListener("error", () => picture.replaceWith(el("p", { class: "gone" }, icon("warning"), "This picture cannot be shown: it may have expired.")));
	return picture;
}

/** Return what stands before a flagged output until somebody wants to see it. */
function covered(output, address) {
	const cover = el("div", { class: "cover" }, icon("warning"), el("p", { text: "WaveSpeed flagged this output as not safe for work." }));
	const show = button({ class: "button is-small", text: "Show it" }, () => cover.replaceWith(mediumOf(output, address)));
	cover.append(show);
	return cover;
}

function expiry(output) {
	if (!output.expiresAt) return output.kind;
	const left = -secondsSince(output.expiresAt);
	return left > 0 ? `${output.kind}, kept for ${duration(left)} (until ${exactTime(output.expiresAt)})` : `${output.kind}, expired ${exactTime(output.expiresAt)}`;
}

function link(address, label, shape, attributes) {
	return el("a", { class: "link-button", href: address, rel: "noreferrer noopener", referrerpolicy: "no-referrer", ...attributes }, icon(shape), label);
}
