// The requests that the form would send, and every reason why it cannot.

import { reasonWithout } from "../core/access.js";
import { short } from "../core/format.js";
import { vocabulary } from "../core/vocabulary.js";

/** @import { AskPrice, Circumstances, CreateJob, EnqueuePrompt, FormValues, ModelInput } from "../../types/page.js" */
/** @import { Models } from "./models.js" */

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

const MODEL = new RegExp(vocabulary.modelPattern);

// Characters that are invisible on their own, by the server's rule: controls, formats, marks, separators, and blank letters.
const BLANK = /^[\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Z}\u115f\u1160\u2800\u3164\uffa0]*$/u;

export const ROUNDED = `This browser rounds whole numbers beyond ${Number.MAX_SAFE_INTEGER}. Use the API for them.`;

const MAX_DEPTH = 100;

/**
 * Return why the form cannot be queued, one sentence each.
 *
 * @param {FormValues} values
 * @param {Circumstances} circumstances
 * @param {Control[]} controls The form's fields; the browser validates their limits.
 * @returns {string[]}
 */
export function reasonsAgainst(values, { plainHttp, drain, uploading, reading }, controls) {
	const refusal = reasonWithout("jobs:write");
	// Whatever else is wrong, mending it would not help.
	if (refusal) return [refusal];
	return [
		drain?.on && `New jobs are not accepted at the moment${drain.reason ? `: ${drain.reason}` : ""}.`,
		modelReason(values),
		...promptReasons(values),
		generateReason(values),
		uploading && "An image is being uploaded. Wait for it, or cancel it.",
		pictureReason(values, plainHttp),
		reading && Object.values(values.fields).some(Boolean) && "The model’s inputs are loading.",
		...controlReasons(controls),
		...jsonReasons(values),
	].filter(isText);
}

/** @param {FormValues} values */
function modelReason({ model }) {
	if (!model.trim()) return "Choose a model.";
	return MODEL.test(model.trim()) ? null : "The model must have the form vendor/name or vendor/name/variant.";
}

/** @param {FormValues} values */
function promptReasons(values) {
	const prompt = BLANK.test(values.prompt) ? "" : values.prompt.trim();
	if (values.writer === "me") return [prompt || values.promptJob ? null : "Write a prompt, or let Grok write it."];
	return [
		hasNoSource(values) && "Grok needs a prompt, instructions or an image to work from.",
		values.operation === "enhance" && !prompt && "There is no prompt to enhance.",
		values.onPromptFailure === "usePrompt" && !prompt && "There is no prompt of your own to fall back on if Grok fails.",
	];
}

/** @param {FormValues} values */
function generateReason({ generate }) {
	if (!generate || generate.phase === "failed") return null;
	return generate.phase === "done" ? "Decide on Grok’s prompt: use it, or keep yours." : "A prompt is being written. Wait for it, or cancel it.";
}

/**
 * @param {FormValues} values
 * @param {boolean} plainHttp
 */
function pictureReason(values, plainHttp) {
	const bad = pictures(values).find((url) => !pictureFits(url, plainHttp));
	return bad === undefined ? null : `“${short(bad)}” is not an ${plainHttp ? "http or https" : "https"} URL.`;
}

/** @param {Control[]} controls */
function controlReasons(controls) {
	return controls.map((control) => {
		const label = control.labels?.[0]?.firstChild?.textContent;
		return label && !control.validity.valid && `${label.trim()}: ${control.validationMessage}`;
	});
}

/** @param {FormValues} values */
function jsonReasons(values) {
	const raw = parseObject(values.rawInput);
	const metadata = parseObject(values.metadata);
	return [
		raw === null && "The raw input is not a JSON object.",
		isRounded(raw) && `The raw input: ${ROUNDED}`,
		...Object.entries(vocabulary.refusedInputs).map(([name, why]) => Object.hasOwn(raw ?? {}, name) && `The raw input must not contain “${name}”. ${why}`),
		(metadata === null || Object.values(metadata).some((value) => typeof value !== "string")) && "Metadata must be a JSON object with string values.",
	];
}

/**
 * Return the form's image URLs, the target last, without empty lines.
 *
 * @param {FormValues} values
 */
export function pictures(values) {
	return [...values.refUrls, values.targetUrl].map((url) => url.trim()).filter(Boolean);
}

