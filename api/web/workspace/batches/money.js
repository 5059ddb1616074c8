// What a batch may cost, and whether it can be queued: decided from the table, what the plan says of it, and the limits.

import { duration as durationText, usd } from "../core/format.js";
import { TABLE } from "../words/batch_table.js";
import { BATCHES } from "../words/batches.js";
import { MOST_OPEN } from "./limits.js";

/** @import { BatchPlan } from "../../types/page.js" */

const AMOUNT = /^\$?\s*(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})$/;
const WHOLE = /^\d{1,9}$/;

/**
 * @typedef {object} Limits What was entered.
 * @property {string} maxCost
 * @property {string} maxOpen
 * @property {string} stopAfter
 * @property {boolean} skip Whether faulty rows are skipped.
 */

/**
 * @typedef {object} Standing
 * @property {number} rows Of the table, without blank ones.
 * @property {number} faulty Of these.
 * @property {number | null} [variants] How many prompts Grok proposes, each of which makes every row.
 * @property {Limits} limits
 * @property {BatchPlan | null} plan Of the table as it is now.
 * @property {boolean} checking
 * @property {readonly string[]} missing The words that no column gives.
 * @property {readonly string[]} template What is wrong with the template.
 */

/**
 * Return an amount in US dollars; null if it is none, or nothing.
 *
 * @param {string} text
 */
export function amountOf(text) {
	const amount = Number(AMOUNT.exec(text.trim())?.[1] ?? 0);
	return amount > 0 ? amount : null;
}

/**
 * Return a whole number above 0; null for an empty text, undefined for another.
 *
 * @param {string} text
 * @param {number} [most]
 */
export function wholeOf(text, most = Infinity) {
	const plain = text.trim();
	if (!plain) return null;
	const number = WHOLE.test(plain) ? Number(plain) : 0;
	return number >= 1 && number <= most ? number : undefined;
}

/**
 * Return why the batch cannot be queued, one sentence each.
 *
 * @param {Standing} standing
 */
export function reasonsAgainstBatch({ rows, faulty, limits, plan, checking, missing, template, variants = null }) {
	if (!rows) return [...template, TABLE.noRows];
	/** @type {(string | false)[]} */
	const reasons = [
		...template,
		missing.length > 0 && TABLE.missing(missing.map((word) => `{{${word}}}`).join(", ")),
		!plan && (checking ? TABLE.waitForCheck : TABLE.checkFirst),
		plan !== null && !plan.readable && TABLE.notReadable,
		faulty > 0 && (faulty === rows ? TABLE.allFaulty : variants !== null ? TABLE.mendFirst(faulty) : !limits.skip && TABLE.mend(faulty)),
		amountOf(limits.maxCost) === null && (limits.maxCost.trim() ? BATCHES.wrongMaxCost : TABLE.giveMaxCost),
		wholeOf(limits.maxOpen, MOST_OPEN) === undefined && BATCHES.wrongMaxOpen(MOST_OPEN),
		wholeOf(limits.stopAfter) === undefined && BATCHES.wrongStopAfter,
	];
	return reasons.filter((reason) => reason !== false);
}

/**
 * Return what the button says that it will do.
 *
 * @param {Standing} standing
 */
export function queueLabel({ rows, faulty, limits, variants = null }) {
	const skipped = limits.skip ? faulty : 0;
	const amount = amountOf(limits.maxCost);
	if (variants !== null) return TABLE.propose(variants);
	return rows ? TABLE.queue(rows - skipped, skipped, amount) : TABLE.queueNone;
}

/**
 * Return what all rows are expected to cost, prompts included; null if a part of it is unknown.
 *
 * @param {BatchPlan["cost"]} cost
 */
export function wholeCost({ priceUsd, promptsUsd }) {
	return priceUsd === null || promptsUsd === null ? null : Math.round((priceUsd + promptsUsd) * 1e6) / 1e6;
}

/**
 * Return the figures of a plan, each with its name; the last part is what to beware of.
 *
 * @param {BatchPlan} plan
 * @returns {{ name: string, text: string, warn: string | null }[]}
 */
export function figuresOfPlan({ cost, budgets, duration }) {
	/** @type {{ name: string, text: string, warn: string | null }[]} */
	const figures = [];
	const floor = cost.priceUsd === null || cost.floor;
	figures.push({ name: floor ? TABLE.atLeast : TABLE.inAll, text: usd(cost.priceUsd ?? cost.floorUsd), warn: cost.unknownRows ? TABLE.unknownPrices(cost.unknownRows) : null });
	if (cost.prompts) figures.push({ name: TABLE.prompts, text: cost.promptsUsd === null ? TABLE.unknown : usd(cost.promptsUsd), warn: null });
	figures.push({ name: TABLE.takes, text: duration.seconds === null ? TABLE.unknown : durationText(duration.seconds), warn: null });
	for (const { owner, period, leftUsd, enough } of budgets) {
		figures.push({ name: `${TABLE.left} (${TABLE.budgetOf(owner, TABLE.periods[period] ?? period)})`, text: usd(leftUsd), warn: enough === false ? TABLE.notEnough : null });
	}
	return figures;
}
