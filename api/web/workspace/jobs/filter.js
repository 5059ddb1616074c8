// What the list is filtered by: which jobs fit, what the API is asked, and what stands in the address.

import { vocabulary } from "../core/vocabulary.js";
import { CORE } from "../words/core.js";
import { JOBS } from "../words/jobs.js";
import { groupOf } from "./statuses.js";

/** @import { Job } from "../../types/page.js" */

/**
 * @typedef {object} Filter
 * @property {string} search
 * @property {string} group Of statuses.
 * @property {string[]} models Any of them.
 * @property {string} kind
 * @property {string} from The first day, such as `2026-01-31`, in the reader's own time zone.
 * @property {string} to The last day.
 * @property {boolean} liked
 * @property {string} least The media cost in USD, as it was typed.
 * @property {string} most
 * @property {string} runs The group in the metadata of jobs that were queued together.
 * @property {string} tag
 * @property {string} collection Its id.
 * @property {string} batch Its id.
 */

/** @type {Readonly<Filter>} */
export const NO_FILTER = { search: "", group: "all", models: [], kind: "", from: "", to: "", liked: false, least: "", most: "", runs: "", tag: "", collection: "", batch: "" };

/** @type {Record<string, string>} */
export const KINDS = { image: CORE.images, video: CORE.videos, audio: JOBS.audio, text: JOBS.text, json: JOBS.data };

const MODEL = new RegExp(vocabulary.modelPattern);
const DAY = /^\d{4}-\d\d-\d\d$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TAG_CHARACTERS = 40;
const AMOUNT = /^\d{1,6}(\.\d{1,6})?$/;
/** As many as the API takes. */
const MODELS = 50;

/** @type {Record<string, (filter: Filter, job: Job) => boolean>} One rule for each part of a filter that is on. */
const RULES = {
	search: ({ search }, job) => hasText(job, search.toLowerCase()),
	group: ({ group }, { status }) => groupOf(group).statuses.includes(status),
	models: ({ models }, { model }) => models.includes(model),
	kind: ({ kind }, job) => job.kind === kind,
	from: ({ from }, { createdAt }) => Date.parse(createdAt) > startOf(from),
	to: ({ to }, { createdAt }) => Date.parse(createdAt) < startOf(to, 1),
	liked: (_, { kept }) => kept === true,
	least: ({ least }, { mediaCostUsd }) => mediaCostUsd !== null && mediaCostUsd >= Number(least),
	most: ({ most }, { mediaCostUsd }) => mediaCostUsd !== null && mediaCostUsd <= Number(most),
	runs: ({ runs }, { metadata }) => metadata.group === runs,
	tag: ({ tag }, { tags }) => tags.includes(tag),
	collection: ({ collection }, job) => job.collections.includes(collection),
	batch: ({ batch }, { batchId }) => batchId === batch,
};

/**
 * Return the names of the parts that are on.
 *
 * @param {Filter} filter
 */
export function partsOf(filter) {
	return /** @type {(keyof Filter)[]} */ (Object.keys(RULES)).filter((name) => String(filter[name]) !== String(NO_FILTER[name]));
}

/** @param {Filter} filter */
export function isOn(filter) {
	return partsOf(filter).length > 0;
}

/**
 * Return a test of jobs that is the API's own: what the stream sends is judged by it.
 *
 * @param {Filter} filter
 * @returns {(job: Job) => boolean}
 */
export function fits(filter) {
	const rules = partsOf(filter).map((name) => RULES[name]);
	return (job) => rules.every((rule) => rule(filter, job));
}

/**
 * Return the API's parameters.
 *
 * @param {Filter} filter
 */
export function queryOf(filter) {
	const query = new URLSearchParams();
	for (const status of groupOf(filter.group).statuses) query.append("status", status);
	for (const model of filter.models) query.append("model", model);
	if (filter.search) query.set("q", filter.search);
	if (filter.kind) query.set("kind", filter.kind);
	if (filter.from) query.set("createdAfter", new Date(startOf(filter.from)).toISOString());
	if (filter.to) query.set("createdBefore", new Date(startOf(filter.to, 1)).toISOString());
	if (filter.liked) query.set("liked", "true");
	if (filter.least) query.set("minCostUsd", filter.least);
	if (filter.most) query.set("maxCostUsd", filter.most);
	if (filter.runs) query.set("group", filter.runs);
	if (filter.tag) query.set("tag", filter.tag);
	if (filter.collection) query.set("collection", filter.collection);
	if (filter.batch) query.set("batch", filter.batch);
	return query;
}

