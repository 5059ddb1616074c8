// How far an open job has come: by the server's estimate, as time goes on.

import { secondsSince } from "../core/clock.js";
import { setAttribute } from "../core/dom.js";

/** @import { Job } from "../../types/page.js" */

/** It is not there until it is there. */
const AT_MOST = 0.95;

/** @type {WeakMap<Job, number>} When each answer was first seen, in seconds since its job was accepted. */
const seenAt = new WeakMap();

/**
 * Show the progress; without an estimate, only that there is some.
 *
 * @param {Job} job
 * @param {HTMLProgressElement} bar
 */
export function progressOf(job, bar) {
	const elapsed = secondsSince(job.createdAt);
	const seen = seenAt.get(job) ?? elapsed;
	seenAt.set(job, seen);
	const left = job.wait.estimateSeconds;
	setAttribute(bar, "value", left === null || left === undefined ? null : shareOf(elapsed, seen + left).toFixed(3));
}

/**
 * @param {number} elapsed
 * @param {number} whole
 */
export function shareOf(elapsed, whole) {
	return whole > 0 ? Math.min(AT_MOST, Math.max(0, elapsed / whole)) : AT_MOST;
}
