// The list: keyed rows, moved only if their order has changed, and what an empty list shows.

import { reasonWithout } from "../core/access.js";
import { button, el, fill, on, part, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { reportProblem } from "../core/notices.js";
import { Row } from "./rows.js";
import { groupOf } from "./statuses.js";

/** @import { Act, Job } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */

export class JobList {
	/** @type {Map<string, Row>} */
	rows = new Map();
	/** @type {string | null} */
	current = null;

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.element
	 * @param {HTMLElement} parts.empty
	 * @param {HTMLButtonElement} parts.older
	 * @param {JobBook} parts.book
	 * @param {Act} parts.act
	 * @param {() => void} parts.onClear Clears the filter.
	 */
	constructor({ element, empty, older, book, act, onClear }) {
		this.element = element;
		this.empty = empty;
		this.older = older;
		this.book = book;
		this.act = act;
		this.onClear = onClear;
		book.listen("list", () => this.render());
		on(older, "click", () => this.readOlder());
	}

	render() {
		const jobs = this.book.shown();
		const wanted = new Set(jobs.map((job) => job.jobId));
		for (const [jobId, row] of this.rows) if (!wanted.has(jobId)) this.drop(jobId, row);
		let place = this.element.firstElementChild;
		for (const job of jobs) {
			const row = this.row(job);
			if (row.element === place) place = place.nextElementSibling;
			else this.element.insertBefore(row.element, place);
		}
		this.older.hidden = !this.book.cursor;
		this.showEmpty(jobs.length);
	}

	/** @param {Job} job */
	row(job) {
		const found = this.rows.get(job.jobId);
		if (found) {
			found.update(job);
			return found;
		}
		const made = new Row(job, this.act);
		this.rows.set(job.jobId, made);
		if (this.current === job.jobId) made.element.classList.add("is-current");
		return made;
	}

	/**
	 * @param {string} jobId
	 * @param {Row} row
	 */
	drop(jobId, row) {
		// Move the focus to the neighbour: otherwise it would fall back to the start of the page.
		if (row.element.contains(document.activeElement)) {
			const neighbour = row.element.nextElementSibling ?? row.element.previousElementSibling;
			neighbour?.querySelector("a")?.focus();
		}
		row.element.remove();
		this.rows.delete(jobId);
	}

	/** @param {number} number */
	showEmpty(number) {
		this.empty.hidden = number > 0;
		if (number === 0) fill(this.empty, ...this.whyEmpty());
	}

	whyEmpty() {
		const refusal = reasonWithout("jobs:read");
		if (refusal) return [icon("slash"), el("h3", "No jobs for this key"), el("p.quiet", refusal)];
		if (!this.book.loaded) return [el("p.quiet", "Loading jobs…")];
		if (!this.book.filtered) {
			const text = "Describe an image or a video in the form and queue it. It shows up here and updates live.";
			return [icon("inbox"), el("h3", "Nothing yet"), el("p.quiet", text)];
		}
		const filter = groupOf(this.book.group);
		const what = this.book.search ? `matches “${this.book.search}”` : `is in “${filter.name}”`;
		const where = this.book.search && filter.id !== "all" ? ` in “${filter.name}”` : "";
		const so = this.book.searchedUntil ? " The newest jobs were searched; “Show older jobs” goes on." : "";
		return [icon("search"), el("h3", "No match"), el("p.quiet", `No job ${what}${where}.${so}`), button("", this.onClear, "Show all jobs")];
	}

	async readOlder() {
		this.older.disabled = true;
		setText(this.older, "Loading…");
		try {
			await this.book.readOlder();
		} catch (problem) {
			reportProblem("Older jobs could not be loaded.", problem);
		} finally {
			this.older.disabled = false;
			setText(this.older, "Show older jobs");
		}
	}

	/**
	 * Move the current row by this many rows; return its job, or null if there is none.
	 *
	 * @param {number} steps
	 */
	move(steps) {
		const jobs = this.book.shown();
		if (!jobs.length) return null;
		const at = jobs.findIndex((job) => job.jobId === this.current);
		const next = at < 0 ? jobs[steps > 0 ? 0 : jobs.length - 1] : jobs[Math.min(jobs.length - 1, Math.max(0, at + steps))];
		this.mark(next.jobId);
		const { element } = this.row(next);
		part(element, "a").focus({ preventScroll: true });
		element.scrollIntoView({ block: "nearest" });
		return next;
	}

	/** @param {string} jobId */
	mark(jobId) {
		if (this.current !== null) this.rows.get(this.current)?.element.classList.remove("is-current");
		this.current = jobId;
		this.rows.get(jobId)?.element.classList.add("is-current");
	}

	/** @param {string} jobId */
	focus(jobId) {
		this.rows.get(jobId)?.element.querySelector("a")?.focus();
	}
}