/** @type {Record<Exclude<keyof Filter, "models" | "liked">, string>} The names in the address. */
const NAMES = { search: "q", group: "status", kind: "kind", from: "from", to: "to", least: "least", most: "most", runs: "group", tag: "tag", collection: "collection", batch: "batch" };

/**
 * Return the query of the page's address for a filter; what else stands there stays.
 *
 * @param {Filter} filter
 * @param {string} [address] The present query.
 */
export function addressOf(filter, address = "") {
	const query = new URLSearchParams(address);
	for (const name of [...Object.values(NAMES), "model", "liked"]) query.delete(name);
	for (const part of partsOf(filter)) {
		if (part === "models") for (const model of filter.models) query.append("model", model);
		else if (part === "liked") query.set("liked", "true");
		else query.set(NAMES[part], filter[part]);
	}
	const text = query.toString();
	return text && `?${text}`;
}

/**
 * Return the filter in a query of the page's address, without what the API would refuse.
 *
 * @param {string} address
 * @returns {Filter}
 */
export function filterIn(address) {
	const query = new URLSearchParams(address);
	/**
	 * @param {keyof typeof NAMES} part
	 * @param {(value: string) => boolean} allowed
	 */
	const read = (part, allowed) => {
		const value = query.get(NAMES[part]) ?? "";
		return value && allowed(value) ? value : NO_FILTER[part];
	};
	/** @param {string} value */
	const isDay = (value) => DAY.test(value) && startOf(value, 1) > 0;
	/** @param {string} value */
	const isAmount = (value) => AMOUNT.test(value);
	return {
		search: read("search", () => true).slice(0, vocabulary.limits.searchCharacters),
		group: groupOf(query.get(NAMES.group) ?? "").id,
		models: [...new Set(query.getAll("model"))].filter((model) => MODEL.test(model)).slice(0, MODELS),
		kind: read("kind", (value) => Object.hasOwn(KINDS, value)),
		from: read("from", isDay),
		to: read("to", isDay),
		liked: query.get("liked") === "true",
		least: read("least", isAmount),
		most: read("most", isAmount),
		runs: read("runs", (value) => value.length <= 1000),
		tag: tidyTag(read("tag", () => true)),
		collection: read("collection", (value) => ID.test(value)),
		batch: read("batch", (value) => ID.test(value)),
	};
}

/**
 * Return a tag as the API stores it; empty if it would refuse it.
 *
 * @param {string} text
 */
export function tidyTag(text) {
	const tag = text.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();
	return tag.length <= TAG_CHARACTERS && !tag.includes(",") ? tag : "";
}

/**
 * Return a filter with one more model, if it is one.
 *
 * @param {Filter} filter
 * @param {string} model
 * @returns {Filter | null}
 */
export function withModel(filter, model) {
	if (!MODEL.test(model) || filter.models.includes(model) || filter.models.length >= MODELS) return null;
	return { ...filter, models: [...filter.models, model] };
}

/**
 * Return when a day, or a later one, begins here.
 *
 * @param {string} day
 * @param {number} [later] In days.
 */
function startOf(day, later = 0) {
	const [year, month, date] = day.split("-").map(Number);
	return new Date(year, month - 1, date + later).getTime();
}

/**
 * @param {Job} job
 * @param {string} needle In lower case.
 */
function hasText(job, needle) {
	const { prompt, originalPrompt, instructions, model, jobId, promptJobId, predictionId, metadata } = job;
	const texts = [prompt, originalPrompt, instructions, model, jobId, promptJobId, predictionId, ...Object.values(metadata)];
	return texts.some((text) => text?.toLowerCase().includes(needle));
}
