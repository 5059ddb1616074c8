// An unclear submission: what it means, what is known, and the three ways to resolve it.

import { reasonWithout } from "../core/access.js";
import { button, callout, el, on, showAllowed } from "../core/dom.js";
import { capitalized } from "../core/format.js";
import { icon } from "../core/icons.js";
import { priceOf } from "../jobs/job_actions.js";
import { PANEL } from "../words/panel.js";

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
			el("p.callout-title", PANEL.unclearTitle),
			el("p", PANEL.unclearNote),
			el("p.quiet", known(candidates)),
			el("p.quiet", reasonWithout("jobs:resolve")),
		),
		el("div.decisions", adoption(job, candidates, actions), resubmission(job, actions), abandonment(job, actions)),
	];
}

/** @param {string[]} candidates */
function known(candidates) {
	if (!candidates.length) return PANEL.noCandidates;
	return PANEL.candidates(candidates.length);
}

/**
 * @param {Job} job
 * @param {string[]} candidates
 * @param {Actions} actions
 */
function adoption(job, candidates, actions) {
	const input = el("input.input", { id: "adopt-id", placeholder: PANEL.predictionId, spellcheck: "false", autocomplete: "off", value: candidates.length === 1 ? candidates[0] : "" });
	/** @param {string} candidate */
	const choose = (candidate) => {
		input.value = candidate;
		adopt.disabled = false;
		input.focus();
	};
	const ask = async () => {
		const predictionId = input.value.trim();
		const text = [PANEL.adoptNote(predictionId)];
		await (await actions())?.resolve(job, { decision: "adopt", predictionId }, { title: PANEL.adoptQuestion, text, yes: PANEL.adopt, tone: "primary" });
	};
	const adopt = deciding("is-small.primary", ask, PANEL.adoptOne);
	adopt.disabled = !input.value;
	on(input, "input", () => (adopt.disabled = !input.value.trim()));
	const choices = candidates.length > 1 && el("div.choices", ...candidates.map((candidate) => button(".id-button", () => choose(candidate), el("code", candidate))));
	const text = PANEL.adoptHint;
	return decision(PANEL.wasAccepted, text, choices, el("label.label", { for: "adopt-id" }, PANEL.predictionId), input, adopt);
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function resubmission(job, actions) {
	const text = PANEL.submitAgainNote;
	const asked = { title: PANEL.submitAgainQuestion, text: [text, `${capitalized(priceOf(job))}.`], yes: PANEL.submitAgain };
	const ask = async () => (await actions())?.resolve(job, { decision: "resubmit" }, asked);
	return decision(PANEL.wasNotAccepted, text, deciding("is-small", ask, PANEL.submitAgain));
}

/**
 * @param {Job} job
 * @param {Actions} actions
 */
function abandonment(job, actions) {
	const text = PANEL.abandonNote;
	const asked = { title: PANEL.abandonQuestion, text: [text], yes: PANEL.abandon };
	const ask = async () => (await actions())?.resolve(job, { decision: "abandon" }, asked);
	return decision(PANEL.noLongerMatters, text, deciding("is-small", ask, PANEL.abandonJob));
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
