// The limits of an owner, and its pause: two forms of Admin, shown one at a time above the list of owners.

import { asProblem } from "../core/api.js";
import { button, el } from "../core/dom.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { clearWrong, onSubmit, showWrong } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { ChangeLimits, Limits, Owner } from "../../types/page.js" */

/** @typedef {Exclude<keyof Limits, "models">} NumberName */

/** @type {[NumberName, string][]} */
const NUMBERS = [
	["openJobs", ADMIN.openJobs],
	["requestsPerMinute", ADMIN.requestsMinute],
	["highestPriority", ADMIN.highestPriority],
	["outputsPerJob", ADMIN.outputsOneJob],
	["uploadsPerDay", ADMIN.uploadsDay],
	["streams", ADMIN.liveStreams],
];

/**
 * Describe the limits that an owner has of its own.
 *
 * @param {Limits} limits
 */
export function limitsText(limits) {
	const parts = NUMBERS.filter(([name]) => limits[name] !== null).map(([name, title]) => `${title.toLowerCase()} ${limits[name]}`);
	if (limits.models) parts.push(ADMIN.modelsAre(limits.models.join(", ")));
	return parts.length ? ADMIN.limitsAre(parts.join("; ")) : "";
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} body
 * @param {HTMLElement} fields
 * @param {Record<string, HTMLInputElement>} inputs The fields by their names in the request.
 * @param {string} yes
 * @param {() => Promise<unknown>} send May throw `Problem`.
 * @param {() => void} onDone Called once it is sent, and if it is given up.
 */
function card(id, title, body, fields, inputs, yes, send, onDone) {
	const wrong = el("p.wrong", { id: `${id}-wrong`, role: "alert" });
	const submit = button("primary", () => {}, yes);
	submit.type = "submit";
	const form = el("form.admin-form", el("h3", { id: `${id}-title` }, title), el("p.quiet", body), fields, wrong, el("div.dialog-answers", button("", onDone, CORE.cancel), submit));
	onSubmit(form, async () => {
		clearWrong(wrong, inputs);
		try {
			await send();
		} catch (thrown) {
			showWrong(wrong, asProblem(thrown), inputs);
			return;
		}
		onDone();
	});
	return el("section.admin-card", { "aria-labelledby": `${id}-title` }, form);
}

/**
 * Return the form of an owner's limits. An empty field is the installation's limit, which it shows.
 *
 * @param {Api} api
 * @param {Owner} owner
 * @param {Limits} installation
 * @param {() => void} onDone
 */
export function limitsForm(api, { name, limits }, installation, onDone) {
	const numbers = NUMBERS.map(([field, title]) => ({ field, title, input: el("input.input", { id: `limit-${field}`, inputmode: "numeric", autocomplete: "off", value: limits[field] ?? "", placeholder: installation[field] ?? ADMIN.noLimit, "aria-describedby": "limits-wrong" }) }));
	const models = el("input.input", { id: "limit-models", autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: limits.models?.join(", ") ?? "", placeholder: installation.models?.join(", ") ?? COMMON.allModels, "aria-describedby": "limits-wrong" });
	const fields = el(
		"div.admin-form",
		el("div.field-row", numbers.map(({ title, input }) => el("div.field", el("label.label", { for: input.id }, title), input))),
		el("div.field", el("label.label", { for: models.id }, ADMIN.models, el("span.quiet", ADMIN.modelsHint)), models),
	);
	const inputs = Object.fromEntries([...numbers.map(({ field, input }) => [field, input]), ["models", models]]);
	const before = Object.fromEntries(Object.entries(inputs).map(([field, { value }]) => [field, value]));
	const send = () => {
		/** @type {ChangeLimits} Only what was changed here: another admin may have changed the others meanwhile. */
		const body = {};
		if (models.value !== before.models) body.models = models.value.trim() ? models.value.split(",").map((pattern) => pattern.trim()).filter(Boolean) : null;
		for (const { field, input } of numbers) {
			if (input.value === before[field]) continue;
			const text = input.value.trim();
			// What is no number is sent as it is: the server says what would be right.
			body[field] = text === "" ? null : /^\d+$/.test(text) ? Number(text) : /** @type {any} */ (text);
		}
		return api.patch("/api/owners/{owner}", { params: { owner: name }, body });
	};
	return card("limits", ADMIN.limitsOf(name), ADMIN.limitsNote, fields, inputs, ADMIN.saveLimits, send, onDone);
}

/**
 * Return the form that pauses an owner.
 *
 * @param {Api} api
 * @param {string} name
 * @param {() => void} onDone
 */
export function pauseForm(api, name, onDone) {
	const reason = el("input.input", { id: "pause-reason", autocomplete: "off", maxlength: 500, "aria-describedby": "pause-wrong" });
	const field = el("div.field", el("label.label", { for: reason.id }, ADMIN.reason, el("span.quiet", ADMIN.reasonHint)), reason);
	const send = () => api.put("/api/owners/{owner}/pause", { params: { owner: name }, body: { reason: reason.value } });
	return card("pause", ADMIN.pauseOne(name), ADMIN.pauseNote, field, { reason }, ADMIN.pauseOwner, send, onDone);
}
