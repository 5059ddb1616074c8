// Spending: what was paid and what is reserved, by owner, model, key or day; as a table, and for spreadsheets.

import { asProblem } from "../core/api.js";
import { callout, el, fill, on } from "../core/dom.js";
import { today } from "../core/clock.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { published } from "../core/published.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { clearWrong, csvLink, filtersOf, ownerOptions, showWrong } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Spending as Answer } from "../../types/page.js" */

const WAYS = [
	["owner", ADMIN.owner],
	["model", COMMON.model],
	["key", ADMIN.key],
	["day", ADMIN.day],
];

export class Spending {
	by = el("select.input", { id: "spend-by" }, ...WAYS.map(([value, text]) => el("option", { value }, text)));
	owner = el("select.input", { id: "spend-owner" }, ...ownerOptions([], ""));
	from = el("input.input", { id: "spend-from", type: "date", "aria-describedby": "spend-wrong" });
	to = el("input.input", { id: "spend-to", type: "date", "aria-describedby": "spend-wrong" });
	wrong = el("p.wrong", { id: "spend-wrong", role: "alert" });
	inputs = { from: this.from, to: this.to };
	csv = csvLink();
	/** It may be wider than a phone: then it is scrolled, also by keyboard. */
	place = el("div.admin-table", { role: "region", tabindex: "0", "aria-label": ADMIN.spending });
	reads = 0;

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
		const day = today();
		this.from.value = `${day.slice(0, 8)}01`;
		this.to.value = day;
		for (const control of [this.by, this.owner, this.from, this.to]) on(control, "change", () => this.read());
		this.element = el(
			"section",
			el("p.quiet.admin-lead", ADMIN.spendingNote),
			filtersOf(this.csv, [this.by, ADMIN.by], [this.owner, ADMIN.owner], [this.from, COMMON.from], [this.to, ADMIN.to]),
			this.wrong,
			this.place,
		);
	}

	async show() {
		await Promise.all([this.read(), this.readOwners()]);
	}

	async readOwners() {
		const owners = await this.api.get("/api/owners").catch(() => null);
		if (!owners) return;
		const chosen = this.owner.value;
		fill(this.owner, ownerOptions(owners.items, chosen));
	}

	async read() {
		const latest = ++this.reads;
		const query = new URLSearchParams({ by: this.by.value });
		for (const [name, control] of /** @type {const} */ ([["owner", this.owner], ["from", this.from], ["to", this.to]])) if (control.value) query.set(name, control.value);
		this.csv.href = published(`/api/spend?${query}&format=csv`);
		try {
			const found = await this.api.get("/api/spend", { query });
			if (latest !== this.reads) return;
			clearWrong(this.wrong, this.inputs);
			fill(this.place, tableOf(found));
		} catch (thrown) {
			if (latest !== this.reads) return;
			const problem = asProblem(thrown);
			clearWrong(this.wrong, this.inputs);
			if (problem.status === 422) showWrong(this.wrong, problem, this.inputs);
			fill(this.place, problem.status === 422 ? null : callout("bad", icon("warning"), el("p", problem.sentence)));
		}
	}
}

/** @param {Answer} answer */
function tableOf({ by, items, spentUsd, grokUsd, reservedUsd }) {
	if (!items.length) return el("p.admin-none.quiet", ADMIN.nothingSpent);
	const title = WAYS.find(([value]) => value === by)?.[1] ?? "";
	return el(
		"table",
		el("caption.visually-hidden", ADMIN.spendingBy(title.toLowerCase())),
		el("thead", el("tr", ...[title, CORE.wavespeed, CORE.grok, ADMIN.spent, ADMIN.reserved].map((text) => el("th", { scope: "col" }, text)))),
		el("tbody", ...items.map((row) => rowOf(el("th", { scope: "row" }, row.name, row.keyId && el("code", ` pm_${row.keyId}…`)), row))),
		el("tfoot", rowOf(el("th", { scope: "row" }, COMMON.inAll), { spentUsd, grokUsd, reservedUsd })),
	);
}

/**
 * @param {HTMLElement} head
 * @param {{ spentUsd: number, grokUsd: number, reservedUsd: number }} amounts
 */
function rowOf(head, { spentUsd, grokUsd, reservedUsd }) {
	return el("tr", head, ...[spentUsd - grokUsd, grokUsd, spentUsd, reservedUsd].map((amount) => el("td", usd(amount))));
}
