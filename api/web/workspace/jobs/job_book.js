// All jobs that this page knows, and which of them the filter shows.

import { Emitter } from "../core/emitter.js";
import { vocabulary } from "../core/vocabulary.js";
import { fits, isOn, NO_FILTER, queryOf } from "./filter.js";
import { isFinal } from "./statuses.js";

/** @import { Api } from "../core/api.js" */
/** @import { Job, JobPage } from "../../types/page.js" */
/** @import { Filter } from "./filter.js" */

/** A job this young may be missing from a page that was read before it was created. */
const GRACE_MS = 10000;

/**
 * Jobs by id. Emits `change` for each changed job, and `list` when the shown jobs may have changed,
 * and `batch` with the id of each batch that has changed.
 *
 * @extends {Emitter<{ change: { job: Job, before: Job | undefined }, list: null, batch: string }>}
 */
export class JobBook extends Emitter {
	/** @type {Map<string, Job>} */
	jobs = new Map();
	/** @type {Filter} */
	filter = NO_FILTER;
	/** @type {string | null} */
	cursor = null;
	/** @type {string | null} */
	searchedUntil = null;
	loaded = false;
	reads = 0;
	/** @type {Map<string, number>} Which of the stream's reports was the last about a job. */
	told = new Map();
	reports = 0;
	emitting = false;

	/** @param {Api} api */
	constructor(api) {
		super();
		this.api = api;
	}

	shown() {
		const found = [...this.jobs.values()].filter(fits(this.filter));
		return found.sort((a, b) => (a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.jobId < b.jobId) ? 1 : -1));
	}

	/** @param {string} jobId */
	get(jobId) {
		return this.jobs.get(jobId);
	}

	get filtered() {
		return isOn(this.filter);
	}

	/**
	 * Store a job that the server sent; a stale response never replaces a finished job.
	 *
	 * @param {Job} job
	 */
	put(job) {
		if (this.keep(job)) this.emitList();
	}

	/**
	 * Store a job that was just made, unless the stream was quicker than the answer: what it told is newer.
	 *
	 * @param {Job} job
	 */
	add(job) {
		if (!this.jobs.has(job.jobId)) this.put(job);
	}

	/**
	 * Store a job as the stream tells of it.
	 *
	 * @param {Job} job
	 */
	hear(job) {
		this.told.set(job.jobId, ++this.reports);
		this.put(job);
	}

	/** @param {string} jobId */
	async refresh(jobId) {
		const asked = this.reports;
		const job = await this.api.get("/api/jobs/{job_id}", { params: { job_id: jobId } });
		if (this.isNews(job, asked)) this.put(job);
		return job;
	}

	/**
	 * Return whether the stream has not told of a job since it was asked for: the answer may be older than what it told.
	 *
	 * @param {Job} job
	 * @param {number} asked How many reports there were.
	 */
	isNews({ jobId }, asked) {
		return (this.told.get(jobId) ?? 0) <= asked;
	}

	/** @param {Partial<Filter>} wanted */
	async select(wanted) {
		this.filter = { ...this.filter, ...wanted };
		this.loaded = false;
		this.emitList();
		await this.reread();
	}

	async reread() {
		const latest = ++this.reads;
		const asked = this.reports;
		const page = await this.read();
		if (latest !== this.reads) return;
		// Where nothing is missing between this page and what was read before, reading on continues where it was.
		const last = page.items.at(-1);
		const joined = this.loaded && last !== undefined && this.jobs.has(last.jobId);
		for (const job of page.items) if (this.isNews(job, asked)) this.keep(job);
		this.forgetDeleted(page);
		if (!joined) {
			this.cursor = page.nextCursor;
			this.searchedUntil = page.searchedUntil;
		}
		this.loaded = true;
		this.emitList();
	}

	async readOlder() {
		const asked = this.reports;
		const page = await this.read(this.cursor);
		for (const job of page.items) if (this.isNews(job, asked)) this.keep(job);
		this.cursor = page.nextCursor;
		this.searchedUntil = page.searchedUntil;
		this.emitList();
	}

	/**
	 * Read every job that the filter matches from the server.
	 *
	 * @param {(job: Job) => boolean} wanted Selects the jobs to return.
	 * @param {number} max
	 */
	async readAll(wanted, max) {
		/** @type {Job[]} */
		const found = [];
		/** @type {string | null} */
		let cursor = null;
		do {
			/** @type {JobPage} */
			const page = await this.read(cursor);
			found.push(...page.items.filter(wanted));
			cursor = page.nextCursor;
		} while (cursor && found.length < max);
		return found.slice(0, max);
	}

	/** @param {string | null} cursor */
	read(cursor = null) {
		const query = queryOf(this.filter);
		query.set("limit", String(vocabulary.limits.jobsAtOnce));
		if (cursor) query.set("cursor", cursor);
		return this.api.get("/api/jobs", { query });
	}

	/** @param {Job} job */
	keep(job) {
		const before = this.jobs.get(job.jobId);
		if (before && isFinal(before) && !isFinal(job)) return false;
		if (before && JSON.stringify(before) === JSON.stringify(job)) return false;
		this.jobs.set(job.jobId, job);
		this.emit("change", { job, before });
		return true;
	}

	/**
	 * Forget deleted jobs: shown here, newer than the page's oldest, and missing from the page.
	 *
	 * @param {JobPage} page
	 */
	forgetDeleted(page) {
		const there = new Set(page.items.map((job) => job.jobId));
		const oldest = (page.nextCursor && (page.searchedUntil ?? page.items.at(-1)?.createdAt)) || "";
		for (const job of this.shown()) {
			const young = Date.now() - Date.parse(job.createdAt) < GRACE_MS;
			if (!there.has(job.jobId) && job.createdAt > oldest && !young) this.jobs.delete(job.jobId);
		}
	}

	emitList() {
		if (this.emitting) return;
		this.emitting = true;
		queueMicrotask(() => {
			this.emitting = false;
			this.emit("list", null);
		});
	}
}
