// Everything that made a job's outputs, row by row, and how each row is used again.

import { duration, exactTime, usd } from "../core/format.js";
import { vocabulary } from "../core/vocabulary.js";
import { fieldText, parseObject } from "../form/form_rules.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { PANEL } from "../words/panel.js";
import { ASK, VARIANTS } from "../words/partner.js";

/** @import { FormValues, Job, Model, ModelInput, Timeline } from "../../types/page.js" */

/**
 * @typedef {{ get: (path: string) => Pick<Model, "picturesField"> | undefined, fieldsOf: (path: string) => Pick<ModelInput, "name">[] | null }} Known What is known of models.
 * @typedef {(values: FormValues, models: Known) => Partial<FormValues>} Use Returns what changes in the form.
 * @typedef {object} Row
 * @property {string} id
 * @property {string} name
 * @property {string} text What is shown, and copied.
 * @property {"prose" | "code" | "pictures" | "plain"} look
 * @property {string} [note]
 * @property {Use} [use]
 * @typedef {{ title: string, rows: Row[] }} Group
 * @typedef {object} Inputs What is known of the inputs of the job's model.
 * @property {boolean} [seed] Whether it takes a seed.
 * @property {readonly Pick<ModelInput, "name" | "title">[] | null} [fields]
 */

/** @type {Record<string, string>} */
export const STAGES = {
	queued: PANEL.queued,
	prompting: PANEL.waitingGrok,
	writing: PANEL.grokWriting,
	dispatching: PANEL.waitingToSubmit,
	submit_unknown: PANEL.unclear,
	generating: PANEL.generating,
	cancelling: PANEL.cancelling,
};

/** @type {Record<string, string>} Who wrote a prompt. */
const WRITERS = { grok: CORE.byGrok, grok_fallback: CORE.byGrok, edited: CORE.byGrokEdited, template: CORE.fromTemplate };
const FIRST = ["size", "width", "height", "aspect_ratio", "resolution", "duration", "seed"];
const URL = /^https?:\/\//;

/**
 * Return the groups of rows; a row without a text is left out.
 *
 * @param {Job} job
 * @param {number} index Of the output.
 * @param {Timeline | null} timeline Null until it is loaded.
 * @param {Inputs} [known]
 * @returns {Group[]}
 */
export function recipeGroups(job, index, timeline, known = {}) {
	const groups = [
		{ title: COMMON.recipe, rows: [...wordRows(job), picturesRow(job), modelRow(job), ...inputRows(job, known), madeRow(job, index)] },
		{ title: PANEL.cost, rows: costRows(job) },
		{ title: PANEL.time, rows: timeRows(job, timeline) },
		{ title: PANEL.details, rows: detailRows(job) },
	];
	return groups.map(({ title, rows }) => ({ title, rows: rows.filter(isShown) })).filter(({ rows }) => rows.length);
}

/** @typedef {Row | null} Maybe */

/**
 * @param {Maybe} row
 * @returns {row is Row}
 */
function isShown(row) {
	return row !== null && row.text !== "";
}

/**
 * @param {Job} job
 * @returns {Row[]}
 */
function wordRows(job) {
	const prompt = job.prompt ?? job.originalPrompt ?? "";
	const original = job.originalPrompt !== null && job.originalPrompt !== prompt ? job.originalPrompt : "";
	const note = job.prompt ? WRITERS[job.promptSource ?? ""] : undefined;
	return [
		{ id: "prompt", name: PANEL.prompt, text: prompt, look: "prose", note, use: () => ({ prompt, promptJob: null, writer: "me" }) },
		{ id: "originalPrompt", name: PANEL.originalPrompt, text: original, look: "prose", use: () => ({ prompt: original, promptJob: null }) },
		{ id: "instructions", name: PANEL.instructions, text: job.instructions ?? "", look: "prose", use: () => ({ instructions: job.instructions ?? "" }) },
	];
}

/**
 * Return the pictures that went in: those that Grok saw, and those in the model's inputs.
 *
 * @param {Pick<Job, "targetUrl" | "refUrls" | "input">} job
 */
export function picturesOf({ targetUrl, refUrls, input }) {
	const sent = Object.entries(input).flatMap(([name, value]) => (/image|picture|frame|mask/i.test(name) ? [value].flat() : []));
	const found = [...refUrls, targetUrl, ...sent].filter((url) => typeof url === "string" && URL.test(url));
	return /** @type {string[]} */ ([...new Set(found)]);
}

/**
 * @param {Job} job
 * @returns {Row}
 */
function picturesRow(job) {
	const urls = picturesOf(job);
	const target = job.targetUrl ?? urls.at(-1) ?? "";
	const use = () => ({ targetUrl: target, refUrls: urls.filter((url) => url !== target) });
	return { id: "pictures", name: urls.length === 1 ? PANEL.inputPictureLabel : PANEL.inputPictures, text: urls.join("\n"), look: "pictures", use };
}

/**
 * @param {Job} job
 * @returns {Row}
 */
function modelRow({ model }) {
	return { id: "model", name: COMMON.model, text: model, look: "plain", use: ({ model: before, fields }) => ({ model, fields: model === before ? fields : {} }) };
}

/**
 * @param {Job} job
 * @param {Inputs} known
 * @returns {Row[]}
 */
