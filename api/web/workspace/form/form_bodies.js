// The requests that the form would send.

import { wholeNumber } from "../core/json.js";
import { WHOLE, fieldText, modelReason, parseJson, parseObject } from "./form_rules.js";

/** @import { AskPrice, CreateJob, EnqueuePrompt, FormValues, ModelInput } from "../../types/page.js" */
/** @import { Models } from "./models.js" */

/**
 * @param {FormValues} values
 * @returns {EnqueuePrompt}
 */
export function promptBody(values) {
	return compact({
		operation: values.operation,
		instructions: values.instructions.trim(),
		prompt: values.prompt.trim(),
		targetUrl: values.targetUrl.trim(),
		refUrls: values.refUrls.map((url) => url.trim()).filter(Boolean),
		priority: values.priority,
	});
}

/**
 * Return the question to Grok for the form's prompt.
 *
 * @param {FormValues} values
 * @returns {EnqueuePrompt}
 */
export function questionBody(values) {
	return compact({ ...promptBody(values), ...askedFor(values) });
}

/**
 * Return how Grok is to write, and for which model; without the form's words.
 *
 * @param {FormValues} values
 * @returns {EnqueuePrompt}
 */
export function askedFor(values) {
	const { style, length, language, variants } = values.ask;
	return compact({ style, length, language, wantedVariants: Number(variants), targetModel: !modelReason(values) && values.model.trim() });
}

/**
 * @param {FormValues} values
 * @param {Models} models
 * @returns {CreateJob}
 */
export function jobBody(values, models) {
	return { ...requestOf(values, models), ...parentOf(values) };
}

/**
 * Return what a template keeps: the request, without what belongs to one job.
 *
 * @param {FormValues} values
 * @param {Models} models
 * @param {string} prompt Stands where there is none: a template for any prompt.
 * @returns {CreateJob}
 */
export function templateBody(values, models, prompt) {
	return requestOf({ ...values, promptJob: null, prompt: values.prompt.trim() || values.writer === "grok" ? values.prompt : prompt }, models);
}

/**
 * Return what the job is made from. Its first output has the index 0, so nothing is left out here for being empty.
 *
 * @param {FormValues} values
 * @returns {Partial<CreateJob>}
 */
function parentOf({ parent }) {
	return parent ? { parentJobId: parent.jobId, parentIndex: parent.index, relation: parent.relation } : {};
}

/**
 * @param {FormValues} values
 * @param {Models} models
 * @returns {CreateJob}
 */
function requestOf(values, models) {
	const body = {
		...promptBody(values),
		...mediaRequest(values, models),
		metadata: parseObject(values.metadata),
		deadlineSeconds: Number(values.deadlineSeconds) || null,
		// What is no amount goes as it is, for the server to refuse: left out, it would be no limit.
		maxPriceUsd: Number(values.maxPriceUsd) || values.maxPriceUsd,
	};
	const { style, length, language } = values.ask;
	if (values.writer === "grok") return compact({ ...body, useAiPrompt: true, onPromptFailure: values.onPromptFailure, style, promptLength: length, promptLanguage: language });
	const { operation, instructions, ...plain } = body;
	if (!values.promptJob) return compact(plain);
	const edited = values.prompt.trim() !== values.promptJob.text.trim();
	return compact({ ...plain, prompt: edited ? plain.prompt : null, promptJobId: values.promptJob.id, variant: values.promptJob.variant });
}

/**
 * Return the body of `POST /api/models/price`; null if the form names no model.
 *
 * @param {FormValues} values
 * @param {Models} models
 * @returns {AskPrice | null}
 */
export function priceBody(values, models) {
	if (modelReason(values)) return null;
	const { targetUrl, refUrls } = promptBody(values);
	return compact({ targetUrl, refUrls, ...mediaRequest(values, models) });
}

/**
 * Return model and input. The server assigns the images to the model's fields.
 *
 * @param {FormValues} values
 * @param {Models} models
 */
function mediaRequest(values, models) {
	const path = values.model.trim();
	return { model: path, allowUnknownModel: values.allowUnknown === path, input: { ...fieldInput(values, models.fieldsOf(path) ?? []), ...parseObject(values.rawInput) } };
}

/**
 * Fields that are required or affect the price are always sent, so that the quote is exact; other empty ones are left to the model.
 *
 * @param {FormValues} values
 * @param {ModelInput[]} fields
 */
function fieldInput(values, fields) {
	/** @param {ModelInput} field */
	const typed = ({ name, choices }) => (choices ? fieldText(values, name) : fieldText(values, name).trim());
	const sent = fields.filter((field) => typed(field) || ((field.required || field.movesPrice) && field.default !== null));
	return Object.fromEntries(sent.map((field) => [field.name, typed(field) ? valueOf(field, typed(field)) : field.default]));
}

/**
 * @param {ModelInput} field
 * @param {string} text
 */
function valueOf({ type, choices }, text) {
	if (choices) return choices.find((choice) => String(choice) === text) ?? text;
	if (type === "boolean") return text === "true";
	if (type === "json") return parseJson(text);
	if (type === "integer" && WHOLE.test(text)) return wholeNumber(text);
	return type === "number" || type === "integer" ? Number(text) : text;
}

/**
 * Return a copy without empty values.
 *
 * @param {Record<string, unknown>} body
 * @returns {any}
 */
function compact(body) {
	return Object.fromEntries(Object.entries(body).filter(([, value]) => value && (typeof value !== "object" || Object.keys(value).length)));
}
