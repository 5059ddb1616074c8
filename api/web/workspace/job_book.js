// All jobs this page has heard of, and which of them the filter shows.

import { groupOf, isFinal } from "./statuses.js";

const PAGE = 200;

// Jobs by id. Events: `change` (detail: {job, before}) for each, `list` when what is shown may have changed.
export class JobBook extends EventTarget {
	constructor(api) {
		super();
		this.api = api;
		this.jobs = new Map();
		this.group = "all";
		this.search = "";
		this.cursor = null;
		this.loaded = false;
		this.asked = 0;
	}

	shown() {
		const { statuses } = groupOf(this.group);
		const needle = this.search.toLowerCase();
		const found = [...this.jobs.values()].filter(
			(job) => (!statuses.length || statuses.includes(job.status)) && (!needle || matches(job, needle)),
		);
		return found.sort((a, b) => (a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.jobId < b.jobId) ? 1 : -1));
	}

	get(jobId) {
		return this.jobs.get(jobId);
	}

	get filtered() {
		return this.group !== "all" || this.search !== "";
	}

	// Take a job as the server told it; an older answer never replaces the end of a job.
	put(job) {
		if (this.keep(job)) this.tellList();
	}

	async refresh(jobId) {
		const job = await this.api.get(`/api/jobs/${jobId}`);
		this.put(job);
		return job;
	}

	async select({ group = this.group, search = this.search }) {
		this.group = group;
		this.search = search;
		this.loaded = false;
		this.tellList();
		await this.reread();
	}

	async reread() {
		const asked = ++this.asked;
		const page = await this.api.get(`/api/jobs?${this.query()}`);
		if (asked !== this.asked) return;
		for (const job of page.items) this.keep(job);
		this.forgetGone(page);
		this.cursor = page.nextCursor;
		this.loaded = true;
		this.tellList();
	}

	async readOlder() {
		const page = await this.api.get(`/api/jobs?${this.query(this.cursor)}`);
		for (const job of page.items) this.keep(job);
		this.cursor = page.nextCursor;
		this.tellList();
	}

	// Read every job that a filter shows, from the server, with only those that pass `wanted`.
	async readAll(wanted, most = 1000) {
		const found = [];
		let cursor = null;
		do {
			const page = await this.api.get(`/api/jobs?${this.query(cursor)}`);
			found.push(...page.items.filter(wanted));
			cursor = page.nextCursor;
		} while (cursor && found.length < most);
		return found.slice(0, most);
	}

	query(cursor = null) {
		const query = new URLSearchParams({ limit: PAGE });
		for (const status of groupOf(this.group).statuses) query.append("status", status);
		if (this.search) query.set("q", this.search);
		if (cursor) query.set("cursor", cursor);
		return query;
	}

	keep(job) {
		const before = this.jobs.get(job.jobId);
		if (before && isFinal(before) && !isFinal(job)) return false;
		if (before && JSON.stringify(before) === JSON.stringify(job)) return false;
		this.jobs.set(job.jobId, job);
		this.dispatchEvent(new CustomEvent("change", { detail: { job, before } }));
		return true;
	}

	// Forget what the record has deleted: shown here, younger than the page's end, and not in it.
	forgetGone(page) {
		const there = new Set(page.items.map((job) => job.jobId));
		const oldest = page.nextCursor ? page.items.at(-1).createdAt : "";
		for (const job of this.shown()) {
			const young = Date.now() - Date.parse(job.createdAt) < 10000;
			if (!there.has(job.jobId) && job.createdAt > oldest && !young) this.jobs.delete(job.jobId);
		}
	}

	tellList() {
		if (this.telling) return;
		this.telling = true;
		queueMicrotask(() => {
			this.telling = false;
			this.dispatchEvent(new Event("list"));
		});
	}
}

function matches(job, needle) {
	return [job.prompt, job.originalPrompt, job.jobId, job.promptJobId, job.predictionId, ...Object.values(job.metadata)].some(
		(text) => text?.toLowerCase().includes(needle),
	);
}
