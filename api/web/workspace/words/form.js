// What the form says.

export const FORM = Object.freeze({
	aiTitle: "Grok writes a prompt from your text, instructions and images",
	/** @type {(reason: string | null | undefined) => string} */
	aiOff: (reason) => `AI prompts are turned off${reason ? `: ${reason}` : ""}. Your own prompt will be sent.`,
	queueing: "Queueing…",
	needed: "This is needed.",
	/** @type {(text: string) => string} */
	notQueued: (text) => `Nothing was queued: ${text}`,
	cleared: "The form was cleared.",
	filled: "The form was filled from the job.",
	/** @type {(jobs: number) => string} */
	writeAndQueue: (jobs) => `Write prompt, then queue ${jobs === 1 ? "job" : `${jobs} jobs`}`,
	/** @type {(jobs: number) => string} */
	queue: (jobs) => `Queue ${jobs === 1 ? "job" : `${jobs} jobs`}`,
	/** @type {(length: string, most: string) => string} */
	of: (length, most) => `${length} of ${most}`,
	/** @type {(most: number) => string} */
	rounded: (most) => `This browser rounds whole numbers beyond ${most}. Use the API for them.`,
	/** @type {(reason: string | null | undefined) => string} */
	noNewJobs: (reason) => `New jobs are not accepted at the moment${reason ? `: ${reason}` : ""}.`,
	uploading: "A file is being uploaded. Wait for it, or cancel it.",
	inputsLoading: "The model’s inputs are loading.",
	chooseModel: "Choose a model.",
	wrongModel: "The model must have the form vendor/name or vendor/name/variant.",
	unfilled: (/** @type {string} */ word) => `Fill in ${word} first.`,
	noPrompt: "Write a prompt, or let Grok write it.",
	noSource: "Grok needs a prompt, instructions or an image to work from.",
	nothingToEnhance: "There is no prompt to enhance.",
	noFallback: "There is no prompt of your own to fall back on if Grok fails.",
	decide: "Decide on Grok’s prompt: use it, or keep yours.",
	writing: "A prompt is being written. Wait for it, or cancel it.",
	/** @type {(text: string, plainHttp: boolean) => string} */
	wrongUrl: (text, plainHttp) => `“${text}” is not an ${plainHttp ? "http or https" : "https"} URL.`,
	rawNoObject: "The raw input is not a JSON object.",
	/** @type {(why: string) => string} */
	rawRounded: (why) => `The raw input: ${why}`,
	/** @type {(name: string, why: string) => string} */
	rawRefused: (name, why) => `The raw input must not contain “${name}”. ${why}`,
	wrongMetadata: "Metadata must be a JSON object with string values.",
	noNewPrompts: "New prompts are not accepted at the moment.",
	enhanceWhat: "Write the prompt to enhance first.",
	sourceFirst: "Enter a few words, instructions or an image first.",
	/** @type {(number: number) => string} */
	moreInputs: (number) => `More inputs (${number})`,
	unlisted: "Not in the list: it gets exactly the input you enter.",
	makesImages: "makes images",
	makesVideos: "makes videos",
	takesNoImages: "takes no images; only Grok sees them",
	/** @type {(most: number) => string} */
	takesImages: (most) => `takes up to ${most} images`,
	takesImage: "takes one image",
	targetImage: "Target image",
	/** @type {(number: number) => string} */
	referenceImage: (number) => `Reference image ${number}`,
	/** @type {(label: string) => string} */
	url: (label) => `${label}: URL`,
	/** @type {(label: string) => string} */
	urlHint: (label) => `${label}: https://…`,
	/** @type {(label: string) => string} */
	remove: (label) => `Remove: ${label}`,
	/** @type {(kind: string) => string} */
	makes: (kind) => `makes ${kind}`,
});
