// The list: rows by key, moved only where their order has changed, and what stands there when it is empty.

import { button, el, fill, on, setText } from "./dom.js";
import { icon } from "./icons.js";
import { tellProblem } from "./notices.js";
import { Row } from "./rows.js";
import { groupOf } from "./statuses.js";

export class JobList {
	constructor({ element, empty, older, book, act }) {
		Object.assign(this, { element, empty, older, book, act });
		this.rows = new Map();
		on(book, "list", () => this.render());
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

	row(job) {
		const found = this.rows.get(job.jobId);
		found?.update(job);
		if (found) return found;
		const made = new Row(job, this.act);
		this.rows.set(job.jobId, made);
		if (this.current === job.jobId) made.element.classList.add("is-current");
		return made;
	}

	drop(jobId, row) {
		// A focus that would fall to the page's start goes to the neighbour.
		if (row.element.contains(document.activeElement)) {
			const neighbour = row.element.nextElementSibling ?? row.element.previousElementSibling;
			neighbour?.querySelector("a")?.focus();
		}
		row.element.remove();
		this.rows.delete(jobId);
	}

	showEmpty(number) {
		this.empty.hidden = number > 0;
		if (number) return;
		if (!this.book.loaded) return fill(this.empty, el("p.quiet", "Reading the jobs…"));
		if (!this.book.filtered) return fill(this.empty, icon("inbox"), el("h3", "Nothing yet"), el("p.quiet", "Describe a picture or a video in the form and queue it. It appears here and goes its way."));
		const filter = groupOf(this.book.group);
		const what = this.book.search ? `matches “${this.book.search}”` : `is in “${filter.name}”`;
		const where = this.book.search && filter.id !== "all" ? ` in “${filter.name}”` : "";
		return fill(this.empty, icon("search"), el("h3", "No match"), el("p.quiet", `No job ${what}${where}.`), button("", () => this.act("clear"), "Show all jobs"));
	}

	async readOlder() {
		this.older.disabled = true;
		setText(this.older, "Reading…");
		try {
			await this.book.readOlder();
		} catch (problem) {
			tellProblem("Older jobs could not be read.", problem);
		} finally {
			this.older.disabled = false;
			setText(this.older, "Show older jobs");
		}
	}

	move(steps) {
		const jobs = this.book.shown();
		if (!jobs.length) return null;
		const at = jobs.findIndex((job) => job.jobId === this.current);
		const next = at < 0 ? jobs[steps > 0 ? 0 : jobs.length - 1] : jobs[Math.min(jobs.length - 1, Math.max(0, at + steps))];
		this.mark(next.jobId);
		const row = this.rows.get(next.jobId).element;
		row.querySelector("a").focus({ preventScroll: true });
		row.scrollIntoView({ block: "nearest" });
		return next;
	}

	mark(jobId) {
		this.rows.get(this.current)?.element.classList.remove("is-current");
		this.current = jobId;
		this.rows.get(jobId)?.element.classList.add("is-current");
	}

	focus(jobId) {
		this.rows.get(jobId)?.element.querySelector("a").focus();
	}
}
