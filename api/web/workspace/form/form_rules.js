// Every reason why the form cannot be sent.

import { reasonWithout } from "../core/access.js";
import { short } from "../core/format.js";
import { parseExact } from "../core/json.js";
import { vocabulary } from "../core/vocabulary.js";
import { FORM } from "../words/form.js";

/** @import { Circumstances, FormValues } from "../../types/page.js" */

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @typedef {{ at: string | null, text: string }} Reason Why the form cannot be queued, and the id of what has to be mended. */

const MODEL = new RegExp(vocabulary.modelPattern);

// Characters that are invisible on their own, by the server's rule: controls, formats, marks, separators, and blank letters.
const BLANK = /^[\p{Cc}\p{Cf}\p{Cs}\p{M}\p{Z}\u115f\u1160\u2800\u3164\uffa0]*$/u;

export const ROUNDED = FORM.rounded(Number.MAX_SAFE_INTEGER);

export const MAX_RUNS = 16;

export const WHOLE = /^-?\d+$/;

const MAX_DEPTH = 100;

/**
 * Return why the form cannot be queued, one sentence each; what the model allows is judged by the server.
 *
 * @param {FormValues} values
 * @param {Circumstances} circumstances
 * @returns {Reason[]}
 */
export function reasonsAgainst(values, { plainHttp, drain, uploading, reading, fills }) {
	const refusal = reasonWithout("jobs:write");
	// Whatever else is wrong, mending it would not help.
	if (refusal) return [{ at: null, text: refusal }];
	const found = [
		at(null, drain?.on && FORM.noNewJobs(drain.reason)),
		at("model", modelReason(values)),
		...promptReasons(values),
		...(fills ? [] : [unfilledReason("prompt", values.prompt), unfilledReason("instructions", values.writer === "me" ? "" : values.instructions)]),
		at(null, generateReason(values)),
		at(null, uploading && FORM.uploading),
		at("pictures", pictureReason(values, plainHttp)),
		at(null, reading && (jobCount(values) > 1 || Object.values(values.fields).some(Boolean)) && FORM.inputsLoading),
		...jsonReasons(values),
	];
	return found.filter((reason) => reason !== null);
}

/** @param {FormValues} values */
export function runsOf({ runs }) {
	return Math.min(MAX_RUNS, Math.max(1, Math.trunc(runs) || 1));
}

/**
 * Return how many jobs the form would queue.
 *
 * @param {FormValues} values
 */
export function jobCount(values) {
	return runsOf(values) * new Set([values.model.trim(), ...values.alsoOn]).size;
}

/**
 * @param {string | null} place
 * @param {unknown} text A sentence, or nothing.
 * @returns {Reason | null}
 */
function at(place, text) {
	return isText(text) ? { at: place, text } : null;
}

/** @param {FormValues} values */
export function modelReason({ model }) {
	if (!model.trim()) return FORM.chooseModel;
	return MODEL.test(model.trim()) ? null : FORM.wrongModel;
}

/** @param {FormValues} values */
function promptReasons(values) {
	const prompt = BLANK.test(values.prompt) ? "" : values.prompt.trim();
	if (values.writer === "me") return [at("prompt", !prompt && FORM.noPrompt)];
	return [
		at("prompt", hasNoSource(values) && FORM.noSource),
		at("operation", values.operation === "enhance" && !prompt && FORM.nothingToEnhance),
		at("onPromptFailure", values.onPromptFailure === "usePrompt" && !prompt && FORM.noFallback),
	];
}

/**
 * Words of a template are for a table, or to be filled in first: a model would be paid to read the braces.
 *
 * @param {string} place
 * @param {string} text
 */
function unfilledReason(place, text) {
	const word = /\{\{[^{}]{1,70}\}\}/.exec(text);
	return at(place, word && FORM.unfilled(word[0]));
}

/** @param {FormValues} values */
function generateReason({ generate }) {
	if (!generate || generate.phase === "failed") return null;
	return generate.phase === "done" ? FORM.decide : FORM.writing;
}

/**
 * @param {FormValues} values
 * @param {boolean} plainHttp
 */
function pictureReason(values, plainHttp) {
	const bad = pictures(values).find((url) => !pictureFits(url, plainHttp));
	return bad === undefined ? null : FORM.wrongUrl(short(bad), plainHttp);
}

/** @param {FormValues} values */
function jsonReasons(values) {
	const raw = parseObject(values.rawInput);
	const metadata = parseObject(values.metadata);
	return [
		at("rawInput", raw === null && FORM.rawNoObject),
		at("rawInput", isRounded(raw) && FORM.rawRounded(ROUNDED)),
		...Object.entries(vocabulary.refusedInputs).map(([name, why]) => at("rawInput", Object.hasOwn(raw ?? {}, name) && FORM.rawRefused(name, why))),
		at("metadata", (metadata === null || Object.values(metadata).some((value) => typeof value !== "string")) && FORM.wrongMetadata),
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
	if (drain?.on) return FORM.noNewPrompts;
	if (values.operation === "enhance" && BLANK.test(values.prompt)) return FORM.enhanceWhat;
	if (hasNoSource(values)) return FORM.sourceFirst;
	return pictureReason(values, plainHttp);
}

/** @param {FormValues} values */
function hasNoSource(values) {
	return BLANK.test(values.prompt) && BLANK.test(values.instructions) && !pictures(values).length;
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
 * Return the value of a JSON text; undefined if it is not JSON.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function parseJson(text) {
	try {
		return parseExact(text);
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
