// The page of statistics: which days, whose, and a plot for each figure.

import { actingFor, caller, may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { today } from "../core/clock.js";
import { button, callout, el, fill, on } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { addStyles } from "../core/styles.js";
import { STATISTICS } from "../words/statistics.js";
import { figuresOf } from "./figures.js";
import { Plot } from "./plot.js";

/** @import { Api } from "../core/api.js" */

const USUAL = "31";
const HOURLY = ["1", "7"];
const DAY_MS = 86_400_000;

export class StatisticsView {
	styled = addStyles("statistics.css");
	heading = el("h2", { id: "statistics-title", tabindex: "-1" }, STATISTICS.title);
	range = el("select.input", { id: "statistics-range" }, ...STATISTICS.ranges.map(([days, name]) => el("option", { value: days }, name)));
	owner = el("select.input", { id: "statistics-owner" });
	back = el("a.button.is-small", { href: "#" }, icon("undo"), STATISTICS.back);
	lead = el("p.quiet.statistics-lead");
	place = el("div.plots");
	/** @type {Plot[]} */
	plots = [];
	reads = 0;

	/**
	 * @param {HTMLElement} element
	 * @param {Api} api
	 */
	constructor(element, api) {
		this.api = api;
		this.ownerField = el("div.field", { hidden: true }, el("label.label", { for: this.owner.id }, STATISTICS.owner), this.owner);
		for (const control of [this.range, this.owner]) on(control, "change", () => this.go());
		fill(
			element,
			el(
				"div.statistics-inside",
				el("div.statistics-head", this.heading, el("span.grow"), this.back),
				el("div.statistics-tools", el("div.field", el("label.label", { for: this.range.id }, STATISTICS.range), this.range), this.ownerField),
				this.lead,
				this.place,
			),
		);
	}

	/** Put what is chosen into the address, which shows it: Back leads to what was shown before. */
	go() {
		location.hash = `statistics=${this.range.value}${this.owner.value ? `/${this.owner.value}` : ""}`;
	}

	/**
	 * Show the days and the owner that the address names.
	 *
	 * @param {string | undefined} days
	 * @param {string | undefined} owner
	 * @param {boolean} entered Whether something else was shown before.
	 */
	async show(days = USUAL, owner = "", entered = false) {
		this.range.value = days;
		if (!this.range.value) this.range.value = USUAL;
		if (entered) this.heading.focus({ preventScroll: true });
		await Promise.all([this.read(owner), this.showOwners(owner)]);
	}

	/** @param {string} chosen */
	async showOwners(chosen) {
		const owners = may("admin") ? await this.api.get("/api/owners").catch(() => null) : null;
		const names = owners?.items.map(({ name }) => name) ?? [];
		this.ownerField.hidden = names.length < 2;
		fill(this.owner, el("option", { value: "" }, actingFor() ?? STATISTICS.allOwners), ...names.map((name) => el("option", { value: name }, name)));
		this.owner.value = names.includes(chosen) ? chosen : "";
	}

	/** @param {string} owner */
	async read(owner) {
		const latest = ++this.reads;
		const days = this.range.value;
		const to = today();
		const from = new Date(Date.parse(to) - (Number(days) - 1) * DAY_MS).toISOString().slice(0, 10);
		const query = new URLSearchParams({ from, to, by: HOURLY.includes(days) ? "hour" : "day" });
		// Whoever acts for an owner sees that one's; nobody but an admin names one.
		const whose = may("admin") ? owner || actingFor() : caller()?.owner;
		if (whose) query.set("owner", whose);
		if (!this.plots.length) fill(this.place, el("p.quiet", STATISTICS.loading));
		try {
			const found = await this.api.get("/api/statistics", { query });
			if (latest !== this.reads) return;
			for (const plot of this.plots) plot.end();
			this.plots = figuresOf(found).map((figure) => new Plot(figure));
			fill(this.lead, STATISTICS.lead(found.zone));
			fill(this.place, ...this.plots.map(({ element }) => element));
		} catch (thrown) {
			if (latest !== this.reads) return;
			const { sentence } = asProblem(thrown);
			fill(this.place, callout("bad", icon("warning"), el("p", sentence), button(".link-button", () => this.read(owner), STATISTICS.again)));
		}
	}
}
