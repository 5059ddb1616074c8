// Queues the form's jobs, one after the other, each with a key of its own.

import { asProblem, newKey } from "../core/api.js";
import { byId, el, fill } from "../core/dom.js";
import { jobName } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify, reportProblem } from "../core/notices.js";
import { groupLink } from "../side_by_side/link.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { MAKING } from "../words/making.js";
import { labelOf } from "./form.js";
import { parseObject } from "./form_rules.js";
import { noteUsed } from "./model_memory.js";
import { drawSeed, frozen, jobsOf } from "./plan.js";
import { issuesOf } from "./problems.js";

/** @import { Problem } from "../core/api.js" */
/** @import { CreateJob, FormValues, Job } from "../../types/page.js" */
/** @import { Form } from "./form.js" */

/**
 * @typedef {object} Attempt Jobs that are being queued. A retry after a lost answer sends the same keys, so that none is created twice.
 * @property {string} text What the form said.
 * @property {CreateJob[]} bodies
 * @property {string[]} keys
 * @property {Job[]} jobs Those that are queued.
 */

export class Queueing {
	/** @type {Attempt | null} The last attempt, if its outcome is unknown. */
	attempt = null;

	/** @param {Form} form */
	constructor(form) {
		this.form = form;
	}

	/** @param {FormValues} values */
	async run(values) {
		const { api, book } = this.form;
		const { bodies, keys, jobs } = this.newAttempt(values);
		byId("form-problem").hidden = true;
		try {
			while (jobs.length < bodies.length) {
				const job = await api.post("/api/jobs/create", { body: bodies[jobs.length], key: keys[jobs.length] });
				jobs.push(job);
				book.add(job);
			}
			this.attempt = null;
			this.form.tried = false;
			tellQueued(jobs);
			this.form.onQueued(jobs[0]);
			for (const warning of new Set(jobs.flatMap((job) => job.warnings))) notify(warning, { tone: "attention" });
		} catch (thrown) {
			const problem = asProblem(thrown);
			// After a lost response the outcome is unknown, and the keys prevent a second job. A clear refusal ends the
			// attempt, unless a part of it is queued: that part must not be queued again.
			if (!problem.passing && !jobs.length) this.attempt = null;
			this.refuse(problem, bodies[jobs.length].model);
			const what = jobs.length ? MAKING.queuedSome(jobs.length, bodies.length) : MAKING.nothingQueued;
			reportProblem(what, { message: problem.title || problem.message, requestId: problem.requestId });
		}
	}

	/**
	 * Return the last attempt if it is not finished and the form still says the same, else a new one.
	 *
	 * @param {FormValues} values
	 */
	newAttempt(values) {
		const { models } = this.form;
		const text = JSON.stringify(jobsOf(values, models, { group: "", base: 0 }));
		if (this.attempt?.text === text) return this.attempt;
		const bodies = frozen(jobsOf(values, models, { group: newKey().slice(0, 12), base: drawSeed() }));
		this.attempt = { text, bodies, keys: bodies.map(() => newKey()), jobs: [] };
		return this.attempt;
	}

	/**
	 * Show a refusal at the fields that it is about; what belongs to none stands above the button.
	 *
	 * @param {Problem} problem
	 * @param {string} path The model that was asked for.
	 */
	refuse(problem, path) {
		const { models, state } = this.form;
		const model = models.get(path);
		const own = path === state.get("model").trim();
		const issues = issuesOf(problem.errors, model?.picturesField, parseObject(state.get("rawInput")));
		if (own && issues.length && issues.every(({ at }) => at && document.getElementById(at))) {
			this.form.refused = issues;
			return;
		}
		const place = byId("form-problem");
		place.hidden = false;
		const lines = issues.map(({ at, text }) => el("li", `${(at && labelOf(at)) ?? at ?? COMMON.request}: ${text}`));
		const title = `${own ? "" : `${model?.label ?? path}: `}${problem.title || problem.message}`;
		fill(place, icon("warning"), el("div", el("p.callout-title", title), lines.length ? el("ul", ...lines) : problem.title && el("p", problem.message)));
	}
}

/** @param {Job[]} jobs */
function tellQueued(jobs) {
	const [job] = jobs;
	const group = jobs.length > 1 ? groupLink(job) : null;
	const open = { label: group ? COMMON.sideBySide : CORE.open, run: () => (location.hash = group ?? `job=${job.jobId}`) };
	notify(MAKING.queued(jobs.length, jobName(job)), { action: open });
	noteUsed(job.model);
}
