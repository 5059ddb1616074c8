// The form: binds its fields to the state, runs it, and fills it from a job.

import { newKey } from "./api.js";
import { byId, el, fill, on, setAttribute, setText } from "./dom.js";
import { jobBody, reasonsAgainst } from "./form_rules.js";
import { icon } from "./icons.js";
import { announce, notify, tellProblem } from "./notices.js";

const FIELDS = ["prompt", "instructions", "operation", "onPromptFailure", "priority", "rawInput", "deadlineSeconds", "metadata"];

export class Form {
	constructor({ api, state, book, models, situation, onQueued }) {
		Object.assign(this, { api, state, book, models, situation, onQueued });
		this.run = byId("run");
		this.reasons = byId("reasons");
		for (const name of FIELDS) this.bind(byId(name));
		on(byId("form"), "change", ({ target }) => target.name === "writer" && state.set({ writer: target.value }));
		on(byId("form"), "submit", (event) => {
			event.preventDefault();
			this.queue();
		});
		on(byId("clear-form"), "click", () => this.clear());
		on(state, "change", (event) => this.show(event.detail.by));
		this.show();
	}

	bind(field) {
		on(field, "input", () => this.state.set({ [field.id]: field.type === "range" ? field.valueAsNumber : field.value }, field.id));
	}

	show(by = null) {
		const values = this.state.values;
		for (const name of FIELDS) {
			const field = byId(name);
			if (name !== by && field.value !== String(values[name])) field.value = values[name];
		}
		setText(byId("priority-value"), String(values.priority));
		byId("form").elements.writer.value = values.writer;
		byId("failure-field").hidden = values.writer !== "grok";
		this.showRun();
	}

	// Where an operator has switched Grok's prompts off, nothing of them is offered.
	showSituation() {
		const { aiPrompts } = this.situation();
		const off = aiPrompts?.on === false;
		document.body.dataset.ai = off ? "off" : "on";
		if (off && this.state.get("writer") === "grok") {
			this.state.set({ writer: "me" });
			notify(`Prompts by Grok are switched off${aiPrompts.reason ? `: ${aiPrompts.reason}` : ""}. The form sends yours.`, { tone: "attention" });
		}
		this.showRun();
	}

	showRun() {
		const values = this.state.values;
		const reasons = reasonsAgainst(values, this.situation(), [...byId("form").elements].filter((one) => one.willValidate));
		setAttribute(this.run, "aria-disabled", reasons.length > 0 || this.busy === true);
		setText(byId("run-label"), this.busy ? "Queueing…" : values.writer === "grok" ? "Write prompt, then queue job" : "Queue job");
		fill(this.reasons, reasons.map((reason) => el("li", reason)));
		this.reasons.hidden = !reasons.length;
		return reasons;
	}

	// Queue the job. A repeat after a lost answer carries the same key: it is one job.
	async queue() {
		const reasons = this.showRun();
		if (reasons.length) return announce(`It cannot be queued: ${reasons.join(" ")}`);
		if (this.busy) return undefined;
		const body = jobBody(this.state.values, this.models);
		const text = JSON.stringify(body);
		if (this.sent?.text !== text) this.sent = { text, key: newKey() };
		this.busy = true;
		this.showRun();
		this.showProblem(null);
		try {
			const job = await this.api.post("/api/jobs/create", body, { key: this.sent.key });
			this.sent = null;
			this.book.put(job);
			this.onQueued(job);
			for (const warning of job.warnings) notify(warning, { tone: "attention" });
		} catch (problem) {
			// A clear refusal ends the attempt; after a lost answer nobody knows, and the key tells the server.
			if (!problem.passing) this.sent = null;
			this.showProblem(problem);
			tellProblem("The job was not queued.", problem);
		} finally {
			this.busy = false;
			this.showRun();
		}
		return undefined;
	}

	showProblem(problem) {
		const place = byId("form-problem");
		place.hidden = !problem;
		if (!problem) return;
		const places = problem.errors.map((error) => el("li", el("code", error.pointer || "request"), ` ${error.message}`));
		fill(place, icon("warning"), el("div", el("p.callout-title", problem.title || problem.message), places.length ? el("ul", ...places) : el("p", problem.message)));
	}

	clear() {
		this.replace("The form is empty.", () => this.state.clear());
		this.showProblem(null);
	}

	// What stood there can be brought back.
	replace(said, change) {
		const before = { ...this.state.values };
		const run = (what) => (what(), this.showSituation());
		run(change);
		notify(said, { action: { label: "Undo", run: () => run(() => this.state.set(before)) } });
		byId("prompt").focus();
	}

	// Of the job's input, its pictures come back as lines that can be changed; so do those that Grok alone saw beside them.
	reuse(job) {
		const { model, prompt, originalPrompt, instructions, priority, metadata } = job;
		const { [this.models.get(model)?.picturesField]: shown, ...input } = job.input;
		const sent = [shown ?? []].flat();
		let [targetUrl, refUrls] = [job.targetUrl ?? "", job.refUrls ?? []];
		if (!sent.every((url) => url === targetUrl || refUrls.includes(url))) [targetUrl, refUrls] = [sent.at(-1), sent.slice(0, -1)];
		const values = { model, rawInput: json(input), metadata: json(metadata), targetUrl, refUrls, prompt: prompt ?? originalPrompt ?? "", instructions: instructions ?? "", writer: prompt ? "me" : "grok", priority };
		this.replace("The form is filled from the job.", () => this.state.clear(values));
	}
}

function json(object) {
	return Object.keys(object).length ? JSON.stringify(object, null, 2) : "";
}
