// The list: keyed rows, moved only if their order has changed, and what an empty list shows.

import { reasonWithout } from "../core/access.js";
import { whenBack } from "../core/back.js";
import { button, el, fill, on, part, place, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { reportProblem } from "../core/notices.js";
import { vocabulary } from "../core/vocabulary.js";
import { CORE } from "../words/core.js";
import { JOBS } from "../words/jobs.js";
import { Row } from "./rows.js";

/** @import { Act, Job } from "../../types/page.js" */
/** @import { JobBook } from "./job_book.js" */

const filterWords = lazy(() => import("./filter_words.js"));

/** Rows at once; more are a press away. The gallery may have read thousands of jobs. */
const STEP = vocabulary.limits.jobsAtOnce;

export class JobList {
	/** Whether it is what is shown. */
	active = false;
	most = STEP;
	/** @type {Map<string, Row>} */
	rows = new Map();
	/** @type {string | null} */
	current = null;
	/** Called whenever the rows may be others. */
	onRender = () => {};

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
		whenBack(() => this.rows.forEach((row) => row.showThumbnail(row.job)));
	}

	/** @param {boolean} active */
	show(active) {
		this.active = active;
		this.element.hidden = !active;
		this.most = STEP;
		this.render();
	}

	/** The jobs that have a row. */
	get listed() {
		return this.active ? this.book.shown().slice(0, this.most) : [];
	}

	render() {
		const jobs = this.listed;
		const wanted = new Set(jobs.map((job) => job.jobId));
		for (const [jobId, row] of this.rows) if (!wanted.has(jobId)) this.drop(jobId, row);
		place(this.element, jobs.map((job) => this.row(job).element));
		const number = this.book.shown().length;
		this.older.hidden = !this.book.cursor && !(this.active && number > this.most);
		this.showEmpty(number);
		this.onRender();
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
		if (refusal) return [icon("slash"), el("h3", JOBS.noJobs), el("p.quiet", refusal)];
		if (!this.book.loaded) return [el("p.quiet", JOBS.loadingJobs)];
		if (!this.book.filtered) {
			const text = JOBS.firstSteps;
			return [icon("inbox"), el("h3", JOBS.nothingYet), el("p.quiet", text)];
		}
		const { filter, searchedUntil } = this.book;
		const text = el("p.quiet");
		filterWords().then((module) => module && setText(text, module.noneFits(filter, Boolean(searchedUntil))));
		return [icon("search"), el("h3", JOBS.noMatch), text, button("", this.onClear, JOBS.showAll)];
	}

	async readOlder() {
		if (this.active) {
			this.most += STEP;
			if (this.book.shown().length >= this.most || !this.book.cursor) return this.render();
		}
		this.older.disabled = true;
		setText(this.older, CORE.loading);
		try {
			await this.book.readOlder();
		} catch (problem) {
			reportProblem(JOBS.noOlder, problem);
		} finally {
			this.older.disabled = false;
			setText(this.older, JOBS.showOlder);
		}
	}

	/**
	 * Move the current row by this many rows; return its job, or null if there is none.
	 *
	 * @param {number} steps
	 */
	move(steps) {
		const jobs = this.listed;
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

	/**
	 * @param {string} jobId
	 * @param {number} [_index] Of an output: a row has all of them.
	 */
	focus(jobId, _index) {
		this.rows.get(jobId)?.element.querySelector("a")?.focus();
	}
}
