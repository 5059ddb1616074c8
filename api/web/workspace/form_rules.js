// What the form would send, and every reason why it cannot.

const MODEL = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*){1,2}$/;
const PRIVATE_INPUTS = { prompt: "the prompt has its own box", enable_sync_mode: "Promptmill waits by itself", enable_base64_output: "Promptmill keeps addresses" };

/** Return why the form cannot be queued, one sentence each; empty when it can. */
export function reasonsAgainst(values, { plainHttp, drain }) {
	return [
		...(drain?.on ? [`New jobs are not accepted now${drain.reason ? `: ${drain.reason}` : ""}.`] : []),
		...modelReasons(values),
		...promptReasons(values),
		...generateReasons(values),
		...pictureReasons(values, plainHttp),
		...advancedReasons(values),
	];
}

function modelReasons({ model }) {
	if (!model.trim()) return ["Choose a model."];
	return MODEL.test(model.trim()) ? [] : ["The model's path has the form vendor/name or vendor/name/variant."];
}

function promptReasons(values) {
	const prompt = values.prompt.trim();
	if (values.writer === "me") return prompt || values.promptJob ? [] : ["Write a prompt, or let Grok write it."];
	const reasons = [];
	if (!prompt && !values.instructions.trim() && !pictures(values).length) reasons.push("Grok needs a prompt, instructions or a picture to go by.");
	if (values.operation === "enhance" && !prompt) reasons.push("To enhance a prompt, there must be one.");
	if (values.onPromptFailure === "usePrompt" && !prompt) reasons.push("There is no prompt of yours to fall back on if Grok fails.");
	return reasons;
}

function generateReasons({ generate }) {
	if (!generate) return [];
	if (generate.phase === "done") return ["Decide about the written prompt: use it, or keep yours."];
	return generate.phase === "failed" ? [] : ["A prompt is being written. Wait for it, or cancel it."];
}

function pictureReasons(values, plainHttp) {
	return pictures(values)
		.filter((url) => !pictureFits(url, plainHttp))
		.map((url) => `“${short(url)}” is not an ${plainHttp ? "http or https" : "https"} address.`);
}

function advancedReasons(values) {
	const reasons = [];
	const raw = parseObject(values.rawInput);
	if (raw === null) reasons.push("The raw input is not a JSON object.");
	for (const name of Object.keys(raw ?? {})) if (PRIVATE_INPUTS[name]) reasons.push(`The raw input may not hold “${name}”: ${PRIVATE_INPUTS[name]}.`);
	const metadata = parseObject(values.metadata);
	if (metadata === null || Object.values(metadata).some((value) => typeof value !== "string")) reasons.push("Metadata is a JSON object of texts.");
	const seconds = values.deadlineSeconds.trim();
	if (seconds && !(/^\d+$/.test(seconds) && Number(seconds) >= 30 && Number(seconds) <= 604800)) reasons.push("The deadline is 30 to 604,800 seconds.");
	for (const [name, value] of Object.entries(values.fields)) {
		if (name === "size" && value && !/^\d{2,5}\*\d{2,5}$/.test(value)) reasons.push("The size has the form 1024*1024.");
		if (NUMBERS.has(name) && value !== "" && !/^-?\d+(\.\d+)?$/.test(value)) reasons.push(`“${name}” is a number.`);
	}
	return reasons;
}

const NUMBERS = new Set(["seed", "duration", "num_images", "max_images"]);

/** Return the pictures of the form, empty lines left out. */
export function pictures(values) {
	return [...values.refUrls, values.targetUrl].map((url) => url.trim()).filter(Boolean);
}

/** Return whether an address is one that providers can open, as far as its text tells. */
export function pictureFits(text, plainHttp) {
	try {
		const { protocol, hostname } = new URL(text);
		return hostname !== "" && (protocol === "https:" || (plainHttp && protocol === "http:"));
	} catch {
		return false;
	}
}

/** Return why Grok cannot be asked for a prompt now, else null. */
export function reasonAgainstWriting(values, { plainHttp, drain }) {
	if (drain?.on) return "New prompts are not accepted now.";
	if (values.operation === "enhance" && !values.prompt.trim()) return "To enhance a prompt, write one first.";
	if (!values.prompt.trim() && !values.instructions.trim() && !pictures(values).length) return "Give a few words, instructions or a picture first.";
	return pictureReasons(values, plainHttp)[0] ?? null;
}

/** Return the body of `POST /api/prompt/queue`. */
export function promptBody(values) {
	return compact({
		operation: values.operation || null,
		instructions: values.instructions.trim() || null,
		prompt: values.prompt.trim() || null,
		targetUrl: values.targetUrl.trim() || null,
		refUrls: values.refUrls.map((url) => url.trim()).filter(Boolean),
		priority: values.priority,
	});
}

/** Return the body of `POST /api/jobs/create`. */
export function jobBody(values) {
	const byGrok = values.writer === "grok";
	const body = {
		...promptBody(values),
		model: values.model.trim(),
		input: { ...fieldInput(values.fields), ...parseObject(values.rawInput) },
		metadata: parseObject(values.metadata),
		deadlineSeconds: values.deadlineSeconds.trim() ? Number(values.deadlineSeconds) : null,
	};
	if (byGrok) return compact({ ...body, useAiPrompt: true, onPromptFailure: values.onPromptFailure });
	const { operation, instructions, ...plain } = body;
	if (!values.promptJob) return compact(plain);
	const edited = values.prompt.trim() !== values.promptJob.text.trim();
	return compact({ ...plain, prompt: edited ? plain.prompt : null, promptJobId: values.promptJob.id });
}

function fieldInput(fields) {
	const filled = Object.entries(fields).filter(([, value]) => value !== "");
	return Object.fromEntries(filled.map(([name, value]) => [name, NUMBERS.has(name) ? Number(value) : value]));
}

/** Return an object from JSON; an empty one for an empty text, null for anything else. */
export function parseObject(text) {
	if (!text.trim()) return {};
	try {
		const found = JSON.parse(text);
		return found && typeof found === "object" && !Array.isArray(found) ? found : null;
	} catch {
		return null;
	}
}

function compact(body) {
	return Object.fromEntries(
		Object.entries(body).filter(([, value]) => value !== null && !(Array.isArray(value) && !value.length) && !(isObject(value) && !Object.keys(value).length)),
	);
}

function isObject(value) {
	return typeof value === "object" && !Array.isArray(value);
}

function short(text) {
	return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
