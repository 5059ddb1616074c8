// An unclear submission: what it means, what is known, and the three decisions.

import { button, callout, el, on } from "../core/dom.js";
import { count } from "../core/format.js";
import { icon } from "../core/icons.js";
import { priceOf } from "../jobs/job_actions.js";

/** @import { Children, Job } from "../../types/page.js" */
/** @import { JobActions } from "../jobs/job_actions.js" */

/** @typedef {() => Promise<JobActions | null>} Actions */

/**
 * Return the section, or null where nothing is unclear.
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
			el("p.callout-title", "Did WaveSpeed take it? Nobody knows yet."),
			el("p", "The paid request was sent, but no clear answer came back. It may be billed, so it is not sent again by itself: WaveSpeed's history is searched, and where that settles nothing, you decide."),
			el("p.quiet", known(candidates)),
		),
		el("div.decisions", adoption(job, candidates, actions), resubmission(job, actions), abandonment(job, actions)),
	];
}

/** @param {string[]} candidates */
function known(candidates) {
	if (!candidates.length) return "WaveSpeed's history shows nothing that may be it so far.";
	return `${count(candidates.length, "prediction")} in WaveSpeed's history may be it.`;
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
		const text = [`Prediction ${predictionId} becomes this job's. Nothing is paid by that; its outputs are collected.`];
		await (await actions())?.resolve(job, { decision: "adopt", predictionId }, { title: "Adopt this prediction?", text, yes: "Adopt it", tone: "primary" });
	};
	const adopt = button("is-small.primary", ask, "Adopt a prediction");
	adopt.disabled = !input.value;
	on(input, "input", () => (adopt.disabled = !input.value.trim()));
	const choices = candidates.length > 1 && el("div.choices", ...candidates.map((candidate) => button(".id-button", () => choose(candidate), el("code", candidate))));
	const text = "Name the prediction: from the list, or from WaveSpeed's own history. Nothing more is paid.";
	return decision("It was taken", text, choices, el("label.label", { for: "adopt-id" }, "Prediction id"), input, adopt);
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function resubmission(job, actions) {
	const text = "One more submission is made and paid. If the first one was taken after all, you pay twice.";
	const asked = { title: "Submit again?", text: [text, `The price: ${priceOf(job)}.`], yes: "Submit again" };
	const ask = async () => (await actions())?.resolve(job, { decision: "resubmit" }, asked);
	return decision("It was not taken", text, button("is-small", ask, "Submit again"));
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function abandonment(job, actions) {
	const text = "The job fails. What WaveSpeed may have taken stays billed; media that is found later is attached.";
	const asked = { title: "Give the job up?", text: [text], yes: "Give it up" };
	const ask = async () => (await actions())?.resolve(job, { decision: "abandon" }, asked);
	return decision("It does not matter any more", text, button("is-small", ask, "Give the job up"));
}

/**
 * @param {string} title
 * @param {string} text
 * @param {Children} parts
 */
function decision(title, text, ...parts) {
	return el("div.decision", el("h4", title), el("p.quiet", text), ...parts);
}
