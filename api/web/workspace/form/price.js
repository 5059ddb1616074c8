// What WaveSpeed would charge for what the form says, asked before anything is queued; and what is wrong with it.

import { asProblem } from "../core/api.js";
import { byId, el, fill } from "../core/dom.js";
import { usd } from "../core/format.js";
import { persist } from "../core/persist.js";
import { MAKING } from "../words/making.js";
import { MODELS } from "../words/models.js";
import { priceBody } from "./form_bodies.js";
import { parseObject, runsOf } from "./form_rules.js";
import { pathsOf, valuesFor } from "./plan.js";
import { offerPriceLimit } from "./price_limit.js";
import { issuesOf } from "./problems.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { AskPrice, Quote } from "../../types/page.js" */
/** @import { Form } from "./form.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const DEBOUNCE_MS = 400;

/**
 * @typedef {object} Answer What the server says of one model's run.
 * @property {string} path
 * @property {Quote | null} quote
 * @property {Problem["errors"]} wrong What the model does not allow.
 * @property {Problem["errors"]} missing What it needs besides.
 */

export class Price {
	place = byId("price");
	inButton = byId("run-price");
	/** @type {string | null} */
	requested = null;
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	/** @type {Answer[]} The chosen model's first. */
	answers = [];

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {Models} parts.models
	 * @param {Form} parts.form
	 */
	constructor({ api, state, models, form }) {
		this.form = form;
		this.api = api;
		this.state = state;
		this.models = models;
		state.listen("change", () => this.schedule());
		models.listen("change", () => this.schedule());
		this.schedule();
		offerPriceLimit(state, form);
	}

	schedule() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.update(), DEBOUNCE_MS);
	}

	/** Ask if the request has changed; a stale response is ignored. */
	async update() {
		const { values } = this.state;
		const bodies = pathsOf(values).map((path) => priceBody(valuesFor(values, path, this.models), this.models));
		const requested = JSON.stringify([bodies, values.writer, values.runs]);
		if (requested === this.requested) return;
		this.requested = requested;
		// The last price was for a different request.
		this.place.style.visibility = "hidden";
		fill(this.inButton);
		const wanted = () => requested === this.requested;
		const answers = await Promise.all(bodies.map((body, index) => this.ask(body, pathsOf(values)[index], wanted)));
		if (!wanted()) return;
		this.answers = answers.filter((answer) => answer !== null);
		this.show();
		const [first] = this.answers;
		const field = this.models.get(first?.path ?? "")?.picturesField;
		const raw = parseObject(values.rawInput);
		this.form.judge({ wrong: issuesOf(first?.wrong ?? [], field, raw), missing: issuesOf(first?.missing ?? [], field, raw) });
	}

	/**
	 * @param {AskPrice | null} body
	 * @param {string} path
	 * @param {() => boolean} wanted Whether the form still says the same.
	 * @returns {Promise<Answer | null>}
	 */
	async ask(body, path, wanted) {
		if (!body) return { path, quote: null, wrong: [], missing: [] };
		try {
			const quote = await persist(() => this.api.post("/api/models/price", { body }), { wanted, missed: () => this.showUnknown() });
			return quote && { path, quote, wrong: [], missing: quote.problems };
		} catch (thrown) {
			return { path, quote: null, wrong: asProblem(thrown).errors, missing: [] };
		}
	}

	/** Say that there is no price yet: it is being asked for again. */
	showUnknown() {
		this.place.hidden = false;
		this.place.style.visibility = "";
		this.place.dataset.tone = "attention";
		fill(this.place, MAKING.priceUnknown);
	}

	show() {
		const { answers } = this;
		const runs = runsOf(this.state.values);
		const quotes = answers.flatMap(({ quote }) => quote ?? []);
		const floor = quotes.some((quote) => quote.floor);
		this.place.hidden = !quotes.length;
		this.place.style.visibility = "";
		this.place.dataset.tone = floor ? "attention" : "quiet";
		const grok = this.state.get("writer") === "grok" ? MAKING.grokCharged : "";
		const texts = answers.length === 1 ? quotes.map((quote) => this.named(quote, answers[0].path)) : answers.map(({ path, quote }) => `${this.models.get(path)?.label ?? path}: ${usd(quote?.priceUsd)}.`);
		fill(this.place, runs > 1 && quotes.length && MAKING.runsEach(runs), texts.join(" "), grok);
		fill(this.inButton, ...this.total(runs));
	}

	/**
	 * Return what the server says of a price, with the names that the form has for the model's inputs.
	 *
	 * @param {Quote} quote
	 * @param {string} path
	 */
	named({ text, missing }, path) {
		const fields = this.models.fieldsOf(path) ?? [];
		return missing.reduce((said, name) => said.replace(`“${name}”`, `“${fields.find((field) => field.name === name)?.title || name}”`), text);
	}

	/**
	 * Return what all runs cost, and their list price, struck through, where there is a discount; nothing if it is not known.
	 *
	 * @param {number} runs
	 */
	total(runs) {
		const quotes = this.answers.map(({ quote }) => quote);
		if (!quotes.length || quotes.some((quote) => typeof quote?.priceUsd !== "number")) return [];
		const sum = quotes.reduce((before, quote) => before + (quote?.priceUsd ?? 0), 0) * runs;
		const listed = quotes.reduce((before, quote) => before + (quote?.listPriceUsd ?? quote?.priceUsd ?? 0), 0) * runs;
		const least = quotes.some((quote) => quote?.floor);
		return [listed > sum && el("s", el("span.visually-hidden", MAKING.insteadOf), usd(listed)), least ? MODELS.from(usd(sum)) : usd(sum)];
	}
}
