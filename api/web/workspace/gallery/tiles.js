// What the gallery shows of jobs: a tile for each output, and one for each job without any.

import { jobName } from "../core/format.js";
import { fileOf } from "../core/media.js";
import { isFinal, statusLook } from "../jobs/statuses.js";
import { keyOf } from "../viewer/link.js";
import { GALLERY } from "../words/gallery.js";

/** @import { Job, Output } from "../../types/page.js" */

/** @typedef {{ key: string, job: Job, output: Output | null }} Tile */

/** A tile much narrower or wider than this could not be used; its picture is cut. */
const NARROWEST = 0.5;
const WIDEST = 2.4;

/** @type {WeakMap<Job, Tile[]>} */
const made = new WeakMap();

/** @param {readonly Job[]} jobs */
export function tilesOf(jobs) {
	return jobs.flatMap(tilesOfJob);
}

/**
 * Return the tiles of a job; the same ones until it changes.
 *
 * @param {Job} job
 */
export function tilesOfJob(job) {
	let tiles = made.get(job);
	if (!tiles) {
		const outputs = job.outputs.length ? job.outputs : [null];
		tiles = outputs.map((output) => ({ key: keyOf(job, output?.index ?? 0), job, output }));
		made.set(job, tiles);
	}
	return tiles;
}

/**
 * Return whether the viewer can show it.
 *
 * @param {Tile} tile
 * @returns {tile is Tile & { output: Output }}
 */
export function isViewable(tile) {
	return tile.output !== null && Boolean(tile.output.text || fileOf(tile.output));
}

/**
 * Return the ratio in which a tile is drawn.
 *
 * @param {Tile} tile
 * @param {ReadonlyMap<string, number>} learned What loaded pictures have shown, by key.
 */
export function tileRatio({ key, job, output }, learned) {
	// Without a picture there is a sentence, which needs some width.
	if (!output && isFinal(job)) return 1;
	const { width, height } = output?.stored ?? {};
	const stored = width && height ? width / height : null;
	const ratio = stored ?? learned.get(key) ?? requestedRatio(job) ?? (job.kind === "video" ? 16 / 9 : 1);
	return Math.min(WIDEST, Math.max(NARROWEST, ratio));
}

/**
 * Return what a tile is called.
 *
 * @param {Tile} tile
 */
export function tileName({ job, output }) {
	const number = job.outputs.length > 1 && output ? GALLERY.place(output.index + 1, job.outputs.length) : "";
	const state = output ? output.kind : statusLook(job.status).word;
	return `${jobName(job)}, ${state}${number}${job.kept ? GALLERY.liked : ""}`;
}

/**
 * Return the ratio that the job's inputs ask for; null if they do not say.
 *
 * @param {Pick<Job, "input">} job
 */
export function requestedRatio({ input }) {
	const sides = [pairOf(input.size, "[*x×]"), [Number(input.width), Number(input.height)], pairOf(input.aspect_ratio, ":"), pairOf(input.ratio, ":")];
	const found = sides.find(([width, height]) => width > 0 && height > 0);
	return found ? found[0] / found[1] : null;
}

/**
 * @param {unknown} value
 * @param {string} between
 */
function pairOf(value, between) {
	const [, width, height] = new RegExp(`^(\\d+)${between}(\\d+)$`).exec(String(value ?? "").trim()) ?? [];
	return [Number(width), Number(height)];
}
