// How a batch stands: its rows by state, its money, and what can be done with it.

import { may } from "../core/access.js";
import { short } from "../core/format.js";
import { vocabulary } from "../core/vocabulary.js";
import { BATCHES } from "../words/batches.js";
import { LABEL } from "./columns.js";

/** @import { Batch, BatchRow, Job, Tone } from "../../types/page.js" */

/** The states of rows, in the order of the bar. @type {readonly (readonly [state: string, tone: Tone])[]} */
const STATES = [
	["completed", "good"],
	["open", "work"],
	["unclear", "attention"],
	["failed", "bad"],
	["faulty", "bad"],
	["cancelled", "quiet"],
	["skipped", "quiet"],
	["gone", "quiet"],
	["waiting", "wait"],
];

/** @type {Readonly<Record<string, Tone>>} */
const TONES = { planning: "wait", awaiting_approval: "attention", running: "work", paused: "attention", done: "good", done_with_failures: "bad", cancelled: "quiet" };
/** @type {Readonly<Record<string, string>>} */
const ICONS = { planning: "clock", awaiting_approval: "question", running: "ring", paused: "pause", done: "check", done_with_failures: "warning", cancelled: "slash" };
const ENDED = ["done", "done_with_failures", "cancelled"];
/** @type {Map<string, BatchRow["state"]>} */
const FINAL = new Map(vocabulary.statuses.map(({ status, final, group }) => [status, stateOf(final, group)]));

/** @typedef {{ state: string, tone: Tone, count: number, share: number }} Segment */

/**
 * Return the parts of the bar, without those that are empty.
 *
 * @param {Batch["counts"]} counts
 * @returns {Segment[]}
 */
export function segmentsOf(counts) {
	const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
	return STATES.flatMap(([state, tone]) => {
		const count = counts[/** @type {keyof Batch["counts"]} */ (state)] ?? 0;
		return count ? [{ state, tone, count, share: count / all }] : [];
	});
}

/**
 * Return where a state stands in the bar, from 1.
 *
 * @param {string} state
 */
export function placeOfState(state) {
	return STATES.findIndex(([name]) => name === state) + 1;
}

/** @param {string} state */
export function toneOfRow(state) {
	return STATES.find(([name]) => name === state)?.[1] ?? "quiet";
}

/** @param {string} state */
export function stateLook(state) {
	return { word: BATCHES.states[state] ?? state, tone: TONES[state] ?? "quiet", icon: ICONS[state] ?? "info" };
}

/** @param {Pick<Batch, "state">} batch */
function hasEnded({ state }) {
	return ENDED.includes(state);
}

/**
 * Return what a batch is known by.
 *
 * @param {Pick<Batch, "name" | "template" | "model">} batch
 */
export function titleOf({ name, template, model }) {
	const text = [template.prompt, template.instructions].find((one) => typeof one === "string" && one.trim());
	return name ?? (typeof text === "string" ? BATCHES.quoted(short(text.trim())) : (model ?? BATCHES.showBatch));
}

/**
 * Return the shares of a batch's budget, of 1; what is paid may be more than was meant, if the provider asks more.
 *
 * @param {Pick<Batch, "spentUsd" | "reservedUsd" | "maxCostUsd">} batch
 */
export function moneyShares({ spentUsd, reservedUsd, maxCostUsd }) {
	const whole = Math.max(maxCostUsd, spentUsd + reservedUsd, 0.000001);
	return { spent: spentUsd / whole, reserved: reservedUsd / whole };
}

/**
 * Return what can be done with a batch by whoever uses the page.
 *
 * @param {Batch} batch
 */
export function actsOn(batch) {
	const write = may("jobs:write");
	const open = write && !hasEnded(batch);
	return {
		pause: open && batch.state !== "paused" && batch.state !== "awaiting_approval",
		// Only more money lets one go on that has none left.
		resume: open && batch.state === "paused" && batch.pauseReason !== "budget" && (batch.pauseReason !== "admin" || may("admin")),
		raise: open && batch.state === "paused" && batch.pauseReason === "budget",
		cancel: open,
		retry: write && batch.state !== "cancelled" && (batch.counts.failed ?? 0) > 0,
		change: open,
	};
}

/**
 * Return what a job makes of its row.
 *
 * @param {BatchRow} row
 * @param {Job} job
 * @returns {BatchRow}
 */
export function rowWith(row, job) {
	const { jobId, status, outputs, prompt, kept } = job;
	return { ...row, jobId, status, outputs, prompt: prompt ?? row.prompt, kept, error: job.error ?? null, state: FINAL.get(status) ?? row.state };
}

/**
 * Return what a row is known by: its prompt, or what its table gave.
 *
 * @param {Pick<BatchRow, "prompt" | "values">} row
 */
export function wordsOfRow({ prompt, values }) {
	return prompt ?? Object.values(values).map(String).join(" · ");
}

/**
 * Return what tells a row from others with the same words: its key, or its labels; nothing if it has none.
 *
 * @param {Pick<BatchRow, "key" | "number" | "values">} row
 */
export function nameOfRow({ key, number, values }) {
	if (key !== String(number)) return key;
	return Object.entries(values).flatMap(([column, value]) => (column.startsWith(`${LABEL}.`) ? [String(value)] : [])).join(" · ");
}

/**
 * Return why a row has no outputs.
 *
 * @param {Pick<BatchRow, "error" | "faults">} row
 */
export function whyOfRow({ error, faults }) {
	return error?.message ?? faults.map(({ column, message }) => (column ? `${column}: ${message}` : message)).join(" ");
}

/**
 * Return what has become of a row whose job has a status of this group.
 *
 * @param {boolean} final
 * @param {string} group
 * @returns {BatchRow["state"]}
 */
function stateOf(final, group) {
	if (!final) return group === "unclear" ? "unclear" : "open";
	if (group === "done") return "completed";
	return group === "cancelled" ? "cancelled" : "failed";
}
