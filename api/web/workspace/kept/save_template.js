// Saving a template: what the form says, or what a job was made with.

import { may, reasonWithout } from "../core/access.js";
import { Problem } from "../core/api.js";
import { button, showAllowed } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify } from "../core/notices.js";
import { formNow } from "../form/fill.js";
import { templateBody } from "../form/form_bodies.js";
import { valuesOf } from "../form/reuse.js";
import { TAGS } from "../words/collections.js";
import { savedText, TEMPLATES } from "../words/templates.js";
import { ask, Refusal } from "./ask.js";

/** @import { CreateJob, FormValues, Job } from "../../types/page.js" */

const CHARACTERS = 100;
const FORMAT = { format: /** @type {const} */ ("promptmill-templates"), version: /** @type {const} */ (1) };

/**
 * Return a button that saves what a job was made with.
 *
 * @param {Job} job
 */
export function saveButton(job) {
	const refusal = () => reasonWithout("jobs:write");
	const made = button("is-small", () => (refusal() ? announce(refusal() ?? "") : saveJob(job)), icon("copy"), TEMPLATES.save);
	showAllowed(made, refusal());
	return made;
}

/** @param {Job} job */
async function saveJob(job) {
	const form = formNow();
	if (!form) return;
	await form.models.describe(job.model);
	await saveTemplate({ ...form.values, operation: "", deadlineSeconds: "", onPromptFailure: "fail", ...valuesOf(job, form.models) });
}

/**
 * Ask for a name, and save the values under it.
 *
 * @param {FormValues} values
 * @returns {Promise<boolean>} Whether it was saved.
 */
export async function saveTemplate(values) {
	const form = formNow();
	if (!form || !may("jobs:write")) return false;
	const body = templateBody(values, form.models, TEMPLATES.prompt);
	let taken = "";
	/** @param {Record<string, string>} given */
	const act = async ({ name }) => {
		if (taken && taken === name) await replace(name, body);
		else {
			taken = "";
			try {
				await form.api.post("/api/templates", { body: { name, body } });
			} catch (thrown) {
				if (!(thrown instanceof Problem) || thrown.code !== "name_taken") throw thrown;
				taken = name;
				throw new Refusal(TEMPLATES.taken);
			}
		}
		notify(savedText(name));
	};
	const fields = [{ name: "name", label: TEMPLATES.name, maxlength: CHARACTERS }];
	return ask({ title: TEMPLATES.save, note: TEMPLATES.saveNote, fields, answers: [{ label: TEMPLATES.saveYes, act }], dismiss: TAGS.cancel });
}

/**
 * @param {string} name
 * @param {CreateJob} body
 */
async function replace(name, body) {
	await formNow()?.api.post("/api/templates/import", { query: new URLSearchParams({ replace: "true" }), body: { ...FORMAT, templates: [{ name, body }] } });
}
