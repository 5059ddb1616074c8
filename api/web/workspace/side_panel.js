// The side panel: one job whole. Its address is `#job=<id>`, so that it can be linked and the browser's back closes it.

import { every } from "./clock.js";
import { el, on } from "./dom.js";
import { icon } from "./icons.js";
import { isFinal } from "./statuses.js";
import { JobView } from "./job_view.js";

const AGAIN_SECONDS = 3;

export class SidePanel {
	constructor({ element, api, book, actions, act, onOpen, onClose }) {
		Object.assign(this, { element, api, book, onOpen, onClose });
		this.view = new JobView({ api, actions, act, onClose: () => this.close() });
		this.jobId = null;
		element.append(this.view.element);
		on(window, "hashchange", () => this.follow());
		on(book, "change", (event) => event.detail.job.jobId === this.jobId && this.read());
		// A place in the queue changes without the job changing.
		every(AGAIN_SECONDS, () => this.jobId && !isFinal(this.job ?? {}) && this.read());
	}

	get open() {
		return !this.element.hidden;
	}

	follow() {
		const jobId = /^#job=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
		if (jobId === this.jobId) return;
		const before = this.jobId;
		this.jobId = jobId;
		this.job = null;
		this.element.hidden = jobId === null;
		document.body.classList.toggle("has-panel", jobId !== null);
		if (jobId === null) return this.onClose(before);
		const known = this.book.get(jobId);
		if (known) this.view.show(known, null);
		else this.view.blank("Reading the job…");
		this.onOpen(jobId);
		this.view.heading.focus({ preventScroll: true });
		return this.read();
	}

	close() {
		if (location.hash) history.pushState(null, "", location.pathname);
		this.follow();
	}

	async read() {
		if (this.reading) {
			this.again = true;
			return;
		}
		this.reading = true;
		const { jobId } = this;
		try {
			const [job, timeline] = await Promise.all([this.api.get(`/api/jobs/${jobId}`), this.api.get(`/api/jobs/${jobId}/events`)]);
			if (jobId === this.jobId) {
				this.job = job;
				this.view.show(job, timeline);
			}
		} catch (problem) {
			if (jobId === this.jobId && problem.status === 404) this.view.blank("No such job", el("div.empty", icon("search"), el("p", "The record has no job with this id. It may have been deleted.")));
		} finally {
			this.reading = false;
		}
		if (this.again || jobId !== this.jobId) {
			this.again = false;
			if (this.jobId) await this.read();
		}
	}
}
