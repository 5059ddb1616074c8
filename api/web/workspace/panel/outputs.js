// A job's outputs: the chosen one large, the others below it as thumbnails.

import { secondsSince } from "../core/clock.js";
import { button, el, pictureOf } from "../core/dom.js";
import { duration, exactTime } from "../core/format.js";
import { icon } from "../core/icons.js";
import { fileOf, thumbnailOf } from "../core/media.js";
import { isCovered, uncover } from "../gallery/covers.js";
import { keyOf, viewLink } from "../viewer/link.js";
import { COMMON } from "../words/common.js";
import { PANEL } from "../words/panel.js";

/** @import { Job, Output } from "../../types/page.js" */

/**
 * Return the outputs, or null if there are none.
 *
 * @param {Job} job
 * @param {number} index Of the one that is shown large.
 * @param {(index: number) => void} choose
 */
export function outputsOf(job, index, choose) {
	const output = job.outputs[index];
	if (!output) return null;
	const many = job.outputs.length > 1;
	return [
		el("figure.output", { "data-key": keyOf(job, index) }, stageOf(job, output), el("figcaption.quiet", many && PANEL.ofOutputs(index + 1, job.outputs.length), expiry(output))),
		many && el("div.output-strip", { role: "group", "aria-label": PANEL.outputs }, ...job.outputs.map((each) => thumbnail(job, each, each === output, choose))),
	];
}

/**
 * @param {Job} job
 * @param {Output} output
 */
function stageOf(job, output) {
	const key = keyOf(job, output.index);
	if (!isCovered(key, output)) return mediumOf(job, output);
	const cover = el("div.cover", icon("warning"), el("p", COMMON.flagged));
	const show = () => {
		uncover(key);
		cover.replaceWith(mediumOf(job, output));
	};
	cover.append(button("is-small", show, COMMON.show));
	return cover;
}

/**
 * @param {Job} job
 * @param {Output} output
 */
function mediumOf(job, output) {
	const address = fileOf(output);
	const label = PANEL.output(output.index + 1);
	if (output.kind === "image" && address) return el("a.output-link", { href: viewLink({ jobId: job.jobId, index: output.index }), title: PANEL.viewLarge }, pictureOf(address, label, showBroken, { draggable: "true" }));
	if (/^(video|audio)$/.test(output.kind) && address) return el(output.kind, { src: address, controls: true, preload: "metadata", playsinline: true, "aria-label": label, poster: output.kind === "video" ? thumbnailOf(output) : null });
	if (output.text) return el("p.prose", output.text);
	return el("p.quiet", address ?? PANEL.noUrl);
}

/** @param {ErrorEvent} event */
function showBroken({ target }) {
	if (target instanceof Element) target.replaceWith(el("p.gone", icon("warning"), COMMON.imageGone));
}

/**
 * @param {Job} job
 * @param {Output} output
 * @param {boolean} chosen
 * @param {(index: number) => void} choose
 */
function thumbnail(job, output, chosen, choose) {
	const key = keyOf(job, output.index);
	const hidden = isCovered(key, output);
	const address = hidden ? null : thumbnailOf(output);
	const shape = icon(hidden ? "warning" : output.kind === "video" ? "video" : "image");
	const place = button(".thumb", () => choose(output.index), { "aria-label": PANEL.showOutput(output.index + 1), "aria-pressed": chosen });
	place.append(address ? pictureOf(address, "", () => place.replaceChildren(shape), { loading: "lazy", draggable: "true", "data-key": key }) : shape);
	return place;
}

/** @param {Output} output */
function expiry(output) {
	if (output.stored?.state === "stored") return PANEL.storedHere(output.kind);
	if (!output.expiresAt) return output.kind;
	const left = -secondsSince(output.expiresAt);
	return left > 0 ? PANEL.atWavespeed(output.kind, duration(left), exactTime(output.expiresAt)) : PANEL.expired(output.kind, exactTime(output.expiresAt));
}
