// A batch's outputs as a contact sheet: the gallery, with the batch as its filter and its usual keys, and what can be done
// with those that are liked.

import { may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, byId, el, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { notify, reportProblem } from "../core/notices.js";
import { pictureAddress } from "../continue/picture.js";
import { askCollection } from "../kept/collections.js";
import { BATCHES } from "../words/batches.js";
import { MOST_ROWS } from "./limits.js";
import { titleOf } from "./progress.js";

/** @import { Job } from "../../types/page.js" */
/** @import { BatchParts } from "./place.js" */

const AT_ONCE = "200";

/** @type {SheetBar | null} */
let bar = null;

/**
 * Show the bar of the batch that the filter names.
 *
 * @param {BatchParts} parts
 * @param {(urls: string[]) => Promise<unknown>} bring Makes pictures the rows of a new table.
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
	 * @param {(urls: string[]) => Promise<unknown>} bring
	 */
	constructor(parts, bring) {
		this.parts = parts;
		this.bring = bring;
		const { select } = parts;
		this.liked = button("is-small", () => select({ liked: !parts.book.filter.liked }), icon("heart"), BATCHES.keepersOnly);
		this.collect = button("is-small", () => this.withKeepers((jobs) => this.collectAll(jobs)), icon("inbox"), BATCHES.collectKeepers);
		this.next = button("is-small", () => this.withKeepers((jobs) => this.bringAll(jobs)), { title: BATCHES.nextBatchTitle }, icon("table"), BATCHES.nextBatch);
		this.link = el("a.button.is-small", BATCHES.showBatch);
		this.element = el("div.collection-bar", { role: "group", "aria-label": BATCHES.sheet, hidden: true }, icon("table"), this.title, this.figure, el("span.grow"), el("span.collection-acts", this.liked, this.collect, this.next, this.link, button("is-small", () => select({ batch: "", liked: false }), BATCHES.leaveSheet)));
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
		const shown = batch ? book.shown() : [];
		const outputs = shown.reduce((sum, job) => sum + job.outputs.length, 0);
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
		const pictures = jobs.flatMap(({ outputs }) => outputs.filter(({ kind }) => kind === "image"));
		if (!pictures.length) return notify(BATCHES.noPictures, { tone: "attention" });
		notify(BATCHES.bringing(pictures.length));
		/** @type {string[]} */
		const urls = [];
		// One after the other: some have to be uploaded again.
		for (const output of pictures) {
			const url = await pictureAddress(this.parts.api, output).catch(() => null);
			if (url) urls.push(url);
		}
		const lost = pictures.length - urls.length;
		if (lost) notify(BATCHES.notBrought(lost), { tone: "bad" });
		if (urls.length) await this.bring(urls);
	}
}
