// The ways to go on from an output: which there are for it, with which model, and what the form then says.

import { parseObject } from "../form/form_rules.js";
import { valuesOf } from "../form/reuse.js";
import { COMMON } from "../words/common.js";
import { CONTINUE } from "../words/continue.js";

/** @import { FormValues, Job, Model, Output, Relation } from "../../types/page.js" */
/** @import { Models } from "../form/models.js" */

export const VARIATIONS = 4;

/** @typedef {{ relation: Relation, label: string, shape: string, says: string }} Way */

/** @type {Way} The only one that needs no output. */
export const RETRY = { relation: "retry", label: CONTINUE.retryWithChanges, shape: "retry", says: CONTINUE.retryNote };

/** @type {readonly Way[]} */
const WAYS = [
	{ relation: "edit", label: COMMON.edit, shape: "pen", says: CONTINUE.editNote },
	{ relation: "animate", label: CONTINUE.animate, shape: "video", says: CONTINUE.animateNote },
	{ relation: "upscale", label: CONTINUE.upscale, shape: "expand", says: CONTINUE.upscaleNote },
	{ relation: "reference", label: CONTINUE.useAsReference, shape: "plus", says: CONTINUE.referenceNote },
	{ relation: "variation", label: CONTINUE.moreLikeThis, shape: "variations", says: CONTINUE.variationNote(VARIATIONS) },
	RETRY,
];
const OF_PICTURES = ["edit", "animate", "upscale", "reference"];
const UPSCALER = /upscal|super-?res|enhanc/i;

/**
 * Return the ways to go on; none from an erased job.
 *
 * @param {Pick<Job, "eraseRequestedAt">} job
 * @param {Pick<Output, "kind"> | undefined} output None if the job has no outputs.
 * @returns {Way[]}
 */
export function waysOn(job, output) {
	if (job.eraseRequestedAt) return [];
	return WAYS.filter(({ relation }) => relation === "retry" || (output && (output.kind === "image" || !OF_PICTURES.includes(relation))));
}

/**
 * Return whether a way needs the picture itself.
 *
 * @param {Relation} relation
 */
export function needsPicture(relation) {
	return OF_PICTURES.includes(relation);
}

/** @typedef {Pick<Model, "model" | "label" | "kind" | "picturesField"> & { task?: string | null }} Known */

/**
 * Return whether a model can go this way, by its kind and by whether it takes pictures.
 *
 * @param {Known} model
 * @param {Relation} relation
 */
export function fits({ model, label, kind, picturesField, task }, relation) {
	if (!picturesField) return false;
	const upscales = UPSCALER.test(`${model} ${label} ${task ?? ""}`);
	if (relation === "animate") return kind === "video" && !upscales;
	return kind === "image" && upscales === (relation === "upscale");
}

/**
 * Return the path of the model to go on with: the first of the preferred ones that fits, else the nearest relative of
 * the one that made the picture; null if none fits.
 *
 * @param {Iterable<Known>} models
 * @param {Relation} relation
 * @param {string} from The model that made the picture.
 * @param {readonly (string | undefined)[]} preferred
 */
export function modelFor(models, relation, from, preferred) {
	const fitting = [...models].filter((model) => fits(model, relation)).map(({ model }) => model);
	const first = preferred.find((path) => path !== undefined && fitting.includes(path));
	if (first !== undefined) return first;
	return fitting.reduce((/** @type {string | null} */ best, path) => (best === null || kinship(path, from) > kinship(best, from) ? path : best), null);
}

/**
 * Return how many characters two models' paths begin with alike: `bytedance/seedream-v4/edit` is near `bytedance/seedream-v4`.
 *
 * @param {string} one
 * @param {string} other
 */
function kinship(one, other) {
	const end = [...one].findIndex((character, index) => character !== other[index]);
	return end < 0 ? one.length : end;
}

/**
 * Return what changes in the form.
 *
 * @param {object} asked
 * @param {Relation} asked.relation
 * @param {Job} asked.job
 * @param {number} asked.index Of the output.
 * @param {string | null} asked.url The picture, if it is needed.
 * @param {string | null} asked.model The model to go on with, if another than the form's or the job's is needed.
 * @param {FormValues} values The form's.
 * @param {Models} models
 * @returns {Partial<FormValues>}
 */
export function changesFor({ relation, job, index, url, model }, values, models) {
	const parent = { jobId: job.jobId, index: job.outputs.length ? index : null, relation };
	if (relation === "retry") return { ...afresh(values), ...valuesOf(job, models), parent };
	if (relation === "variation") return { ...afresh(values), ...again(valuesOf(job, models)), ...("runs" in values ? { runs: VARIATIONS } : {}), parent };
	const picture = url ?? "";
	if (relation === "reference") return { ...(model && model !== values.model ? { model, fields: {}, rawInput: "" } : {}), ...added(values, picture), parent };
	const prompt = relation === "edit" ? "" : (job.prompt ?? job.originalPrompt ?? "");
	return { ...afresh(values), model: model ?? values.model, targetUrl: picture, prompt, parent };
}

/**
 * Return what a form has before it is filled; priority, deadline and the like stay as they are.
 *
 * @param {FormValues} values
 * @returns {Partial<FormValues>}
 */
function afresh(values) {
	return { fields: {}, rawInput: "", targetUrl: "", refUrls: [], prompt: "", instructions: "", writer: "me", promptJob: null, ...("runs" in values ? { runs: 1, alsoOn: [] } : {}) };
}

/**
 * Return the values without their seed, so that others are drawn.
 *
 * @param {Partial<FormValues>} values
 * @returns {Partial<FormValues>}
 */
function again({ rawInput = "", fields = {}, ...values }) {
	const { seed: _, ...raw } = parseObject(rawInput) ?? {};
	const { seed: __, ...others } = fields;
	return { ...values, fields: others, rawInput: Object.keys(raw).length ? JSON.stringify(raw, null, 2) : "" };
}

/**
 * Return the form's pictures with another: as the target if there is none, else as a reference.
 *
 * @param {Pick<FormValues, "targetUrl" | "refUrls">} values
 * @param {string} url
 */
export function added({ targetUrl, refUrls }, url) {
	if (!targetUrl.trim()) return { targetUrl: url };
	const filled = refUrls.filter((one) => one.trim());
	return targetUrl.trim() === url || filled.includes(url) ? {} : { refUrls: [...filled, url] };
}
