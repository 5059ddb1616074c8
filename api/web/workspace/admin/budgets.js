// Budgets: what an owner, or everybody together, may spend. Set, raised and removed here.

import { asProblem } from "../core/api.js";
import { budgetBar, budgetName } from "../core/budget_bar.js";
import { confirm } from "../core/dialogs.js";
import { button, el, fill, setAttribute, setText } from "../core/dom.js";
import { usd } from "../core/format.js";
import { notify, reportProblem } from "../core/notices.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { noteLine, ReadList } from "./loading.js";
import { clearSent, clearWrong, field, onSubmit, showWrong } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Budget, Owner } from "../../types/page.js" */

const EVERYBODY = "*";
/** Written out, as bills have it: `1e9` and `0x10` are more likely a slip than an amount. */
const AMOUNT = /^(\d+\.?\d*|\.\d+)$/;
const PERIODS = [
	["day", ADMIN.eachDay],
	["month", ADMIN.eachMonth],
	["total", COMMON.inAll],
];

export class Budgets {
	owner = el("select.input", { id: "budget-owner" });
	period = el("select.input", { id: "budget-period" }, ...PERIODS.map(([value, text]) => el("option", { value }, text)));
	limit = el("input.input", { id: "budget-limit", inputmode: "decimal", autocomplete: "off", placeholder: "25.00", "aria-describedby": "budget-wrong" });
	wrong = el("p.wrong", { id: "budget-wrong", role: "alert" });

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		this.list = new ReadList(
			ADMIN.budgets,
			() => Promise.all([api.get("/api/owners"), api.get("/api/budgets")]),
			([owners, budgets]) => this.draw(owners.items, budgets.items),
		);
		this.submit = button("primary", () => {}, ADMIN.set);
		this.submit.type = "submit";
		// Until the owners are read there is nobody to set one for.
		this.submit.disabled = true;
		const form = el(
			"form.admin-tools",
			field(this.owner, ADMIN.whose),
			field(this.period, ADMIN.period, el("span.quiet", ADMIN.utc)),
			field(this.limit, ADMIN.limitUsd),
			this.submit,
		);
		onSubmit(form, () => this.set());
		this.element = el(
			"section",
			el("p.quiet.admin-lead", ADMIN.budgetsNote),
			form,
			this.wrong,
			this.list.element,
		);
	}

	async show() {
		await this.list.show();
	}

	/**
	 * @param {readonly Owner[]} owners
	 * @param {readonly Budget[]} budgets
	 */
	draw(owners, budgets) {
		const chosen = this.owner.value;
		const names = [EVERYBODY, ...owners.map(({ name }) => name)];
		this.submit.disabled = false;
		fill(this.owner, ...names.map((name) => el("option", { value: name, selected: name === chosen }, name === EVERYBODY ? ADMIN.wholeInstallation : name)));
		if (!budgets.length) return [noteLine(ADMIN.noBudget)];
		return budgets.map((data) => ({ key: `${data.owner}/${data.period}`, data, make: (/** @type {() => Budget} */ now) => this.rowOf(now) }));
	}

	/** @param {() => Budget} now */
	rowOf(now) {
		const budget = now();
		const name = budgetName(budget);
		const left = Math.max(budget.limitUsd - budget.spentUsd - budget.reservedUsd, 0);
		return el(
			"li.admin-row",
			{ "data-budget": `${budget.owner}/${budget.period}` },
			el(
				"div.admin-main",
				el("p.admin-name", budget.owner === EVERYBODY ? ADMIN.wholeInstallation : budget.owner, el("span.quiet", PERIODS.find(([value]) => value === budget.period)?.[1] ?? "")),
				el("p.admin-meta", el("span", ADMIN.spentCost(usd(budget.spentUsd))), el("span", ADMIN.reservedCost(usd(budget.reservedUsd))), el("span", ADMIN.leftCost(usd(left)))),
			),
			el("div.admin-times", el("p", ADMIN.limit(usd(budget.limitUsd))), budgetBar(budget)),
			el(
				"div.admin-acts",
				button("is-small", () => this.begin(now()), { "aria-label": ADMIN.changeOne(name) }, ADMIN.change),
				button("is-small", () => this.remove(now()), { "aria-label": ADMIN.removeOne(name) }, CORE.remove),
			),
		);
	}

	/**
	 * Fill the form with a budget, so that only its limit is left to enter.
	 *
	 * @param {Budget} budget
	 */
	begin({ owner, period, limitUsd }) {
		this.owner.value = owner;
		this.period.value = period;
		this.limit.value = String(limitUsd);
		this.limit.focus();
		this.limit.select();
	}

	async set() {
		const typed = this.limit.value;
		const text = typed.trim().replace(/^\$\s*/, "");
		const limitUsd = Number(text);
		const inputs = { limitUsd: this.limit };
		clearWrong(this.wrong, inputs);
		if (!AMOUNT.test(text)) {
			setText(this.wrong, ADMIN.enterAmount);
			setAttribute(this.limit, "aria-invalid", true);
			return;
		}
		const params = { owner: this.owner.value, period: /** @type {Budget["period"]} */ (this.period.value) };
		try {
			await this.api.put("/api/budgets/{owner}/{period}", { params, body: { limitUsd } });
		} catch (thrown) {
			showWrong(this.wrong, asProblem(thrown), inputs);
			return;
		}
		clearSent(this.limit, typed);
		notify(ADMIN.didSet(usd(limitUsd), budgetName(params)));
		await this.list.show();
	}

	/** @param {Budget} budget */
	async remove(budget) {
		const { owner, period } = budget;
		const body = [ADMIN.removeNote(budgetName(budget))];
		if (!(await confirm(ADMIN.removeQuestion, body, ADMIN.removeBudget))) return;
		try {
			await this.api.delete("/api/budgets/{owner}/{period}", { params: { owner, period } });
			notify(ADMIN.removed(budgetName(budget)));
		} catch (problem) {
			reportProblem(ADMIN.budgetNotRemoved, problem);
		}
		await this.list.show();
		this.limit.focus();
	}
}
