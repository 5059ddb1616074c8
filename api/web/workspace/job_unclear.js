// An unclear submission: what it means, what is known, and the three decisions.

import { button, el } from "./dom.js";
import { count } from "./format.js";
import { icon } from "./icons.js";

/** Return the section for a job in `submit_unknown`, else null. */
export function unclearOf(job, actions) {
	if (job.status !== "submit_unknown") return null;
	const candidates = job.candidates ?? [];
	return [
		el(
			"div",
			{ class: "callout", "data-tone": "attention" },
			icon("question"),
			el(
				"div",
				{},
				el("p", { class: "callout-title", text: "Did WaveSpeed take it? Nobody knows yet." }),
				el("p", {
					text: "The paid request was sent, but no clear answer came back. It may be billed, so it is not sent again by itself: WaveSpeed's history is searched, and where that settles nothing, you decide.",
				}),
				el("p", { class: "quiet", text: known(candidates) }),
			),
		),
		el("div", { class: "decisions" }, adoption(job, candidates, actions), resubmission(job, actions), abandonment(job, actions)),
	];
}

function known(candidates) {
	if (!candidates.length) return "WaveSpeed's history shows nothing that may be it so far.";
	return `${count(candidates.length, "prediction")} in WaveSpeed's history may be it.`;
}

function adoption(job, candidates, actions) {
	const input = el("input", { class: "input", id: "adopt-id", placeholder: "Prediction id", spellcheck: "false", autocomplete: "off", value: candidates.length === 1 ? candidates[0] : "" });
	const adopt = decide("Adopt a prediction", "button is-small primary", () => input.value.trim() && actions.resolve(job, "adopt", input.value.trim()));
	adopt.disabled = !input.value;
	input.addEventListener("input", () => (adopt.disabled = !input.value.trim()));
	const choices = candidates.map((candidate) => {
		const choose = () => {
			input.value = candidate;
			adopt.disabled = false;
			input.focus();
		};
		return button({ class: "id-button" }, choose, el("code", { text: candidate }));
	});
	return decision("It was taken", "Name the prediction: from the list, or from WaveSpeed's own history. Nothing more is paid.", [
		...(choices.length > 1 ? [el("div", { class: "choices" }, ...choices)] : []),
		el("label", { class: "label", for: "adopt-id", text: "Prediction id" }),
		input,
		adopt,
	]);
}

function resubmission(job, actions) {
	return decision("It was not taken", "One more submission is made and paid. If the first one was taken after all, you pay twice.", [
		decide("Submit again", "button is-small", () => actions.resolve(job, "resubmit")),
	]);
}

function abandonment(job, actions) {
	return decision("It does not matter any more", "The job fails. What WaveSpeed may have taken stays billed.", [
		decide("Give the job up", "button is-small", () => actions.resolve(job, "abandon")),
	]);
}

function decision(title, text, parts) {
	return el("div", { class: "decision" }, el("h4", { text: title }), el("p", { class: "quiet", text }), ...parts);
}

function decide(label, className, act) {
	return button({ class: className, text: label }, act);
}
