// How a group's jobs stand side by side. Jobs only, no elements.

/** @import { Job } from "../../types/page.js" */

/** @typedef {{ model: string, jobs: Job[] }} Column */

/**
 * Return a column for each model, in the order in which they were queued.
 *
 * @param {readonly Job[]} jobs
 * @returns {Column[]}
 */
export function columnsOf(jobs) {
	/** @type {Map<string, Job[]>} */
	const columns = new Map();
	const ordered = jobs.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt) || one.jobId.localeCompare(other.jobId));
	for (const job of ordered) columns.set(job.model, [...(columns.get(job.model) ?? []), job]);
	return [...columns].map(([model, those]) => ({ model, jobs: those }));
}

/**
 * Return what the jobs cost together; null as long as a price is unknown: a part of it would look like the whole.
 *
 * @param {readonly Pick<Job, "mediaCostUsd">[]} jobs
 */
export function priceOf(jobs) {
	const prices = jobs.map(({ mediaCostUsd }) => mediaCostUsd);
	return prices.length && prices.every((price) => price !== null) ? prices.reduce((sum, price) => sum + (price ?? 0), 0) : null;
}

/**
 * Return how long a job took; null as long as it is open.
 *
 * @param {Pick<Job, "createdAt" | "completedAt">} job
 */
export function secondsOf({ createdAt, completedAt }) {
	return completedAt ? (Date.parse(completedAt) - Date.parse(createdAt)) / 1000 : null;
}

/**
 * Return what an arrow key leads to from one of the columns' parts: from none, the first; undefined where there is nothing.
 *
 * @template Part
 * @param {readonly (readonly Part[])[]} columns
 * @param {Part | undefined} part
 * @param {string} key
 * @returns {Part | undefined}
 */
export function nextTo(columns, part, key) {
	const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
	if (!step) return undefined;
	const column = columns.findIndex((those) => part !== undefined && those.includes(part));
	if (column < 0 || part === undefined) return columns.flat()[0];
	const there = columns[column + step[0]] ?? [];
	return there[Math.min(columns[column].indexOf(part) + step[1], step[0] ? there.length - 1 : Infinity)];
}
