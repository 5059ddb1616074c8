// Money at the top of the page: what the owner has spent today and this month, with a bar where there is a budget; for
// operators the balance at WaveSpeed.

import { actingFor, caller, may } from "../core/access.js";
import { budgetBar } from "../core/budget_bar.js";
import { every, today } from "../core/clock.js";
import { byId, el, fill, on } from "../core/dom.js";
import { usd, usdToTheCent } from "../core/format.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { MONEY } from "../words/money.js";

/** @import { Api } from "../core/api.js" */
/** @import { Budget } from "../../types/page.js" */

const REFRESH_SECONDS = 30;

export class Purse {
	place = byId("purse");
	/** Apart from the rest, which does not wait for WaveSpeed. */
	balance = el("span.purse-part", { hidden: true });
	reads = 0;

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		every(REFRESH_SECONDS, () => this.show());
		on(document, "visibilitychange", () => document.hidden || this.show());
	}

	/** Show it as it is now; what was shown stays if the server does not answer. */
	async show() {
		const owner = actingFor() ?? caller()?.owner;
		this.place.hidden = !owner || !may("jobs:read");
		if (this.place.hidden || !owner) return;
		await Promise.all([this.showSpent(owner), this.showBalance()]);
	}

	/** @param {string} owner */
	async showSpent(owner) {
		const latest = ++this.reads;
		const day = today();
		const query = new URLSearchParams({ by: "day", owner, from: `${day.slice(0, 8)}01`, to: day });
		const found = await Promise.all([this.api.get("/api/spend", { query }), this.api.get("/api/budgets")]).catch(() => null);
		if (!found || latest !== this.reads) return;
		const [spend, budgets] = found;
		/** @param {string} period */
		const of = (period) => budgets.items.find((budget) => budget.owner === owner && budget.period === period);
		const total = of("total");
		fill(
			this.place,
			amount(MONEY.today, spend.items.find(({ name }) => name === day)?.spentUsd ?? 0, of("day")),
			amount(MONEY.month, spend.spentUsd, of("month")),
			total && amount(COMMON.inAll, total.spentUsd, total),
			this.balance,
		);
	}

	async showBalance() {
		const found = may("operate") ? await this.api.get("/api/balance").catch(() => null) : null;
		if (!found) return;
		this.balance.hidden = found.balanceUsd === null;
		if (found.balanceUsd !== null) fill(this.balance, ...amountParts(CORE.wavespeed, found.balanceUsd));
	}
}

/**
 * @param {string} label
 * @param {number} amountUsd
 * @param {Budget} [budget]
 */
function amount(label, amountUsd, budget) {
	return el("span.purse-part", { title: usd(amountUsd) }, ...amountParts(label, amountUsd), budget && budgetBar(budget));
}

/**
 * @param {string} label
 * @param {number} amountUsd
 */
function amountParts(label, amountUsd) {
	return [el("span.quiet", label), ` ${usdToTheCent(amountUsd)}`];
}
