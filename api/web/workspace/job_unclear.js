// An unclear submission: what it means, what is known, and the three decisions.

import { button, callout, el, on } from "./dom.js";
import { count } from "./format.js";
import { icon } from "./icons.js";
import { priceOf } from "./job_actions.js";

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

function known(candidates) {
	if (!candidates.length) return "WaveSpeed's history shows nothing that may be it so far.";
	return `${count(candidates.length, "prediction")} in WaveSpeed's history may be it.`;
}

function adoption(job, candidates, actions) {
	const input = el("input.input", { id: "adopt-id", placeholder: "Prediction id", spellcheck: "false", autocomplete: "off", value: candidates.length === 1 ? candidates[0] : "" });
	const choose = (candidate) => {
		input.value = candidate;
		adopt.disabled = false;
		input.focus();
	};
	const ask = () => {
		const predictionId = input.value.trim();
		const text = [`Prediction ${predictionId} becomes this job's. Nothing is paid by that; its outputs are collected.`];
		actions.resolve(job, { decision: "adopt", predictionId }, { title: "Adopt this prediction?", text, yes: "Adopt it", tone: "primary" });
	};
	const adopt = button("is-small.primary", ask, "Adopt a prediction");
	adopt.disabled = !input.value;
	on(input, "input", () => (adopt.disabled = !input.value.trim()));
	const choices = candidates.length > 1 && el("div.choices", ...candidates.map((candidate) => button(".id-button", () => choose(candidate), el("code", candidate))));
	const text = "Name the prediction: from the list, or from WaveSpeed's own history. Nothing more is paid.";
	return decision("It was taken", text, choices, el("label.label", { for: "adopt-id" }, "Prediction id"), input, adopt);
}

function resubmission(job, actions) {
	const text = "One more submission is made and paid. If the first one was taken after all, you pay twice.";
	const asked = { title: "Submit again?", text: [text, `The price: ${priceOf(job)}.`], yes: "Submit again" };
	return decision("It was not taken", text, button("is-small", () => actions.resolve(job, { decision: "resubmit" }, asked), "Submit again"));
}

function abandonment(job, actions) {
	const text = "The job fails. What WaveSpeed may have taken stays billed; media that is found later is attached.";
	const asked = { title: "Give the job up?", text: [text], yes: "Give it up" };
	return decision("It does not matter any more", text, button("is-small", () => actions.resolve(job, { decision: "abandon" }, asked), "Give the job up"));
}

function decision(title, text, ...parts) {
	return el("div.decision", el("h4", title), el("p.quiet", text), ...parts);
}
