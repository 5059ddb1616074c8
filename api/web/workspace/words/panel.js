// What the side panel says.

import { count } from "../core/format.js";

export const PANEL = Object.freeze({
	openTemporal: "Open in Temporal",
	dislike: "Dislike",
	closeJob: "Close the job",
	more: "More",
	noSuchJob: "No such job",
	noSuchJobNote: "There is no job with this id. It may have been deleted.",
	groksPrompt: "Grok’s prompt",
	/** @type {(number: number, number2: number) => string} */
	ofOutputs: (number, number2) => `${number} of ${number2} · `,
	outputs: "Outputs",
	/** @type {(number: number) => string} */
	output: (number) => `Output ${number}`,
	viewLarge: "View large",
	noUrl: "No URL.",
	/** @type {(number: number) => string} */
	showOutput: (number) => `Show output ${number}`,
	/** @type {(kind: string) => string} */
	storedHere: (kind) => `${kind}, stored here`,
	/** @type {(kind: string, time: string, time2: string) => string} */
	atWavespeed: (kind, time, time2) => `${kind}, at WaveSpeed for ${time} (until ${time2})`,
	takingLonger: "; taking longer than estimated",
	/** @type {(name: string) => string} */
	useAgain: (name) => `Use again: ${name}`,
	/** @type {(name: string) => string} */
	nowInForm: (name) => `${name}: now in the form.`,
	/** @type {(text: string) => string} */
	useAgainTitle: (text) => `Use ${text} again`,
	/** @type {(name: string) => string} */
	copy: (name) => `Copy: ${name}`,
	/** @type {(number: number) => string} */
	inputPicture: (number) => `Input picture ${number}`,
	queued: "Queued",
	waitingGrok: "Waiting for Grok",
	grokWriting: "Grok writing",
	waitingToSubmit: "Waiting to submit",
	unclear: "Unclear",
	generating: "Generating",
	cancelling: "Cancelling",
	cost: "Cost",
	time: "Time",
	details: "Details",
	prompt: "Prompt",
	originalPrompt: "Original prompt",
	instructions: "Instructions",
	inputPictureLabel: "Input picture",
	inputPictures: "Input pictures",
	randomSeed: "random; WaveSpeed does not say which",
	made: "Made",
	listPrice: "List price",
	seePromptJob: "see its prompt job",
	notUsed: "not used",
	charged: "Charged",
	chargedSoFar: "Charged so far: ",
	priceLimit: "Price limit",
	took: "Took",
	soFar: " so far",
	created: "Created",
	acceptedWavespeed: "Accepted by WaveSpeed",
	ended: "Ended",
	deadline: "Deadline",
	job: "Job",
	prediction: "Prediction",
	promptJob: "Prompt job",
	retryOf: "Retry of",
	priority: "Priority",
	providers: "Providers",
	widthPanel: "Width of the panel",
	resizeHint: "Drag to resize, double-click to reset",
	timing: "Timing",
	/** @type {(time: string) => string} */
	after: (time) => ` · after ${time}`,
	timeline: "Timeline",
	unclearTitle: "Did WaveSpeed accept the job? It is not yet known.",
	unclearNote: "The paid request was sent, but no clear response came back. It may be billed, so it is not repeated automatically: WaveSpeed’s history is searched, and if that does not resolve it, you decide.",
	noCandidates: "WaveSpeed’s history shows no match so far.",
	/** @type {(number: number) => string} */
	candidates: (number) => `${count(number, "prediction")} in WaveSpeed’s history may match.`,
	predictionId: "Prediction id",
	/** @type {(predictionId: string) => string} */
	adoptNote: (predictionId) => `Prediction ${predictionId} will be assigned to this job and its outputs fetched. Nothing more is charged.`,
	adoptQuestion: "Adopt this prediction?",
	adopt: "Adopt",
	adoptOne: "Adopt a prediction",
	adoptHint: "Enter the prediction’s id, from the list or from WaveSpeed’s own history. Nothing more is charged.",
	wasAccepted: "It was accepted",
	submitAgainNote: "The job is submitted and charged again. If the first submission was accepted after all, you pay twice.",
	submitAgainQuestion: "Submit again?",
	submitAgain: "Submit again",
	wasNotAccepted: "It was not accepted",
	abandonNote: "The job fails. WaveSpeed may still charge for the submission; media found later is attached.",
	abandonQuestion: "Abandon the job?",
	abandon: "Abandon",
	noLongerMatters: "It no longer matters",
	abandonJob: "Abandon the job",
	changed: "Changed. What is submitted is the job as it is now.",
	/** @type {(label: string) => string} */
	notJson: (label) => `${label}: This is not valid JSON.`,
	nothingChanged: "Nothing was changed.",
	runNext: "Run next",
	saveChanges: "Save changes",
	runNextHint: "Goes before every job with a lower priority",
	untilSubmitted: "Possible until it is submitted",
	changeJob: "Change this job",
	inputsAsJson: "Inputs, images included, as JSON",
	maxPrice: "Price limit in USD (empty: no limit)",
	/** @type {(maximum: number) => string} */
	priorityFirst: (maximum) => `Priority (${maximum} is first)`,
	/** @type {(kind: string, time: string) => string} */
	expired: (kind, time) => `${kind}, expired ${time}`,
	/** @type {(width: number) => string} */
	pixels: (width) => `${width} pixels`,
	/** @type {(number: number) => string} */
	kilobytes: (number) => `${number} kB`,
	/** @type {(text: string) => string} */
	megabytes: (text) => `${text} MB`,
});
