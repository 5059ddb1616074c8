// The form: binds its fields to the state, queues what it says, and fills it from a job.

import { byId, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { announce, notify } from "../core/notices.js";
import { FORM } from "../words/form.js";
import { jobCount, reasonsAgainst } from "./form_rules.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances, FormValues, Job } from "../../types/page.js" */
/** @import { JobBook } from "../jobs/job_book.js" */
/** @import { Control, Reason } from "./form_rules.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */
/** @import { FieldProblems } from "./problems.js" */
/** @import { Queueing } from "./queueing.js" */

const problems = lazy(() => import("./problems.js"));
const queueing = lazy(() => import("./queueing.js"));
const reuse = lazy(() => import("./reuse.js"));
const setAside = lazy(() => import("./set_aside.js"));

/** Controls whose id is the name of the value that they hold. */
const FIELDS = /** @type {const} */ (["prompt", "instructions", "operation", "onPromptFailure", "priority", "runs", "rawInput", "deadlineSeconds", "metadata"]);
const NUMBERS = new Set(["priority", "runs"]);
/** The share of a text's limit from which on its characters are counted. */
const NEAR = 0.8;

/** @typedef {{ wrong: readonly Reason[], missing: readonly Reason[] }} Judgement What the server says that the model does not allow, and what it needs besides. */

export class Form {
	element = byId("form", HTMLFormElement);
	run = byId("run");
	reasons = byId("reasons");
	busy = false;
	/** Whether queueing was tried in vain: until then, what is merely missing is not marked. */
	tried = false;
	/** @type {readonly Reason[]} What the server refused last. */
	refused = [];
	/** @type {Judgement} */
	judgement = { wrong: [], missing: [] };
	/** @type {FieldProblems | null} */
	marks = null;
	/** @type {Queueing | null} */
	queueing = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {JobBook} parts.book
	 * @param {Models} parts.models
	 * @param {() => Circumstances} parts.situation
	 * @param {(job: Job) => void} parts.onQueued Receives the first of those that were queued together.
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
			on(field, "input", () => state.set({ [name]: NUMBERS.has(name) ? Number(field.value) : field.value }, name));
		}
		for (const writer of this.writers) on(writer, "change", () => state.set({ writer: writer.value === "grok" ? "grok" : "me" }));
		on(this.element, "submit", (event) => {
			event.preventDefault();
			this.queue();
		});
		on(byId("clear-form"), "click", () => this.clear());
		state.listen("change", ({ names, by }) => {
			if (names.has("model")) {
				this.tried = false;
				this.judgement = { wrong: [], missing: [] };
			}
			this.refused = [];
			this.show(by);
		});
		this.show();
		if (state.get("writer") === "grok" || state.get("instructions")) byId("grok-options", HTMLDetailsElement).open = true;
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
			if (field instanceof HTMLTextAreaElement) showLength(field);
		}
		setText(byId("priority-value"), String(values.priority));
		for (const writer of this.writers) writer.checked = writer.value === values.writer;
		byId("failure-field").hidden = values.writer !== "grok";
		this.showSetAside();
		this.showRun();
	}

	/** Hide everything about Grok's prompts if an operator has switched them off. */
	showSituation() {
		const { aiPrompts } = this.situation();
		const off = aiPrompts?.on === false;
		document.body.dataset.ai = off ? "off" : "on";
		if (off && this.state.get("writer") === "grok") {
			this.state.set({ writer: "me" });
			notify(FORM.aiOff(aiPrompts.reason), { tone: "attention" });
		}
		this.showRun();
	}

	/** @param {Judgement} judgement What the server says of the values now. */
	judge(judgement) {
		this.judgement = judgement;
		this.showRun();
	}

	/** Show whether the form can be queued, and at its field whatever is wrong; return the reasons why not. */
	showRun() {
		const values = this.state.values;
		const wrong = [...this.limits(false), ...this.refused, ...this.judgement.wrong];
		const missing = [...reasonsAgainst(values, this.situation()), ...this.limits(true), ...this.judgement.missing];
		this.mark(this.tried ? [...wrong, ...missing] : wrong);
		const reasons = distinct([...missing, ...wrong]);
		setAttribute(this.run, "aria-disabled", reasons.length > 0 || this.busy);
		setText(byId("run-label"), this.busy ? FORM.queueing : labelOfRun(values));
		fill(this.reasons, reasons.map(({ at, text }) => el("li", { "data-at": at }, text)));
		this.reasons.hidden = reasons.length === 0;
		return reasons;
	}

	/** @param {Reason[]} issues What is wrong at a field. */
	async mark(issues) {
		this.issues = issues;
		const module = this.marks || !issues.length ? null : await problems();
		if (module) this.marks ??= new module.FieldProblems();
		if (issues === this.issues) this.marks?.show(issues);
	}

	/**
	 * Return what the browser finds at the fields: the limits are those of the server's list.
	 *
	 * @param {boolean} missing Whether to return what is missing, or what is wrong.
	 * @returns {Reason[]}
	 */
	limits(missing) {
		const controls = [...this.element.elements].filter(isControl).filter((one) => one.id && one.willValidate && !one.validity.valid);
		return controls.filter((one) => one.validity.valueMissing === missing).map((one) => ({ at: one.id, text: missing ? FORM.needed : one.validationMessage }));
	}

	/** Queue what the form says, or show what is in the way. */
	async queue() {
		const reasons = this.showRun();
		if (reasons.length) {
			this.tried = true;
			this.showRun();
			announce(FORM.notQueued(reasons.map(({ text }) => text).join(" ")));
			(await problems())?.reveal(reasons);
		}
		if (reasons.length || this.busy) return;
		this.busy = true;
		this.showRun();
		// What was seen when it was pressed: the module may take its time, and the form be written on.
		const values = { ...this.state.values };
		const module = await queueing();
		if (module) this.queueing ??= new module.Queueing(this);
		await this.queueing?.run(values);
		this.busy = false;
		this.showRun();
	}

	clear() {
		this.replace(FORM.cleared, () => this.state.clear());
		byId("form-problem").hidden = true;
	}

	/**
	 * Replace the form's contents. What was there is set aside until it is brought back or dismissed, over reloads too.
	 *
	 * @param {string} text
	 * @param {() => void} change
	 */
	replace(text, change) {
		this.state.setAside(change);
		this.tried = false;
		this.showSituation();
		announce(text);
		byId("prompt").focus();
	}

	/** Offer what was set aside, if anything was. */
	async showSetAside() {
		const { setAside: old } = this.state.values;
		byId("set-aside").hidden = !old;
		if (old) (await setAside())?.showSetAside(this);
	}

	/**
	 * Fill the form from a job.
	 *
	 * @param {Job} job
	 */
	async reuse(job) {
		const module = await reuse();
		if (!module) return;
		await this.models.describe(job.model);
		this.replace(FORM.filled, () => this.state.clear(module.valuesOf(job, this.models)));
		if (this.state.get("instructions")) byId("grok-options", HTMLDetailsElement).open = true;
	}
}

