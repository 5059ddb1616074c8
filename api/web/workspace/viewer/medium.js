// What the viewer can show: an output, or a picture that a job was given.

import { safeAddress } from "../core/dom.js";
import { fileOf, thumbnailOf } from "../core/media.js";
import { isCovered } from "../gallery/covers.js";
import { VIEWER } from "../words/viewer.js";
import { keyOf } from "./link.js";

/** @import { Job, Output } from "../../types/page.js" */

/**
 * @typedef {object} Medium
 * @property {string} key
 * @property {string} kind image, video, audio or text
 * @property {string} label
 * @property {string | null} file
 * @property {string | null} thumbnail A smaller picture, shown until the file is there.
 * @property {string | null} spare Where the file is if it is not there.
 * @property {string | null} text
 * @property {boolean} covered
 */

const OF_PICTURES = /image|picture|photo|mask|frame/i;

/**
 * @param {Job} job
 * @param {Output} output
 * @returns {Medium}
 */
export function mediumOf(job, output) {
	const key = keyOf(job, output.index);
	const file = fileOf(output);
	const kind = file && /^(image|video|audio)$/.test(output.kind) ? output.kind : "text";
	const label = job.outputs.length > 1 ? VIEWER.outputOf(output.index + 1, job.outputs.length) : VIEWER.output;
	const provider = output.url ? safeAddress(output.url) : null;
	const spare = provider === file ? null : provider;
	return { key, kind, label, file, thumbnail: thumbnailOf(output), spare, text: output.text ?? file, covered: isCovered(key, output) };
}

/**
 * Return the addresses of the pictures that a job was given, each once.
 *
 * @param {Job} job
 */
export function inputPicturesOf({ targetUrl, refUrls, input }) {
	const named = Object.entries(input).flatMap(([name, value]) => (OF_PICTURES.test(name) ? value : []));
	const absolute = [targetUrl, ...refUrls, ...named].flatMap((value) => (typeof value === "string" && /^https?:/i.test(value) ? value : []));
	const addresses = absolute.flatMap((value) => safeAddress(value) ?? []);
	return [...new Set(addresses)];
}

/**
 * @param {Job} job
 * @param {number} index
 * @returns {Medium | null}
 */
export function inputMedium(job, index) {
	const pictures = inputPicturesOf(job);
	const file = pictures[index];
	if (!file) return null;
	const label = pictures.length > 1 ? VIEWER.inputOf(index + 1, pictures.length) : VIEWER.input;
	return { key: keyOf(job, -1 - index), kind: "image", label, file, thumbnail: null, spare: null, text: null, covered: false };
}
