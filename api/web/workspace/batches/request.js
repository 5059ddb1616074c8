// What a batch asks for: the form's values are its template, the table has its rows; and what is wrong with the template.

import { reasonWithout } from "../core/access.js";
import { templateBody } from "../form/form_bodies.js";
import { fieldText, reasonsAgainst } from "../form/form_rules.js";
import { drawSeed } from "../form/plan.js";
import { TABLE } from "../words/batch_table.js";
import { trimmed } from "./bring.js";
import { wordsOfTemplate } from "./columns.js";
import { csvOf, isBlank } from "./delimited.js";
import { LEAST_VARIANTS, MOST_VARIANTS } from "./limits.js";
import { amountOf, wholeOf } from "./money.js";
import { wantedOf } from "./prompts_choice.js";

/** @import { BatchParts } from "./place.js" */
/** @import { Draft } from "./draft.js" */
/** @import { Table } from "./table.js" */

export class BatchRequest {
	/**
	 * @param {Draft} draft
	 * @param {Pick<BatchParts, "state" | "models" | "situation">} form
	 */
	constructor(draft, { state, models, situation }) {
		this.draft = draft;
		this.state = state;
		this.models = models;
		this.situation = situation;
	}

	/** What every row is made with. The idea that is varied stands where a prompt would. */
	get template() {
		const { state, models } = this;
		if (!this.draft.variants) return templateBody(state.values, models, "");
		const { prompt, useAiPrompt, onPromptFailure, ...template } = templateBody({ ...state.values, writer: "grok", prompt: "", instructions: this.idea }, models, "");
		return template;
	}

	/** What Grok varies: what is wished, and how it is to be written. */
	get idea() {
		const { prompt, instructions } = this.state.values;
		return [prompt, instructions].map((text) => text.trim()).filter(Boolean).join("\n\n");
	}

	/** The words to fill in, and the inputs that the model takes; null if they are not known. */
	get known() {
		const { state, models } = this;
		const fields = models.fieldsOf(state.get("model").trim());
		return { words: wordsOfTemplate(this.template), inputs: fields === null || models.isUnlisted(state.get("model").trim()) ? null : new Set(fields.map(({ name }) => name)) };
	}

	/** Return the seed to count from; null if the model takes none. */
	seed() {
		const { state, models } = this;
		if (!models.fieldsOf(state.get("model").trim())?.some(({ name }) => name === "seed")) return null;
		const given = fieldText(state.values, "seed").trim();
		return /^\d+$/.test(given) ? given : String(drawSeed());
	}

	/**
	 * Return how many rows a table makes: variants of one idea need none, and have one row without.
	 *
	 * @param {Table} table
	 */
	rowsOf(table) {
		const rows = trimmed(table).rows.filter((row) => !isBlank(row)).length;
		return this.draft.variants ? Math.max(1, rows) : rows;
	}

	/**
	 * Return what is wrong with the template; what a column gives need not be in the form.
	 *
	 * @param {Table} table
	 */
	reasons({ columns }) {
		const { state, situation } = this;
		const refusal = reasonWithout("jobs:write");
		if (refusal) return [refusal];
		if (this.draft.variants) {
			const reasons = reasonsAgainst({ ...state.values, alsoOn: [], runs: 1, writer: "me", prompt: TABLE.noIdea }, { ...situation(), fills: true }).map(({ text }) => text);
			const words = [...wordsOfTemplate({ instructions: this.idea })].map((word) => `{{${word}}}`).join(", ");
			return [...(this.idea ? [] : [TABLE.noIdea]), ...(words ? [TABLE.wordsInIdea(words)] : []), ...(wantedOf(this.draft.wanted) === null ? [TABLE.wrongVariants(LEAST_VARIANTS, MOST_VARIANTS)] : []), ...reasons];
		}
		const given = Object.fromEntries(["prompt", "instructions"].filter((name) => columns.includes(name)).map((name) => [name, name]));
		return reasonsAgainst({ ...state.values, alsoOn: [], runs: 1, ...given }, { ...situation(), fills: true }).map(({ text }) => text);
	}

	/**
	 * Return the body of `POST /api/batches/plan`.
	 *
	 * @param {Table} table
	 */
	planOf(table) {
		const { maxCost, maxOpen, variants, wanted } = this.draft;
		const most = amountOf(maxCost);
		const open = wholeOf(maxOpen);
		const count = wantedOf(wanted) ?? LEAST_VARIANTS;
		/** @type {{ table: string, tableFormat: "csv" } | {}} Variants need no row. */
		const rows = variants && !trimmed(table).rows.length ? {} : { table: csvOf(table), tableFormat: "csv" };
		return { template: this.template, ...rows, ...(variants && { prompts: { mode: /** @type {const} */ ("variants"), count } }), ...(most !== null && { maxCostUsd: most }), ...(open && { maxOpen: open }) };
	}

	/** The body of `POST /api/batches`. */
	get whole() {
		const { maxCost, name, skip, stopAfter, table, variants } = this.draft;
		const stop = wholeOf(stopAfter);
		return { ...this.planOf(table), maxCostUsd: amountOf(maxCost) ?? 0, skipFaulty: skip && !variants, ...(stop && { stopAfterFailures: stop }), ...(name.trim() && { name: name.trim() }) };
	}
}
