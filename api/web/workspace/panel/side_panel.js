// The side panel: one job in full. Its URL is `#job=<id>`, so that it can be linked and the browser's back button closes it.

import { every } from "../core/clock.js";
import { on } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { isFinal } from "../jobs/statuses.js";
import { isAbove } from "../viewer/place.js";
import { CORE } from "../words/core.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Act, Job } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { JobView } from "./job_view.js" */

const REFRESH_SECONDS = 3;

const jobView = lazy(() => import("./job_view.js"));
const resizer = lazy(() => import("./resizer.js"));

export class SidePanel {
	/** @type {string | null} */
	jobId = null;
	/** @type {Job | null} */
	job = null;
	/** @type {JobView | null} */
	view = null;
	reading = false;
	stale = false;

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.element
	 * @param {Api} parts.api
	 * @param {JobBook} parts.book
	 * @param {() => Promise<JobActions | null>} parts.actions
	 * @param {Act} parts.act
	 * @param {(jobId: string) => void} parts.onOpen
	 * @param {(jobId: string | null) => void} parts.onClose Receives the job that was shown.
	 */
	constructor({ element, api, book, actions, act, onOpen, onClose }) {
		this.element = element;
		this.api = api;
		this.book = book;
		this.actions = actions;
		this.act = act;
		this.onOpen = onOpen;
		this.onClose = onClose;
		on(window, "hashchange", () => this.follow());
		book.listen("change", ({ job, before }) => {
			if (job.jobId === this.jobId) this.read();
			else if (job.parentJobId === this.jobId && before?.status !== job.status) this.view?.showFamily();
		});
		// The position in the queue changes without the job itself changing.
		every(REFRESH_SECONDS, () => this.jobId && !(this.job && isFinal(this.job)) && this.read());
	}

	get open() {
		return this.jobId !== null;
	}

	/** Show the job named in the URL, or none. */
	async follow() {
		if (isAbove()) return;
		const jobId = /^#job=([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
		if (jobId === this.jobId) return;
		const before = this.jobId;
		this.jobId = jobId;
		this.job = null;
		if (jobId === null) {
			this.reveal(false);
			this.onClose(before);
			return;
		}
		this.onOpen(jobId);
		const view = await this.loadView();
		if (jobId !== this.jobId) return;
		if (!view) {
			this.close();
			return;
		}
		const known = this.book.get(jobId);
		if (known) view.show(known, null);
		else view.blank(CORE.loadingJob);
		this.reveal(true);
		view.heading.focus({ preventScroll: true });
		await this.read();
	}

	close() {
		if (location.hash) history.pushState(null, "", location.pathname + location.search);
		this.follow();
	}

	/** @param {boolean} shown */
	reveal(shown) {
		this.element.hidden = !shown;
		document.body.classList.toggle("has-panel", shown);
	}

	/** Return the view, created when the first job is opened; null if its module could not be loaded. */
	async loadView() {
		const module = await jobView();
		if (module && !this.view) {
			this.view = new module.JobView({ api: this.api, actions: this.actions, act: this.act, onClose: () => this.close() });
			this.element.append(this.view.element);
			(await resizer())?.addResizer(this.element);
		}
		await this.view?.styled;
		return this.view;
	}

	/** Read the job again, and once more if it has changed meanwhile. */
	async read() {
		if (this.reading) {
			this.stale = true;
			return;
		}
		const { jobId } = this;
		if (!jobId) return;
		this.reading = true;
		try {
			const params = { job_id: jobId };
			const [job, timeline] = await Promise.all([
				this.api.get("/api/jobs/{job_id}", { params }),
				this.api.get("/api/jobs/{job_id}/events", { params }),
			]);
			if (jobId === this.jobId) {
				this.job = job;
				this.view?.show(job, timeline);
			}
		} catch (problem) {
			if (jobId === this.jobId && /** @type {Problem} */ (problem).status === 404) this.view?.blankDeleted();
		} finally {
			this.reading = false;
		}
		if (this.stale || jobId !== this.jobId) {
			this.stale = false;
			await this.read();
		}
	}
}
