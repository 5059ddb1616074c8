// The form: binds its fields to the state, runs it, and fills it from a job.

import { asProblem, newKey } from "../core/api.js";
import { byId, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { jobBody, reasonsAgainst } from "./form_rules.js";
import { icon } from "../core/icons.js";
import { lazy } from "../core/lazy.js";
import { announce, notify, reportProblem } from "../core/notices.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Circumstances, Job } from "../../types/page.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Control } from "./form_rules.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const reuse = lazy(() => import("./reuse.js"));

/** Controls whose id is the name of the value that they hold. */
const FIELDS = /** @type {const} */ (["prompt", "instructions", "operation", "onPromptFailure", "priority", "rawInput", "deadlineSeconds", "metadata"]);

export class Form {
	element = byId("form", HTMLFormElement);
	run = byId("run");
	reasons = byId("reasons");
	busy = false;
	/** @type {{ text: string, key: string } | null} The last request, if its outcome is unknown. */
	sent = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {JobBook} parts.book
	 * @param {Models} parts.models
	 * @param {() => Circumstances} parts.situation
	 * @param {(job: Job) => void} parts.onQueued
	 */
	constructor({ api, state, book, models, situation, onQueued }) {
		this.api = api;
		this.state = state;
		this.book = book;
		this.models = models;
		this.situation = situation;
		this.onQueued = onQueued;
		for (const name of FIELDS) {
			const field = control(name);
			on(field, "input", () => state.set({ [name]: name === "priority" ? Number(field.value) : field.value }, name));
		}
		for (const writer of this.writers) on(writer, "change", () => state.set({ writer: writer.value === "grok" ? "grok" : "me" }));
		on(this.element, "submit", (event) => {
			event.preventDefault();
			this.queue();
		});
		on(byId("clear-form"), "click", () => this.clear());
		state.listen("change", ({ by }) => this.show(by));
		this.show();
	}

	/** @returns {NodeListOf<HTMLInputElement>} The choices of who writes the prompt. */
	get writers() {
		return this.element.querySelectorAll("[name=writer]");
	}

	/** @param {string | null} by The field that has changed, which needs no update. */
	show(by = null) {
		const values = this.state.values;
		for (const name of FIELDS) {
			const field = control(name);
			const text = String(values[name]);
			if (name !== by && field.value !== text) field.value = text;
		}
		setText(byId("priority-value"), String(values.priority));
		for (const writer of this.writers) writer.checked = writer.value === values.writer;
		byId("failure-field").hidden = values.writer !== "grok";
		this.showRun();
	}

	/** Hide everything about Grok's prompts if an operator has switched them off. */
	showSituation() {
		const { aiPrompts } = this.situation();
		const off = aiPrompts?.on === false;
		document.body.dataset.ai = off ? "off" : "on";
		if (off && this.state.get("writer") === "grok") {
			this.state.set({ writer: "me" });
			notify(`AI prompts are turned off${aiPrompts.reason ? `: ${aiPrompts.reason}` : ""}. Your own prompt will be sent.`, { tone: "attention" });
		}
		this.showRun();
	}

	/** Show whether the form can be queued; return the reasons why not. */
	showRun() {
		const values = this.state.values;
		const controls = [...this.element.elements].filter(isControl).filter((one) => one.willValidate);
		const reasons = reasonsAgainst(values, this.situation(), controls);
		setAttribute(this.run, "aria-disabled", reasons.length > 0 || this.busy);
		setText(byId("run-label"), this.busy ? "Queueing…" : values.writer === "grok" ? "Write prompt, then queue job" : "Queue job");
		fill(this.reasons, reasons.map((reason) => el("li", reason)));
		this.reasons.hidden = reasons.length === 0;
		return reasons;
	}

	/** Queue the job. A retry after a lost response sends the same key, so that only one job is created. */
	async queue() {
		const reasons = this.showRun();
		if (reasons.length) announce(`The job cannot be queued: ${reasons.join(" ")}`);
		if (reasons.length || this.busy) return;
		const body = jobBody(this.state.values, this.models);
		const text = JSON.stringify(body);
		if (this.sent?.text !== text) this.sent = { text, key: newKey() };
		this.busy = true;
		this.showRun();
		this.showProblem(null);
		try {
			const job = await this.api.post("/api/jobs/create", { body, key: this.sent.key });
			this.sent = null;
			this.book.put(job);
			this.onQueued(job);
			for (const warning of job.warnings) notify(warning, { tone: "attention" });
		} catch (thrown) {
			const problem = asProblem(thrown);
			// A clear refusal ends the attempt. After a lost response the outcome is unknown, and the key prevents a second job.
			if (!problem.passing) this.sent = null;
			this.showProblem(problem);
			reportProblem("The job was not queued.", problem);
		} finally {
			this.busy = false;
			this.showRun();
		}
	}

	/** @param {Problem | null} problem */
	showProblem(problem) {
		const place = byId("form-problem");
		place.hidden = !problem;
		if (!problem) return;
		const places = problem.errors.map((error) => el("li", el("code", error.pointer || "request"), ` ${error.message}`));
		fill(place, icon("warning"), el("div", el("p.callout-title", problem.title || problem.message), places.length ? el("ul", ...places) : el("p", problem.message)));
	}

	clear() {
		this.replace("The form was cleared.", () => this.state.clear());
		this.showProblem(null);
	}

	/**
	 * Replace the form's contents, with an undo.
	 *
	 * @param {string} text
	 * @param {() => void} change
	 */
	replace(text, change) {
		const before = { ...this.state.values };
		change();
		this.showSituation();
		const undo = () => {
			this.state.set(before);
			this.showSituation();
		};
		notify(text, { action: { label: "Undo", run: undo } });
		byId("prompt").focus();
	}

	/**
	 * Fill the form from a job.
	 *
	 * @param {Job} job
	 */
	async reuse(job) {
		const module = await reuse();
		if (module) this.replace("The form was filled from the job.", () => this.state.clear(module.valuesOf(job, this.models)));
	}
}

/**
 * @param {string} name
 * @returns {Control}
 */
function control(name) {
	const found = byId(name);
	if (!isControl(found)) throw new Error(`This is no field: #${name}.`);
	return found;
}

/**
 * @param {Element} element
 * @returns {element is Control}
 */
function isControl(element) {
	return element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement;
}
