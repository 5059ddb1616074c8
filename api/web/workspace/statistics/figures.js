// What each plot shows, from the API's answer: a column for each step, also for those in which nothing happened.

import { duration, usd } from "../core/format.js";
import { LIKES, PROMPTS, SPENDING, STATISTICS, WAITS } from "../words/statistics.js";

/** @import { StatisticsOfDays } from "../../types/page.js" */
/** @import { Figure } from "./plot.js" */

const HOUR_MS = 3_600_000;
const MOST_NAMES = 12;

/**
 * Return the steps from the first day to the end of the last one, as the moments at which they begin.
 *
 * @param {Pick<StatisticsOfDays, "from" | "to" | "by">} answer
 * @returns {string[]} As the API writes them, without their zone: `2026-01-31T00`.
 */
export function stepsOf({ from, to, by }) {
	const length = by === "hour" ? HOUR_MS : 24 * HOUR_MS;
	const end = Date.parse(`${to}T00:00Z`) + 24 * HOUR_MS;
	const steps = [];
	for (let at = Date.parse(`${from}T00:00Z`); at < end; at += length) steps.push(new Date(at).toISOString().slice(0, 13));
	return steps;
}

/**
 * Return the label of a step: `Jan 31`, or by the hour `Jan 31, 14:00`, in UTC.
 *
 * @param {string} step
 * @param {string} by
 */
export function labelOf(step, by) {
	const day = new Date(`${step}:00Z`).toLocaleDateString(undefined, { timeZone: "UTC", month: "short", day: "numeric" });
	return by === "hour" ? `${day}, ${step.slice(11)}:00` : day;
}

/**
 * @template {{ at: string }} Row
 * @param {string[]} steps
 * @param {Row[]} rows
 * @returns {(pick: (row: Row) => number) => number[]} Returns a number for each step, 0 where there is no row.
 */
function valuesOf(steps, rows) {
	const found = new Map(rows.map((row) => [row.at.slice(0, 13), row]));
	return (pick) =>
		steps.map((step) => {
			const row = found.get(step);
			return row ? pick(row) : 0;
		});
}

/**
 * @param {StatisticsOfDays} answer
 * @returns {Figure[]}
 */
export function figuresOf(answer) {
	return [promptsOf(answer), waitsOf(answer), spendingOf(answer), ...likesOf(answer)];
}

/**
 * @param {StatisticsOfDays} answer
 * @returns {Figure}
 */
function promptsOf(answer) {
	const steps = stepsOf(answer);
	const values = valuesOf(steps, answer.prompts);
	return {
		title: PROMPTS.title,
		text: PROMPTS.text,
		labels: steps.map((step) => labelOf(step, answer.by)),
		series: [
			{ name: PROMPTS.busiest, values: values(({ busiest }) => busiest) },
			{ name: PROMPTS.average, values: values(({ written, minutes }) => written / minutes), as: "line" },
		],
		format: number,
		head: [stepName(answer), PROMPTS.written, PROMPTS.busiest, PROMPTS.average],
		rows: answer.prompts.map(({ at, busiest, minutes, written }) => [labelOf(at.slice(0, 13), answer.by), number(written), number(busiest), number(written / minutes)]),
	};
}

/**
 * @param {StatisticsOfDays} answer
 * @returns {Figure}
 */
function waitsOf(answer) {
	const steps = stepsOf(answer);
	const values = valuesOf(steps, answer.jobs);
	return {
		title: WAITS.title,
		text: WAITS.text,
		labels: steps.map((step) => labelOf(step, answer.by)),
		series: [
			{ name: WAITS.median, values: values(({ wait }) => wait.median), as: "line" },
			{ name: WAITS.most, values: values(({ wait }) => wait.p95), as: "line" },
			{ name: WAITS.making, values: values(({ making }) => making.median), as: "line" },
		],
		format: duration,
		head: [stepName(answer), WAITS.jobs, WAITS.median, WAITS.most, WAITS.making, WAITS.slowest],
		rows: answer.jobs.map(({ at, jobs, making, wait }) => [labelOf(at.slice(0, 13), answer.by), number(jobs), ...[wait.median, wait.p95, making.median, making.p95].map(duration)]),
	};
}

/**
 * @param {StatisticsOfDays} answer
 * @returns {Figure}
 */
function spendingOf({ from, to, spending }) {
	const days = stepsOf({ from, to, by: "day" }).map((step) => step.slice(0, 10));
	/** @type {Map<string, Map<string, number>>} What each model cost, by day: the dearest first. */
	const models = new Map();
	const total = new Map();
	for (const row of spending) {
		const name = row.model ?? STATISTICS.others;
		if (!models.has(name)) models.set(name, new Map());
		models.get(name)?.set(row.day, row.spentUsd);
		total.set(name, (total.get(name) ?? 0) + (row.model === null ? 0 : row.spentUsd));
	}
	const names = [...models.keys()].sort((one, other) => total.get(other) - total.get(one));
	return {
		title: SPENDING.title,
		text: SPENDING.text,
		labels: days.map((day) => labelOf(`${day}T00`, "day")),
		series: names.map((name) => ({ name, values: days.map((day) => models.get(name)?.get(day) ?? 0) })),
		format: money,
		head: [STATISTICS.day, SPENDING.model, SPENDING.spent, SPENDING.charged, SPENDING.reserved],
		rows: spending.map(({ chargedUsd, day, model, reservedUsd, spentUsd }) => [labelOf(`${day}T00`, "day"), model ?? STATISTICS.others, ...[spentUsd, chargedUsd, reservedUsd].map(usd)]),
	};
}

/**
 * Return a figure for each grouping that the API knows.
 *
 * @param {StatisticsOfDays} answer
 * @returns {Figure[]}
 */
function likesOf({ likes }) {
	const groupings = [...new Set(["model", ...likes.map(({ by }) => by)])];
	return groupings.map((by) => {
		const rows = likes.filter((row) => row.by === by);
		const shown = rows.slice(0, MOST_NAMES);
		return {
			title: LIKES.titles[by] ?? by,
			text: LIKES.text,
			labels: shown.map(({ name }) => name.split("/").at(-1) ?? name),
			series: [
				{ name: LIKES.liked, values: shown.map(({ liked }) => liked) },
				{ name: LIKES.disliked, values: shown.map(({ disliked }) => disliked) },
			],
			format: number,
			head: [LIKES.names[by] ?? by, LIKES.made, LIKES.liked, LIKES.disliked, LIKES.share],
			rows: rows.map(({ disliked, liked, made, name }) => [name, ...[made, liked, disliked].map(number), LIKES.percent(liked / (liked + disliked))]),
		};
	});
}

/** @param {Pick<StatisticsOfDays, "by">} answer */
function stepName({ by }) {
	return by === "hour" ? STATISTICS.hour : STATISTICS.day;
}

/** @param {number} value */
function number(value) {
	return value.toLocaleString(undefined, { maximumFractionDigits: 1 });
}

/** @param {number} value */
function money(value) {
	return value === 0 ? "$0" : usd(value);
}
