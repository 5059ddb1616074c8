// A batch's outputs as a contact sheet: the gallery, with the batch as its filter and its usual keys, and what can be done
// with those that are liked.

import { actingFor, may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, byId, el, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { notify, reportProblem } from "../core/notices.js";
import { published } from "../core/published.js";
import { pictureAddress } from "../continue/picture.js";
import { askCollection } from "../kept/collections.js";
import { BATCHES } from "../words/batches.js";
import { LABEL } from "./columns.js";
import { MOST_ROWS } from "./limits.js";
import { titleOf } from "./progress.js";
import { joined } from "./table.js";

/** @import { Job } from "../../types/page.js" */
/** @import { BatchParts } from "./place.js" */
/** @import { Table } from "./table.js" */

const AT_ONCE = "200";

/** @type {SheetBar | null} */
let bar = null;

/**
 * Show the bar of the batch that the filter names.
 *
 * @param {BatchParts} parts
 * @param {(table: Table) => Promise<unknown>} bring Makes pictures the rows of a new table.
 */
export function showSheet(parts, bring) {
	bar ??= new SheetBar(parts, bring);
}

class SheetBar {
	batchId = "";
	busy = false;
	title = el("strong.collection-name", { role: "status" });
	figure = el("span.quiet");

	/**
	 * @param {BatchParts} parts
	 * @param {(table: Table) => Promise<unknown>} bring
	 */
	constructor(parts, bring) {
		this.parts = parts;
		this.bring = bring;
		const { select } = parts;
		this.liked = button("is-small", () => select({ liked: !parts.book.filter.liked }), icon("heart"), BATCHES.keepersOnly);
		this.collect = button("is-small", () => this.withKeepers((jobs) => this.collectAll(jobs)), icon("inbox"), BATCHES.collectKeepers);
		this.next = button("is-small", () => this.withKeepers((jobs) => this.bringAll(jobs)), { title: BATCHES.nextBatchTitle }, icon("table"), BATCHES.nextBatch);
		this.zip = el("a.button.is-small", { download: "" }, icon("download"), BATCHES.zipKeepers);
		this.link = el("a.button.is-small", BATCHES.showBatch);
		this.element = el("div.collection-bar", { role: "group", "aria-label": BATCHES.sheet, hidden: true }, icon("table"), this.title, this.figure, el("span.grow"), el("span.collection-acts", this.liked, this.collect, this.zip, this.next, this.link, button("is-small", () => select({ batch: "", liked: false }), BATCHES.leaveSheet)));
		byId("filter-chips").after(this.element);
		parts.book.listen("list", () => this.follow());
		this.follow();
	}

	follow() {
		const { book } = this.parts;
		const { batch, liked } = book.filter;
		this.element.hidden = !batch;
		for (const one of [this.collect, this.next]) one.hidden = !may("jobs:write");
		setAttribute(this.liked, "aria-pressed", liked);
		setAttribute(this.link, "href", `#batch=${batch}`);
		setAttribute(this.zip, "href", published(`/api/batches/${batch}/archive?liked=true`));
		const shown = batch ? book.shown() : [];
		const outputs = shown.reduce((sum, job) => sum + job.outputs.length, 0);
		// A link cannot name the owner that an admin acts for, and answers with an error where there is nothing.
		this.zip.hidden = actingFor() !== null || !shown.some(({ kept, outputs: made }) => kept && made.some(({ stored }) => stored?.url));
		setText(this.figure, batch && !book.cursor ? BATCHES.sheetFigure(outputs, shown.filter(({ kept }) => kept).length) : "");
		if (batch === this.batchId) return;
		this.batchId = batch;
		setText(this.title, "");
		if (batch) this.name(batch);
	}

	/** @param {string} batchId */
	async name(batchId) {
		const batch = await this.parts.api.get("/api/batches/{batch_id}", { params: { batch_id: batchId } }).catch(() => null);
		if (batchId === this.batchId) setText(this.title, batch ? titleOf(batch) : BATCHES.notFound);
	}

	/**
	 * Do something with all jobs of the batch that are liked, also those that the gallery has not read.
	 *
	 * @param {(jobs: Job[]) => Promise<unknown>} act
	 */
	async withKeepers(act) {
		if (this.busy) return;
		this.busy = true;
		try {
			/** @type {Job[]} */
			const jobs = [];
			/** @type {string | null} */
			let cursor = null;
			do {
				const query = new URLSearchParams({ batch: this.batchId, liked: "true", limit: AT_ONCE, ...(cursor && { cursor }) });
				/** @type {{ items: Job[], nextCursor: string | null }} */
				const page = await this.parts.api.get("/api/jobs", { query });
				jobs.push(...page.items.filter(({ outputs }) => outputs.length));
				cursor = page.nextCursor;
			} while (cursor && jobs.length < MOST_ROWS);
			// In the order of the table.
			if (jobs.length) await act(jobs.reverse());
			else notify(BATCHES.noKeepers, { tone: "attention" });
		} catch (thrown) {
			reportProblem(BATCHES.notDone, asProblem(thrown));
		}
		this.busy = false;
	}

	/** @param {Job[]} jobs */
	collectAll(jobs) {
		return askCollection(jobs.flatMap(({ jobId, outputs }) => outputs.map(({ index }) => ({ jobId, index }))));
	}

	/** @param {Job[]} jobs */
	async bringAll(jobs) {
		const pictures = jobs.flatMap(({ outputs, metadata }) => outputs.flatMap((output) => (output.kind === "image" ? [{ output, labels: labelsOf(metadata) }] : [])));
		if (!pictures.length) return notify(BATCHES.noPictures, { tone: "attention" });
		notify(BATCHES.bringing(pictures.length));
		/** @type {Table} */
		let table = { columns: ["image"], rows: [] };
		// One after the other: some have to be uploaded again.
		for (const { output, labels } of pictures) {
			const url = await pictureAddress(this.parts.api, output).catch(() => null);
			if (url) table = joined(table, { columns: ["image", ...Object.keys(labels)], rows: [[url, ...Object.values(labels)]] });
		}
		const lost = pictures.length - table.rows.length;
		if (lost) notify(BATCHES.notBrought(lost), { tone: "bad" });
		if (table.rows.length) await this.bring(table);
	}
}

/**
 * Return a job's labels as the columns of a table.
 *
 * @param {Job["metadata"]} metadata
 * @returns {Record<string, string>}
 */
function labelsOf(metadata) {
	return Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [`${LABEL}.${name}`, String(value)]));
}