/** @param {FormValues} values */
function labelOfRun(values) {
	const jobs = jobCount(values);
	return values.writer === "grok" ? FORM.writeAndQueue(jobs) : FORM.queue(jobs);
}

/**
 * Return the issues with their field's name, each field once.
 *
 * @param {Reason[]} issues
 */
function distinct(issues) {
	const seen = new Set();
	const first = issues.filter(({ at }) => !at || (!seen.has(at) && seen.add(at)));
	return first.map((issue) => ({ ...issue, text: named(issue) }));
}

/** Fields whose sentences name them anyway. */
const SELF_EXPLANATORY = new Set(["prompt", "operation", "onPromptFailure", "model", "rawInput", "metadata"]);

/** @param {Reason} reason */
function named({ at, text }) {
	const label = at && !SELF_EXPLANATORY.has(at) ? labelOf(at) : null;
	return label ? `${label}: ${text}` : text;
}

/**
 * Return what a field is called, without its notes.
 *
 * @param {string} id
 */
export function labelOf(id) {
	const element = document.getElementById(id);
	const label = element?.querySelector(":scope > legend") ?? (element && isControl(element) ? element.labels?.[0] : null);
	return (element?.getAttribute("aria-label") ?? label?.firstChild?.textContent ?? "").trim() || null;
}

/**
 * Count a text's characters once it comes near its limit.
 *
 * @param {HTMLTextAreaElement} field
 */
function showLength(field) {
	const { length } = field.value;
	const counted = field.maxLength > 0 && length >= field.maxLength * NEAR;
	const place = document.getElementById(`${field.id}-length`);
	if (place) setText(place, counted && FORM.of(length.toLocaleString("en-US"), field.maxLength.toLocaleString("en-US")));
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
