// The rows of the list that are selected, one by one, as ranges, or all that were found; and the bar with what can be done.

import { asProblem } from "../core/api.js";
import { button, closest, el, on, setText } from "../core/dom.js";
import { notify, reportProblem } from "../core/notices.js";
import { addStyles } from "../core/styles.js";
import { ROWS } from "../words/queue_control.js";
import { Bulk, selected } from "./bulk.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */
/** @import { JobList } from "./list.js" */

/** As many as one act takes. */
const MOST = 1000;

export class RowSelection {
	/** @type {Map<string, Job>} */
	jobs = new Map();
	/** @type {string | null} The row from which a range begins. */
	last = null;
	figure = el("strong", { role: "status" });

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {JobList} parts.list
	 * @param {HTMLElement} parts.tools Whose place the bar takes.
	 */
	constructor({ api, book, list, tools }) {
		this.styled = addStyles("selection.css");
		this.book = book;
		this.list = list;
		this.tools = tools;
		this.bulk = new Bulk({ api, book, source: selected(() => [...this.jobs.values()], ROWS.source) });
		this.done = button("is-small.is-plain", () => this.endSelection(), { title: ROWS.doneTitle }, ROWS.done);
		this.element = el(
			"div.selection-bar",
			{ role: "toolbar", "aria-label": ROWS.toolbar, hidden: true },
			this.figure,
			button("is-small", () => this.selectAll(), { title: ROWS.allTitle }, ROWS.all),
			el("span.selection-acts", ...this.bulk.buttons),
			el("span.grow"),
			this.done,
		);
		tools.after(this.element);
		on(list.element, "click", (event) => {
			const box = event.target instanceof HTMLInputElement ? event.target : null;
			const jobId = closest(box, "[data-job]")?.dataset.job;
			if (box && jobId) this.choose(jobId, box.checked, event.shiftKey);
		});
		list.onRender = () => this.show();
		// Those that were checked before this was loaded.
		for (const [jobId, row] of list.rows) if (row.check.checked) this.jobs.set(jobId, row.job);
		this.show();
	}

	get open() {
		return this.jobs.size > 0;
	}

	/**
	 * Select a row, or take it away; with a range, all from the last one to it.
	 *
	 * @param {string} jobId
	 * @param {boolean} wanted
	 * @param {boolean} range
	 */
	choose(jobId, wanted, range) {
		const listed = this.list.listed;
		const from = range ? listed.findIndex((job) => job.jobId === this.last) : -1;
		const to = listed.findIndex((job) => job.jobId === jobId);
		if (to < 0) return;
		for (const job of from < 0 ? [listed[to]] : listed.slice(Math.min(from, to), Math.max(from, to) + 1)) {
			if (wanted) this.jobs.set(job.jobId, job);
			else this.jobs.delete(job.jobId);
		}
		this.last = jobId;
		this.show();
	}

	/** Select the current row, or take it away. */
	toggleCurrent() {
		const { current } = this.list;
		if (current !== null && this.list.active) this.choose(current, !this.jobs.has(current), false);
	}

	/**
	 * Move to another row, and select all on the way.
	 *
	 * @param {number} steps
	 */
	extend(steps) {
		if (!this.list.active) return;
		const from = this.list.current;
		if (from !== null && !this.jobs.has(from)) this.choose(from, true, false);
		const job = this.list.move(steps);
		if (job) this.choose(job.jobId, true, true);
	}

	async selectAll() {
		try {
			const found = this.book.cursor === null ? this.book.shown() : await this.book.readAll(() => true, MOST);
			for (const job of found.slice(0, MOST)) this.jobs.set(job.jobId, job);
			if (found.length >= MOST) notify(ROWS.tooMany(MOST));
		} catch (thrown) {
			reportProblem(ROWS.failed, asProblem(thrown));
		}
		this.show();
	}

	endSelection() {
		this.jobs.clear();
		this.last = null;
		this.show();
	}

	/** Show what is selected, as it is now; where the list is not shown, or no longer has a row, nothing of it is. */
	show() {
		if (!this.list.active) this.jobs.clear();
		for (const jobId of this.jobs.keys()) {
			const now = this.book.get(jobId);
			if (now) this.jobs.set(jobId, now);
		}
		for (const [jobId, row] of this.list.rows) row.check.checked = this.jobs.has(jobId);
		setText(this.figure, ROWS.selected(this.jobs.size));
		this.bulk.show();
		if (this.open !== this.element.hidden) return;
		const left = this.element.contains(document.activeElement);
		// In the height of what it replaces, so that no row moves away under a press.
		if (this.open) this.element.style.minHeight = `${this.tools.offsetHeight}px`;
		this.element.hidden = !this.open;
		this.tools.hidden = this.open;
		if (left) (this.list.current === null ? this.list.element.querySelector("input") : this.list.rows.get(this.list.current)?.check)?.focus();
	}
}