function inputRows(job, { seed, fields }) {
	const shown = picturesOf(job);
	const others = Object.entries(job.input).filter(([, value]) => ![value].flat().every((one) => shown.includes(/** @type {string} */ (one))));
	const place = (/** @type {string} */ name) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
	others.sort(([a], [b]) => place(a) - place(b));
	const rows = others.map(([name, value]) => inputRow(name, value, labelOf(name, fields)));
	const given = Object.hasOwn(job.input, "seed");
	const random = given ? job.input.seed === -1 || job.input.seed === null : seed;
	return random ? [...rows.filter(({ id }) => id !== "input.seed"), { id: "input.seed", name: labelOf("seed", fields), text: PANEL.randomSeed, look: "plain" }] : rows;
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} label
 * @returns {Row}
 */
function inputRow(name, value, label) {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	const long = typeof value === "object" && value !== null;
	return { id: `input.${name}`, name: label, text, look: long ? "code" : "plain", use: (values, models) => withInput(values, models, name, text, value) };
}

/**
 * Return the change that sets one input: its own field where the form's model has one, else the raw input.
 *
 * @param {FormValues} values
 * @param {Known} models
 * @param {string} name
 * @param {string} text
 * @param {unknown} value
 */
function withInput(values, models, name, text, value) {
	const { [name]: _, ...raw } = parseObject(values.rawInput) ?? {};
	const known = models.fieldsOf(values.model)?.some((field) => field.name === name) ?? false;
	const rest = Object.keys(known ? raw : { ...raw, [name]: value }).length ? JSON.stringify(known ? raw : { ...raw, [name]: value }, null, 2) : "";
	return known ? { fields: { ...values.fields, [name]: text }, rawInput: fieldText(values, name) === text && rest === values.rawInput ? values.rawInput : rest } : { rawInput: rest };
}

/**
 * Return what the form calls an input; one that the form does not have is called by its name in words.
 *
 * @param {string} name
 * @param {Inputs["fields"]} fields
 */
function labelOf(name, fields) {
	const title = fields?.find((field) => field.name === name)?.title;
	if (title) return title;
	const words = name.replaceAll("_", " ").replace(/\burl\b/g, "URL");
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * @param {Job} job
 * @param {number} index
 * @returns {Maybe}
 */
function madeRow({ outputs }, index) {
	const { width, height, durationSeconds, bytes } = outputs[index]?.stored ?? {};
	const parts = [width && height && `${width} × ${height}`, durationSeconds && duration(durationSeconds), bytes && sizeText(bytes)];
	return { id: "made", name: PANEL.made, text: parts.filter(Boolean).join(" · "), look: "plain" };
}

/** @param {number} bytes */
function sizeText(bytes) {
	return bytes < 1_000_000 ? PANEL.kilobytes(Math.max(1, Math.round(bytes / 1000))) : PANEL.megabytes((bytes / 1_000_000).toFixed(1));
}

/**
 * @param {Job} job
 * @returns {Maybe[]}
 */
function costRows(job) {
	const source = job.mediaCostSource ? ` (${job.mediaCostSource})` : "";
	return [
		fact(CORE.wavespeed, `${usd(job.mediaCostUsd)}${source}`),
		fact(PANEL.listPrice, job.mediaListPriceUsd === null ? null : usd(job.mediaListPriceUsd)),
		fact(CORE.grok, job.promptCostUsd !== null ? usd(job.promptCostUsd) : job.promptJobId ? PANEL.seePromptJob : PANEL.notUsed),
		fact(PANEL.charged, job.paidText.replace(PANEL.chargedSoFar, "")),
		fact(PANEL.priceLimit, job.maxPriceUsd === null ? null : usd(job.maxPriceUsd)),
	];
}

/**
 * @param {Job} job
 * @param {Timeline | null} timeline
 * @returns {Maybe[]}
 */
function timeRows(job, timeline) {
	const ended = job.completedAt && (Date.parse(job.completedAt) - Date.parse(job.createdAt)) / 1000;
	return [
		fact(PANEL.took, ended ? duration(ended) : null),
		...(timeline?.stages ?? []).map(({ stage, seconds, open }) => fact(STAGES[stage] ?? stage, seconds < 0.05 && !open ? null : duration(seconds) + (open ? PANEL.soFar : ""))),
		fact(PANEL.created, exactTime(job.createdAt)),
		fact(PANEL.acceptedWavespeed, job.dispatchedAt && exactTime(job.dispatchedAt)),
		fact(PANEL.ended, job.completedAt && exactTime(job.completedAt)),
		fact(PANEL.deadline, exactTime(job.deadlineAt)),
	];
}

/**
 * @param {Job} job
 * @returns {Maybe[]}
 */
function detailRows(job) {
	const usual = vocabulary.limits.priority.usual;
	return [
		fact(PANEL.job, job.jobId),
		fact(PANEL.prediction, job.predictionId),
		fact(PANEL.promptJob, job.promptJobId),
		fact(ASK.style, job.style),
		fact(VARIANTS.word, typeof job.variant === "number" ? String(job.variant + 1) : null),
		fact(PANEL.retryOf, job.retryOf),
		{ id: "priority", name: PANEL.priority, text: String(job.priority), look: "plain", use: job.priority === usual ? undefined : () => ({ priority: job.priority }) },
		fact(PANEL.providers, job.providerMode),
		...Object.entries(job.metadata).map(([name, text]) => metadataRow(name, text)),
	];
}

/**
 * @param {string} name
 * @param {string} text
 * @returns {Row}
 */
function metadataRow(name, text) {
	const use = (/** @type {FormValues} */ { metadata }) => ({ metadata: JSON.stringify({ ...parseObject(metadata), [name]: text }, null, 2) });
	return { id: `metadata.${name}`, name, text, look: "plain", use };
}

/**
 * @param {string} name
 * @param {string | null} text
 * @returns {Maybe}
 */
function fact(name, text) {
	return text ? { id: name, name, text, look: "plain" } : null;
}
