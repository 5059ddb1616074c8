// How much of a budget is used, as a bar that is read out in words.

import { MONEY } from "../words/money.js";
import { el, setAttribute } from "./dom.js";
import { usd } from "./format.js";

/** @import { Budget } from "../../types/page.js" */

const WARN_AT = 0.8;
/** @type {Record<string, string>} */
const PERIODS = { day: MONEY.dailyBudget, month: MONEY.monthlyBudget, total: MONEY.budgetInAll };

/** @param {Pick<Budget, "owner" | "period">} budget */
export function budgetName({ owner, period }) {
	return MONEY.budgetOf(PERIODS[period], owner === "*" ? MONEY.wholeInstallation : owner);
}

/** @param {Budget} budget */
export function budgetText(budget) {
	const { limitUsd, spentUsd, reservedUsd } = budget;
	return MONEY.used(usd(spentUsd + reservedUsd), usd(limitUsd), budgetName(budget));
}

/**
 * Return the look of a budget: plain below 80 %, then as a warning, and used up.
 *
 * @param {Budget} budget
 */
export function budgetTone({ limitUsd, spentUsd, reservedUsd }) {
	const used = spentUsd + reservedUsd;
	if (used >= limitUsd) return "bad";
	return used >= limitUsd * WARN_AT ? "attention" : "work";
}

/** @param {Budget} budget */
export function budgetBar(budget) {
	const bar = el("progress.budget-bar", { max: budget.limitUsd || 1, value: Math.min(used(budget), budget.limitUsd || 1), "data-tone": budgetTone(budget) });
	setAttribute(bar, "aria-label", budgetText(budget));
	bar.title = budgetText(budget);
	return bar;
}

/** @param {Budget} budget */
function used({ limitUsd, spentUsd, reservedUsd }) {
	return limitUsd ? spentUsd + reservedUsd : 1;
}
