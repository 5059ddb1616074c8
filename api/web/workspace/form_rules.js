// What the form would send, and every reason why it cannot.

import { short } from "./format.js";

const MODEL = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*){1,2}$/;
const PRIVATE_INPUTS = { prompt: "the prompt has its own box", enable_sync_mode: "Promptmill waits by itself", enable_base64_output: "Promptmill keeps addresses" };

// Return why the form cannot be queued, one sentence each. `controls`: its fields, whose own limits the browser judges.
export function reasonsAgainst(values, { plainHttp, drain, uploading, reading }, controls) {
	return [
		drain?.on && `New jobs are not accepted now${drain.reason ? `: ${drain.reason}` : ""}.`,
		modelReason(values),
		...promptReasons(values),
		generateReason(values),
		uploading && "A picture is being uploaded. Wait for it, or stop it.",
		pictureReason(values, plainHttp),
		reading && Object.values(values.fields).some(Boolean) && "The model’s inputs are being read.",
		...controlReasons(controls),
		...jsonReasons(values),
	].filter(Boolean);
}

function modelReason({ model }) {
	if (!model.trim()) return "Choose a model.";
	return MODEL.test(model.trim()) ? null : "The model's path has the form vendor/name or vendor/name/variant.";
}

function promptReasons(values) {
	const prompt = values.prompt.trim();
	if (values.writer === "me") return [prompt || values.promptJob ? null : "Write a prompt, or let Grok write it."];
	return [
		nothingToGoBy(values) && "Grok needs a prompt, instructions or a picture to go by.",
		values.operation === "enhance" && !prompt && "To enhance a prompt, there must be one.",
		values.onPromptFailure === "usePrompt" && !prompt && "There is no prompt of yours to fall back on if Grok fails.",
	];
}

function generateReason({ generate }) {
	if (!generate || generate.phase === "failed") return null;
	return generate.phase === "done" ? "Decide about the written prompt: use it, or keep yours." : "A prompt is being written. Wait for it, or cancel it.";
}

function pictureReason(values, plainHttp) {
	const bad = pictures(values).find((url) => !pictureFits(url, plainHttp));
	return bad && `“${short(bad)}” is not an ${plainHttp ? "http or https" : "https"} address.`;
}

function controlReasons(controls) {
	return controls
		.filter((control) => control.labels.length && !control.validity.valid)
		.map((control) => `${control.labels[0].firstChild.textContent.trim()}: ${control.validationMessage}`);
}

function jsonReasons(values) {
	const raw = parseObject(values.rawInput);
	const metadata = parseObject(values.metadata);
	return [
		raw === null && "The raw input is not a JSON object.",
		...Object.entries(PRIVATE_INPUTS).map(([name, why]) => name in (raw ?? {}) && `The raw input may not hold “${name}”: ${why}.`),
		(metadata === null || Object.values(metadata).some((value) => typeof value !== "string")) && "Metadata is a JSON object of texts.",
	];
}

// Return the pictures of the form, the target last, empty lines left out.
export function pictures(values) {
	return [...values.refUrls, values.targetUrl].map((url) => url.trim()).filter(Boolean);
}

// Return whether an address is one that providers can open, as far as its text tells.
export function pictureFits(text, plainHttp) {
	try {
		const { protocol, hostname } = new URL(text);
		return hostname !== "" && (protocol === "https:" || (plainHttp && protocol === "http:"));
	} catch {
		return false;
	}
}

// Return why Grok cannot be asked for a prompt now, else null.
export function reasonAgainstWriting(values, { plainHttp, drain }) {
	if (drain?.on) return "New prompts are not accepted now.";
	if (values.operation === "enhance" && !values.prompt.trim()) return "To enhance a prompt, write one first.";
	if (nothingToGoBy(values)) return "Give a few words, instructions or a picture first.";
	return pictureReason(values, plainHttp);
}

function nothingToGoBy(values) {
	return !values.prompt.trim() && !values.instructions.trim() && !pictures(values).length;
}

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

// Return the body of `POST /api/models/price`; null where the form names no model.
export function priceBody(values, models) {
	if (modelReason(values)) return null;
	const { targetUrl, refUrls } = promptBody(values);
	return compact({ targetUrl, refUrls, ...mediaRequest(values, models) });
}

// Return model and input. The server puts the pictures where the model takes them.
function mediaRequest(values, models) {
	const path = values.model.trim();
	return { model: path, input: { ...fieldInput(values, models.fieldsOf(path) ?? []), ...parseObject(values.rawInput) } };
}

// What is required or moves the price is always said, so that the price is no floor; else an empty field is left to the model.
function fieldInput(values, fields) {
	const typed = ({ name }) => fieldText(values, name).trim();
	const said = fields.filter((field) => typed(field) || ((field.required || field.movesPrice) && field.default !== null));
	return Object.fromEntries(said.map((field) => [field.name, typed(field) ? valueOf(field, typed(field)) : field.default]));
}

// An input may be called `toString`.
export function fieldText({ fields }, name) {
	return Object.hasOwn(fields, name) ? fields[name] : "";
}

function valueOf({ type, choices }, text) {
	if (choices) return choices.find((choice) => String(choice) === text) ?? text;
	if (type === "boolean") return text === "true";
	if (type === "json") return parseJson(text);
	return type === "number" || type === "integer" ? Number(text) : text;
}

export function parseJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

// Return an object from JSON; an empty one for an empty text, null for anything else.
export function parseObject(text) {
	const found = text.trim() ? parseJson(text) : {};
	return isObject(found) ? found : null;
}

function compact(body) {
	return Object.fromEntries(Object.entries(body).filter(([, value]) => value && (typeof value !== "object" || Object.keys(value).length)));
}

function isObject(value) {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
