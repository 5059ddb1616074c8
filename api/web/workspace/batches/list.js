// The list of batches, newest first. A batch that changes is shown anew in its place.

import { may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { timeElement } from "../core/clock.js";
import { button, el, fill, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reportProblem } from "../core/notices.js";
import { BATCHES } from "../words/batches.js";
import { StackedBar, showState, showWhy } from "./bars.js";
import { titleOf } from "./progress.js";

/** @import { Api } from "../core/api.js" */
/** @import { Batch } from "../../types/page.js" */

const AT_ONCE = "50";

export class BatchList {
	/** @type {Map<string, Line>} */
	lines = new Map();
	/** @type {string | null} */
	cursor = null;
	reads = 0;
	rows = el("ul.batch-list", { "aria-label": BATCHES.list });
	older = button("is-wide", () => this.read(this.cursor), { hidden: true }, BATCHES.older);
	empty = el("div.empty", { hidden: true }, icon("table"), el("h3", BATCHES.none), el("p.quiet", BATCHES.noneText), may("jobs:write") && el("a.button.primary", { href: "#batches=new" }, BATCHES.make));
	element = el("div", this.empty, this.rows, this.older);

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
	}

	/** @param {string | null} [cursor] */
	async read(cursor = null) {
		const latest = ++this.reads;
		const query = new URLSearchParams({ limit: AT_ONCE, ...(cursor && { cursor }) });
		try {
			const { items, nextCursor } = await this.api.get("/api/batches", { query });
			if (latest !== this.reads) return;
			for (const batch of items) this.put(batch);
			if (cursor || !this.cursor) this.cursor = nextCursor;
			this.older.hidden = !this.cursor;
			this.order();
		} catch (thrown) {
			if (latest === this.reads) reportProblem(BATCHES.notLoaded, asProblem(thrown));
		}
	}

	/** @param {Batch} batch */
	put(batch) {
		const line = this.lines.get(batch.batchId) ?? new Line(batch);
		this.lines.set(batch.batchId, line);
		line.show(batch);
	}

	order() {
		const lines = [...this.lines.values()].sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1)).map(({ element }) => element);
		const same = lines.length === this.rows.childElementCount && lines.every((line, index) => line === this.rows.children[index]);
		if (!same) fill(this.rows, lines);
		this.empty.hidden = lines.length > 0;
		this.rows.hidden = !lines.length;
	}
}

class Line {
	chip = el("span.chip");
	title = el("strong");
	model = el("span.quiet");
	done = el("span");
	why = el("span.quiet");
	money = el("span");
	bar = new StackedBar();

	/** @param {Batch} batch */
	constructor({ batchId, createdAt }) {
		this.createdAt = createdAt;
		this.element = el(
			"li",
			el(
				"a.batch-line",
				{ href: `#batch=${batchId}`, "data-batch": batchId },
				el("span.batch-line-name", this.title, this.model),
				this.chip,
				el("span.batch-line-progress", this.bar.element, el("span.batch-line-figures", this.done, this.money)),
				timeElement(createdAt),
				this.why,
			),
		);
	}

	/** @param {Batch} batch */
	show(batch) {
		setText(this.title, titleOf(batch));
		setText(this.model, batch.model);
		showState(this.chip, batch.state);
		setText(this.done, BATCHES.doneOf(batch.counts.completed ?? 0, batch.rows));
		setText(this.money, BATCHES.spentOf(batch.spentUsd, batch.maxCostUsd));
		showWhy(this.why, batch);
		this.bar.showRows(batch);
	}
}
