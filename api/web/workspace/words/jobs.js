// What the list of jobs says.

export const JOBS = Object.freeze({
	noModel: "no model",
	/** @type {(time: string, speed: string) => string} */
	figures: (time, speed) => `Wait for Grok ${time} · ${speed} prompts/min`,
	audio: "Audio",
	text: "Text",
	data: "Data",
	noJobs: "No jobs for this key",
	loadingJobs: "Loading jobs…",
	firstSteps: "Describe an image or a video in the form and queue it. It shows up here and updates live.",
	nothingYet: "Nothing yet",
	noMatch: "No match",
	showAll: "Show all jobs",
	noOlder: "Older jobs could not be loaded.",
	showOlder: "Show older jobs",
	reuse: "Reuse",
	copyCurl: "Copy as curl",
	writing: "Grok is writing the prompt",
	noPrompt: "No prompt",
	/** @type {(source: string) => string} */
	writtenPrompt: (source) => `prompt ${source}`,
	/** @type {(priority: number) => string} */
	priority: (priority) => `priority ${priority}`,
	likedNote: "liked",
	/** @type {Record<string, string>} */
	relations: { edit: "edit", animate: "animation", upscale: "upscale", reference: "by reference", variation: "variation", retry: "retry" },
	/** @type {(percent: number) => string} */
	percentLiked: (percent) => `${percent} % liked`,
});
