// Gathers jobs that have ended, so that a person is told once of many.

/** @import { Job } from "../../types/page.js" */

/** Changes arrive one by one: those of the same moment are told together. */
const SETTLES_MS = 1500;

export class Gathered {
	/** @type {Map<string, Job>} */
	ended = new Map();
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;

	/**
	 * @param {object} parts
	 * @param {() => boolean} parts.isOpen Whether any job is still under way.
	 * @param {() => boolean} parts.each Whether each job is to be told, and not all together.
	 * @param {(jobs: Job[]) => void} parts.tell
	 */
	constructor({ isOpen, each, tell }) {
		this.isOpen = isOpen;
		this.each = each;
		this.told = tell;
	}

	/** @param {Job} job */
	add(job) {
		this.ended.set(job.jobId, job);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.settle(), SETTLES_MS);
	}

	settle() {
		if (!this.ended.size || (!this.each() && this.isOpen())) return;
		const jobs = [...this.ended.values()];
		this.ended.clear();
		this.told(jobs);
	}
}
