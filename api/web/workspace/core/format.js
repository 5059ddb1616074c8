// Durations, times, money and names as text.

import { CORE } from "../words/core.js";

/** @import { Job } from "../../types/page.js" */

/**
 * Return a duration in the unit that people would use: `3.2 s`, `45 s`, `12 min`, `3 h 5 min`, `2 d`.
 *
 * @param {number | null | undefined} seconds
 */
export function duration(seconds) {
	if (!isNumber(seconds)) return "–";
	const value = Math.max(0, seconds);
	if (value < 9.95) return `${+value.toFixed(1)} s`;
	if (value < 90) return `${Math.round(value)} s`;
	const minutes = Math.round(value / 60);
	if (minutes < 90) return `${minutes} min`;
	const hours = Math.floor(minutes / 60);
	if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
	return `${Math.round(hours / 24)} d`;
}

/**
 * Return briefly how long ago or how far ahead a time is: `now`, `12s`, `5m`, `3h`, `2d`.
 *
 * @param {number} seconds
 */
export function age(seconds) {
	const value = Math.abs(seconds);
	if (value < 3) return "now";
	if (value < 60) return `${Math.floor(value)}s`;
	if (value < 3600) return `${Math.floor(value / 60)}m`;
	return value < 86400 ? `${Math.floor(value / 3600)}h` : `${Math.floor(value / 86400)}d`;
}

/** @param {string | Date} text */
export function exactTime(text) {
	return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
}

/** @param {string | Date} text */
export function dateOf(text) {
	return new Date(text).toLocaleDateString(undefined, { dateStyle: "medium" });
}

/** @param {string | Date} text */
export function clockTime(text) {
	return new Date(text).toLocaleTimeString(undefined, { timeStyle: "medium" });
}

/**
 * Return a time as briefly as it is clear: today's without its day.
 *
 * @param {string} text
 */
export function momentOf(text) {
	const at = new Date(text);
	const time = at.toLocaleTimeString(undefined, { timeStyle: "short" });
	return at.toDateString() === new Date().toDateString() ? time : `${dateOf(at)}, ${time}`;
}

/**
 * Return an amount with two to six decimal places; an unknown one is never shown as 0.
 *
 * @param {number | null | undefined} amount
 */
export function usd(amount) {
	if (!isNumber(amount)) return "unknown";
	const [whole, places] = amount.toFixed(6).split(".");
	return `$${Number(whole).toLocaleString("en-US")}.${places.replace(/0{1,6}$/, "").padEnd(2, "0")}`;
}

/**
 * Return an amount to the cent, as people read money; less than half a cent is not shown as nothing.
 *
 * @param {number} amount
 */
export function usdToTheCent(amount) {
	const cents = Math.round(amount * 100);
	return amount > 0 && !cents ? "< $0.01" : usd(cents / 100);
}

/**
 * @param {number} number
 * @param {string} noun
 */
export function count(number, noun) {
	return `${number.toLocaleString()} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * Return the words that a job is known by: its prompt, or what Grok is to write one from; empty if there are none.
 *
 * @param {Pick<Job, "prompt" | "originalPrompt" | "instructions">} job
 */
export function wordsOf({ prompt, originalPrompt, instructions }) {
	return [prompt, originalPrompt, instructions].map((text) => text?.trim()).find(Boolean) ?? "";
}

/** @param {Job} job */
export function jobName(job) {
	const text = wordsOf(job);
	return text ? `“${short(text)}”` : CORE.job(job.jobId.slice(-6));
}

/** @param {string} text */
export function capitalized(text) {
	return text[0].toUpperCase() + text.slice(1);
}

/** @param {string} text */
export function short(text) {
	return text.length > 48 ? `${text.slice(0, 47)}…` : text;
}

/**
 * @param {unknown} value
 * @returns {value is number}
 */
function isNumber(value) {
	return Number.isFinite(value);
}
