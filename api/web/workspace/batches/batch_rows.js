// The rows of one batch: read page by page as somebody scrolls, and changed in place as their jobs change.

import { asProblem } from "../core/api.js";
import { el, fill, pictureOf, setAttribute, setText } from "../core/dom.js";
import { usd } from "../core/format.js";
import { icon } from "../core/icons.js";
import { thumbnailOf } from "../core/media.js";
import { reportProblem } from "../core/notices.js";
import { BATCHES } from "../words/batches.js";
import { nameOfRow, rowWith, toneOfRow, whyOfRow, wordsOfRow } from "./progress.js";
import { Windowed } from "./windowed.js";

/** @import { Api } from "../core/api.js" */
/** @import { BatchRow, Job } from "../../types/page.js" */

const HEIGHT = 48;
const AT_ONCE = "500";
const SHOWN = 200;

export class BatchRows {
	/** @type {BatchRow[]} */
	items = [];
	/** @type {Map<string, number>} */
	places = new Map();
	/** @type {string | null} */
	cursor = null;
	loaded = false;
	reading = false;
	/** The last row that was wanted. */
	wanted = 0;
	reads = 0;
	batchId = "";
	/** @type {string | null} */
	state = null;
	/** How many rows there are, as far as is known. */
	expected = 0;
	none = el("p.quiet.batch-none", { hidden: true }, BATCHES.noRowsSo);
	body = el("div.batch-rows-body", { role: "rowgroup" });
	scroller = el(
		"div.batch-rows",
		{ role: "table", tabindex: "0", "aria-label": BATCHES.rowsTitle },
		el("div.batch-rows-head", { role: "rowgroup" }, el("div.batch-row", { role: "row", "aria-rowindex": 1 }, BATCHES.rowColumns.map((name) => el("span", { role: "columnheader" }, el("span", name))))),
		this.body,
	);
	element = el("div.batch-rows-place", this.none, this.scroller);
	rows = new Windowed({ scroller: this.scroller, body: this.body, height: HEIGHT, make: () => new Line(), show: (line, row) => line.show(this.items[row], row), onWindow: (_, end) => this.readUntil(end) });

	/** @param {Api} api */
	constructor(api) {
		this.api = api;
	}

	/**
	 * Show the rows of a batch, or those in one state.
	 *
	 * @param {string} batchId
	 * @param {string | null} state
	 */
	begin(batchId, state) {
		if (batchId !== this.batchId || state !== this.state) {
			this.items = [];
			this.places.clear();
			this.scroller.scrollTop = 0;
		}
		this.batchId = batchId;
		this.state = state;
		return this.reread();
	}

	/** Read from the first row on; what is shown stays until then. */
	reread() {
		this.cursor = null;
		this.loaded = false;
		this.reading = false;
		this.reads += 1;
		return this.readMore(0);
	}

	/** @param {number} expected */
	expect(expected) {
		this.expected = expected;
		this.count();
	}

	count() {
		const count = this.loaded && !this.cursor ? this.items.length : Math.max(this.items.length, this.expected);
		if (count !== this.rows.count) this.rows.setCount(count);
		setAttribute(this.scroller, "aria-rowcount", count + 1);
		this.none.hidden = !this.loaded || count > 0;
		this.scroller.hidden = this.loaded && !count;
	}

	/** @param {number} end */
	readUntil(end) {
		this.wanted = end;
		if (this.loaded && this.cursor && end > this.items.length) this.readMore(this.items.length);
	}

	/** @param {number} from Where the page begins. */
	async readMore(from) {
		if (this.reading) return;
		this.reading = true;
		const latest = this.reads;
		const query = new URLSearchParams({ limit: AT_ONCE, ...(this.cursor && { cursor: this.cursor }), ...(this.state && { state: this.state }) });
		try {
			const { items, nextCursor } = await this.api.get("/api/batches/{batch_id}/rows", { params: { batch_id: this.batchId }, query });
			if (latest !== this.reads) return;
			items.forEach((row, index) => (this.items[from + index] = row));
			if (!nextCursor) this.items.length = from + items.length;
			this.cursor = nextCursor;
			this.loaded = true;
			this.places = new Map(this.items.map(({ key }, index) => [key, index]));
			this.count();
			this.rows.refresh();
		} catch (thrown) {
			if (latest === this.reads) reportProblem(BATCHES.notLoaded, asProblem(thrown));
			return;
		} finally {
			if (latest === this.reads) this.reading = false;
		}
		this.readUntil(this.wanted);
	}

	/** @param {Job} job Of one of the rows. */
	take(job) {
		const place = job.rowKey === null ? undefined : this.places.get(job.rowKey);
		if (place === undefined) return;
		this.items[place] = rowWith(this.items[place], job);
		this.rows.refreshRow(place);
	}
}

class Line {
	shows = "";
	number = el("span.batch-row-number", { role: "rowheader" });
	thumb = el("span.thumb");
	key = el("span.batch-row-key");
	what = el("span.batch-row-what");
	chip = el("span.chip");
	why = el("span.quiet.batch-row-why");
	cost = el("span.batch-row-cost", { role: "cell" });
	link = el("a.batch-row-link", this.what);
	element = el("div.batch-row", { role: "row" }, this.number, el("span", { role: "cell" }, this.thumb), el("span.batch-row-name", { role: "cell" }, this.link, this.key), el("span.batch-row-state", { role: "cell" }, this.chip, this.why), this.cost);

	/**
	 * @param {BatchRow | undefined} row Undefined while it is not read.
	 * @param {number} place
	 */
	show(row, place) {
		setAttribute(this.element, "aria-rowindex", place + 2);
		setText(this.number, row ? String(row.number) : "");
		setText(this.what, row ? wordsOfRow(row).slice(0, SHOWN) : BATCHES.loading);
		setText(this.key, row ? nameOfRow(row) : "");
		setAttribute(this.link, "href", row?.jobId ? `#job=${row.jobId}` : null);
		setText(this.cost, row && row.costUsd !== null ? usd(row.costUsd) : "");
		const why = row ? whyOfRow(row) : "";
		setText(this.why, why);
		setAttribute(this.why, "title", why || null);
		const state = row?.state ?? "";
		if (this.chip.dataset.state !== state) {
			this.chip.dataset.state = state;
			this.chip.dataset.tone = toneOfRow(state);
			setText(this.chip, BATCHES.rowStates[state] ?? state);
		}
		this.chip.hidden = !row;
		const [output] = row?.outputs ?? [];
		const picture = output ? thumbnailOf(output) : null;
		const shows = picture ?? (output ? output.kind : "");
		if (this.shows === shows) return;
		this.shows = shows;
		fill(this.thumb, picture ? pictureOf(picture, "", () => fill(this.thumb, icon("image"))) : output && icon(output.kind === "video" ? "video" : "info"));
	}
}