/**
 * Return whether providers can fetch an image from this URL, as far as its text shows.
 *
 * @param {string} text
 * @param {boolean} plainHttp
 */
export function pictureFits(text, plainHttp) {
	try {
		const { protocol, hostname } = new URL(text);
		return hostname !== "" && (protocol === "https:" || (plainHttp && protocol === "http:"));
	} catch {
		return false;
	}
}

/**
 * Return why a prompt cannot be requested from Grok now, else null.
 *
 * @param {FormValues} values
 * @param {Circumstances} circumstances
 */
export function reasonAgainstWriting(values, { plainHttp, drain }) {
	const refusal = reasonWithout("jobs:write");
	if (refusal) return refusal;
	if (drain?.on) return "New prompts are not accepted at the moment.";
	if (values.operation === "enhance" && BLANK.test(values.prompt)) return "Write the prompt to enhance first.";
	if (hasNoSource(values)) return "Enter a few words, instructions or an image first.";
	return pictureReason(values, plainHttp);
}

/** @param {FormValues} values */
function hasNoSource(values) {
	return BLANK.test(values.prompt) && BLANK.test(values.instructions) && !pictures(values).length;
}

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
 * @param {FormValues} values
 * @param {Models} models
 * @returns {CreateJob}
 */
export function jobBody(values, models) {
	const body = {
		...promptBody(values),
		...mediaRequest(values, models),
		metadata: parseObject(values.metadata),
		deadlineSeconds: Number(values.deadlineSeconds) || null,
	};
	if (values.writer === "grok") return compact({ ...body, useAiPrompt: true, onPromptFailure: values.onPromptFailure });
	const { operation, instructions, ...plain } = body;
	if (!values.promptJob) return compact(plain);
	const edited = values.prompt.trim() !== values.promptJob.text.trim();
	return compact({ ...plain, prompt: edited ? plain.prompt : null, promptJobId: values.promptJob.id });
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
 * Return model and input. The server assigns the images to the model's fields. A model that is not in the list is
 * allowed, since the form has warned about it.
 *
 * @param {FormValues} values
 * @param {Models} models
 */
function mediaRequest(values, models) {
	const path = values.model.trim();
	return { model: path, allowUnknownModel: models.isUnlisted(path), input: { ...fieldInput(values, models.fieldsOf(path) ?? []), ...parseObject(values.rawInput) } };
}

/**
 * Fields that are required or affect the price are always sent, so that the quote is exact; other empty ones are left to the model.
 *
 * @param {FormValues} values
 * @param {ModelInput[]} fields
 */
function fieldInput(values, fields) {
	/** @param {ModelInput} field */
	const typed = ({ name }) => fieldText(values, name).trim();
	const sent = fields.filter((field) => typed(field) || ((field.required || field.movesPrice) && field.default !== null));
	return Object.fromEntries(sent.map((field) => [field.name, typed(field) ? valueOf(field, typed(field)) : field.default]));
}

/**
 * Return what was typed for a model input. An own property only: an input may be named `toString`.
 *
 * @param {FormValues} values
 * @param {string} name
 */
export function fieldText({ fields }, name) {
	return Object.hasOwn(fields, name) ? fields[name] : "";
}

/**
 * @param {ModelInput} field
 * @param {string} text
 */
function valueOf({ type, choices }, text) {
	if (choices) return choices.find((choice) => String(choice) === text) ?? text;
	if (type === "boolean") return text === "true";
	if (type === "json") return parseJson(text);
	return type === "number" || type === "integer" ? Number(text) : text;
}

/**
 * Return the value of a JSON text; undefined if it is not JSON.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function parseJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/**
 * Return whether a value contains an integer that JavaScript cannot represent exactly: a different one would be sent.
 *
 * @param {unknown} value
 * @param {number} depth
 * @returns {boolean}
 */
export function isRounded(value, depth = 0) {
	if (typeof value === "number") return Number.isInteger(value) && !Number.isSafeInteger(value);
	return typeof value === "object" && value !== null && depth < MAX_DEPTH && Object.values(value).some((one) => isRounded(one, depth + 1));
}

/**
 * Return the object of a JSON text: an empty one for an empty text, null for anything else.
 *
 * @param {string} text
 */
export function parseObject(text) {
	const found = text.trim() ? parseJson(text) : {};
	return isObject(found) ? found : null;
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

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isText(value) {
	return typeof value === "string" && value !== "";
}
