// An unclear submission: what it means, what is known, and the three ways to resolve it.

import { reasonWithout } from "../core/access.js";
import { button, callout, el, on, showAllowed } from "../core/dom.js";
import { capitalized, count } from "../core/format.js";
import { icon } from "../core/icons.js";
import { priceOf } from "../jobs/job_actions.js";

/** @import { Children, Job } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */

/** @typedef {() => Promise<JobActions | null>} Actions */

/**
 * Return the section, or null if nothing is unclear.
 *
 * @param {Job} job
 * @param {Actions} actions
 */
export function unclearOf(job, actions) {
	if (job.status !== "submit_unknown") return null;
	const candidates = job.candidates ?? [];
	return [
		callout(
			"attention",
			icon("question"),
			el("p.callout-title", "Did WaveSpeed accept the job? It is not yet known."),
			el("p", "The paid request was sent, but no clear response came back. It may be billed, so it is not repeated automatically: WaveSpeed's history is searched, and if that does not resolve it, you decide."),
			el("p.quiet", known(candidates)),
			el("p.quiet", reasonWithout("jobs:resolve")),
		),
		el("div.decisions", adoption(job, candidates, actions), resubmission(job, actions), abandonment(job, actions)),
	];
}

/** @param {string[]} candidates */
function known(candidates) {
	if (!candidates.length) return "WaveSpeed's history shows no match so far.";
	return `${count(candidates.length, "prediction")} in WaveSpeed's history may match.`;
}

/**
 * @param {Job} job
 * @param {string[]} candidates
 * @param {Actions} actions
 */
function adoption(job, candidates, actions) {
	const input = el("input.input", { id: "adopt-id", placeholder: "Prediction id", spellcheck: "false", autocomplete: "off", value: candidates.length === 1 ? candidates[0] : "" });
	/** @param {string} candidate */
	const choose = (candidate) => {
		input.value = candidate;
		adopt.disabled = false;
		input.focus();
	};
	const ask = async () => {
		const predictionId = input.value.trim();
		const text = [`Prediction ${predictionId} will be assigned to this job and its outputs fetched. Nothing more is charged.`];
		await (await actions())?.resolve(job, { decision: "adopt", predictionId }, { title: "Adopt this prediction?", text, yes: "Adopt", tone: "primary" });
	};
	const adopt = deciding("is-small.primary", ask, "Adopt a prediction");
	adopt.disabled = !input.value;
	on(input, "input", () => (adopt.disabled = !input.value.trim()));
	const choices = candidates.length > 1 && el("div.choices", ...candidates.map((candidate) => button(".id-button", () => choose(candidate), el("code", candidate))));
	const text = "Enter the prediction's id, from the list or from WaveSpeed's own history. Nothing more is charged.";
	return decision("It was accepted", text, choices, el("label.label", { for: "adopt-id" }, "Prediction id"), input, adopt);
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function resubmission(job, actions) {
	const text = "The job is submitted and charged again. If the first submission was accepted after all, you pay twice.";
	const asked = { title: "Submit again?", text: [text, `${capitalized(priceOf(job))}.`], yes: "Submit again" };
	const ask = async () => (await actions())?.resolve(job, { decision: "resubmit" }, asked);
	return decision("It was not accepted", text, deciding("is-small", ask, "Submit again"));
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function abandonment(job, actions) {
	const text = "The job fails. WaveSpeed may still charge for the submission; media found later is attached.";
	const asked = { title: "Abandon the job?", text: [text], yes: "Abandon" };
	const ask = async () => (await actions())?.resolve(job, { decision: "abandon" }, asked);
	return decision("It no longer matters", text, deciding("is-small", ask, "Abandon the job"));
}

/**
 * Return a button that asks for a decision, from those who may decide.
 *
 * @param {string} look
 * @param {() => Promise<void>} ask
 * @param {string} label
 */
function deciding(look, ask, label) {
	const made = button(look, () => reasonWithout("jobs:resolve") ?? ask(), label);
	showAllowed(made, reasonWithout("jobs:resolve"));
	return made;
}

/**
 * @param {string} title
 * @param {string} text
 * @param {Children} parts
 */
function decision(title, text, ...parts) {
	return el("div.decision", el("h4", title), el("p.quiet", text), ...parts);
}
